package sim

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/memfs"
	"github.com/rawaj/rawaj/internal/sqlitedb"
)

// slots are directories in which databases are opened, one after the other of one kind:
// SQLite's connections, with what they have read of the schema and prepared, go on from
// one life to the next, and only what the files hold is another. Each life takes nothing
// else along: who opens a slot reads the files that were put there, the WAL's index anew.
type slots struct {
	mu   sync.Mutex
	dir  string
	made int
	free map[string][]string // directories, by kind
	kept []string            // databases
}

// The kinds of slots, with the databases in each.
const (
	siteSlot   = "site"
	centreSlot = "centre"
	siteFile   = "site.db"
	stateFile  = "state.db"
)

var slotFiles = map[string][]string{
	siteSlot:   {siteFile, attach.File},
	centreSlot: {stateFile, logFile, attach.File},
}

func (s *slots) take(kind string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if free := s.free[kind]; len(free) > 0 {
		s.free[kind] = free[:len(free)-1]
		return free[len(free)-1], nil
	}
	s.made++
	dir := filepath.Join(s.dir, fmt.Sprintf("%s-%d", kind, s.made))
	for _, name := range slotFiles[kind] {
		s.kept = append(s.kept, filepath.Join(dir, name))
		sqlitedb.Keep(filepath.Join(dir, name))
	}
	return dir, os.Mkdir(dir, 0o700)
}

func (s *slots) give(kind, dir string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free[kind] = append(s.free[kind], dir)
}

func (s *slots) close() {
	for _, path := range s.kept {
		sqlitedb.Discard(path)
	}
	s.kept, s.free = nil, nil
}

// slot takes one for this world, which gives it back at its end.
func (w *World) slot(kind string) string {
	dir, err := w.slots.take(kind)
	w.must(err)
	w.taken = append(w.taken, [2]string{kind, dir})
	return dir
}

// files are a database as it lies on a disk.
type files struct{ main, wal []byte }

// read reads a database as a crash leaves it: with so many of its last commits lost as may
// be and as are asked for.
func (d *disk) read(lose int) (f files, lost int) {
	f = files{memfs.Read(d.path), memfs.Read(d.path + "-wal")}
	if n := len(d.sizes); n > 0 && lose > 0 {
		lost = min(lose, n-1)
		if keep := d.sizes[n-1-lost]; keep < int64(len(f.wal)) {
			f.wal = f.wal[:keep]
		}
	}
	return f, lost
}

// put puts a database in the slot, which is closed. The product looks by itself whether it
// is there: where it should be, something is.
func (f files) put(path string) error {
	there := []byte("in memory")
	if len(f.main) == 0 { // a connection that has a WAL would go on with it, and others see no database
		there = nil
		sqlitedb.Discard(path)
		sqlitedb.Keep(path)
	}
	if err := errors.Join(os.WriteFile(path, there, 0o600), memfs.Write(path, f.main), memfs.Write(path+"-wal", f.wal)); err != nil {
		return err
	}
	return sqlitedb.Changed(path, func() { memfs.Forget(path) })
}
