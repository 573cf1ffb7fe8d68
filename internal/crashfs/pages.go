//go:build linux

package crashfs

/*
#include <stdlib.h>
#include "pages.h"
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Pages gives the pages of a database that is there as SQLite reads them after it has recovered
// it, which may change its files. What tells only that a schema was changed is as in any copy.
func Pages(path string) ([]byte, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	var pages *C.uchar
	var n C.int64_t
	if rc := C.crashfs_pages(name, &pages, &n); rc != 0 {
		return nil, fmt.Errorf("read the pages of %s: SQLite says %d", path, rc)
	}
	defer C.sqlite3_free(unsafe.Pointer(pages))
	return C.GoBytes(unsafe.Pointer(pages), C.int(n)), nil
}
