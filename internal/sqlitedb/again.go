package sqlitedb

import "sync"

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
// Open what the files hold may change, if Changed is told.
func Keep(path string) { spares.LoadOrStore(path, &spare{}) }

// Discard ends what Keep began; the database is closed.
func Discard(path string) {
	if have, ok := spares.LoadAndDelete(path); ok {
		have.(*spare).close()
	}
}

// Changed says that the files of a database that is closed hold something else now. Each
// connection that was kept reads anew; forget is called before, and has to see to it that
// SQLite takes nothing that it has cached for what is there.
func Changed(path string, forget func()) error {
	have, _ := spares.Load(path)
	s, _ := have.(*spare)
	if s == nil || s.writer == nil {
		return nil
	}
	for _, c := range append(s.readers, s.writer) {
		forget()
		if now, err := c.version(); err != nil || now != s.schema { // its statements may not fit
			s.close()
			return err
		}
	}
	return nil
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
