package state

import (
	"bytes"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Nearly all that comes makes new records, whose ids follow each other: whether any of
// them is here already is looked up for a stretch of transactions at once.

// stretch is how many transactions are looked at ahead: enough that what is left of the
// look-up is nothing beside the rest, and few to have in memory decoded.
const stretch = 64

// opened is a transaction of a batch as it was read, or why it cannot be.
type opened struct {
	t       *syncproto.Transaction
	refusal *syncproto.Error
}

// ahead is, by table, a range of ids and those of it that stand in the state.
type ahead map[syncproto.TableID]*idRange

type idRange struct {
	first, last syncproto.RecordID
	made        int // by the transactions that were looked at
	here        map[syncproto.RecordID]bool
}

func (r *idRange) holds(id syncproto.RecordID) bool {
	return bytes.Compare(r.first[:], id[:]) <= 0 && bytes.Compare(id[:], r.last[:]) <= 0
}

// absent says that a record is known not to be there.
func (a ahead) absent(table syncproto.TableID, id syncproto.RecordID) bool {
	r := a[table]
	return r != nil && r.holds(id) && !r.here[id]
}

// enters notes a record that was not there.
func (a ahead) enters(table syncproto.TableID, id syncproto.RecordID) {
	if r := a[table]; r != nil {
		r.here[id] = true
	}
}

// look reads a stretch of transactions, and which of the records that they make are there.
// A table of which more stands in the range than they make is left to look-ups one by one.
func (f *fold) look(bodies []syncproto.Body) ([]opened, error) {
	all := make([]opened, len(bodies))
	f.ahead = ahead{}
	for i := range bodies {
		o := &all[i]
		if o.t, o.refusal = readBody(&bodies[i]); o.refusal != nil {
			continue
		}
		for j := range o.t.Changes {
			if c := &o.t.Changes[j]; c.Op == syncproto.Create {
				f.ahead.plan(c.Table, c.Record)
			}
		}
	}
	for id, r := range f.ahead {
		t := schema.Lookup(id)
		if t == nil || r.made < 2 {
			delete(f.ahead, id)
			continue
		}
		whole, err := set.Between(f.tx, t, r.first, r.last, r.made, func(id syncproto.RecordID) { r.here[id] = true })
		if err != nil {
			return nil, err
		}
		if !whole {
			delete(f.ahead, id)
		}
	}
	return all, nil
}

func (a ahead) plan(table syncproto.TableID, id syncproto.RecordID) {
	r := a[table]
	if r == nil {
		r = &idRange{first: id, last: id, here: map[syncproto.RecordID]bool{}}
		a[table] = r
	}
	if r.made++; bytes.Compare(id[:], r.first[:]) < 0 {
		r.first = id
	}
	if bytes.Compare(id[:], r.last[:]) > 0 {
		r.last = id
	}
}
