package sqlitelog

import (
	"context"
	"errors"
	"fmt"

	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/oplog"
)

// ReadFile reads a log as Read does, without opening it for writing: also beside the
// process that appends to it.
func ReadFile(ctx context.Context, path string, from oplog.Index, f func(oplog.Record) error) error {
	db, err := sqlitedb.Open(path, sqlitedb.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer db.Close()
	var end oplog.Index
	if err := db.Read(ctx, func(tx *sqlitedb.Tx) error {
		n, err := tx.Int(`SELECT max(idx) FROM entry`)
		end = oplog.Index(n)
		return err
	}); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	for from = max(from, 1); from <= end; {
		records, err := page(ctx, db, from, end)
		if err != nil {
			return fmt.Errorf("read %s from record %d: %w", path, from, err)
		}
		if len(records) == 0 {
			return fmt.Errorf("read %s: record %d lacks: %w", path, from, oplog.ErrDamaged)
		}
		if from, err = hand(ctx, records, from, f); errors.Is(err, oplog.ErrStop) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}
