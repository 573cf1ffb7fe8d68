package sqlitelog

import (
	"context"
	"errors"
	"fmt"

	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/oplog"
)

// A page is what Read takes in one short transaction, so that a slow reader
// neither keeps the WAL from being emptied nor holds one of the few readers.
const (
	pageRecords = 512
	pageBytes   = 1 << 20 // and the record that goes beyond
)

const selectEntries = "SELECT idx, hash, data FROM entry WHERE idx BETWEEN ? AND ? ORDER BY idx"

// Read is oplog.Log's.
func (l *Log) Read(ctx context.Context, from oplog.Index, f func(oplog.Record) error) error {
	from = max(from, 1)
	end, _ := l.tip.End()
	if err := l.refuseClosed(); err != nil {
		return fmt.Errorf("read from %d: %w", from, err)
	}
	for from <= end {
		records, err := page(ctx, l.db, from, end)
		if err != nil {
			return fmt.Errorf("read records %d to %d: %w", from, end, orClosed(err))
		}
		if len(records) == 0 {
			return fmt.Errorf("read records %d to %d: the first lacks: %w", from, end, oplog.ErrDamaged)
		}
		if from, err = hand(ctx, records, from, f); errors.Is(err, oplog.ErrStop) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// hand gives a page to f and returns what comes after it.
func hand(ctx context.Context, records []oplog.Record, from oplog.Index, f func(oplog.Record) error) (oplog.Index, error) {
	for _, r := range records {
		if r.Index != from {
			return from, fmt.Errorf("read record %d: found %d in its place: %w", from, r.Index, oplog.ErrDamaged)
		}
		if err := ctx.Err(); err != nil {
			return from, fmt.Errorf("read record %d: %w", from, err)
		}
		if err := f(r); err != nil {
			return from, err
		}
		from++
	}
	return from, nil
}

func (l *Log) refuseClosed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return oplog.ErrClosed
	}
	return nil
}

// orClosed gives the log's word for a database that Close took away midway.
func orClosed(err error) error {
	if errors.Is(err, sqlitedb.ErrClosed) {
		return oplog.ErrClosed
	}
	return err
}

// page reads the records from..to as far as one page goes. What it read before
// an error is returned with the error.
func page(ctx context.Context, db *sqlitedb.DB, from, to oplog.Index) (records []oplog.Record, err error) {
	bytes := 0
	err = db.Read(ctx, func(tx *sqlitedb.Tx) error {
		return tx.Query(func(row sqlitedb.Row) error {
			r := record(row)
			records = append(records, r)
			if bytes += len(r.Data); bytes >= pageBytes || len(records) == pageRecords {
				return sqlitedb.ErrStop
			}
			return nil
		}, selectEntries, uint64(from), uint64(to))
	})
	return records, err
}

// record takes a row as it is: a hash of the wrong size, or data that is no
// blob, is damage, and shows when the chain is computed.
func record(row sqlitedb.Row) oplog.Record {
	r := oplog.Record{Index: oplog.Index(row.Int(0)), Data: notNil(row.Blob(2))}
	copy(r.Hash[:], row.Blob(1))
	return r
}
