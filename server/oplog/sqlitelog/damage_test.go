package sqlitelog_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
)

// sizes have small records, several to a page, and some that overflow it.
var sizes = []int{40, 300, 9000, 12, 700, 1, 30_000, 64, 2500, 500, 5, 4100}

// crashed leaves the files of a log as a crash would, and says where the data
// of each record stands in file ("" the main file, "-wal" the WAL).
func crashed(t *testing.T, file string) (path string, offsets []int64) {
	t.Helper()
	dir := t.TempDir()
	l := open(t, filepath.Join(dir, "live.db"))
	fill(t, l, sizes...)
	if file == "" {
		if err := l.Checkpoint(); err != nil {
			t.Fatal(err)
		}
	}
	path = filepath.Join(dir, "log.db")
	for _, suffix := range []string{"", "-wal", "-mark"} {
		copyFile(t, filepath.Join(dir, "live.db"+suffix), path+suffix)
	}
	raw, err := os.ReadFile(path + file)
	if err != nil {
		t.Fatal(err)
	}
	for i, size := range sizes {
		offsets = append(offsets, placesOf(t, raw, blob(i, size))...)
	}
	return path, offsets
}

// placesOf finds a record's data: its beginning, and where it is long, pieces
// of it that cannot but lie inside one page.
func placesOf(t *testing.T, raw, data []byte) (offsets []int64) {
	if len(data) < 12 {
		return nil
	}
	for at := 0; at+12 <= len(data); at += 701 {
		// The last copy counts: earlier ones are pages that were written again.
		if found := bytes.LastIndex(raw, data[at:at+12]); found >= 0 {
			offsets = append(offsets, int64(found), int64(found+11))
		}
	}
	if len(offsets) == 0 {
		t.Fatalf("data of %d bytes is not in the file", len(data))
	}
	return offsets
}

// flipped damages one byte of a copy and looks at it.
func flipped(t *testing.T, path, file string, offset int64, look func(copied string)) {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "log.db")
	for _, suffix := range []string{"", "-wal", "-mark"} {
		copyFile(t, path+suffix, copied+suffix)
	}
	f, err := os.OpenFile(copied+file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, offset); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x11
	if _, err := f.WriteAt(b, offset); err != nil {
		t.Fatal(err)
	}
	f.Close()
	look(copied)
}

func TestAChangedByteOfDataIsFound(t *testing.T) {
	for _, file := range []string{"", "-wal"} {
		path, offsets := crashed(t, file)
		if found := findings(t, path); len(found) > 0 {
			t.Fatalf("before any damage: %v", found)
		}
		t.Logf("%d offsets in log.db%s", len(offsets), file)
		for _, offset := range offsets {
			flipped(t, path, file, offset, func(copied string) {
				if found := findings(t, copied); len(found) == 0 {
					t.Errorf("log.db%s: the byte at %d was changed, Verify finds nothing", file, offset)
				}
				if file == "" {
					return
				}
				// In the WAL the checksum ends the log before the damage.
				_, err := sqlitelog.Open(copied, sqlitelog.Options{})
				if !errors.Is(err, oplog.ErrShort) {
					t.Errorf("log.db-wal: the byte at %d was changed, Open says %v", offset, err)
				}
			})
		}
	}
}

// TestVerifyEndsOnAnyDamage flips bytes all over the file, where SQLite keeps
// its trees: what matters is that it comes to an end, without an error.
func TestVerifyEndsOnAnyDamage(t *testing.T) {
	path, _ := crashed(t, "")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	var offsets []int64
	for page := int64(0); page < info.Size(); page += 4096 {
		offsets = append(offsets, page, page+3, page+5, page+8, page+11, page+4090)
	}
	for at := int64(0); at < 128; at += 3 {
		offsets = append(offsets, at)
	}
	for _, offset := range offsets {
		flipped(t, path, "", offset, func(copied string) {
			if len(findings(t, copied)) > 0 {
				found++
			}
		})
	}
	t.Logf("%d of %d changed bytes had findings", found, len(offsets))
}

func TestGarbageIsAFinding(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	if err := os.WriteFile(path, bytes.Repeat([]byte("garbage "), 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := findings(t, path); len(found) == 0 {
		t.Error("Verify finds nothing in garbage")
	}
}

// edited opens the file as whoever means harm would, without any care.
func edited(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log.db")
	l := open(t, path)
	fill(t, l, 10, 10, 10, 10, 10, 10, 10, 10)
	l.Close()
	db, err := sqlitedb.Open(path, sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Write(ctx, func(tx *sqlitedb.Tx) error { return tx.Script(script) }); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindingsSayWhatWasDone(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"data in the middle", "UPDATE entry SET data = x'00' WHERE idx = 4",
			"record 4: its data was changed: it does not chain to record 3"},
		{"data of the last, which the mark knows", "UPDATE entry SET data = x'00' WHERE idx = 8",
			"record 8: its data was changed: it does not chain to record 7"},
		{"a hash in the middle", "UPDATE entry SET hash = zeroblob(32) WHERE idx = 4",
			"record 4: its hash was changed"},
		{"the last hash", "UPDATE entry SET hash = zeroblob(32) WHERE idx = 8",
			"record 8: its hash is not the one the mark saw; record 8: its hash was changed"},
		{"a hash of another size", "UPDATE entry SET hash = x'00' WHERE idx = 4",
			"record 4: its hash was changed"},
		{"both", "UPDATE entry SET data = x'00', hash = zeroblob(32) WHERE idx = 4",
			"record 4: its data or its hash was changed: it does not chain to record 3; " +
				"record 5: does not chain to record 4, which is damaged itself"},
		{"two side by side", "UPDATE entry SET data = x'00' WHERE idx IN (4, 5)",
			"record 4: its data or its hash was changed: it does not chain to record 3; " +
				"record 5: does not chain to record 4, which is damaged itself"},
		{"a gap", "DELETE FROM entry WHERE idx IN (4, 5)",
			"record 4: records 4 to 5 missing; the mark saw records 4 to 5"},
		{"the first", "DELETE FROM entry WHERE idx = 1",
			"record 1: record 1 missing; the mark saw record 1"},
		{"the tail", "DELETE FROM entry WHERE idx > 6",
			"record 7: records 7 to 8 missing; the mark saw records 7 to 8"},
		{"everything", "DELETE FROM entry",
			"record 1: records 1 to 8 missing; the mark saw records 1 to 8"},
		{"the table", "DROP TABLE entry", "the last record cannot be found: "},
		{"an index far off", "UPDATE entry SET idx = 1000000000000 WHERE idx = 8",
			"record 8: records 8 to 999999999999 missing; the mark saw record 8"},
		{"one added", "INSERT INTO entry VALUES(9, zeroblob(32), x'00')",
			"record 9: its data or its hash was changed: it does not chain to record 8"},
	} {
		var got []string
		for _, f := range findings(t, edited(t, c.script)) {
			got = append(got, f.String())
		}
		if text := strings.Join(got, "; "); text != c.want && (c.name != "the table" || !strings.HasPrefix(text, c.want)) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, text, c.want)
		}
	}
}

func TestOpenLooksAtTheLastRecord(t *testing.T) {
	for script, want := range map[string]error{
		"UPDATE entry SET data = x'00' WHERE idx = 8": oplog.ErrDamaged,
		"DELETE FROM entry WHERE idx = 7":             oplog.ErrDamaged,
		"DELETE FROM entry WHERE idx = 8":             oplog.ErrShort,
		"DELETE FROM entry":                           oplog.ErrShort,
	} {
		_, err := sqlitelog.Open(edited(t, script), sqlitelog.Options{})
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", script, err, want)
		}
	}
}

func TestReadReportsAGap(t *testing.T) {
	l := open(t, edited(t, "DELETE FROM entry WHERE idx = 4"))
	var got []oplog.Index
	err := l.Read(ctx, 2, func(r oplog.Record) error { got = append(got, r.Index); return nil })
	if !errors.Is(err, oplog.ErrDamaged) || !slices.Equal(got, []oplog.Index{2, 3}) {
		t.Errorf("read %v and then %v, want 2, 3 and %v", got, err, oplog.ErrDamaged)
	}
}

// Whoever restores one of the two files, or a tool that copies them one by one, makes a
// database and a WAL of different ages.
func TestADatabaseAndAWALOfDifferentAgesAreNotTakenForALog(t *testing.T) {
	dir := t.TempDir()
	live := filepath.Join(dir, "live.db")
	l := open(t, live)
	keep := func(name string) {
		for _, suffix := range []string{"", "-wal", "-mark"} {
			copyFile(t, live+suffix, filepath.Join(dir, name+suffix))
		}
	}
	fill(t, l, 10, 20)
	if err := l.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	fill(t, l, 300, 9000)
	keep("early") // with a WAL of its own
	if err := l.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	fill(t, l, sizes...)
	if err := l.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	fill(t, l, 40, 50, 60)
	keep("late")
	for name, from := range map[string][2]string{"an early database, a late WAL": {"early", "late"}, "a late database, an early WAL": {"late", "early"}} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log.db")
			copyFile(t, filepath.Join(dir, from[0]), path)
			copyFile(t, filepath.Join(dir, from[1]+"-wal"), path+"-wal")
			copyFile(t, filepath.Join(dir, "late-mark"), path+"-mark")
			l, err := sqlitelog.Open(path, sqlitelog.Options{})
			if err == nil {
				end, _ := l.End()
				l.Close()
				t.Errorf("it opens with %d records", end)
			}
		})
	}
}
