//go:build linux

package crashfs_test

import (
	"bytes"
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rawaj/rawaj/internal/crashfs"
	"github.com/rawaj/rawaj/internal/mark"
	"github.com/rawaj/rawaj/internal/sqlitedb"
)

var ctx = context.Background()

// recorded makes a database of 60 commits, with a mark, in two lives of the process.
func recorded(t *testing.T, dir string) *crashfs.Trace {
	t.Helper()
	r, err := crashfs.Record(dir, "a.db-mark")
	if err != nil {
		t.Fatal(err)
	}
	for life := range 2 {
		db, err := sqlitedb.Open(filepath.Join(dir, "a.db"), sqlitedb.Options{})
		if err != nil {
			t.Fatal(err)
		}
		m, err := mark.Open(filepath.Join(dir, "a.db-mark"))
		if err != nil {
			t.Fatal(err)
		}
		for n := range 30 {
			if err := db.Write(ctx, func(tx *sqlitedb.Tx) error {
				if err := tx.Script(`CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, v BLOB)`); err != nil {
					return err
				}
				return tx.Exec(`INSERT INTO t (v) VALUES (?)`, bytes.Repeat([]byte{byte(life), byte(n)}, 700))
			}); err != nil {
				t.Fatal(err)
			}
			if err := m.Set([16]byte{1}, uint64(life*30+n+1), [32]byte{2}); err != nil {
				t.Fatal(err)
			}
			r.Say(life*30 + n + 1)
		}
		if life == 0 {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		t.Cleanup(func() { db.Close() })
		m.Close()
	}
	return r.End()
}

func TestARecordGivesTheFilesThatAreThere(t *testing.T) {
	dir := t.TempDir()
	trace := recorded(t, dir)
	disk := trace.Disk()
	disk.Done(len(trace.Ops))
	got := disk.Whole()
	if want := []string{"a.db", "a.db-mark", "a.db-wal"}; !slices.Equal(slices.Sorted(maps.Keys(got)), want) {
		t.Errorf("the record ends with the files %v, want %v", slices.Sorted(maps.Keys(got)), want)
	}
	for name, b := range got {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(b, want) {
			t.Errorf("%s is not what the record gives: %d bytes, %d there, %v", name, len(b), len(want), err)
		}
	}
	kinds := map[crashfs.Kind]int{}
	for _, op := range trace.Ops {
		kinds[op.Kind]++
	}
	for _, k := range []crashfs.Kind{crashfs.Write, crashfs.Truncate, crashfs.Sync, crashfs.Create, crashfs.Delete, crashfs.SyncDirectory, crashfs.Said} {
		if kinds[k] == 0 {
			t.Errorf("nothing of kind %d was recorded: %v", k, kinds)
		}
	}
}

func TestACutTakesNothingThatWasSynced(t *testing.T) {
	trace := recorded(t, t.TempDir())
	disk, r := trace.Disk(), rand.New(rand.NewPCG(1, 1))
	disk.Done(len(trace.Ops))
	certain := disk.Cut(crashfs.NoneThere, r)
	if len(certain["a.db"]) == 0 || len(certain["a.db-wal"]) == 0 {
		t.Fatalf("after the last commit %d and %d bytes are certain", len(certain["a.db"]), len(certain["a.db-wal"]))
	}
	for way := range crashfs.Ways {
		for range 50 {
			got := disk.Cut(way, r)
			for _, name := range []string{"a.db", "a.db-wal"} {
				if !bytes.HasPrefix(got[name], certain[name]) {
					t.Errorf("%v: %s lost what was synced", way, name)
				}
			}
		}
	}
}

func TestPagesAreWhatSQLiteReadsOfADatabaseAndItsWAL(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "b.db")
	db, err := sqlitedb.Open(path, sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var before []byte
	for n := range 3 {
		if err := db.Write(ctx, func(tx *sqlitedb.Tx) error {
			if err := tx.Script(`CREATE TABLE IF NOT EXISTS t (v TEXT)`); err != nil {
				return err
			}
			return tx.Exec(`INSERT INTO t VALUES (?)`, "a made-up row "+string(rune('a'+n)))
		}); err != nil {
			t.Fatal(err)
		}
		pages, err := crashfs.Pages(path) // while the row is in the WAL alone
		if err != nil {
			t.Fatal(err)
		}
		if file, err := os.ReadFile(path); err != nil || bytes.Contains(file, []byte("a made-up row")) {
			t.Fatalf("the WAL is not needed: %v", err)
		}
		if !bytes.Contains(pages, []byte("a made-up row "+string(rune('a'+n)))) || bytes.Equal(pages, before) {
			t.Errorf("after commit %d its row is not read", n)
		}
		before = pages
	}
	if err := os.WriteFile(filepath.Join(dir, "no.db"), bytes.Repeat([]byte("no database "), 400), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := crashfs.Pages(filepath.Join(dir, "no.db")); err == nil {
		t.Error("what is no database has pages")
	}
}
