package sqlitedb

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
)

// Tx is a transaction, or a snapshot, of one connection. It belongs to the
// function it was given to and ends with it.
type Tx struct {
	c     *conn
	after []func()
}

// AfterCommit calls f once the transaction is committed, and not if it fails, while
// it still holds the turn to write: what f publishes is seen by the next writer.
func (tx *Tx) AfterCommit(f func()) { tx.after = append(tx.after, f) }

// ErrStop, returned by the function given to Query, ends the query without an error.
var ErrStop = errors.New("stop")

// Exec runs one statement that returns no rows. Arguments are int, int64, uint64 (below 2^63), bool,
// string, []byte or nil.
func (tx *Tx) Exec(sql string, args ...any) error { return tx.c.exec(sql, args) }

// ExecN is Exec and tells how many rows it changed.
func (tx *Tx) ExecN(sql string, args ...any) (int64, error) { return tx.c.execN(sql, args) }

// Query calls f for each row. The row and its values may be kept: the driver
// hands out copies, but the Row's slice is reused for the next row.
func (tx *Tx) Query(f func(Row) error, sql string, args ...any) error {
	return tx.c.query(sql, args, f)
}

// One reads the first row into the values it returns; ok is false where there is none.
func (tx *Tx) One(sql string, args ...any) (row Row, ok bool, err error) {
	err = tx.c.query(sql, args, func(r Row) error {
		row, ok = Row{append([]driver.Value(nil), r.values...)}, true
		return ErrStop
	})
	return row, ok, err
}

// Int reads a single integer; 0 where there is no row or it is NULL.
func (tx *Tx) Int(sql string, args ...any) (int64, error) {
	row, ok, err := tx.One(sql, args...)
	if err != nil || !ok {
		return 0, err
	}
	return row.Int(0), nil
}

// Script runs several statements without arguments, separated by semicolons.
func (tx *Tx) Script(sql string) error {
	if _, err := tx.c.raw.Exec(sql, nil); err != nil {
		return fmt.Errorf("%s: %w", head(sql), err)
	}
	return nil
}

// Integrity lists what SQLite's own integrity check finds; nothing where all is well.
func (tx *Tx) Integrity() ([]string, error) {
	var found []string
	err := tx.Query(func(r Row) error {
		if s := r.Text(0); s != "ok" {
			found = append(found, strings.TrimSpace(s))
		}
		return nil
	}, "PRAGMA integrity_check(20)")
	return found, err
}

// Row is one row of a result.
type Row struct{ values []driver.Value }

// Len is the number of columns.
func (r Row) Len() int { return len(r.values) }

// Any is column i as the driver gives it: int64, float64, string, []byte or nil.
func (r Row) Any(i int) any { return r.values[i] }

// Null says whether column i is NULL.
func (r Row) Null(i int) bool { return r.values[i] == nil }

// Int is column i as an integer; 0 where it is anything else.
func (r Row) Int(i int) int64 {
	n, _ := r.values[i].(int64)
	return n
}

// Text is column i as text; empty where it is anything else.
func (r Row) Text(i int) string {
	s, _ := r.values[i].(string)
	return s
}

// Blob is column i as bytes; nil where it is anything else.
func (r Row) Blob(i int) []byte {
	b, _ := r.values[i].([]byte)
	return b
}
