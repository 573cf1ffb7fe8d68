// Package memlog is a log in memory, for the tests of everyone else. It keeps
// the whole contract of oplog.Log but for outliving the process.
package memlog

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rawaj/rawaj/server/oplog"
)

// Log is a log in memory; the zero value is an empty one.
type Log struct {
	mu      sync.Mutex // held to append and to look at records
	records []oplog.Record
	closed  bool
	tip     oplog.Tip
}

// New returns an empty log.
func New() *Log { return &Log{} }

// Append is oplog.Log's. It hands over at once.
func (l *Log) Append(ctx context.Context, data ...[]byte) (oplog.Index, error) {
	if err := oplog.CheckSize(data); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("append %d records: %w", len(data), err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, fmt.Errorf("append %d records: %w", len(data), oplog.ErrClosed)
	}
	index, hash := l.tip.End()
	for _, d := range data {
		index, hash = index+1, oplog.Next(hash, d)
		l.records = append(l.records, oplog.Record{Index: index, Hash: hash, Data: clone(d)})
	}
	if len(data) > 0 {
		l.tip.Move(index, hash)
	}
	return index, nil
}

// Read is oplog.Log's.
func (l *Log) Read(ctx context.Context, from oplog.Index, f func(oplog.Record) error) error {
	records, err := l.since(from)
	for _, r := range records {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read record %d: %w", r.Index, err)
		}
		r.Data = clone(r.Data)
		if err := f(r); errors.Is(err, oplog.ErrStop) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return err
}

func (l *Log) since(from oplog.Index) ([]oplog.Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, fmt.Errorf("read from %d: %w", from, oplog.ErrClosed)
	}
	skip := min(uint64(max(from, 1)-1), uint64(len(l.records)))
	return l.records[skip:], nil
}

// End is oplog.Log's.
func (l *Log) End() (oplog.Index, oplog.Hash) { return l.tip.End() }

// Wait is oplog.Log's.
func (l *Log) Wait(ctx context.Context, after oplog.Index) error { return l.tip.Wait(ctx, after) }

// Close is oplog.Log's.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.tip.Close()
	return nil
}

// clone is never nil, as Record.Data promises.
func clone(b []byte) []byte { return append(make([]byte, 0, len(b)), b...) }
