//go:build linux

package sqlitelog_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rawaj/rawaj/internal/smalldisk"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/oplogtest"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
)

// appendUntilFull appends from several callers until each has been refused, and
// returns what was acknowledged.
func appendUntilFull(t *testing.T, l oplog.Log) map[oplog.Index][]byte {
	t.Helper()
	acknowledged := map[oplog.Index][]byte{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for a := range 8 {
		all.Go(func() {
			for i := range 1000 {
				data := blob(a*1000+i, 20_000)
				index, err := l.Append(ctx, data)
				if err != nil {
					return
				}
				mu.Lock()
				acknowledged[index] = data
				mu.Unlock()
			}
			t.Error("the disk never became full")
		})
	}
	all.Wait()
	return acknowledged
}

func sameAsFound(t *testing.T, l oplog.Log, acknowledged map[oplog.Index][]byte) {
	t.Helper()
	records := oplogtest.Records(t, l, 1, oplog.Hash{})
	if end, _ := l.End(); int(end) != len(records) || len(records) != len(acknowledged) {
		t.Errorf("end is %d, %d records found, %d acknowledged", end, len(records), len(acknowledged))
	}
	for _, r := range records {
		if !bytes.Equal(r.Data, acknowledged[r.Index]) {
			t.Errorf("record %d is not what was acknowledged", r.Index)
		}
	}
}

func TestAFullDatabaseFailsItsCallersAndNoOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	l := open(t, path)
	if err := l.LimitPages(300); err != nil {
		t.Fatal(err)
	}
	acknowledged := appendUntilFull(t, l)
	sameAsFound(t, l, acknowledged)
	if err := l.LimitPages(0); err != nil {
		t.Fatal(err)
	}
	index, err := l.Append(ctx, []byte("room again"))
	if err != nil {
		t.Fatal(err)
	}
	acknowledged[index] = []byte("room again")
	sameAsFound(t, l, acknowledged)
	l.Close()
	sameAsFound(t, open(t, path), acknowledged)
	if found := findings(t, path); len(found) > 0 {
		t.Errorf("findings: %v", found)
	}
}

// TestAFullDisk does the same on a real file system of 4 MiB.
func TestAFullDisk(t *testing.T) {
	dir := smalldisk.New(t, "4m")
	path, ballast := filepath.Join(dir, "log.db"), filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t, path)
	acknowledged := appendUntilFull(t, l)
	sameAsFound(t, l, acknowledged)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	index, err := l.Append(ctx, []byte("room again"))
	if err != nil {
		t.Fatal(err)
	}
	acknowledged[index] = []byte("room again")
	sameAsFound(t, l, acknowledged)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if found := findings(t, path); len(found) > 0 {
		t.Errorf("findings: %v", found)
	}
	again, err := sqlitelog.Open(path, sqlitelog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	sameAsFound(t, again, acknowledged)
	if _, err := again.Append(ctx, blob(1, 8<<20)); err == nil || errors.Is(err, oplog.ErrTooLarge) {
		t.Errorf("8 MiB on a disk of 4: got %v", err)
	}
}
