package state

import (
	"errors"
	"slices"

	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/hlc"
)

// chain is one incarnation as far as it was judged, or a branch of one: the device
// was copied whole, and both copies went on.
type chain struct {
	id          int64
	incarnation syncproto.Incarnation
	device      syncproto.DeviceID
	genesis     syncproto.Hash
	first       syncproto.Seq // 1, or the first diverging seq of a branch
	head        syncproto.Seq
	hash        syncproto.Hash // at head
	stamp       hlc.Stamp      // highest effective stamp
	held        int64          // transactions in quarantine
	parent      int64          // chain it continues: by genesis, or as a branch; 0 for none
	parentSeq   syncproto.Seq
	alive       syncproto.Position // see state.sql
	dirty       bool
}

const chainColumns = `SELECT id, incarnation, device, genesis, first, head, hash, stamp, held, parent, parent_seq, alive FROM chain `

func scanChain(row sqlitedb.Row) *chain {
	c := &chain{
		id: row.Int(0), first: syncproto.Seq(row.Int(4)), head: syncproto.Seq(row.Int(5)), stamp: hlc.Stamp(row.Int(7)),
		held: row.Int(8), parent: row.Int(9), parentSeq: syncproto.Seq(row.Int(10)), alive: syncproto.Position(row.Int(11)),
	}
	copy(c.incarnation[:], row.Blob(1))
	copy(c.device[:], row.Blob(2))
	copy(c.genesis[:], row.Blob(3))
	copy(c.hash[:], row.Blob(6))
	return c
}

// chainsOf lists the branches of an incarnation, oldest first.
func (f *fold) chainsOf(inc syncproto.Incarnation) ([]*chain, error) {
	if cs, ok := f.chains[inc]; ok {
		return cs, nil
	}
	cs := []*chain{}
	err := f.tx.Query(func(row sqlitedb.Row) error {
		c := scanChain(row)
		f.byID[c.id] = c
		cs = append(cs, c)
		return nil
	}, chainColumns+`WHERE incarnation = ? ORDER BY id`, inc[:])
	if err == nil {
		f.chains[inc] = cs
	}
	return cs, err
}

func (f *fold) chain(id int64) (*chain, error) {
	if c, ok := f.byID[id]; ok || id == 0 {
		return c, nil
	}
	row, ok, err := f.tx.One(`SELECT incarnation FROM chain WHERE id = ?`, id)
	if err != nil || !ok {
		return nil, err
	}
	if _, err := f.chainsOf(syncproto.Incarnation(row.Blob(0))); err != nil {
		return nil, err
	}
	return f.byID[id], nil
}

func (f *fold) newChain(c *chain) (*chain, error) {
	id, err := f.tx.Int(`SELECT coalesce(max(id), 0) + 1 FROM chain`)
	if err != nil {
		return nil, err
	}
	c.id, c.dirty = id, true
	f.byID[id] = c
	f.chains[c.incarnation] = append(f.chains[c.incarnation], c)
	return c, f.saveChain(c)
}

func (f *fold) saveChain(c *chain) error {
	if !c.dirty {
		return nil
	}
	c.dirty = false
	return f.tx.Exec(`REPLACE INTO chain (id, incarnation, device, genesis, first, head, hash, stamp, held, parent, parent_seq, alive)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, c.id, c.incarnation[:], c.device[:], c.genesis[:],
		uint64(c.first), uint64(c.head), c.hash[:], uint64(c.stamp), c.held, c.parent, uint64(c.parentSeq), uint64(c.alive))
}

// hashAt is the chain hash after seq; ok is false where the chain does not go there.
func (f *fold) hashAt(c *chain, seq syncproto.Seq) (h syncproto.Hash, ok bool, err error) {
	for c != nil {
		switch {
		case seq > c.head:
			return h, false, nil
		case seq == c.head:
			return c.hash, true, nil
		case seq == 0:
			return c.genesis, true, nil
		case seq >= c.first:
			row, ok, err := f.tx.One(`SELECT hash FROM tx WHERE chain = ? AND seq = ?`, c.id, uint64(seq))
			if ok {
				copy(h[:], row.Blob(0))
			}
			return h, ok, err
		}
		if c, err = f.chain(c.parent); err != nil {
			return h, false, err
		}
	}
	return h, false, nil
}

// stampAt is the chain's stamp after seq: what goes on from there comes after it.
func (f *fold) stampAt(c *chain, seq syncproto.Seq) (hlc.Stamp, error) {
	for c != nil {
		switch {
		case seq == c.head:
			return c.stamp, nil
		case seq >= c.first:
			n, err := f.tx.Int(`SELECT stamp FROM tx WHERE chain = ? AND seq = ?`, c.id, uint64(seq))
			return hlc.Stamp(n), err
		case seq == 0 && c.first == 1:
			seq = c.parentSeq
		}
		var err error
		if c, err = f.chain(c.parent); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// ancestor says whether transaction (of, seq) came earlier on the way to (c, at):
// in the chain itself, or through genesis and branch links.
func (f *fold) ancestor(of int64, seq syncproto.Seq, c *chain, at syncproto.Seq) (bool, error) {
	for c != nil {
		if c.id == of {
			return seq < at, nil
		}
		at = c.parentSeq + 1
		var err error
		if c, err = f.chain(c.parent); err != nil {
			return false, err
		}
	}
	return false, nil
}

// batch takes the transactions of a batch that are new, each once, in order.
func (f *fold) batch(e *Entry, rec oplog.Record) error {
	if err := f.count(); err != nil {
		return err
	}
	b, err := syncproto.ParseBatch(e.Payload)
	if err != nil {
		f.head.Unsound++
		return nil
	}
	key, err := f.key(b.Header.Device)
	if err != nil {
		return err
	}
	if b.Verify(key, f.head.Org) != nil {
		f.head.Unsound++
		return nil
	}
	bodies, err := b.Open()
	if err != nil {
		f.head.Unsound++
		return nil
	}
	if e.Road != RoadOwn && e.Road != RoadBack {
		if err := f.heard(b.Header.Device, e, e.ReceivedAt); err != nil {
			return err
		}
	}
	if doubted, err := f.doubted(e, &b.Header); err != nil || doubted {
		return errors.Join(err, f.parkAs(rec, &b.Header, len(bodies), inDoubt))
	}
	position := f.head.Position
	came, err := f.run(e, rec, &b.Header, bodies)
	if err != nil {
		return err
	}
	if f.head.Position > position {
		if err := f.keepControl(e, b, bodies); err != nil {
			return err
		}
	}
	return f.unpark(came)
}

// run takes what is new of a batch, or parks it. It gives the chain hashes that came,
// for entries may be waiting for them; they are taken after the run, since they may
// hold its rest as well.
func (f *fold) run(e *Entry, rec oplog.Record, h *syncproto.BatchHeader, bodies []syncproto.Body) (came []syncproto.Hash, err error) {
	c, skip, err := f.locate(h, bodies)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, f.park(rec, h, len(bodies))
	}
	defer func() { f.ahead = nil }()
	for rest := bodies[skip:]; len(rest) > 0; {
		next := rest[:min(stretch, len(rest))]
		rest = rest[len(next):]
		read, err := f.look(next)
		if err != nil {
			return nil, err
		}
		for i := range next {
			if err := f.transaction(e, c, &next[i], read[i]); err != nil {
				return nil, err
			}
			if f.parked > 0 {
				came = append(came, c.hash)
			}
		}
	}
	if e.Road == RoadSocket && skip < len(bodies) {
		f.goesOn(c)
	}
	return came, nil
}

// locate finds the chain that a batch goes on, and how many of its transactions
// are there already. It gives nil where the predecessor has not been judged.
func (f *fold) locate(h *syncproto.BatchHeader, bodies []syncproto.Body) (*chain, int, error) {
	all, err := f.chainsOf(h.Incarnation)
	if err != nil {
		return nil, 0, err
	}
	var best *chain
	var matched int
	var at syncproto.Hash // hash after the matched ones
	for _, c := range all {
		before, ok, err := f.hashAt(c, h.First-1)
		if err != nil {
			return nil, 0, err
		}
		if !ok || before != h.Before || c.device != h.Device {
			continue
		}
		n, hash, err := f.match(c, h, bodies)
		if err != nil {
			return nil, 0, err
		}
		if best == nil || n > matched {
			best, matched, at = c, n, hash
		}
	}
	end := h.First - 1 + syncproto.Seq(matched)
	switch {
	case best == nil && h.First == 1:
		c, err := f.begins(h)
		return c, 0, err
	case best == nil:
		return nil, 0, nil
	case matched == len(bodies) || end == best.head:
		return best, matched, nil
	}
	stamp, err := f.stampAt(best, end)
	if err != nil {
		return nil, 0, err
	}
	c, err := f.newChain(&chain{ // it diverges inside: a copy of the device went on
		incarnation: h.Incarnation, device: h.Device, genesis: best.genesis,
		first: end + 1, head: end, hash: at, stamp: stamp, parent: best.id, parentSeq: end,
	})
	return c, matched, err
}

// match counts the leading transactions of a batch that the chain already has.
func (f *fold) match(c *chain, h *syncproto.BatchHeader, bodies []syncproto.Body) (int, syncproto.Hash, error) {
	hash := h.Before
	for i := range bodies {
		next := syncproto.Link(hash, bodies[i].Hash)
		have, ok, err := f.hashAt(c, h.First+syncproto.Seq(i))
		if err != nil {
			return 0, hash, err
		}
		if !ok || have != next {
			return i, hash, nil
		}
		hash = next
	}
	return len(bodies), hash, nil
}

// begins makes the chain of a new incarnation; nil where its parent is not known yet.
func (f *fold) begins(h *syncproto.BatchHeader) (*chain, error) {
	c := &chain{incarnation: h.Incarnation, device: h.Device, genesis: h.Before, first: 1, hash: h.Before}
	if !h.Genesis.First() {
		parent, err := f.genesisParent(h.Genesis)
		if err != nil || parent == nil {
			return nil, err
		}
		c.parent, c.parentSeq = parent.id, h.Genesis.Seq
		if c.stamp, err = f.stampAt(parent, h.Genesis.Seq); err != nil {
			return nil, err
		}
	}
	return f.newChain(c)
}

func (f *fold) genesisParent(g *syncproto.Genesis) (*chain, error) {
	all, err := f.chainsOf(g.Parent)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(c *chain) bool {
		h, ok, herr := f.hashAt(c, g.Seq)
		if herr != nil {
			err = herr
		}
		return ok && h == g.Hash
	})
	if i < 0 || err != nil {
		return nil, err
	}
	return all[i], nil
}

// awaits is the chain hash that a batch whose predecessor is not known waits for.
func awaits(h *syncproto.BatchHeader) syncproto.Hash {
	if h.First == 1 {
		return h.Genesis.Hash
	}
	return h.Before
}

// parked says whether a batch waits already: the same run came by another road, or again.
func parked(tx *sqlitedb.Tx, before syncproto.Hash, h *syncproto.BatchHeader) (found bool, err error) {
	err = tx.Query(func(row sqlitedb.Row) error {
		e, err := DecodeEntry(row.Blob(0))
		if err != nil {
			return err
		}
		b, err := syncproto.ParseBatch(e.Payload)
		if err != nil {
			return err
		}
		found = found || b.Header.Incarnation == h.Incarnation && b.Header.Last == h.Last && b.Header.After == h.After
		return nil
	}, `SELECT data FROM parked WHERE before IN (?, ?) AND device = ?`, before[:], inDoubt[:], h.Device[:])
	return found, err
}

// park keeps an entry whose predecessor is not known yet. It has no position.
func (f *fold) park(rec oplog.Record, h *syncproto.BatchHeader, n int) error {
	return f.parkAs(rec, h, n, awaits(h))
}

func (f *fold) parkAs(rec oplog.Record, h *syncproto.BatchHeader, n int, before syncproto.Hash) error {
	held, err := parked(f.tx, before, h)
	if err != nil || held {
		return err
	}
	f.parked++
	return f.tx.Exec(`INSERT INTO parked (entry, before, device, transactions, data) VALUES (?, ?, ?, ?, ?)`,
		uint64(rec.Index), before[:], h.Device[:], n, rec.Data)
}

// unpark takes the entries that waited for chain hashes which have come, then those
// that waited for theirs, in this order.
func (f *fold) unpark(came []syncproto.Hash) error {
	for ; len(came) > 0 && f.parked > 0; came = came[1:] {
		var waiting []oplog.Record
		if err := f.tx.Query(func(row sqlitedb.Row) error {
			waiting = append(waiting, oplog.Record{Index: oplog.Index(row.Int(0)), Data: row.Blob(1)})
			return nil
		}, `SELECT entry, data FROM parked WHERE before = ? ORDER BY entry`, came[0][:]); err != nil {
			return err
		}
		for _, rec := range waiting {
			more, err := f.runParked(rec)
			if err != nil {
				return err
			}
			came = append(came, more...)
		}
	}
	return nil
}

func (f *fold) runParked(rec oplog.Record) ([]syncproto.Hash, error) {
	if err := f.tx.Exec(`DELETE FROM parked WHERE entry = ?`, uint64(rec.Index)); err != nil {
		return nil, err
	}
	f.parked--
	e, err := DecodeEntry(rec.Data)
	if err != nil {
		return nil, err
	}
	b, err := syncproto.ParseBatch(e.Payload)
	if err != nil {
		return nil, err
	}
	bodies, err := b.Open()
	if err != nil {
		return nil, err
	}
	// The last one that leaves takes f.parked to 0, and what it brings is waited for
	// by nobody.
	return f.run(&e, rec, &b.Header, bodies)
}
