package sqlitelog_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/oplogtest"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
)

// held runs f in a bubble while the log cannot commit. The calls that f starts
// send their outcome to results; held waits for n of them.
func held(t *testing.T, n int, f func(l *sqlitelog.Log, results chan error)) (l *sqlitelog.Log, outcomes []error) {
	t.Helper()
	l = open(t, filepath.Join(t.TempDir(), "log.db"))
	results := make(chan error, n)
	if err := l.Hold(func() { f(l, results) }); err != nil {
		t.Fatal(err)
	}
	for range n {
		outcomes = append(outcomes, <-results)
	}
	return l, outcomes
}

func start(ctx context.Context, l *sqlitelog.Log, results chan error, data ...[]byte) {
	go func() {
		_, err := l.Append(ctx, data...)
		results <- err
	}()
	synctest.Wait()
}

func TestAFullQueueWaitsUnderTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, outcomes := held(t, 4, func(l *sqlitelog.Log, results chan error) {
			start(ctx, l, results, []byte("leads"))
			start(ctx, l, results, make([][]byte, oplog.MaxGroup)...) // fills the queue
			impatient, cancel := context.WithCancel(ctx)
			start(impatient, l, results, []byte("gives up"))
			cancel()
			synctest.Wait()
			start(ctx, l, results, []byte("is patient"))
		})
		if !errors.Is(outcomes[0], context.Canceled) {
			t.Errorf("who gave up got %v, want %v", outcomes[0], context.Canceled)
		}
		if err := errors.Join(outcomes[1:]...); err != nil {
			t.Error(err)
		}
		records := oplogtest.Records(t, l, 1, oplog.Hash{})
		if last := records[len(records)-1]; len(records) != oplog.MaxGroup+2 || string(last.Data) != "is patient" {
			t.Errorf("%d records, the last %q", len(records), last.Data)
		}
		l.Close()
	})
}

func TestAnAppendHandedOverIsNotCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, outcomes := held(t, 3, func(l *sqlitelog.Log, results chan error) {
			hungUp, cancel := context.WithCancel(ctx)
			for _, data := range []string{"leads", "follows", "follows too"} {
				start(hungUp, l, results, []byte(data))
			}
			cancel()
			synctest.Wait()
		})
		if err := errors.Join(outcomes...); err != nil {
			t.Error(err)
		}
		if end, _ := l.End(); end != 3 {
			t.Errorf("end is %d, want 3", end)
		}
		l.Close()
	})
}

func TestCloseTurnsAwayWhoWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan error, 1)
		l, outcomes := held(t, 3, func(l *sqlitelog.Log, results chan error) {
			start(ctx, l, results, []byte("leads"))
			start(ctx, l, results, make([][]byte, oplog.MaxGroup)...)
			start(ctx, l, results, []byte("waits for room"))
			go func() { closed <- l.Close() }()
			synctest.Wait()
		})
		if !errors.Is(outcomes[0], oplog.ErrClosed) {
			t.Errorf("who waited for room got %v, want %v", outcomes[0], oplog.ErrClosed)
		}
		if err := errors.Join(outcomes[1], outcomes[2], <-closed); err != nil {
			t.Error(err)
		}
		if end, _ := l.End(); end != oplog.MaxGroup+1 {
			t.Errorf("end is %d, want %d", end, oplog.MaxGroup+1)
		}
	})
}
