package state

import (
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// A device that was copied shows as chains that part: two runs of its transactions after
// one place, neither of which knows the other. So does a device that was put back to a
// backup, whose lost tail had arrived; but of that one only one run goes on. Both are
// alive if each was gone on with after the other's first transaction was known here: the
// run that became known later is the copy.

// goesOn notes that somebody who is connected has written on.
func (f *fold) goesOn(c *chain) {
	if f.head.Position > c.alive {
		c.alive, c.dirty = f.head.Position, true
	}
}

// showed notes that the device which said Hello stands at the end of a chain. One that was
// put back stands before it.
func (f *fold) showed(c *Contact) error {
	if c.Newest == nil {
		return nil
	}
	chains, err := f.chainsOf(c.Newest.Incarnation)
	for _, ch := range chains {
		if ch.device == c.Device && ch.head == c.Newest.Seq && ch.hash == c.Newest.Hash {
			f.goesOn(ch)
		}
	}
	return err
}

// Copy says whether a device whose incarnations have these heads, oldest first, is a copy:
// another one of its name goes on too, and was known here before it. The newest head that
// has come here tells.
func (r *Reader) Copy(device syncproto.DeviceID, heads ...syncproto.Head) (bool, error) {
	t, err := readTree(r.tx, device)
	if err != nil {
		return false, err
	}
	var c *chain
	var upto syncproto.Seq
	for i := len(heads) - 1; i >= 0 && c == nil; i-- {
		if c, err = t.holder(heads[i]); err != nil {
			return false, err
		}
		upto = heads[i].Seq
	}
	for ; c != nil; upto, c = c.parentSeq, t.chains[c.parent] {
		for _, o := range t.after[c.id] {
			if o.parentSeq >= upto {
				continue
			}
			if copied, err := t.later(c.id, o.parentSeq, c.id); err != nil || copied {
				return copied, err
			}
		}
		if copied, err := t.later(c.parent, c.parentSeq, c.id); err != nil || copied {
			return copied, err
		}
	}
	return false, nil
}

// tree is all the chains of one device.
type tree struct {
	tx     *sqlitedb.Tx
	chains map[int64]*chain
	after  map[int64][]*chain           // by parent; the parent may be another device's
	alive  map[int64]syncproto.Position // of a chain and all that follows it
}

// run is one way on from a place in a chain, with all that followed it.
type run struct {
	on    int64              // the chain that begins there, or the one that goes on
	first syncproto.Position // of its first transaction
	alive syncproto.Position
}

func readTree(tx *sqlitedb.Tx, device syncproto.DeviceID) (*tree, error) {
	t := &tree{tx: tx, chains: map[int64]*chain{}, after: map[int64][]*chain{}, alive: map[int64]syncproto.Position{}}
	return t, tx.Query(func(row sqlitedb.Row) error { // a chain follows those with lower ids alone
		c := scanChain(row)
		t.chains[c.id] = c
		t.after[c.parent] = append(t.after[c.parent], c)
		t.alive[c.id] = max(t.alive[c.id], c.alive)
		t.alive[c.parent] = max(t.alive[c.parent], t.alive[c.id])
		return nil
	}, chainColumns+`WHERE device = ? ORDER BY id DESC`, device[:])
}

// holder is the chain that a head is in, as far as it has come here; nil where that
// cannot be told yet.
func (t *tree) holder(h syncproto.Head) (*chain, error) {
	var of []*chain
	for _, c := range t.chains {
		if c.incarnation != h.Incarnation {
			continue
		}
		held, err := t.tx.Int(`SELECT count(*) FROM tx WHERE chain = ? AND seq = ? AND hash = ?`, c.id, uint64(h.Seq), h.Hash[:])
		if err != nil {
			return nil, err
		}
		if held > 0 {
			return c, nil
		}
		of = append(of, c)
	}
	if len(of) != 1 || of[0].head > h.Seq {
		return nil, nil
	}
	return of[0], nil
}

// later says whether of the runs that part after seq of a chain, the one on a chain came
// after another that is alive as it is.
func (t *tree) later(parent int64, seq syncproto.Seq, on int64) (bool, error) {
	runs, err := t.runsFrom(parent, seq)
	i := slices.IndexFunc(runs, func(r run) bool { return r.on == on })
	if err != nil || i < 0 || len(runs) < 2 {
		return false, err
	}
	own := runs[i]
	return slices.ContainsFunc(runs, func(o run) bool {
		return o.first < own.first && o.alive >= own.first && own.alive >= o.first
	}), nil
}

// runsFrom lists the ways on after seq of a chain: the chains that begin there, and the
// chain itself where it goes on.
func (t *tree) runsFrom(parent int64, seq syncproto.Seq) (runs []run, err error) {
	own := t.chains[parent]
	on := run{on: parent}
	if own != nil {
		on.alive = own.alive
	}
	for _, c := range t.after[parent] {
		switch {
		case c.parentSeq > seq:
			on.alive = max(on.alive, t.alive[c.id])
		case c.parentSeq == seq:
			first, err := t.position(c, c.first)
			if err != nil {
				return nil, err
			}
			runs = append(runs, run{c.id, first, t.alive[c.id]})
		}
	}
	if own != nil && own.head > seq {
		on.first, err = t.position(own, seq+1)
		runs = append(runs, on)
	}
	return runs, err
}

func (t *tree) position(c *chain, seq syncproto.Seq) (syncproto.Position, error) {
	n, err := t.tx.Int(`SELECT position FROM tx WHERE chain = ? AND seq = ?`, c.id, uint64(seq))
	return syncproto.Position(n), err
}

// Doubled is a receipt number under which more than one sale was printed.
type Doubled struct {
	Receipt string
	Sales   []syncproto.RecordID // oldest first
}

// maxDoubled bounds a list of receipt numbers: past it, a person needs no more to see what
// happened.
const maxDoubled = 10_000

// Doubled lists the receipt numbers that were printed twice. Only a device whose chains
// part can have done that, so without one nothing is looked for.
func (r *Reader) Doubled() ([]Doubled, error) {
	var prefixes []string
	if err := r.tx.Query(func(row sqlitedb.Row) error { prefixes = append(prefixes, row.Text(0)); return nil },
		`SELECT d.prefix FROM device d WHERE d.prefix IS NOT NULL AND EXISTS (
			SELECT 1 FROM chain c JOIN chain p ON p.device = c.device AND p.id <> c.id
			WHERE c.device = d.id AND (p.parent = c.parent AND p.parent_seq = c.parent_seq OR p.id = c.parent AND p.head > c.parent_seq)
		) ORDER BY d.prefix`); err != nil {
		return nil, err
	}
	list := []Doubled{}
	for _, prefix := range prefixes {
		if err := r.tx.Query(func(row sqlitedb.Row) error {
			number, id := row.Text(0), syncproto.RecordID(row.Blob(1))
			if n := len(list); n > 0 && list[n-1].Receipt == number {
				list[n-1].Sales = append(list[n-1].Sales, id)
				return nil
			}
			if len(list) >= maxDoubled {
				return sqlitedb.ErrStop
			}
			list = append(list, Doubled{number, []syncproto.RecordID{id}})
			return nil
		}, `SELECT receipt_no, id FROM sale WHERE receipt_no IN (
				SELECT receipt_no FROM sale WHERE receipt_no >= ?1 || '-' AND receipt_no < ?1 || '.' GROUP BY receipt_no HAVING count(*) > 1
			) ORDER BY receipt_no, id`, prefix); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Names lists the names that a device had before it was copied and renamed, newest first.
func (r *Reader) Names(device syncproto.DeviceID) ([]syncproto.DeviceID, error) {
	return namesOf(r.tx, device)
}

// maxNames bounds how often one installation is renamed: it is copied, and copied again.
const maxNames = 64

func namesOf(tx *sqlitedb.Tx, device syncproto.DeviceID) (names []syncproto.DeviceID, err error) {
	for len(names) < maxNames {
		var row *records.Row
		if row, err = set.Get(tx, schema.Lookup(schema.Device), syncproto.RecordID(device)); err != nil || row == nil || row.Of(schema.DeviceCopyOf).IsNull() {
			return names, err
		}
		device = syncproto.DeviceID(row.Of(schema.DeviceCopyOf).ID())
		names = append(names, device)
	}
	return names, nil
}
