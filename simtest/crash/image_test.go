//go:build linux

package crash

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/internal/crashfs"
	"github.com/rawaj/rawaj/internal/mark"
)

// image tells apart what programs can tell apart: the pages of the databases as SQLite
// reads them after it has recovered them, and what the marks beside them tell. It
// changes the files as any reader does that comes first.
func image(dir string, of *subject, files map[string][]byte) uint64 {
	var h maphash.Hash
	h.SetSeed(hashSeed)
	for _, name := range of.databases {
		var pages []byte
		var err error
		if len(files[name]) > 0 {
			pages, err = crashfs.Pages(filepath.Join(dir, name))
		}
		if err != nil {
			h.WriteString(err.Error())
			pages = files[name+"-wal"] // not to be taken for others that fail
			h.Write(files[name])
		}
		binary.Write(&h, binary.BigEndian, [2]int64{int64(len(pages)), int64(min(1, len(files[name])))})
		h.Write(pages)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(name, "-mark") {
			if of.others && !part(name, of.databases) {
				fmt.Fprintf(&h, "%s %d %s", name, len(files[name]), files[name])
			}
			continue
		}
		id, n, sum, ok, err := mark.Read(filepath.Join(dir, name))
		fmt.Fprintln(&h, name, id, n, sum, ok, err)
	}
	return h.Sum64()
}

func part(name string, databases []string) bool {
	return slices.ContainsFunc(databases, func(d string) bool { return name == d || name == d+"-wal" || name == d+"-journal" })
}
