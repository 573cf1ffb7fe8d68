package sqlitelog

import (
	"context"
	"fmt"

	"github.com/rawaj/rawaj/internal/failpoint"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/oplog"
)

const insertEntry = "INSERT INTO entry(idx, hash, data) VALUES(?, ?, ?)"

// call is one Append on its way into the log. Its result is set by the leader
// of its group, before wake.
type call struct {
	data  [][]byte
	sums  []oplog.Hash // of data; the caller's own work, done side by side
	bytes int
	wake  chan bool // true: lead the next group, this call is its first; false: done

	last oplog.Index
	err  error
}

func newCall(data [][]byte) *call {
	c := &call{data: data, sums: make([]oplog.Hash, len(data)), wake: make(chan bool, 1)}
	for i, d := range data {
		c.sums[i] = oplog.Sum(d)
		c.bytes += len(d)
	}
	return c
}

// Append is oplog.Log's.
func (l *Log) Append(ctx context.Context, data ...[]byte) (oplog.Index, error) {
	if err := oplog.CheckSize(data); err != nil {
		return 0, err
	}
	c := newCall(data)
	lead, err := l.handOver(ctx, c)
	if err != nil {
		return 0, fmt.Errorf("append %d records: %w", len(data), err)
	}
	if !lead {
		lead = <-c.wake
	}
	if lead {
		l.lead()
	}
	if c.err != nil {
		return 0, fmt.Errorf("append %d records: %w", len(data), c.err)
	}
	return c.last, nil
}

// handOver puts c into the queue as soon as there is room, and says whether the
// caller has to lead.
func (l *Log) handOver(ctx context.Context, c *call) (lead bool, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		lead, room, err := l.enqueue(c)
		if room == nil {
			return lead, err
		}
		select {
		case <-room:
		case <-ctx.Done():
		}
	}
}

// enqueue returns a room to wait for where the queue is full.
func (l *Log) enqueue(c *call) (lead bool, room <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false, nil, oplog.ErrClosed
	}
	if l.records >= oplog.MaxGroup || l.bytes >= oplog.MaxGroupBytes {
		if l.room == nil {
			l.room = make(chan struct{})
		}
		return false, l.room, nil
	}
	l.queue = append(l.queue, c)
	l.records += len(c.data)
	l.bytes += c.bytes
	lead = !l.leading
	l.leading = true
	return lead, nil, nil
}

// lead commits one group; its own call is the first of it.
func (l *Log) lead() {
	group := l.take()
	end, err := l.commit(group)
	if err == nil {
		l.setMark(end)
		l.tip.Move(end.Index, end.Hash)
	}
	for _, c := range group {
		c.err = err
		c.wake <- false
	}
	l.passOn()
}

// take takes the head of the queue: as much as one commit may hold, and at
// least one call.
func (l *Log) take() []*call {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, records, bytes := 0, 0, 0
	for _, c := range l.queue {
		if n > 0 && (records+len(c.data) > oplog.MaxGroup || bytes+c.bytes > oplog.MaxGroupBytes) {
			break
		}
		n, records, bytes = n+1, records+len(c.data), bytes+c.bytes
	}
	group := l.queue[:n:n]
	l.queue = append([]*call(nil), l.queue[n:]...)
	l.records -= records
	l.bytes -= bytes
	l.wakeRoom()
	return group
}

// commit writes a group in one transaction and returns the new end. It knows no
// ctx: whoever handed over is owed an outcome.
func (l *Log) commit(group []*call) (oplog.Record, error) {
	var end oplog.Record
	end.Index, end.Hash = l.tip.End()
	err := l.db.Write(context.Background(), func(tx *sqlitedb.Tx) error {
		for _, c := range group {
			for i, d := range c.data {
				end.Index, end.Hash = end.Index+1, end.Hash.Link(c.sums[i])
				if err := tx.Exec(insertEntry, uint64(end.Index), end.Hash[:], notNil(d)); err != nil {
					return fmt.Errorf("record %d of %d bytes: %w", end.Index, len(d), err)
				}
			}
			c.last = end.Index
		}
		return failpoint.Hit("append.before")
	})
	if err == nil {
		err = failpoint.Hit("append.after")
	}
	return end, err
}

// setMark does not fail the append when it fails: the records are durable, and
// a mark that is behind is safe. It says so once, and once when that is over.
func (l *Log) setMark(end oplog.Record) {
	err := l.mark.Set(l.id, uint64(end.Index), end.Hash)
	switch {
	case err != nil && !l.behind:
		l.log.Warn("mark of the log is behind: a lost tail would go unnoticed", "index", end.Index, "err", err)
	case err == nil && l.behind:
		l.log.Info("mark of the log has caught up", "index", end.Index)
	}
	l.behind = err != nil
}

// passOn gives the lead to the first who waits, or lets go of it.
func (l *Log) passOn() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > 0 {
		l.queue[0].wake <- true
		return
	}
	l.leading = false
	if l.closed {
		close(l.idle)
	}
}

// drain lets nobody in any more and waits for those who are.
func (l *Log) drain() {
	l.mu.Lock()
	l.closed = true
	l.wakeRoom()
	if !l.leading {
		close(l.idle)
	}
	l.mu.Unlock()
	<-l.idle
}

func (l *Log) wakeRoom() {
	if l.room != nil {
		close(l.room)
		l.room = nil
	}
}

// notNil keeps an empty record from becoming NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
