// Package oplogtest is the contract of oplog.Log as a test suite. Every log
// passes it, those for tests too, so that nobody tests against a lie.
package oplogtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/rawaj/rawaj/server/oplog"
)

// suite makes logs for the tests.
type suite struct {
	open   func(t *testing.T) oplog.Log
	reopen func(t *testing.T, l oplog.Log) oplog.Log
}

// Run runs the suite. open makes an empty log; reopen, nil where it cannot be
// done, opens again what a closed log left behind.
func Run(t *testing.T, open func(t *testing.T) oplog.Log, reopen func(t *testing.T, l oplog.Log) oplog.Log) {
	s := suite{open, reopen}
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"RecordsComeBackInOrderAndChained", s.order},
		{"AnEmptyLogEndsAtZero", s.empty},
		{"ConcurrentAppendersEachFindTheirOwn", s.concurrent},
		{"ReadSeesThePrefixThatStoodAtTheCall", s.prefix},
		{"ReadStopsWhereToldTo", s.stop},
		{"BytesAreCopied", s.copies},
		{"WaitWakesEveryWaiter", s.waiters},
		{"WaitEndsWithItsContext", s.waitCanceled},
		{"ACanceledContextAppendsNothing", s.canceled},
		{"ACancelMidwayLeavesNoDoubt", s.midway},
		{"WhatIsTooLargeAppendsNothing", s.tooLarge},
		{"AClosedLogSaysSo", s.closed},
		{"CloseKeepsWhatWasHandedOver", s.closing},
		{"ReopenKeepsTheEnd", s.reopened},
	} {
		t.Run(test.name, test.run)
	}
}

var ctx = context.Background()

// Records reads everything from an index on and checks indices and chain; prev
// is the hash before from.
func Records(t *testing.T, l oplog.Log, from oplog.Index, prev oplog.Hash) []oplog.Record {
	t.Helper()
	var records []oplog.Record
	err := l.Read(ctx, from, func(r oplog.Record) error {
		if want := from + oplog.Index(len(records)); r.Index != want {
			return fmt.Errorf("got record %d, want %d", r.Index, want)
		}
		if prev = oplog.Next(prev, r.Data); r.Hash != prev {
			return fmt.Errorf("record %d has hash %v, want %v", r.Index, r.Hash, prev)
		}
		records = append(records, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func mustAppend(t *testing.T, l oplog.Log, data ...string) oplog.Index {
	t.Helper()
	index, err := l.Append(ctx, blobs(data...)...)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func blobs(data ...string) (b [][]byte) {
	for _, d := range data {
		b = append(b, []byte(d))
	}
	return b
}

func (s suite) order(t *testing.T) {
	l := s.open(t)
	if got := mustAppend(t, l, "a"); got != 1 {
		t.Fatalf("first append gave %d, want 1", got)
	}
	if got := mustAppend(t, l, "b", "", "b"); got != 4 {
		t.Fatalf("an append of three gave %d, want 4", got)
	}
	if got, err := l.Append(ctx, nil); got != 5 || err != nil {
		t.Fatalf("an append of nil gave %d, %v, want 5", got, err)
	}
	records := Records(t, l, 1, oplog.Hash{})
	for i, want := range []string{"a", "b", "", "b", ""} {
		if got := records[i].Data; string(got) != want || got == nil {
			t.Errorf("record %d is %q (nil: %v), want %q", i+1, got, got == nil, want)
		}
	}
	last := records[len(records)-1]
	if index, hash := l.End(); index != 5 || index != last.Index || hash != last.Hash {
		t.Errorf("end is %d %v, want %d %v", index, hash, last.Index, last.Hash)
	}
}

func (s suite) empty(t *testing.T) {
	l := s.open(t)
	for range 2 {
		if index, hash := l.End(); index != 0 || hash != (oplog.Hash{}) {
			t.Errorf("end is %d %v, want zeros", index, hash)
		}
		if got := Records(t, l, 1, oplog.Hash{}); len(got) != 0 {
			t.Errorf("read %d records, want none", len(got))
		}
		if index, err := l.Append(ctx); index != 0 || err != nil {
			t.Errorf("an append of nothing gave %d, %v, want 0", index, err)
		}
	}
	mustAppend(t, l, "a")
	if index, err := l.Append(ctx); index != 1 || err != nil {
		t.Errorf("an append of nothing gave %d, %v, want 1", index, err)
	}
}

func (s suite) concurrent(t *testing.T) {
	const appenders, each = 16, 12
	l := s.open(t)
	var mu sync.Mutex
	want := map[oplog.Index]string{}
	var all sync.WaitGroup
	for a := range appenders {
		all.Go(func() {
			for i := range each {
				var data []string
				for k := range 1 + (a+i)%3 {
					data = append(data, fmt.Sprint(a, "/", i, "/", k))
				}
				last, err := l.Append(ctx, blobs(data...)...)
				if err != nil {
					t.Error(err)
					return
				}
				if end, _ := l.End(); end < last {
					t.Errorf("end is %d after record %d was acknowledged", end, last)
				}
				mu.Lock()
				for k, d := range data {
					want[last-oplog.Index(len(data)-1-k)] = d
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	records := Records(t, l, 1, oplog.Hash{})
	if len(records) != len(want) {
		t.Errorf("%d records, %d were acknowledged at different indices", len(records), len(want))
	}
	for _, r := range records {
		if string(r.Data) != want[r.Index] {
			t.Errorf("record %d is %q, want %q", r.Index, r.Data, want[r.Index])
		}
	}
}

func (s suite) prefix(t *testing.T) {
	l := s.open(t)
	for i := range 20 {
		mustAppend(t, l, fmt.Sprint(i))
	}
	appended := make(chan error, 1)
	go func() {
		for i := range 20 {
			if _, err := l.Append(ctx, []byte(fmt.Sprint("beside ", i))); err != nil {
				appended <- err
				return
			}
		}
		appended <- nil
	}()
	before, _ := l.End()
	var got oplog.Index
	err := l.Read(ctx, 7, func(r oplog.Record) error {
		if want := max(got+1, 7); r.Index != want {
			t.Errorf("got record %d, want %d", r.Index, want)
		}
		got = r.Index
		if got > 1000 {
			return errors.New("read runs after what it appends")
		}
		_, err := l.Append(ctx, []byte("from within"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-appended; err != nil {
		t.Fatal(err)
	}
	if end, _ := l.End(); got < before || got >= end {
		t.Errorf("read up to %d, want at least %d and less than the end now, %d", got, before, end)
	}
}

func (s suite) stop(t *testing.T) {
	l := s.open(t)
	mustAppend(t, l, "a", "b", "c")
	seen := 0
	err := l.Read(ctx, 0, func(r oplog.Record) error {
		if seen++; r.Index == 2 {
			return fmt.Errorf("enough: %w", oplog.ErrStop)
		}
		return nil
	})
	if err != nil || seen != 2 {
		t.Errorf("stopped after %d with %v, want 2 and nil", seen, err)
	}
	own := errors.New("own")
	if err := l.Read(ctx, 3, func(oplog.Record) error { return own }); !errors.Is(err, own) {
		t.Errorf("got %v, want %v", err, own)
	}
	if err := l.Read(ctx, 4, func(oplog.Record) error { return own }); err != nil {
		t.Errorf("a read beyond the end gave %v, want nothing", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := l.Read(ended, 1, func(oplog.Record) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func (s suite) copies(t *testing.T) {
	l := s.open(t)
	mine := []byte("mine")
	if _, err := l.Append(ctx, mine); err != nil {
		t.Fatal(err)
	}
	copy(mine, "lost")
	for range 2 {
		got := Records(t, l, 1, oplog.Hash{})[0].Data
		if string(got) != "mine" {
			t.Fatalf("got %q, want %q", got, "mine")
		}
		copy(got, "lost")
	}
}

func (s suite) waiters(t *testing.T) {
	const waiters = 64
	l := s.open(t)
	mustAppend(t, l, "a", "b")
	if err := l.Wait(ctx, 1); err != nil {
		t.Fatalf("wait for what is there: %v", err)
	}
	woken := make(chan error, waiters)
	for w := range waiters {
		after := oplog.Index(2 + w%3)
		go func() {
			err := l.Wait(ctx, after)
			if end, _ := l.End(); err == nil && end <= after {
				err = fmt.Errorf("woken at %d, waited for more than %d", end, after)
			}
			woken <- err
		}()
	}
	for range 3 {
		mustAppend(t, l, "more")
	}
	for range waiters {
		if err := <-woken; err != nil {
			t.Error(err)
		}
	}
}

func (s suite) waitCanceled(t *testing.T) {
	l := s.open(t)
	ended, cancel := context.WithCancel(ctx)
	result := make(chan error, 1)
	go func() { result <- l.Wait(ended, 0) }()
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func (s suite) canceled(t *testing.T) {
	l := s.open(t)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := l.Append(ended, []byte("never")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	mustAppend(t, l, "a")
	if got := Records(t, l, 1, oplog.Hash{}); len(got) != 1 || string(got[0].Data) != "a" {
		t.Errorf("got %v, want the second append alone", got)
	}
}

// midway cancels while appends run: each either says that it is in the log, and
// is, or says that it was canceled, and is not.
func (s suite) midway(t *testing.T) {
	l := s.open(t)
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	var all sync.WaitGroup
	for i := range 60 {
		once, cancel := context.WithCancel(ctx)
		all.Go(func() {
			data := fmt.Sprint(i)
			_, err := l.Append(once, []byte(data))
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			mu.Lock()
			acknowledged[data] = err == nil
			mu.Unlock()
		})
		all.Go(cancel)
	}
	all.Wait()
	found := map[string]bool{}
	for _, r := range Records(t, l, 1, oplog.Hash{}) {
		found[string(r.Data)] = true
	}
	for data, ok := range acknowledged {
		if found[data] != ok {
			t.Errorf("append %s: acknowledged %v, found %v", data, ok, found[data])
		}
	}
}

func (s suite) tooLarge(t *testing.T) {
	l := s.open(t)
	large := make([]byte, oplog.MaxData+1)
	for name, data := range map[string][][]byte{
		"a record":     {[]byte("small"), large},
		"many records": make([][]byte, oplog.MaxGroup+1),
		"many bytes":   {large[1:], large[1:], large[:1]},
	} {
		if _, err := l.Append(ctx, data...); !errors.Is(err, oplog.ErrTooLarge) {
			t.Errorf("%s: got %v, want %v", name, err, oplog.ErrTooLarge)
		}
	}
	if end, _ := l.End(); end != 0 {
		t.Errorf("end is %d, want 0", end)
	}
	if end, err := l.Append(ctx, large[1:]); end != 1 || err != nil {
		t.Errorf("a record of the largest size gave %d, %v, want 1", end, err)
	}
	got := Records(t, l, 1, oplog.Hash{})
	if len(got) != 1 || !bytes.Equal(got[0].Data, large[1:]) {
		t.Error("the record of the largest size does not come back")
	}
}

func (s suite) closed(t *testing.T) {
	l := s.open(t)
	mustAppend(t, l, "a")
	waiting := make(chan error, 1)
	go func() { waiting <- l.Wait(ctx, 1) }()
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Fatal(err)
	}
	_, appendErr := l.Append(ctx, []byte("b"))
	for what, err := range map[string]error{
		"append": appendErr,
		"read":   l.Read(ctx, 1, func(oplog.Record) error { return nil }),
		"wait":   l.Wait(ctx, 1), "a wait from before": <-waiting,
	} {
		if !errors.Is(err, oplog.ErrClosed) {
			t.Errorf("%s: got %v, want %v", what, err, oplog.ErrClosed)
		}
	}
	if index, hash := l.End(); index != 1 || hash != oplog.Next(oplog.Hash{}, []byte("a")) {
		t.Errorf("end is %d %v after Close", index, hash)
	}
}

func (s suite) closing(t *testing.T) {
	const appenders = 24
	l := s.open(t)
	var mu sync.Mutex
	last := oplog.Index(0)
	started := make(chan struct{}, appenders)
	var all sync.WaitGroup
	for range appenders {
		all.Go(func() {
			for first := true; ; first = false {
				index, err := l.Append(ctx, []byte("x"))
				if first {
					started <- struct{}{}
				}
				if err != nil {
					if !errors.Is(err, oplog.ErrClosed) {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				last = max(last, index)
				mu.Unlock()
			}
		})
	}
	for range appenders {
		<-started
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if end, _ := l.End(); end != last {
		t.Errorf("end is %d, the last acknowledged %d", end, last)
	}
	if s.reopen != nil {
		if got := Records(t, s.reopen(t, l), 1, oplog.Hash{}); oplog.Index(len(got)) != last {
			t.Errorf("%d records after reopening, want %d", len(got), last)
		}
	}
}

func (s suite) reopened(t *testing.T) {
	if s.reopen == nil {
		t.Skip("this log does not outlive its process")
	}
	l := s.open(t)
	mustAppend(t, l, "a", "b")
	for i := range 3 {
		index, hash := l.End()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = s.reopen(t, l)
		if i2, h2 := l.End(); i2 != index || h2 != hash {
			t.Fatalf("end is %d %v after reopening, want %d %v", i2, h2, index, hash)
		}
		if got := mustAppend(t, l, fmt.Sprint(i)); got != index+1 {
			t.Fatalf("the next append gave %d, want %d", got, index+1)
		}
	}
	if got := Records(t, l, 1, oplog.Hash{}); len(got) != 5 {
		t.Fatalf("%d records, want 5", len(got))
	}
}
