//go:build linux

package crash

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/internal/crashfs"
	"github.com/rawaj/rawaj/internal/sqlitedb"
)

// recordPlain records a database of one table, opened as told.
func recordPlain(t testing.TB, sync sqlitedb.Sync) *crashfs.Trace {
	t.Helper()
	dir := shm(t)
	rec, err := crashfs.Record(dir)
	must(t, err)
	db, err := sqlitedb.Open(filepath.Join(dir, "a.db"), sqlitedb.Options{Sync: sync})
	must(t, err)
	defer db.Close()
	must(t, db.Write(ctx, func(tx *sqlitedb.Tx) error { return tx.Script(`CREATE TABLE t (n INTEGER PRIMARY KEY, v BLOB)`) }))
	for n := range 60 {
		must(t, db.Write(ctx, func(tx *sqlitedb.Tx) error {
			return tx.Exec(`INSERT INTO t (v) VALUES (?)`, bytes.Repeat([]byte{byte(n)}, 700))
		}))
		rec.Say(saved)
	}
	return rec.End()
}

func judgePlain(dir string) (o outcome) {
	db, err := sqlitedb.Open(filepath.Join(dir, "a.db"), sqlitedb.Options{})
	if err != nil {
		return outcome{found: err.Error()}
	}
	defer db.Close()
	err = db.Read(ctx, func(tx *sqlitedb.Tx) error {
		found, err := tx.Integrity()
		for _, f := range found {
			o.found += f + "; "
		}
		return err
	})
	if err == nil {
		o.content, err = dump(filepath.Join(dir, "a.db"))
	}
	if err != nil {
		o.found += err.Error()
	}
	return o
}

var plain = subject{databases: []string{"a.db"}, judge: judgePlain}

// What is promised must be committed with synchronous=FULL: these two say that the
// cuts would find it if it were not.
func TestOnlyFullSyncKeepsWhatWasPromised(t *testing.T) {
	var full, normal tally
	newTrial(t, recordPlain(t, sqlitedb.Full), plain).explore(500, *seedFlag, &full)
	t.Log(&full)
	if full.states == 0 || full.held != full.states {
		t.Errorf("synchronous=FULL holds %d of %d states", full.held, full.states)
	}
	newTrial(t, recordPlain(t, sqlitedb.Normal), plain).explore(500, *seedFlag, &normal)
	t.Log(&normal)
	if normal.lost == 0 || normal.broken+normal.mixed+normal.mistaken > 0 {
		t.Errorf("synchronous=NORMAL lost %d of %d states, and %d, %d, %d are wrong otherwise", normal.lost, normal.states, normal.broken, normal.mixed, normal.mistaken)
	}
}

// lying is a trace on a disk that says of every sync of a database that it was done and
// does it never, and on which the mark is always there.
func lying(trace *crashfs.Trace, markName string) *crashfs.Trace {
	told := &crashfs.Trace{Start: trace.Start}
	markFile := -1
	for _, op := range trace.Ops {
		if op.Kind == crashfs.Create && op.Name == markName {
			markFile = op.File
		}
		if op.Kind == crashfs.Sync {
			continue
		}
		told.Ops = append(told.Ops, op)
		switch {
		case op.Kind == crashfs.Create && op.File == markFile:
			told.Ops = append(told.Ops, crashfs.Op{Kind: crashfs.SyncDirectory})
		case op.Kind == crashfs.Write && op.File == markFile:
			told.Ops = append(told.Ops, crashfs.Op{Kind: crashfs.Sync, File: markFile})
		}
	}
	return told
}

func TestWhatADiskTookThatLiedAboutSyncsIsNamed(t *testing.T) {
	var site, centre tally
	newTrial(t, lying(recordSite(t, *seedFlag, 20), siteFile+"-mark"), sites).explore(120, *seedFlag, &site)
	all, folds := entries(t, *seedFlag, 6)
	newTrial(t, lying(recordServer(t, *seedFlag, all, saved), logFile+"-mark"), servers(folds)).explore(120, *seedFlag, &centre)
	for name, a := range map[string]*tally{"site": &site, "server": &centre} {
		t.Logf("%s: %v", name, a)
		for _, e := range a.examples {
			t.Log(e)
		}
		if a.named == 0 || a.lost > 0 || a.mistaken > 0 {
			t.Errorf("%s: of what a lying disk took %d were named, %d not, %d in error", name, a.named, a.lost, a.mistaken)
		}
	}
}
