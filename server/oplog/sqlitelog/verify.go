package sqlitelog

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/rawaj/rawaj/internal/mark"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/oplog"
)

// Finding is one thing that is wrong with a log. Index is the record it begins
// at; 0 where it is about the file as a whole.
type Finding struct {
	Index oplog.Index
	What  string
}

func (f Finding) String() string {
	if f.Index == 0 {
		return f.What
	}
	return fmt.Sprintf("record %d: %s", f.Index, f.What)
}

// maxUnreadable is how many records in a row may be unreadable before Verify
// gives up on the rest: a page high in SQLite's tree can hide millions, and
// trying each takes some 20 µs.
const maxUnreadable = 1 << 16

// Verify walks all records of the log at path, computes the chain anew and
// reports gaps, changed data, changed hashes, what SQLite cannot read, and a
// tail lost against the mark. No findings means that the log is whole.
//
// It changes nothing, works on damaged files, and may run beside the process
// that appends. progress, which may be nil, hears now and then how far it is.
// An error means that Verify itself could not run to its end.
func Verify(ctx context.Context, path string, progress func(done, total oplog.Index)) ([]Finding, error) {
	// The mark comes first: the log is never behind a mark read before it.
	id, n, hash, known, err := mark.Read(MarkPath(path))
	if err != nil {
		return nil, fmt.Errorf("verify log %s: %w", path, err)
	}
	w := witness{known: known, id: id, end: oplog.Index(n), hash: hash}
	if err := checkExists(path, w); err != nil {
		return []Finding{{What: err.Error()}}, nil
	}
	if f, err := os.Open(path); err != nil {
		return nil, fmt.Errorf("verify log: %w", err)
	} else {
		f.Close()
	}
	db, err := sqlitedb.Open(path, sqlitedb.Options{ReadOnly: true, Readers: 1})
	if err != nil {
		return []Finding{{What: "the file cannot be opened: " + err.Error()}}, nil
	}
	defer db.Close()
	return verify(ctx, db, w, progress)
}

// Verify is the function of this name, on an open log.
func (l *Log) Verify(ctx context.Context, progress func(done, total oplog.Index)) ([]Finding, error) {
	if err := l.refuseClosed(); err != nil {
		return nil, fmt.Errorf("verify log: %w", err)
	}
	return verify(ctx, l.db, witnessOf(l.mark), progress)
}

func verify(ctx context.Context, db *sqlitedb.DB, w witness, progress func(done, total oplog.Index)) ([]Finding, error) {
	if progress == nil {
		progress = func(_, _ oplog.Index) {}
	}
	k := &walk{mark: w, next: 1, chained: true}
	total, err := lastIndex(db)
	if err != nil {
		k.find(0, "the last record cannot be found: %v", err)
	}
	k.checkID(db)
	if err := k.run(ctx, db, total, progress); err != nil {
		return k.findings, fmt.Errorf("verify log at record %d: %w", k.next, err)
	}
	k.settle()
	return k.findings, k.checkFile(ctx, db)
}

// run reads page by page. Behind a record that cannot be read it goes on with
// the next one.
func (k *walk) run(ctx context.Context, db *sqlitedb.DB, total oplog.Index, progress func(done, total oplog.Index)) error {
	for total = max(total, k.mark.end); k.next <= total && k.unreadable < maxUnreadable; {
		if err := ctx.Err(); err != nil {
			return err
		}
		records, err := page(ctx, db, k.next, total)
		if errors.Is(err, sqlitedb.ErrClosed) {
			return orClosed(err)
		}
		at := k.next
		for _, r := range records {
			k.record(r)
		}
		switch {
		case err != nil:
			k.unread(err)
		case len(records) == 0:
			k.missing(total)
		case k.next == at: // all of them stand in the wrong place
			k.missing(at)
		}
		progress(k.next-1, total)
	}
	if k.unreadable == maxUnreadable {
		k.find(k.next, "gave up here after %d records that cannot be read", maxUnreadable)
	}
	return nil
}

// checkFile asks SQLite whether the file itself is sound: reading the records in their
// order passes by much of it. Where records were found wrong, it has nothing to add.
func (k *walk) checkFile(ctx context.Context, db *sqlitedb.DB) error {
	if len(k.findings) > 0 {
		return nil
	}
	var found []string
	err := db.Read(ctx, func(tx *sqlitedb.Tx) (err error) {
		found, err = tx.Integrity()
		return err
	})
	if errors.Is(err, sqlitedb.ErrClosed) || ctx.Err() != nil {
		return orClosed(err)
	}
	if err != nil {
		found = append(found, err.Error())
	}
	for _, f := range found {
		k.find(0, "the file is damaged: %s", f)
	}
	return nil
}

// checkID compares the log's id with the mark's.
func (k *walk) checkID(db *sqlitedb.DB) {
	var id [16]byte
	err := db.Read(context.Background(), func(tx *sqlitedb.Tx) error {
		row, ok, err := tx.One("SELECT id FROM log WHERE one = 1")
		if ok {
			copy(id[:], row.Blob(0))
		}
		return err
	})
	switch {
	case err != nil:
		k.find(0, "the id of the log cannot be read: %v", err)
	case k.mark.known && k.mark.id != id:
		k.find(0, "the mark belongs to log %x, this is log %x", k.mark.id, id)
	}
}
