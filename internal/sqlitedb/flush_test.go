package sqlitedb_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/internal/sqlitedb"
)

func TestAWALThatAProcessLeftIsWrittenAgainBeforeTheFirstWrite(t *testing.T) {
	ctx := context.Background()
	first, err := sqlitedb.Open(filepath.Join(t.TempDir(), "a.db"), sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	write := func(db *sqlitedb.DB, sql string) {
		t.Helper()
		if err := db.Write(ctx, func(tx *sqlitedb.Tx) error { return tx.Script(sql) }); err != nil {
			t.Fatal(err)
		}
	}
	write(first, `CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)`)
	left := filepath.Join(t.TempDir(), "a.db")
	for _, suffix := range []string{"", "-wal"} { // as a process that is killed leaves them
		b, err := os.ReadFile(first.Path() + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(left+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var heard []string
	sqlitedb.Rewritten = func(path string) { heard = append(heard, path) }
	defer func() { sqlitedb.Rewritten = nil }()
	db, err := sqlitedb.Open(left, sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	write(db, `INSERT INTO t VALUES (2)`)
	write(db, `INSERT INTO t VALUES (3)`)
	if len(heard) != 1 || heard[0] != left+"-wal" {
		t.Errorf("written again: %v, want the WAL once", heard)
	}
	if err := db.Read(ctx, func(tx *sqlitedb.Tx) error {
		n, err := tx.Int(`SELECT count(*) FROM t`)
		if n != 3 {
			t.Errorf("%d rows, want 3", n)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
