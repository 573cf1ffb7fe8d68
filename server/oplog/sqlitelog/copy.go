package sqlitelog

import (
	"context"
	"fmt"

	"github.com/rawaj/rawaj/internal/mark"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/oplog"
)

// Copy writes the log at path, as it stands at one moment, into the new file to, also
// beside the process that appends to it, and gives the end of the copy. A log that is
// shorter than its mark is refused (ErrShort). The mark stays behind: where the copy is
// opened, it gets its own.
func Copy(ctx context.Context, path, to string) (end oplog.Index, hash oplog.Hash, err error) {
	// The mark comes first: the log is never behind a mark read before it.
	id, n, seen, known, err := mark.Read(MarkPath(path))
	if err != nil {
		return 0, hash, err
	}
	w := witness{known: known, id: id, end: oplog.Index(n), hash: seen}
	if err := checkExists(path, w); err != nil {
		return 0, hash, err
	}
	if err := sqlitedb.Copy(ctx, path, to); err != nil {
		return 0, hash, err
	}
	db, err := sqlitedb.Open(to, sqlitedb.Options{ReadOnly: true, Readers: 1})
	if err != nil {
		return 0, hash, err
	}
	defer db.Close()
	last, err := checkedEnd(db)
	if err != nil {
		return 0, hash, fmt.Errorf("copy of %s: %w", path, err)
	}
	var own [16]byte
	if err := db.Read(ctx, func(tx *sqlitedb.Tx) error {
		row, ok, err := tx.One("SELECT id FROM log")
		if ok {
			copy(own[:], row.Blob(0))
		}
		return err
	}); err != nil {
		return 0, hash, err
	}
	return last.Index, last.Hash, checkMark(db, own, last.Index, w)
}
