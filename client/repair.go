package client

import (
	"context"
	"fmt"
	"slices"

	"github.com/rawaj/rawaj/syncproto"
)

// repair compares one share with the server's by ranges, and asks for what differs
// (SPEC §5.13). The server only answers; this side descends.
type repair struct {
	share syncproto.Share
	tree  *syncproto.RangeTree
	todo  [syncproto.RangeDepth + 1][]uint32 // nodes to ask about, by level
	asked *syncproto.Range                   // nil where a checkpoint is waited for
	need  []syncproto.Item
}

// repairNext goes on after a checkpoint: with the repair at hand, where this is the
// checkpoint that it waits for, else with the next share that differs. Nothing is repaired
// before the server has judged all that this device wrote: what it lacks may just be on
// its way.
func (s *session) repairNext(ctx context.Context, c *syncproto.Checkpoint) error {
	if r := s.repairing; r != nil {
		switch {
		case c.Covered != nil && !slices.Contains(c.Covered, r.share): // it is not this device's any more
		case r.asked != nil || !slices.ContainsFunc(c.Digests, func(d syncproto.ShareDigest) bool { return d.Share == r.share }):
			return nil
		case len(r.need) > 0:
			return s.fetch(ctx)
		}
	}
	s.repairing = nil
	if s.Store.Unsettled() {
		return nil
	}
	if s.Store.Progress().Unequal == "" {
		return s.handOver(ctx)
	}
	shares, beyond, err := s.Store.Differing(ctx)
	if err != nil {
		return err
	}
	if len(shares) == 0 {
		if beyond > 0 && !s.gaveUp {
			s.gaveUp = true
			s.Logger.Error("shares differ from the server's although they were repaired: somebody has to look", "shares", s.Store.Progress().Unequal)
			declared, err := s.declared(ctx)
			if err != nil {
				return err
			}
			s.kept = declared.Kept
			if err := s.conn.Send(ctx, &syncproto.Ping{TimeMS: s.Now().UnixMilli(), Declared: &declared}); err != nil {
				return err
			}
		}
		return s.handOver(ctx)
	}
	r := &repair{share: shares[0]}
	if _, err := s.Store.Scrub(ctx); err != nil { // the digest itself may be what is wrong
		return err
	}
	if r.tree, err = s.Store.RangeTree(ctx, r.share); err != nil {
		return err
	}
	r.todo[0] = []uint32{0}
	s.repairing = r
	return s.descend(ctx)
}

// descend asks the next question, deepest level first, so that little is remembered.
func (s *session) descend(ctx context.Context) error {
	r := s.repairing
	for level := syncproto.RangeDepth; level >= 0; level-- {
		if len(r.todo[level]) == 0 {
			continue
		}
		n := min(len(r.todo[level]), syncproto.MaxRangeNodes(level))
		r.asked = &syncproto.Range{Class: r.share.Class, Scope: r.share.Scope, Level: uint64(level), Nodes: r.todo[level][:n]}
		return s.conn.Send(ctx, r.asked)
	}
	r.asked, r.tree = nil, nil
	return s.fetch(ctx)
}

// ranges takes an answer.
func (s *session) ranges(ctx context.Context, f *syncproto.Range) error {
	r := s.repairing
	if r == nil || r.asked == nil || f.Level != r.asked.Level || f.Class != r.share.Class || f.Scope != r.share.Scope ||
		len(f.Nodes) > len(r.asked.Nodes) || !slices.Equal(f.Nodes, r.asked.Nodes[:len(f.Nodes)]) {
		return fmt.Errorf("an answer about ranges of %v that was not asked for", syncproto.Share{Class: f.Class, Scope: f.Scope})
	}
	level := int(f.Level)
	r.todo[level] = r.todo[level][len(f.Nodes):]
	if level < syncproto.RangeDepth {
		if len(f.Marks) == 0 {
			return fmt.Errorf("an answer about ranges without marks")
		}
		r.todo[level+1] = append(r.todo[level+1], r.tree.Differing(level, f.Nodes, f.Marks)...)
		return s.descend(ctx)
	}
	own, err := s.Store.RangeItems(ctx, r.share, f.Nodes)
	if err != nil {
		return err
	}
	need, lacking := compareItems(own, f.Items)
	if need, err = s.Store.Spare(ctx, r.share, need); err != nil {
		return err
	}
	if lacking, err = s.Store.Spare(ctx, r.share, lacking); err != nil {
		return err
	}
	r.need = append(r.need, need...)
	s.staging.Lacking(r.share, tableIDs(lacking))
	return s.descend(ctx)
}

type itemKey struct {
	table  syncproto.TableID
	record syncproto.RecordID
}

// compareItems lists what the server has that is not the same here, and what only this
// side has.
func compareItems(own, theirs []syncproto.Item) (need, lacking []syncproto.Item) {
	have := make(map[itemKey]uint64, len(own))
	for _, i := range own {
		have[itemKey{i.Table, i.Record}] = i.Mark
	}
	for _, i := range theirs {
		key := itemKey{i.Table, i.Record}
		if mark, ok := have[key]; !ok || mark != i.Mark {
			need = append(need, i)
		}
		delete(have, key)
	}
	for _, i := range own {
		if _, only := have[itemKey{i.Table, i.Record}]; only {
			lacking = append(lacking, i)
		}
	}
	return need, lacking
}

// neededAtOnce is how many records one question asks for: their ids fit a message.
const neededAtOnce = 3000

// fetch asks for the records that differ, and for the checkpoint that proves the share.
func (s *session) fetch(ctx context.Context) error {
	r := s.repairing
	n := min(len(r.need), neededAtOnce)
	f := &syncproto.Need{Class: r.share.Class, Scope: r.share.Scope, Records: tableIDs(r.need[:n])}
	r.need = r.need[n:]
	s.Logger.Info("repairing", "share", r.share.String(), "records", n)
	if len(r.need) == 0 {
		s.staging.Repaired(r.share)
	}
	return s.conn.Send(ctx, f)
}

// tableIDs lists records by table.
func tableIDs(items []syncproto.Item) []syncproto.TableIDs {
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b syncproto.Item) int {
		if a.Table != b.Table {
			return int(a.Table) - int(b.Table)
		}
		return slices.Compare(a.Record[:], b.Record[:])
	})
	var lists []syncproto.TableIDs
	for _, i := range items {
		if n := len(lists); n == 0 || lists[n-1].Table != i.Table {
			lists = append(lists, syncproto.TableIDs{Table: i.Table})
		}
		list := &lists[len(lists)-1]
		list.IDs = append(list.IDs, i.Record[:]...)
	}
	return lists
}
