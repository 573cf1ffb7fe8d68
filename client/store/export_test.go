package store

import (
	"context"
	"strconv"

	"github.com/rawaj/rawaj/internal/sqlitedb"
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
