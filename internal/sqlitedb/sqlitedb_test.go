package sqlitedb_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/sqlitedb"
)

var ctx = context.Background()

var steps = []string{
	"CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT) STRICT",
	"CREATE INDEX item_name ON item(name); INSERT INTO item VALUES(1, 'first')",
}

func open(t *testing.T, path string, o sqlitedb.Options) *sqlitedb.DB {
	t.Helper()
	db, err := sqlitedb.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func migrated(t *testing.T, path string) *sqlitedb.DB {
	t.Helper()
	db := open(t, path, sqlitedb.Options{})
	if err := sqlitedb.Migrate(ctx, db, steps); err != nil {
		t.Fatal(err)
	}
	return db
}

func file(t *testing.T) string { return filepath.Join(t.TempDir(), "it is 100%? a#file.db") }

func put(tx *sqlitedb.Tx, id int, name string) error {
	return tx.Exec("INSERT INTO item(id, name) VALUES(?, ?)", id, name)
}

func count(t *testing.T, db *sqlitedb.DB) (n int64) {
	t.Helper()
	err := db.Read(ctx, func(tx *sqlitedb.Tx) (err error) { n, err = tx.Int("SELECT count(*) FROM item"); return err })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSettingsHoldOnEveryConnection(t *testing.T) {
	db := open(t, file(t), sqlitedb.Options{Sync: sqlitedb.Normal})
	settings := func(tx *sqlitedb.Tx) error {
		sync, err := tx.Int("PRAGMA synchronous")
		if err != nil || sync != 1 {
			t.Errorf("synchronous is %d (%v), want 1", sync, err)
		}
		mode, _, err := tx.One("PRAGMA journal_mode")
		if err != nil || mode.Text(0) != "wal" {
			t.Errorf("journal mode is %q (%v), want wal", mode.Text(0), err)
		}
		return nil
	}
	if err := errors.Join(db.Write(ctx, settings), db.Read(ctx, settings)); err != nil {
		t.Fatal(err)
	}
	if db := open(t, file(t), sqlitedb.Options{}); db.Write(ctx, func(tx *sqlitedb.Tx) error {
		if n, _ := tx.Int("PRAGMA synchronous"); n != 2 {
			t.Errorf("synchronous is %d where nothing is asked, want 2", n)
		}
		return nil
	}) != nil {
		t.Fatal("write")
	}
	if _, err := sqlitedb.Open(file(t), sqlitedb.Options{Sync: "SOMETIMES"}); err == nil {
		t.Error("an unknown level of synchronous was taken")
	}
}

// A lazy commit leaves no other unflushed, however it ends.
func TestAWriteIsFlushedWhateverWasLazyBefore(t *testing.T) {
	db := migrated(t, file(t))
	reads := 0
	want := func(level int64) func(*sqlitedb.Tx) error {
		return func(tx *sqlitedb.Tx) error {
			reads++ // SQLite answers while it compiles: a statement that is kept answers what was
			n, err := tx.Int(fmt.Sprintf("PRAGMA synchronous -- %d", reads))
			if err != nil || n != level {
				t.Errorf("synchronous is %d (%v), want %d", n, err, level)
			}
			return err
		}
	}
	fails := errors.New("fails")
	for _, lazy := range []func(*sqlitedb.Tx) error{
		want(1),
		func(tx *sqlitedb.Tx) error { return errors.Join(want(1)(tx), fails) },
		func(tx *sqlitedb.Tx) error { tx.Exec("ROLLBACK"); return nil },
	} {
		if err := db.WriteLazily(ctx, lazy); err != nil {
			t.Logf("lazy: %v", err)
		}
		if err := db.Write(ctx, want(2)); err != nil {
			t.Error(err)
		}
	}
	if normal := open(t, file(t), sqlitedb.Options{Sync: sqlitedb.Normal}); normal.Write(ctx, want(1)) != nil {
		t.Error("a fold")
	}
}

func TestAnErrorRollsBackAndTheNextWriteGoesThrough(t *testing.T) {
	db := migrated(t, file(t))
	refused := errors.New("refused")
	err := db.Write(ctx, func(tx *sqlitedb.Tx) error {
		if err := put(tx, 2, "gone"); err != nil {
			return err
		}
		return refused
	})
	if !errors.Is(err, refused) {
		t.Fatalf("got %v, want %v", err, refused)
	}
	func() {
		defer func() { recover() }()
		db.Write(ctx, func(tx *sqlitedb.Tx) error { put(tx, 3, "gone"); panic("midway") })
	}()
	if n := count(t, db); n != 1 {
		t.Fatalf("%d rows, want 1", n)
	}
	if err := db.Write(ctx, func(tx *sqlitedb.Tx) error { return put(tx, 2, "stays") }); err != nil {
		t.Fatal(err)
	}
}

func TestOneStatementReadsInsideItself(t *testing.T) {
	db := migrated(t, file(t))
	var pairs []string
	err := db.Write(ctx, func(tx *sqlitedb.Tx) error {
		if err := put(tx, 2, "second"); err != nil {
			return err
		}
		const all = "SELECT id FROM item ORDER BY id"
		return tx.Query(func(outer sqlitedb.Row) error {
			id := outer.Int(0)
			return tx.Query(func(inner sqlitedb.Row) error {
				pairs = append(pairs, fmt.Sprint(id, inner.Int(0)))
				return nil
			}, all)
		}, all)
	})
	if got, want := strings.Join(pairs, ", "), "1 1, 1 2, 2 1, 2 2"; err != nil || got != want {
		t.Fatalf("got %s (%v), want %s", got, err, want)
	}
}

func TestAReaderKeepsItsSnapshotBesideAWriter(t *testing.T) {
	db := migrated(t, file(t))
	err := db.Read(ctx, func(tx *sqlitedb.Tx) error {
		before, err := tx.Int("SELECT count(*) FROM item")
		if err != nil {
			return err
		}
		if err := db.Write(ctx, func(tx *sqlitedb.Tx) error { return put(tx, 2, "later") }); err != nil {
			return err
		}
		if after, err := tx.Int("SELECT count(*) FROM item"); err != nil || after != before {
			t.Errorf("the snapshot went from %d to %d rows (%v)", before, after, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, db); n != 2 {
		t.Fatalf("%d rows afterwards, want 2", n)
	}
}

func TestAReaderCannotWrite(t *testing.T) {
	path := file(t)
	db := migrated(t, path)
	write := func(tx *sqlitedb.Tx) error { return put(tx, 2, "by a reader") }
	if err := db.Read(ctx, write); err == nil {
		t.Error("a reader wrote")
	}
	ro := open(t, path, sqlitedb.Options{ReadOnly: true})
	if err := ro.Write(ctx, write); !errors.Is(err, sqlitedb.ErrReadOnly) {
		t.Errorf("got %v, want %v", err, sqlitedb.ErrReadOnly)
	}
	if err := ro.Checkpoint(); !errors.Is(err, sqlitedb.ErrReadOnly) {
		t.Errorf("got %v, want %v", err, sqlitedb.ErrReadOnly)
	}
	if n := count(t, ro); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestArgumentsAreCounted(t *testing.T) {
	db := migrated(t, file(t))
	err := db.Write(ctx, func(tx *sqlitedb.Tx) error { return tx.Exec("INSERT INTO item(id, name) VALUES(?, ?)", 2) })
	if err == nil {
		t.Error("a missing argument was taken as NULL")
	}
	type named int64
	err = db.Write(ctx, func(tx *sqlitedb.Tx) error { return tx.Exec("INSERT INTO item(id) VALUES(?)", named(2)) })
	if err == nil {
		t.Error("an argument of an unknown kind was taken")
	}
}

func TestCheckpointEmptiesTheWALOrSaysWhyNot(t *testing.T) {
	db := migrated(t, file(t))
	if err := db.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(ctx, func(tx *sqlitedb.Tx) error { return put(tx, 2, "after") }); err != nil {
		t.Fatal(err)
	}
}

func TestAClosedDatabaseSaysSo(t *testing.T) {
	db := migrated(t, file(t))
	if err := errors.Join(db.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	nothing := func(*sqlitedb.Tx) error { return nil }
	for what, err := range map[string]error{
		"write": db.Write(ctx, nothing), "read": db.Read(ctx, nothing), "checkpoint": db.Checkpoint(),
	} {
		if !errors.Is(err, sqlitedb.ErrClosed) {
			t.Errorf("%s: got %v, want %v", what, err, sqlitedb.ErrClosed)
		}
	}
}

func TestCloseFreesThoseWhoWaitForAReader(t *testing.T) {
	db := open(t, file(t), sqlitedb.Options{Readers: 1})
	out, waiting := make(chan struct{}), make(chan error, 1)
	err := db.Read(ctx, func(*sqlitedb.Tx) error {
		go func() {
			close(out)
			waiting <- db.Read(ctx, func(*sqlitedb.Tx) error { return nil })
		}()
		<-out
		if err := db.Close(); err != nil {
			return err
		}
		if err := <-waiting; !errors.Is(err, sqlitedb.ErrClosed) {
			t.Errorf("got %v, want %v", err, sqlitedb.ErrClosed)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMigrateRunsEachStepOnce(t *testing.T) {
	path := file(t)
	db := migrated(t, path)
	if err := sqlitedb.Migrate(ctx, db, steps); err != nil {
		t.Fatalf("a second time: %v", err)
	}
	if n := count(t, db); n != 1 {
		t.Fatalf("%d rows, want 1", n)
	}
	db.Close()
	older := open(t, path, sqlitedb.Options{})
	if err := sqlitedb.Migrate(ctx, older, steps[:1]); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Fatalf("a database newer than the program: got %v, want a refusal", err)
	}
}

func TestAFailedStepLeavesTheOnesBeforeIt(t *testing.T) {
	path := file(t)
	db := open(t, path, sqlitedb.Options{})
	broken := []string{steps[0], "CREATE INDEX item_name ON item(name); INSERT INTO nowhere VALUES(1)"}
	if err := sqlitedb.Migrate(ctx, db, broken); err == nil {
		t.Fatal("a broken step was taken")
	}
	if err := sqlitedb.Migrate(ctx, db, steps); err != nil {
		t.Fatalf("mended: %v", err)
	}
	if n := count(t, db); n != 1 {
		t.Fatalf("%d rows, want 1", n)
	}
}

func TestACommitThatTheDiskRefusesDidNotHappen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	full := errors.New("the disk is full")
	var refuse error
	commits := 0
	sqlitedb.Inject(path, &sqlitedb.Faults{Before: func() error { return refuse }, After: func(sqlitedb.Sync) { commits++ }})
	defer sqlitedb.Inject(path, nil)
	db, err := sqlitedb.Open(path, sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	put := func(n int) error {
		return db.Write(ctx, func(tx *sqlitedb.Tx) error {
			return tx.Exec(`INSERT INTO x VALUES (?)`, n)
		})
	}
	if err := db.Write(ctx, func(tx *sqlitedb.Tx) error { return tx.Script(`CREATE TABLE x (n INTEGER)`) }); err != nil {
		t.Fatal(err)
	}
	refuse = full
	if err := put(1); !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
	refuse = nil
	if err := put(2); err != nil {
		t.Fatal(err)
	}
	var sum int64
	if err := db.Read(ctx, func(tx *sqlitedb.Tx) error { sum, err = tx.Int(`SELECT sum(n) FROM x`); return err }); err != nil || sum != 2 || commits != 2 {
		t.Errorf("the sum is %d after %d commits, %v; want 2 after 2", sum, commits, err)
	}
}
