//go:build linux

// Package memfs keeps the databases of one directory in memory, as SQLite sees them: for
// simulations, which open some hundred thousand of them and decide by themselves what a
// disk keeps. Nothing is flushed, and who opens a file beside SQLite does not see it. The
// connections of one database are used by one goroutine at a time. For tests alone.
package memfs

/*
#cgo linux LDFLAGS: -Wl,--unresolved-symbols=ignore-in-object-files
#include <stdlib.h>
#include "memfs.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"unsafe"

	_ "github.com/mattn/go-sqlite3" // brings SQLite, which the VFS stands in
)

var root string

var register = sync.OnceValue(func() error {
	name := C.CString(root)
	defer C.free(unsafe.Pointer(name))
	if rc := C.memfs_register(name); rc != 0 {
		return fmt.Errorf("register the VFS in memory: SQLite says %d", rc)
	}
	return nil
})

// Under has databases whose paths begin with this be in memory, in each connection opened
// from now on. A process names one such beginning.
func Under(prefix string) error {
	if root == "" {
		root = prefix
	}
	if !strings.HasPrefix(prefix, root) {
		return fmt.Errorf("databases under %s are in memory already", root)
	}
	return register()
}

// Size is how long a file is; 0 where there is none.
func Size(path string) int64 {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	return int64(C.memfs_size(name))
}

// Read is what a file holds.
func Read(path string) []byte {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	b := make([]byte, C.memfs_size(name))
	if len(b) > 0 {
		C.memfs_read(name, unsafe.Pointer(&b[0]), C.int64_t(len(b)))
	}
	return b
}

// Write has a file hold this. Connections that are open have to Forget.
func Write(path string, b []byte) error {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	if C.memfs_write(name, unsafe.Pointer(unsafe.SliceData(b)), C.int64_t(len(b))) != 0 {
		return errors.New("no memory")
	}
	return nil
}

// Forget takes away the head of the index of a database's WAL: the next connection that
// reads makes the index anew, and drops all it has cached.
func Forget(path string) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	C.memfs_forget(name)
}
