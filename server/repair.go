package server

import (
	"context"
	"sync"

	"github.com/rawaj/rawaj/syncproto"
)

// A device whose digest differs asks where (SPEC §5.13). The feed answers between two
// pages, so that what it sends of a record is never older than what it sent before.

// questions holds the one question that a device may have open.
type questions struct {
	mu   sync.Mutex
	open syncproto.Frame
}

func (q *questions) put(f syncproto.Frame) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.open != nil {
		return syncproto.Errorf(syncproto.CodeMalformed, "%T before the last question was answered", f)
	}
	q.open = f
	return nil
}

func (q *questions) take() syncproto.Frame {
	q.mu.Lock()
	defer q.mu.Unlock()
	f := q.open
	q.open = nil
	return f
}

// answer says what the device asked for, of shares that it reads; another one is on its
// way to leave it, and then nobody waits for an answer.
func (r *reader) answer(ctx context.Context, f syncproto.Frame) error {
	switch f := f.(type) {
	case *syncproto.Range:
		share := syncproto.Share{Class: f.Class, Scope: f.Scope}
		if _, reads := r.from[share]; !reads {
			return nil
		}
		return r.ranges(ctx, share, f)
	case *syncproto.Need:
		share := syncproto.Share{Class: f.Class, Scope: f.Scope}
		if _, reads := r.from[share]; !reads {
			return nil
		}
		return r.records(ctx, share, f.Records)
	}
	return nil
}

func (r *reader) ranges(ctx context.Context, share syncproto.Share, f *syncproto.Range) (err error) {
	a := &syncproto.Range{Class: f.Class, Scope: f.Scope, Level: f.Level, Nodes: f.Nodes}
	level := int(f.Level)
	if level == syncproto.RangeDepth {
		covered := 0
		if a.Items, covered, err = r.n.s.State.RangeItems(ctx, share, f.Nodes); err != nil {
			return err
		}
		a.Nodes = f.Nodes[:covered]
		return r.n.conn.Send(ctx, a)
	}
	if level == 0 || r.tree == nil || r.treeOf != share {
		if r.tree, err = r.n.s.rangeTree(ctx, share); err != nil {
			return err
		}
		r.treeOf = share
	}
	a.Marks = r.tree.Marks(level, f.Nodes)
	return r.n.conn.Send(ctx, a)
}

// rangeTree adds up a share, for one session at a time: it reads every record of it.
func (s *Server) rangeTree(ctx context.Context, share syncproto.Share) (*syncproto.RangeTree, error) {
	select {
	case s.comparing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.comparing }()
	s.metrics.compared.Inc()
	return s.State.RangeTree(ctx, share)
}

// records sends the rows asked for and then, with what changed meanwhile, a checkpoint
// that proves the share.
func (r *reader) records(ctx context.Context, share syncproto.Share, lists []syncproto.TableIDs) error {
	r.tree = nil
	if err := r.n.paced(ctx, func(ctx context.Context, _ int64) error { return r.recordsWithin(ctx, share, lists) }); err != nil {
		return err
	}
	return r.page(ctx)
}

func (r *reader) recordsWithin(ctx context.Context, share syncproto.Share, lists []syncproto.TableIDs) error {
	p, err := r.n.s.State.ReadRecords(ctx, share, lists)
	if err != nil {
		return err
	}
	for _, f := range p.Frames {
		if err := r.n.sendRows(ctx, f, nil); err != nil {
			return err
		}
	}
	r.n.s.metrics.repaired.Add(float64(p.Records))
	r.staged = true
	delete(r.told, share)
	return nil
}
