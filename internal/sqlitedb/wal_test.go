package sqlitedb_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/sqlitedb"
)

// crashedWAL copies a database as a crash would leave it, with commits in the WAL,
// and says where the last of them begins.
func crashedWAL(t *testing.T) (path string, last int64) {
	t.Helper()
	live := file(t)
	db := migrated(t, live)
	if err := db.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		info, err := os.Stat(live + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		last = info.Size()
		if err := db.Write(ctx, func(tx *sqlitedb.Tx) error { return put(tx, 2+i, strings.Repeat("x", 900)) }); err != nil {
			t.Fatal(err)
		}
	}
	path = filepath.Join(t.TempDir(), "crashed.db")
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(live + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+suffix, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path, last
}

func checkWAL(t *testing.T, path string) []string {
	t.Helper()
	found, err := sqlitedb.CheckWAL(path)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAWholeWALIsNoFinding(t *testing.T) {
	path, _ := crashedWAL(t)
	if found := checkWAL(t, path); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	if found := checkWAL(t, file(t)); len(found) > 0 {
		t.Errorf("found %v where there is none", found)
	}
	db := open(t, path, sqlitedb.Options{})
	if n := count(t, db); n != 6 {
		t.Errorf("%d rows, want 6", n)
	}
}

// A process that is killed while it writes leaves a part of a transaction.
func TestAnUnfinishedTransactionInTheWALIsNoFinding(t *testing.T) {
	path, last := crashedWAL(t)
	for _, size := range []int64{last + 7, last + 24, last + 4119} {
		if err := os.Truncate(path+"-wal", size); err != nil {
			t.Fatal(err)
		}
		if found := checkWAL(t, path); len(found) > 0 {
			t.Errorf("cut at %d, which is in a frame: found %v", size, found)
		}
	}
}

// Once all of a WAL is in the main file, writing begins at its start again, and what
// an earlier use left behind is not read.
func TestTheRestOfAnEarlierUseOfAWALIsNoFinding(t *testing.T) {
	path := file(t)
	db := migrated(t, path)
	for i, pages := range []int{1200, 1} { // SQLite moves a WAL of 1000 pages
		if err := db.Write(ctx, func(tx *sqlitedb.Tx) error {
			return put(tx, 2+i, strings.Repeat("x", pages*4096))
		}); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(path + "-wal")
	if err != nil || len(raw) < 1000*4096 {
		t.Fatalf("the WAL has %d bytes (%v), want the rest of an earlier use", len(raw), err)
	}
	if found := checkWAL(t, path); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	raw[32+24+100] ^= 1
	if err := os.WriteFile(path+"-wal", raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if found := checkWAL(t, path); len(found) != 1 || !strings.Contains(found[0], "frame 1 ") {
		t.Errorf("with a byte of frame 1 changed: found %v", found)
	}
}

func TestAnyChangedByteOfAWALIsFound(t *testing.T) {
	path, _ := crashedWAL(t)
	whole, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path+"-wal", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for at := 0; at < len(whole); at += 1 + at%173 {
		if _, err := f.WriteAt([]byte{whole[at] ^ 0x40}, int64(at)); err != nil {
			t.Fatal(err)
		}
		if found := checkWAL(t, path); len(found) != 1 {
			t.Errorf("byte %d of %d: found %v", at, len(whole), found)
		}
		if _, err := f.WriteAt(whole[at:at+1], int64(at)); err != nil {
			t.Fatal(err)
		}
	}
}
