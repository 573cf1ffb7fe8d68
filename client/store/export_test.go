package store

import (
	"context"
	"strconv"

	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
)

// LimitPages makes the disk full at n more pages than the database has; 0 makes room
// again.
func (s *Store) LimitPages(n int64) error {
	return s.db.Write(context.Background(), func(tx *sqlitedb.Tx) error {
		limit := int64(1 << 30)
		if n > 0 {
			has, err := tx.Int("PRAGMA page_count")
			if err != nil {
				return err
			}
			limit = has + n
		}
		_, err := tx.Int("PRAGMA max_page_count = " + strconv.FormatInt(limit, 10))
		return err
	})
}

// LimitOutbox makes the outbox's limit so many bytes.
func (s *Store) LimitOutbox(bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.walk.limit = bytes
}

// LetGoRows is how many transactions one step looks at.
const LetGoRows = letGoRows

// Lines counts the transactions whose bodies are in the outbox, and those of which the
// hash alone is.
func (s *Store) Lines() (bodies, hashes int64) {
	err := s.db.Read(context.Background(), func(tx *sqlitedb.Tx) (err error) {
		if bodies, err = tx.Int(`SELECT count(*) FROM outbox WHERE length(body) > 0`); err == nil {
			hashes, err = tx.Int(`SELECT count(*) FROM outbox WHERE length(body) = 0`)
		}
		return err
	})
	if err != nil {
		panic(err)
	}
	return bodies, hashes
}

// Edit runs SQL on the database.
func (s *Store) Edit(sql string) error {
	return s.db.Write(context.Background(), func(tx *sqlitedb.Tx) error { return tx.Script(sql) })
}

// GoOn takes up the newest incarnation again: a copy of a process at work.
func (s *Store) GoOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = len(s.lives) - 1
}

// LimitSpare makes the bound of what is kept for the server so many bytes.
func (s *Store) LimitSpare(bytes int64) { s.spareLimit = bytes }

// MaxSpare is that bound.
const MaxSpare = maxSpare

// Spared counts the kept records, and those whose hash is kept beside them.
func (s *Store) Spared() (kept, hashes int64) {
	if err := s.db.Read(context.Background(), func(tx *sqlitedb.Tx) (err error) {
		if kept, err = tx.Int(`SELECT count(*) FROM spare`); err == nil {
			hashes, err = tx.Int(`SELECT count(*) FROM spare WHERE hash IS NOT NULL`)
		}
		return err
	}); err != nil {
		panic(err)
	}
	return kept, hashes
}

// Flushes says whether the commit of a Write is flushed to the disk.
func (w *Writer) Flushes() (bool, error) {
	n, err := w.tx.Int(`PRAGMA synchronous`)
	return n == 2, err
}

// ReadNames is Names without what is remembered.
func (s *Store) ReadNames(ctx context.Context) (names map[syncproto.Root]Naming, err error) {
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		names, err = readNames(tx)
		return err
	})
	return names, err
}
