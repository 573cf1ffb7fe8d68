//go:build linux

// Package crashfs finds what a power cut may leave of files. It records what SQLite
// and the marks beside it do to the files of a directory, and makes from the record the
// states that a disk may be in when the power goes at any point of it. For tests alone.
//
// What the disk promises in this model: what was written to a file before its last
// sync is there; of what was written after, each sector is there, missing, or torn,
// without regard to order; a file's size may run ahead of its data, which then reads as
// zeros; a name is made or removed for certain only once its directory was synced;
// between files nothing is ordered but by syncs. SQLite assumes besides that a write
// changes no byte outside of its range (powersafe overwrite), and so does this.
package crashfs

/*
#cgo linux LDFLAGS: -Wl,--unresolved-symbols=ignore-in-object-files
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"unsafe"

	_ "github.com/mattn/go-sqlite3" // brings SQLite, which the shim calls
)

// checkpointPages makes databases checkpoint themselves, and begin their WAL anew, many
// times in a record of a few hundred commits.
const checkpointPages = 40

var register = sync.OnceValue(func() error {
	if rc := C.crashfs_register(checkpointPages); rc != 0 {
		return fmt.Errorf("register the recording VFS: SQLite says %d", rc)
	}
	return nil
})

// sessions are the directories that are recorded.
var sessions sync.Map // directory to *Recorder

// handles are the files that SQLite has open in them, by number.
var handles struct {
	sync.Mutex
	open []handle
}

type handle struct {
	r    *Recorder
	file int
}

// Recorder records what is done to the files of one directory.
type Recorder struct {
	dir string

	mu      sync.Mutex
	ops     []Op
	names   map[string]int // inode by name
	inodes  int
	watched map[string][]byte // files that others write, as last seen
	start   map[string][]byte
	fails   string // the file whose next sync fails
}

// Record begins to record a directory; what is in it is taken to be on the disk. Files
// named in watch are written by others than SQLite and never synced: they are looked
// at before each thing that SQLite does, and what has changed since is a write.
func Record(dir string, watch ...string) (*Recorder, error) {
	if err := register(); err != nil {
		return nil, err
	}
	r := &Recorder{dir: dir, names: map[string]int{}, watched: map[string][]byte{}}
	var err error
	if r.start, err = readAll(dir); err != nil {
		return nil, err
	}
	for _, name := range sorted(r.start) {
		r.names[name] = r.inodes
		r.inodes++
	}
	for _, name := range watch {
		r.watched[name] = r.start[name]
	}
	sessions.Store(dir, r)
	return r, nil
}

// readAll reads the files of a directory, but for the shared memory of SQLite, which is
// made anew after a crash.
func readAll(dir string) (map[string][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) == ".db-shm" {
			continue
		}
		if all[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Say puts a word of the caller's into the record: what he was told, and when.
func (r *Recorder) Say(word int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(Op{Kind: Said, Word: word})
}

// FailSync has the next sync of a file fail.
func (r *Recorder) FailSync(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fails = name
}

// Rewritten records that somebody else than SQLite has written a file again, as it
// stands, and flushed it.
func Rewritten(path string) {
	r, ok := sessions.Load(filepath.Dir(path))
	if !ok {
		return
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return
	}
	rec := r.(*Recorder)
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if file, known := rec.names[filepath.Base(path)]; known && len(b) > 0 {
		rec.add(Op{Kind: Write, File: file, Data: b})
		rec.add(Op{Kind: Sync, File: file})
	}
}

// End ends the recording and gives what was recorded.
func (r *Recorder) End() *Trace {
	sessions.Delete(r.dir)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.look()
	return &Trace{Start: r.start, Ops: r.ops}
}

// add is called with the lock held.
func (r *Recorder) add(op Op) {
	r.look()
	r.ops = append(r.ops, op)
}

// look records what others have written since it last did.
func (r *Recorder) look() {
	for name, old := range r.watched {
		now, err := os.ReadFile(filepath.Join(r.dir, name))
		if err != nil {
			continue
		}
		file, known := r.names[name]
		if !known {
			file = r.inodes
			r.inodes++
			r.names[name] = file
			r.ops = append(r.ops, Op{Kind: Create, File: file, Name: name})
		}
		for _, s := range changed(old, now) {
			r.ops = append(r.ops, Op{Kind: Write, File: file, At: s, Data: bytes.Clone(now[s:min(s+watchStep, len(now))])})
		}
		r.watched[name] = now
	}
}

// watchStep is in what pieces a watched file is compared: a slot of a mark is in one.
const watchStep = 512

func changed(old, now []byte) (at []int) {
	for s := 0; s < len(now); s += watchStep {
		end := min(s+watchStep, len(now))
		var was []byte // what nobody wrote is zeros
		if s < len(old) {
			was = old[s:min(end, len(old))]
		}
		if !bytes.Equal(append(bytes.Clone(was), make([]byte, end-s-len(was))...), now[s:end]) {
			at = append(at, s)
		}
	}
	return at
}

func session(path *C.char) (*Recorder, string) {
	full := C.GoString(path)
	r, ok := sessions.Load(filepath.Dir(full))
	if !ok {
		return nil, ""
	}
	return r.(*Recorder), filepath.Base(full)
}

//export crashfsRecords
func crashfsRecords(path *C.char) C.int {
	if r, _ := session(path); r == nil {
		return 0
	}
	return 1
}

//export crashfsOpen
func crashfsOpen(path *C.char) C.int64_t {
	r, name := session(path)
	if r == nil { // it has ended meanwhile
		r = &Recorder{names: map[string]int{}}
	}
	r.mu.Lock()
	file, known := r.names[name]
	if !known {
		file = r.inodes
		r.inodes++
		r.names[name] = file
		r.add(Op{Kind: Create, File: file, Name: name})
	}
	r.mu.Unlock()
	handles.Lock()
	defer handles.Unlock()
	handles.open = append(handles.open, handle{r, file})
	return C.int64_t(len(handles.open) - 1)
}

func record(h C.int64_t, op Op) {
	handles.Lock()
	to := handles.open[h]
	handles.Unlock()
	op.File = to.file
	to.r.mu.Lock()
	defer to.r.mu.Unlock()
	to.r.add(op)
}

//export crashfsWrite
func crashfsWrite(h C.int64_t, data unsafe.Pointer, n C.int, at C.int64_t) {
	record(h, Op{Kind: Write, At: int(at), Data: C.GoBytes(data, n)})
}

//export crashfsTruncate
func crashfsTruncate(h, size C.int64_t) { record(h, Op{Kind: Truncate, At: int(size)}) }

//export crashfsSync
func crashfsSync(h C.int64_t) { record(h, Op{Kind: Sync}) }

//export crashfsFailsSync
func crashfsFailsSync(h C.int64_t) C.int {
	handles.Lock()
	to := handles.open[h]
	handles.Unlock()
	to.r.mu.Lock()
	defer to.r.mu.Unlock()
	if file, known := to.r.names[to.r.fails]; !known || file != to.file {
		return 0
	}
	to.r.fails = ""
	to.r.add(Op{Kind: SyncFailed, File: to.file})
	return 1
}

//export crashfsDelete
func crashfsDelete(path *C.char) {
	r, name := session(path)
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if file, known := r.names[name]; known {
		delete(r.names, name)
		r.add(Op{Kind: Delete, File: file, Name: name})
	}
}

//export crashfsSyncDirectory
func crashfsSyncDirectory(path *C.char) {
	if r, _ := session(path); r != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.add(Op{Kind: SyncDirectory})
	}
}
