package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/rawaj/rawaj/internal/mark"
	"github.com/rawaj/rawaj/internal/sqlitedb"
)

// inProcess runs the program within the test, which saves the start of a process. No
// other test may fork meanwhile: until a child is the program it is to be, it holds
// every lock that its parent holds.
func inProcess(t testing.TB, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	var out, talk bytes.Buffer
	code = run(t.Context(), args, &out, &talk)
	return code, out.String(), talk.String()
}

// finding is one of what rawaj verify --json lists.
type finding struct {
	Where string `json:"where"`
	What  string `json:"what"`
}

func verifyOf(t testing.TB, dir string) (code int, findings []finding) {
	t.Helper()
	var v struct {
		OK       bool      `json:"ok"`
		Findings []finding `json:"findings"`
	}
	code, out, talk := inProcess(t, "verify", "--data", dir, "--json")
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("verify prints %q and says %q: %v", out, talk, err)
	}
	if v.OK != (code == 0) || v.OK != (len(v.Findings) == 0) || v.Findings == nil {
		t.Fatalf("verify ends with %d and prints %s", code, out)
	}
	return code, v.Findings
}

// holds fails unless verify finds nothing.
func holds(t testing.TB, dir string) {
	t.Helper()
	if code, found := verifyOf(t, dir); code != 0 {
		t.Fatalf("verify of %s: %v", filepath.Base(dir), found)
	}
}

// smallTill writes receipts n to m of a file.
func smallTill(t testing.TB, from, to int) string {
	var b strings.Builder
	b.WriteString("receipt,date,time,sku,item,category,quantity,unit_price\n")
	for i := from; i <= to; i++ {
		fmt.Fprintf(&b, "%d,2025-11-%02d,10:%02d:00,sku-%d,Saffron tea no. %d,Drinks,%d,%d.25\n", i, i%28+1, i%60, i%17, i%17, i%3+1, i%17+4)
		fmt.Fprintf(&b, "%d,2025-11-%02d,10:%02d:00,cake-%d,زعفران %d,Cakes,1,%d\n", i, i%28+1, i%60, i%5, i%5, i%5+9)
	}
	path := filepath.Join(t.TempDir(), "till.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// arrangement is how the directories of a test come to be: with sales that have not
// been sent, or with base that came back as the last thing; ended in an orderly way,
// or killed, and then the last commits stand in the WALs.
type arrangement struct{ unsent, killed bool }

// arrange makes a server and a stall with something of every kind.
func arrange(t testing.TB, a arrangement) (centre, stall string) {
	t.Helper()
	centre, stall = filepath.Join(t.TempDir(), "centre"), filepath.Join(t.TempDir(), "stall")
	serve, url := serving(t, centre)
	enrolled(t, centre, stall, "Tea", url)
	end := (*process).stop
	if a.killed {
		end = (*process).kill
	}
	site := start(t, "site", "run", "--data", stall, "--listen", "127.0.0.1:0")
	site.announced(stall)
	take := func(from, to int) {
		rawaj(t, "site", "import", "sales", smallTill(t, from, to), "--data", stall, "--map", foodMapping, "--currency", "AED")
	}
	take(1, 40)
	rawaj(t, "site", "sync", "--data", stall)
	end(serve)
	if a.unsent {
		take(41, 60)
	}
	end(site)
	return centre, stall
}

// contents is what SQL reads in a file, by table; not ok where it cannot be read.
func contents(t testing.TB, path string) (tables map[string][32]byte, ok bool) {
	db, err := sqlitedb.Open(path, sqlitedb.Options{ReadOnly: true, Readers: 1})
	if err != nil {
		return nil, false
	}
	defer db.Close()
	tables = map[string][32]byte{}
	err = db.Read(context.Background(), func(tx *sqlitedb.Tx) error {
		var names []string
		if err := tx.Query(func(r sqlitedb.Row) error { names = append(names, r.Text(0)); return nil }, `SELECT name FROM sqlite_schema WHERE type = 'table'`); err != nil {
			return err
		}
		for _, name := range names {
			h := sha256.New()
			if err := tx.Query(func(r sqlitedb.Row) error {
				for i := range r.Len() {
					fmt.Fprintf(h, "%T %q ", r.Any(i), r.Any(i))
				}
				return nil
			}, fmt.Sprintf(`SELECT %s FROM %q`, columnsOf(name), name)); err != nil {
				return err
			}
			tables[name] = [32]byte(h.Sum(nil))
		}
		return nil
	})
	return tables, err == nil
}

// unwitnessed are the tables of a site that nothing vouches for: they hold no record
// and no outbox line, but who the device is and how far it has heard and when.
var unwitnessed = []string{"identity", "progress", "older", "staging", "judged"}

// columnsOf leaves out of a site's incarnations how far the server has come with
// them, which the next contact tells anew.
func columnsOf(table string) string {
	if table == "incarnation" {
		return "id, incarnation, parent, parent_seq, parent_hash, genesis, first_ord, last, hash"
	}
	return "*"
}

// matters says whether what SQL reads in a file has changed where verify has to see it.
func matters(t testing.TB, path string, before map[string][32]byte) bool {
	now, ok := contents(t, path)
	if !ok || len(now) != len(before) {
		return true
	}
	for name, sum := range before {
		if now[name] != sum && !slices.Contains(unwitnessed, name) {
			return true
		}
	}
	return false
}

// flips changes bytes of a file, one at a time, and expects verify to find each that
// changes what is read. It gives how many did.
func flips(t *testing.T, dir, file, suffix string, many int) (found int) {
	t.Helper()
	path := filepath.Join(dir, file) + suffix
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, ok := contents(t, filepath.Join(dir, file))
	if !ok {
		t.Fatalf("%s cannot be read", file)
	}
	var places []int
	for i, b := range whole {
		if b != 0 {
			places = append(places, i)
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	step := max(len(places)/many, 1)
	for i := step / 2; i < len(places); i += step {
		at := places[i]
		if _, err := f.WriteAt([]byte{whole[at] ^ 0x11}, int64(at)); err != nil {
			t.Fatal(err)
		}
		if matters(t, filepath.Join(dir, file), before) {
			found++
			if code, findings := verifyOf(t, dir); code != 1 {
				t.Errorf("%s%s: byte %d (near %q) was changed and verify finds nothing", file, suffix, at, whole[max(at-12, 0):min(at+12, len(whole))])
			} else if slices.ContainsFunc(findings, func(f finding) bool { return f.Where == "" || f.What == "" }) {
				t.Errorf("%s%s: byte %d: a finding without a place: %v", file, suffix, at, findings)
			}
		}
		if _, err := f.WriteAt(whole[at:at+1], int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, whole) {
		t.Errorf("verify has changed %s%s (%v)", file, suffix, err)
	}
	holds(t, dir)
	return found
}

// flipsIn changes bytes of all databases of a server and a stall.
func flipsIn(t *testing.T, a arrangement, many int) {
	centre, stall := arrange(t, a)
	holds(t, centre)
	holds(t, stall)
	suffix := ""
	if a.killed {
		suffix = "-wal"
	}
	for _, at := range []struct{ dir, file string }{{stall, fileSite}, {centre, fileLog}, {centre, fileState}} {
		n := flips(t, at.dir, at.file, suffix, many)
		t.Logf("%s%s: %d changed bytes change what is read", at.file, suffix, n)
		if n < many/3 {
			t.Errorf("%s%s: %d of %d changed bytes change what is read: the test looks in the wrong places", at.file, suffix, n, many)
		}
	}
}

func TestVerifyFindsAnyChangedByteInTheMainFiles(t *testing.T) {
	t.Parallel()
	flipsIn(t, arrangement{unsent: true}, 60)
}

func TestVerifyFindsAnyChangedByteInTheWALs(t *testing.T) {
	t.Parallel()
	flipsIn(t, arrangement{unsent: true, killed: true}, 25)
	flipsIn(t, arrangement{killed: true}, 25)
}

// kept is the content of a directory's databases, to be put back after a damage.
func kept(t testing.TB, dir string) (restore func()) {
	t.Helper()
	files := map[string][]byte{}
	names, err := filepath.Glob(filepath.Join(dir, "*.db*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if files[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		t.Helper()
		now, err := filepath.Glob(filepath.Join(dir, "*.db*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range now {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
		for name, content := range files {
			if err := os.WriteFile(name, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// finds damages a directory, fails unless verify names the place with these words in
// one finding, puts the directory right again and sees that it holds.
func finds(t *testing.T, dir, what string, damage func(), words ...string) {
	t.Helper()
	restore := kept(t, dir)
	damage()
	code, found := verifyOf(t, dir)
	named := slices.ContainsFunc(found, func(f finding) bool {
		return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(f.Where+": "+f.What, word) })
	})
	if code != 1 || !named {
		t.Errorf("%s: verify ends with %d and %v, want 1 and a finding with %q", what, code, found, words)
	}
	restore()
	holds(t, dir)
}

// edit changes a database behind the program's back.
func edit(t testing.TB, path string, f func(tx *sqlitedb.Tx) error) {
	t.Helper()
	db, err := sqlitedb.Open(path, sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// editSQL is edit with one statement, which has to change a row.
func editSQL(t testing.TB, path, sql string) func() {
	return func() {
		t.Helper()
		edit(t, path, func(tx *sqlitedb.Tx) error {
			n, err := tx.ExecN(sql)
			if err == nil && n == 0 {
				err = fmt.Errorf("%s: no row", sql)
			}
			return err
		})
	}
}

// flipBlob changes one byte in the middle of a blob.
func flipBlob(t testing.TB, path, table, column, where string) func() {
	return func() {
		t.Helper()
		edit(t, path, func(tx *sqlitedb.Tx) error {
			row, ok, err := tx.One(fmt.Sprintf(`SELECT %s FROM %s WHERE %s`, column, table, where))
			if err != nil || !ok {
				return fmt.Errorf("%s %s: no row (%w)", table, where, err)
			}
			b := row.Blob(0)
			b[len(b)/2] ^= 1
			return tx.Exec(fmt.Sprintf(`UPDATE %s SET %s = ? WHERE %s`, table, column, where), b)
		})
	}
}

func TestVerifyNamesThePlaceAtASite(t *testing.T) {
	t.Parallel()
	_, dir := arrange(t, arrangement{unsent: true})
	db := filepath.Join(dir, fileSite)
	for _, d := range []struct {
		what   string
		damage func()
		words  []string
	}{
		{"body of an outbox line", flipBlob(t, db, "outbox", "body", "ord = 45"), []string{"outbox", "transaction 45"}},
		{"body of a line that has arrived", flipBlob(t, db, "outbox", "body", "ord = 3"), []string{"outbox", "transaction 3"}},
		{"hash of an outbox line", flipBlob(t, db, "outbox", "hash", "ord = 45"), []string{"outbox", "transaction 45"}},
		{"time of an outbox line", editSQL(t, db, `UPDATE outbox SET at = at + 1 WHERE ord = 45`), []string{"outbox", "transaction 45"}},
		{"amounts of an outbox line", flipBlob(t, db, "outbox", "amounts", "ord = 45"), []string{"outbox", "transaction 45"}},
		{"a missing outbox line", editSQL(t, db, `DELETE FROM outbox WHERE ord = 45`), []string{"outbox", "transaction 45 is missing"}},
		{"name of a product of base", editSQL(t, db, `UPDATE product SET name_en = 'Saffron tea no. 77' WHERE name_en = 'Saffron tea no. 7'`), []string{"base", "product", "searchable"}},
		{"code of a product of base", editSQL(t, db, `UPDATE product SET sku = 'sku-77' WHERE sku = 'sku-7'`), []string{"base", "add up to"}},
		{"amount of a line of base", editSQL(t, db, `UPDATE sale_line SET unit_price_minor = unit_price_minor + 1 WHERE id = (SELECT id FROM sale_line WHERE _state IS NULL LIMIT 1)`), []string{"base", "add up to"}},
		{"quantity of a line that has not arrived", editSQL(t, db, `UPDATE sale_line SET quantity = quantity + 1 WHERE id = (SELECT id FROM sale_line WHERE _state = 1 LIMIT 1)`), []string{"overlay", "sale_line"}},
		{"a missing line of base", editSQL(t, db, `DELETE FROM sale_line WHERE id = (SELECT id FROM sale_line WHERE _state IS NULL LIMIT 1)`), []string{"base", "add up to"}},
		{"a missing sale that has not arrived", editSQL(t, db, `DELETE FROM sale WHERE id = (SELECT id FROM sale WHERE _state = 1 LIMIT 1)`), []string{"overlay", "sale", "missing"}},
		{"a digest", flipBlob(t, db, "share", "sum", "count > 50"), []string{"base", "its digest is"}},
		{"a missing digest", editSQL(t, db, `DELETE FROM share WHERE count > 50`), []string{"base", "no digest"}},
	} {
		finds(t, dir, d.what, d.damage, d.words...)
	}
}

func TestVerifyNamesThePlaceAtAServer(t *testing.T) {
	t.Parallel()
	dir, _ := arrange(t, arrangement{})
	log, state := filepath.Join(dir, fileLog), filepath.Join(dir, fileState)
	for _, d := range []struct {
		what   string
		damage func()
		words  []string
	}{
		{"data of an entry", flipBlob(t, log, "entry", "data", "idx = 4"), []string{"log", "record 4", "data"}},
		{"hash of an entry", flipBlob(t, log, "entry", "hash", "idx = 4"), []string{"log", "record 4", "hash"}},
		{"a missing entry", editSQL(t, log, `DELETE FROM entry WHERE idx = 4`), []string{"log", "record 4", "missing"}},
		{"id of the log", flipBlob(t, log, "log", "id", "one = 1"), []string{"log", "mark belongs to"}},
		{"code of a product", editSQL(t, state, `UPDATE product SET sku = 'sku-77' WHERE sku = 'sku-7'`), []string{"state", "not what the log folds to", "product"}},
		{"quantity of a line", editSQL(t, state, `UPDATE sale_line SET quantity = quantity + 1 WHERE id = (SELECT max(id) FROM sale_line)`), []string{"state", "add up to"}},
		{"a figure", editSQL(t, state, `UPDATE figure SET pieces = pieces + 1 WHERE dim = 1`), []string{"state", "sales by category"}},
		{"an amount", editSQL(t, state, `UPDATE figure_amount SET amount = amount + 1 WHERE dim = 3`), []string{"state", "sales by day"}},
		{"a digest", flipBlob(t, state, "share", "sum", "count > 50"), []string{"state", "its digest is"}},
		{"a missing record", editSQL(t, state, `DELETE FROM sale WHERE id = (SELECT max(id) FROM sale)`), []string{"state", "not what the log folds to", "sale", "is missing"}},
		{"place in the feed", editSQL(t, state, `DELETE FROM feed WHERE position = (SELECT max(position) FROM feed)`), []string{"state", "not what the log folds to", "feed"}},
		{"a judged transaction", editSQL(t, state, `UPDATE tx SET code = 9 WHERE position = 5`), []string{"state", "not what the log folds to", "tx 5"}},
	} {
		finds(t, dir, d.what, d.damage, d.words...)
	}
}

// A lost tail leaves a file in which everything fits: the mark beside it tells.
func TestVerifyFindsALostTail(t *testing.T) {
	t.Parallel()
	centre, stall := arrange(t, arrangement{unsent: true, killed: true})
	log, site := filepath.Join(centre, fileLog), filepath.Join(stall, fileSite)
	for _, at := range []struct{ dir, file, place string }{{centre, log, "log"}, {stall, site, "outbox"}} {
		wal, err := os.ReadFile(at.file + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		const frame = 24 + 4096
		for _, frames := range []int{len(wal) / frame / 2, len(wal) / frame * 3 / 4} {
			finds(t, at.dir, fmt.Sprintf("%s-wal cut to %d frames", at.file, frames), func() {
				if err := os.Truncate(at.file+"-wal", int64(32+frames*frame)); err != nil {
					t.Fatal(err)
				}
			}, at.place, "missing")
		}
		finds(t, at.dir, at.file+"-wal removed", func() {
			if err := os.Remove(at.file + "-wal"); err != nil {
				t.Fatal(err)
			}
		})
		finds(t, at.dir, at.file+" removed", func() {
			for _, suffix := range []string{"", "-wal", "-shm"} {
				if err := os.Remove(at.file + suffix); err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
			}
		})
	}
	_, seen, _, _, err := mark.Read(log + "-mark") // an entry that was being written at the kill, and was confirmed to nobody, it has not seen
	if err != nil {
		t.Fatal(err)
	}
	finds(t, centre, "the last entry removed", editSQL(t, log, fmt.Sprintf(`DELETE FROM entry WHERE idx >= %d`, seen)), "log", "missing", "the mark saw")
	finds(t, stall, "the last outbox line removed", editSQL(t, site, `DELETE FROM outbox WHERE ord = (SELECT max(ord) FROM outbox)`), "outbox", "missing", "60")
}
