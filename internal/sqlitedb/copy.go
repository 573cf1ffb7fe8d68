package sqlitedb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net/url"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// Copy writes the database at from, as it stands at one moment, into the new file to.
// Others may read and write it meanwhile, this process or another; its WAL grows until
// the copy is done. The copy is not flushed.
func Copy(ctx context.Context, from, to string) error {
	q := url.Values{"mode": {"ro"}, "_busy_timeout": {"5000"}}
	raw, err := (&sqlite3.SQLiteDriver{}).Open("file:" + (&url.URL{Path: from}).EscapedPath() + "?" + q.Encode())
	if err != nil {
		return fmt.Errorf("open %s: %w", from, err)
	}
	defer raw.Close()
	if _, err := raw.(*sqlite3.SQLiteConn).ExecContext(ctx, "VACUUM INTO ?", []driver.NamedValue{{Ordinal: 1, Value: to}}); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return nil
}
