package state

import (
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/hlc"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// transaction judges the next transaction of a chain, gives it its position and
// carries out what was decided.
func (f *fold) transaction(e *Entry, c *chain, body *syncproto.Body, read opened) error {
	f.head.Position++
	c.head++
	c.hash = syncproto.Link(c.hash, body.Hash)
	c.dirty = true
	f.head.PositionHash = syncproto.PositionHash(f.head.PositionHash, c.hash)
	if n := len(f.result.Chains); n == 0 || f.result.Chains[n-1] != c.device {
		f.result.Chains = append(f.result.Chains, c.device)
	}
	a := &author{chain: c, seq: c.head, hash: c.hash, position: f.head.Position, received: e.ReceivedAt}
	t, refusal := read.t, read.refusal
	var p *plan
	var err error
	if refusal == nil {
		a.least = effective(t.Time, e, c.stamp)
		if p, refusal, err = f.judge(a, t); err != nil {
			return err
		}
	}
	stamp, code := c.stamp.Next(), syncproto.Code(0)
	switch {
	case refusal != nil:
		if a.least > 0 {
			stamp = a.least
		}
		code = refusal.Code
	default:
		stamp = p.stamp
	}
	c.stamp = max(c.stamp, stamp)
	short := f.head.PositionHash.Short()
	if err := f.tx.Exec(`INSERT INTO tx (position, chain, seq, hash, stamp, code, short) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		uint64(a.position), c.id, uint64(a.seq), a.hash[:], uint64(stamp), int64(code), short[:]); err != nil {
		return err
	}
	if refusal != nil {
		return f.quarantine(a, t, body, refusal)
	}
	if err := f.carryOut(a, p); err != nil {
		return err
	}
	return f.settleReleases()
}

func readBody(body *syncproto.Body) (*syncproto.Transaction, *syncproto.Error) {
	if body.Bytes == nil {
		return nil, syncproto.Errorf(syncproto.CodeErased, "")
	}
	t, err := syncproto.ReadBody(body.Bytes)
	if err != nil {
		return nil, syncproto.Errorf(syncproto.CodeBody, "%v", err)
	}
	return t, nil
}

// effective is a transaction's stamp before what it overwrites is known: its raw
// time less the device's measured offset, never after it was received, and after
// every earlier one of its chain (P6).
func effective(raw hlc.Stamp, e *Entry, last hlc.Stamp) hlc.Stamp {
	stamp := raw
	if e.OffsetMS != nil {
		stamp = hlc.At(raw.MS()-*e.OffsetMS) + hlc.Stamp(raw.Counter())
	}
	return max(min(stamp, hlc.At(e.ReceivedAt)), last.Next())
}

// carryOut writes a plan at the present position.
func (f *fold) carryOut(a *author, p *plan) error {
	at := f.head.Position
	sales, err := f.salesBefore(p)
	if err != nil {
		return err
	}
	for _, w := range p.writes {
		if err := f.put(a, w, at); err != nil {
			return err
		}
	}
	if err := f.salesAfter(p, sales); err != nil {
		return err
	}
	for _, r := range p.conflicts {
		if err := f.own(r); err != nil {
			return err
		}
		if err := f.dispute(r, at); err != nil {
			return err
		}
	}
	for _, r := range p.settles {
		if err := f.settled(r, p.stamp); err != nil {
			return err
		}
	}
	state := schema.VerdictReplaced
	if len(p.writes) == 0 { // its author takes it back
		state = schema.VerdictWithdrawn
	}
	for _, held := range p.replaces {
		if err := f.exit(held, state); err != nil {
			return err
		}
	}
	return nil
}

func (f *fold) put(a *author, w *write, at syncproto.Position) error {
	r := w.after
	if w.before == nil {
		r.Meta = [3]int64{metaPosition: int64(at), metaMade: int64(at)}
		if at != a.position {
			r.Meta[metaAuthor] = int64(a.position)
		}
		if err := set.Insert(f.tx, r); err != nil {
			return err
		}
		f.ahead.enters(r.Table.ID, r.ID)
		f.forget(r)
		if err := f.awaited(r); err != nil {
			return err
		}
		if err := f.decision(r); err != nil {
			return err
		}
		return f.touch(nil, r, at)
	}
	for _, g := range w.groups {
		if err := f.tx.Exec(`REPLACE INTO writer (tbl, record, grp, position, tx) VALUES (?, ?, ?, ?, ?)`,
			int64(r.Table.ID), r.ID[:], int64(g), uint64(at), uint64(a.position)); err != nil {
			return err
		}
	}
	if !w.changed {
		return nil
	}
	r.Meta[metaPosition] = int64(at)
	if err := set.Replace(f.tx, r); err != nil {
		return err
	}
	f.forget(w.before)
	f.forget(r)
	return f.touch(w.before, r, at)
}

// own writes a record that Apply itself makes or changes: a verdict or a conflict.
func (f *fold) own(r *records.Row) error {
	at := f.head.Position
	before, err := set.Get(f.tx, r.Table, r.ID)
	if err != nil {
		return err
	}
	r.Meta = [3]int64{metaPosition: int64(at), metaMade: int64(at)}
	if before != nil {
		r.Meta[metaMade] = before.Meta[metaMade]
	}
	f.ahead.enters(r.Table.ID, r.ID)
	if err := set.Replace(f.tx, r); err != nil {
		return err
	}
	return f.touch(before, r, at)
}
