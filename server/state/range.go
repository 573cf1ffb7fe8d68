package state

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// rangePage is how many records of a tree are read at a time, some 20 ms: a longer read
// would keep the writer's WAL from being moved. What changes between two reads is counted
// twice or not at all, so a mark may differ without reason; the leaf's list then does not.
const rangePage = 4000

// RangeTree adds up the records of a share.
func (s *State) RangeTree(ctx context.Context, share syncproto.Share) (*syncproto.RangeTree, error) {
	tree := &syncproto.RangeTree{}
	var hasher records.Hasher
	var above syncproto.Position
	for {
		more := false
		err := s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
			found, err := scan(tx, []Reading{{Share: share}}, above, rangePage)
			if err != nil || len(found.places) == 0 {
				return err
			}
			id := found.places[0][0].share
			upto, atHead := found.upto(1<<63 - 1)
			for _, at := range found.tables(upto) {
				t := schema.Lookup(at.table)
				if t == nil {
					return fmt.Errorf("feed names table %d: %w", at.table, ErrMisfit)
				}
				if err := set.Joined(tx, t, membersAbove, func(r *records.Row, _ sqlitedb.Row, _ int) error {
					if has(r.Scopes(nil), share.Scope) {
						tree.Add(t.ID, r.ID, hasher.Hash(r))
					}
					return nil
				}, "", id, uint64(above), uint64(upto), int64(t.ID)); err != nil {
					return err
				}
			}
			above, more = upto, !atHead
			return nil
		})
		if err != nil || !more {
			return tree, err
		}
	}
}

const membersAbove = `feed f CROSS JOIN %q r ON r.id = f.record WHERE f.share = ? AND f.position > ? AND f.position <= ? AND f.tbl = ?`

// RangeItems lists the records of leaves of a share's tree, as many leaves as fit one
// answer: it says how many those are.
func (s *State) RangeItems(ctx context.Context, share syncproto.Share, leaves []uint32) (items []syncproto.Item, covered int, err error) {
	place := make(map[uint32]int, len(leaves))
	for i, l := range leaves {
		place[l] = i
	}
	lists := make([][]syncproto.Item, len(leaves))
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		id, err := tx.Int(`SELECT id FROM share WHERE class = ? AND scope = ?`, int64(share.Class), share.Scope.AppendBinary(nil))
		if err != nil {
			return err
		}
		var named []rangeNamed
		if err := tx.Query(func(row sqlitedb.Row) error {
			n := rangeNamed{table: syncproto.TableID(row.Int(0))}
			copy(n.record[:], row.Blob(1))
			i, ok := place[syncproto.RangeLeaf(n.table, n.record)]
			if ok {
				n.leaf = i
				named = append(named, n)
			}
			return nil
		}, `SELECT tbl, record FROM feed WHERE share = ? ORDER BY position`, id); err != nil {
			return err
		}
		var hasher records.Hasher
		for _, n := range named {
			r, err := member(tx, share, n.table, n.record)
			if err != nil {
				return err
			}
			if r != nil {
				lists[n.leaf] = append(lists[n.leaf], syncproto.Item{Table: n.table, Record: n.record, Mark: syncproto.MarkOf(hasher.Hash(r))})
			}
		}
		return nil
	})
	for covered < len(lists) && len(items)+len(lists[covered]) <= syncproto.MaxItems {
		items = append(items, lists[covered]...)
		covered++
	}
	if err == nil && covered == 0 {
		err = fmt.Errorf("a range of %v has %d records: over %d", share, len(lists[0]), syncproto.MaxItems)
	}
	return items, covered, err
}

type rangeNamed struct {
	table  syncproto.TableID
	record syncproto.RecordID
	leaf   int
}

// member reads a record if it is in a share; nil otherwise.
func member(tx *sqlitedb.Tx, share syncproto.Share, table syncproto.TableID, id syncproto.RecordID) (*records.Row, error) {
	t := schema.Lookup(table)
	if t == nil || t.Class != share.Class {
		return nil, nil
	}
	r, err := set.Get(tx, t, id)
	if err != nil || r == nil || !has(r.Scopes(nil), share.Scope) {
		return nil, err
	}
	return r, nil
}

// ReadRecords gives the rows of a share's records as they are now, those of them that it
// has; what a later page brings is newer.
func (s *State) ReadRecords(ctx context.Context, share syncproto.Share, lists []syncproto.TableIDs) (*Page, error) {
	p := &Page{}
	err := s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		for _, list := range lists {
			t := schema.Lookup(list.Table)
			if t == nil || t.Class != share.Class {
				continue
			}
			b := &rowsBuilder{page: p, place: place{key: share}, table: t}
			var found []*records.Row
			for ids := list.IDs; len(ids) > 0; ids = ids[16:] {
				r, err := member(tx, share, list.Table, syncproto.RecordID(ids[:16]))
				if err != nil {
					return err
				}
				if r != nil {
					found = append(found, r)
				}
			}
			slices.SortFunc(found, func(a, b *records.Row) int { return cmp.Compare(a.Meta[metaPosition], b.Meta[metaPosition]) })
			for _, r := range found {
				b.add(r, syncproto.Position(r.Meta[metaPosition]))
			}
			b.cut()
		}
		return nil
	})
	return p, err
}
