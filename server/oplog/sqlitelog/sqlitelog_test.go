package sqlitelog_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/oplogtest"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
)

var ctx = context.Background()

func open(t testing.TB, path string) *sqlitelog.Log {
	t.Helper()
	l, err := sqlitelog.Open(path, sqlitelog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func fill(t testing.TB, l oplog.Log, sizes ...int) {
	t.Helper()
	for i, size := range sizes {
		if _, err := l.Append(ctx, blob(i, size)); err != nil {
			t.Fatal(err)
		}
	}
}

// blob is text that no other part of the file resembles.
func blob(seed, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte('a' + (i*7+seed*11+i/26)%26)
	}
	return b
}

// findings fails where Verify itself does.
func findings(t *testing.T, path string) []sqlitelog.Finding {
	t.Helper()
	found, err := sqlitelog.Verify(ctx, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSqlitelogKeepsTheContract(t *testing.T) {
	paths := map[oplog.Log]string{}
	oplogtest.Run(t, func(t *testing.T) oplog.Log {
		path := filepath.Join(t.TempDir(), "log.db")
		l := open(t, path)
		paths[l] = path
		return l
	}, func(t *testing.T, old oplog.Log) oplog.Log {
		if found := findings(t, paths[old]); len(found) > 0 {
			t.Errorf("findings: %v", found)
		}
		l := open(t, paths[old])
		paths[l] = paths[old]
		return l
	})
}

func TestReadCrossesPages(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "log.db"))
	if _, err := l.Append(ctx, make([][]byte, 1300)...); err != nil {
		t.Fatal(err)
	}
	fill(t, l, 900<<10, 900<<10, 10, 3<<20, 0)
	if got := oplogtest.Records(t, l, 1, oplog.Hash{}); len(got) != 1305 {
		t.Fatalf("%d records, want 1305", len(got))
	}
}

func TestOpenRefusesALogThatLostItsTail(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "log.db"), filepath.Join(dir, "backup.db")
	l := open(t, path)
	fill(t, l, 10, 20)
	l.Close()
	copyFile(t, path, backup)
	l = open(t, path)
	fill(t, l, 30, 40)
	l.Close()

	for name, lose := range map[string]func(){
		"an old copy": func() { copyFile(t, backup, path) },
		"no file":     func() { os.Remove(path) },
		"an empty file": func() {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"another log": func() {
			other := filepath.Join(t.TempDir(), "log.db")
			o := open(t, other)
			fill(t, o, 1, 2, 3, 4, 5)
			o.Close()
			copyFile(t, other, path)
		},
	} {
		lose()
		for range 2 { // a refusal changes nothing
			_, err := sqlitelog.Open(path, sqlitelog.Options{})
			if !errors.Is(err, oplog.ErrShort) {
				t.Errorf("%s: got %v, want %v", name, err, oplog.ErrShort)
			}
		}
		if found := findings(t, path); len(found) == 0 {
			t.Errorf("%s: Verify finds nothing", name)
		}
	}

	copyFile(t, backup, path)
	l, err := sqlitelog.Open(path, sqlitelog.Options{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	fill(t, l, 50)
	l.Close()
	if found := findings(t, path); len(found) > 0 {
		t.Errorf("after force: %v", found)
	}
	if end, _ := open(t, path).End(); end != 3 {
		t.Errorf("after force the log ends at %d, want 3", end)
	}
}

func TestAHistoryThatBranchedIsRefused(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "log.db"), filepath.Join(dir, "backup.db")
	l := open(t, path)
	fill(t, l, 10)
	l.Close()
	copyFile(t, path, backup)
	branch := open(t, backup)
	fill(t, branch, 11, 12, 13)
	branch.Close()
	l = open(t, path)
	fill(t, l, 20)
	l.Close()
	copyFile(t, backup, path)
	if _, err := sqlitelog.Open(path, sqlitelog.Options{}); !errors.Is(err, oplog.ErrShort) {
		t.Errorf("got %v, want %v", err, oplog.ErrShort)
	}
}

func TestALogWithoutItsMarkOpens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	l := open(t, path)
	fill(t, l, 10, 20)
	l.Close()
	os.Remove(sqlitelog.MarkPath(path))
	if found := findings(t, path); len(found) > 0 {
		t.Errorf("findings: %v", found)
	}
	if end, _ := open(t, path).End(); end != 2 {
		t.Errorf("the log ends at %d, want 2", end)
	}
}

func TestVerifyBesideTheWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	l := open(t, path)
	fill(t, l, 10, 5000, 0)
	var done, total oplog.Index
	found, err := l.Verify(ctx, func(d, t oplog.Index) { done, total = d, t })
	if err != nil || len(found) > 0 || done != 3 || total != 3 {
		t.Errorf("findings %v, error %v, progress %d of %d", found, err, done, total)
	}
	if found := findings(t, path); len(found) > 0 {
		t.Errorf("from outside: %v", found)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := l.Verify(ended, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if _, err := sqlitelog.Verify(ctx, path+".missing", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want %v", err, os.ErrNotExist)
	}
}
