package sqlitedb

import (
	"errors"
	"io/fs"
	"os"
	"sync"
)

// spare are connections that outlived the Close of their database, with the statements
// they prepared: for simulations, which open databases of one schema by the hundred
// thousand. A nil writer: there are none.
type spare struct {
	writer  *conn
	readers []*conn
	options Options
	schema  int64 // the version that they have read
}

// spares are kept by path, for the paths that were named to Keep.
var spares sync.Map

// Keep has the connections to path outlive each Close, up to Discard. Between Close and
// Open what the file holds may be changed by Replace, and by nothing else.
func Keep(path string) { spares.LoadOrStore(path, &spare{}) }

// Discard ends what Keep began; the database is closed.
func Discard(path string) {
	if have, ok := spares.LoadAndDelete(path); ok {
		have.(*spare).close()
	}
}

// Replace gives a database that is closed another content: its main file, and the WAL
// beside it as a process leaves it that was killed.
func Replace(path string, main, wal []byte) error {
	have, _ := spares.Load(path)
	s, _ := have.(*spare)
	if s == nil || s.writer == nil {
		if err := os.Remove(path + "-shm"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := errors.Join(os.WriteFile(path, main, 0o600), os.WriteFile(path+"-wal", wal, 0o600)); err != nil {
		return err
	}
	if s == nil || s.writer == nil {
		return nil
	}
	for _, c := range append(s.readers, s.writer) {
		if err := c.forget(path); err != nil {
			return err
		}
		if now, err := c.version(); err != nil || now != s.schema { // its statements may not fit
			s.close()
			return err
		}
	}
	return nil
}

// walIndexHead is what precedes the checkpoint's marks in a -shm file and tells whether it
// is valid, twice. (sqlite.org/walformat.html §2.1.)
const walIndexHead = 2 * 48

// forget has a connection take nothing it has read for what the file holds: who finds the
// index of the WAL without a head makes it anew, and drops what it has cached.
func (c *conn) forget(path string) error {
	shm, err := os.OpenFile(path+"-shm", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = shm.WriteAt(make([]byte, walIndexHead), 0)
	return errors.Join(err, shm.Close())
}

func (c *conn) version() (v int64, err error) {
	err = c.query("PRAGMA schema_version", nil, func(r Row) error { v = r.Int(0); return nil })
	return v, err
}

// spared takes over the connections of the database's last life, if they were kept.
func (db *DB) spared() bool {
	have, _ := spares.Load(db.path)
	s, _ := have.(*spare)
	if s == nil || s.writer == nil || s.options != db.options {
		return false
	}
	db.writer = s.writer
	for _, c := range s.readers {
		db.readers <- c
		<-db.slots
	}
	s.writer, s.readers = nil, nil
	return true
}

// spare keeps the connections for the next life, if they are to be kept and nobody is
// still using one.
func (db *DB) spare() bool {
	have, _ := spares.Load(db.path)
	s, _ := have.(*spare)
	if s == nil || s.writer != nil || db.writer == nil || len(db.readers)+len(db.slots) < cap(db.slots) {
		return false
	}
	var err error
	if s.schema, err = db.writer.version(); err != nil || db.writer.setSync(db.options.Sync) != nil {
		return false
	}
	db.writer.faults = nil
	s.writer, s.options = db.writer, db.options
	for len(db.readers) > 0 {
		s.readers = append(s.readers, <-db.readers)
	}
	return true
}

func (s *spare) close() {
	if s.writer == nil {
		return
	}
	for _, c := range append(s.readers, s.writer) {
		c.close()
	}
	s.writer, s.readers = nil, nil
}
