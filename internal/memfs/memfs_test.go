package memfs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/rawaj/rawaj/internal/memfs"
	"github.com/rawaj/rawaj/internal/sqlitedb"
)

var ctx = context.Background()

var base string

func TestMain(m *testing.M) {
	var err error
	if base, err = os.MkdirTemp("", "rawaj-memfs-"); err == nil {
		err = memfs.Under(base)
	}
	if err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(base)
	os.Exit(code)
}

func open(t *testing.T, path string) *sqlitedb.DB {
	t.Helper()
	db, err := sqlitedb.Open(path, sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func write(t *testing.T, db *sqlitedb.DB, sql string) {
	t.Helper()
	if err := db.Write(ctx, func(tx *sqlitedb.Tx) error { return tx.Script(sql) }); err != nil {
		t.Fatal(err)
	}
}

func sum(t *testing.T, db *sqlitedb.DB) (n int64) {
	t.Helper()
	if err := db.Read(ctx, func(tx *sqlitedb.Tx) (err error) {
		n, err = tx.Int(`SELECT coalesce(sum(n), 0) FROM t`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// image is a database's files.
type image struct{ main, wal []byte }

func take(path string) image { return image{memfs.Read(path), memfs.Read(path + "-wal")} }

func (i image) put(t *testing.T, path string) {
	t.Helper()
	for suffix, b := range map[string][]byte{"": i.main, "-wal": i.wal} {
		if err := memfs.Write(path+suffix, b); err != nil {
			t.Fatal(err)
		}
	}
	if err := sqlitedb.Changed(path, func() { memfs.Forget(path) }); err != nil {
		t.Fatal(err)
	}
}

func TestADatabaseUnderTheDirectoryIsInMemoryAndNoOtherIs(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("databases are kept in memory on Linux alone; here they are in files")
	}
	for path, files := range map[string]int{filepath.Join(base, "here.db"): 0, filepath.Join(t.TempDir(), "there.db"): 3} {
		db := open(t, path)
		write(t, db, `CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (7)`)
		if have, _ := filepath.Glob(path + "*"); len(have) != files || sum(t, db) != 7 {
			t.Errorf("%s: %d is the sum, and files are %v", path, sum(t, db), have)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db = open(t, path)
		if sum(t, db) != 7 {
			t.Errorf("%s: opened again, it does not hold what was written", path)
		}
		db.Close()
	}
}

func TestConnectionsThatWereKeptReadWhatTheFilesHoldNow(t *testing.T) {
	path := filepath.Join(base, "kept.db")
	sqlitedb.Keep(path)
	defer sqlitedb.Discard(path)
	db := open(t, path)
	write(t, db, `CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)`)
	images := []image{take(path)}
	for n := int64(2); n < 6; n++ {
		write(t, db, fmt.Sprintf(`INSERT INTO t VALUES (%d)`, n))
		if n == 4 { // its WAL is empty
			if err := db.Checkpoint(); err != nil {
				t.Fatal(err)
			}
		}
		images = append(images, take(path))
	}
	write(t, db, `UPDATE t SET n = 100`)
	if err := db.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	images = append(images, take(path))
	want := []int64{1, 3, 6, 10, 15, 500}
	for _, i := range []int{0, 3, 5, 3, 4, 1, 0, 5, 2, 2} {
		db.Close()
		images[i].put(t, path)
		db = open(t, path)
		if have := sum(t, db); have != want[i] {
			t.Errorf("with the files of moment %d the sum is %d, want %d", i, have, want[i])
		}
		write(t, db, `INSERT INTO t VALUES (1000)`)
		if have := sum(t, db); have != want[i]+1000 {
			t.Errorf("with the files of moment %d and a thousand the sum is %d", i, have)
		}
	}
	write(t, db, `DROP TABLE t; CREATE TABLE t (m INTEGER, n INTEGER); INSERT INTO t VALUES (1, 2)`)
	other := take(path)
	db.Close()
	images[0].put(t, path)
	db = open(t, path)
	if have := sum(t, db); have != 1 {
		t.Errorf("after another schema the sum is %d, want 1", have)
	}
	db.Close()
	other.put(t, path)
	db = open(t, path)
	if have := sum(t, db); have != 2 {
		t.Errorf("of another schema the sum is %d, want 2", have)
	}
	db.Close()
}

func TestAReaderKeepsItsSnapshotWhileAnotherConnectionWrites(t *testing.T) {
	db := open(t, filepath.Join(base, "snapshot.db"))
	defer db.Close()
	write(t, db, `CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1); CREATE TABLE u (n INTEGER); INSERT INTO u VALUES (1)`)
	if err := db.Read(ctx, func(tx *sqlitedb.Tx) error {
		for range 3 { // each time SQLite checkpoints what no reader needs
			if n, err := tx.Int(`SELECT sum(n) FROM t`); err != nil || n != 1 {
				t.Errorf("the reader sees %d, %v", n, err)
			}
			write(t, db, `INSERT INTO t VALUES (2); UPDATE u SET n = 2; CREATE TABLE IF NOT EXISTS big (b BLOB); INSERT INTO big VALUES (zeroblob(6000000)); DELETE FROM big`)
		}
		if n, err := tx.Int(`SELECT n FROM u`); err != nil || n != 1 { // which it has not read before
			t.Errorf("the reader sees %d in the other table, %v", n, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n := sum(t, db); n != 7 {
		t.Errorf("afterwards the sum is %d, want 7", n)
	}
}
