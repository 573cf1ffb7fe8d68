package sqlitelog

import (
	"context"
	"strconv"

	"github.com/rawaj/rawaj/internal/sqlitedb"
)

// LimitPages makes the database full at n more pages than it has; 0 takes the
// limit away.
func (l *Log) LimitPages(n int64) error {
	return l.db.Write(context.Background(), func(tx *sqlitedb.Tx) error {
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

// Checkpoint moves all records from the WAL into the main file.
func (l *Log) Checkpoint() error { return l.db.Checkpoint() }

// Hold keeps the writer busy while f runs, as a slow disk would.
func (l *Log) Hold(f func()) error {
	return l.db.Write(context.Background(), func(*sqlitedb.Tx) error { f(); return nil })
}
