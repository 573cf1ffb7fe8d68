package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// A client replaces, it never merges: a row of the server's takes the place of the
// base row, and what this device wrote and the server has not judged is laid over
// it again.

// base is the laying down of what the server sent, within one commit.
type base struct {
	tx       *sqlitedb.Tx
	lives    []life
	progress *Progress
	hasher   records.Hasher
	digests  map[syncproto.Share]*digest
	scopes   []syncproto.Scope
	verdicts []*records.Row                        // heard, that end a quarantine without taking the transaction
	left     map[syncproto.Class][]syncproto.Scope // shares this device may no longer read
	lessHere bool                                  // a record left, now or before own work on it was settled
	backup   bool                                  // a newer backup was heard of
	prefix   string                                // of this device's receipt numbers

	// ended counts, by ord, the records whose newest own transaction that is and whose
	// overlay was ended by a row: of a transaction that was judged as it was recorded,
	// all of them.
	ended map[int64]int

	// edits says whether anything here is edited, nil before that was looked at: a
	// stall that only sells has nothing to uncover.
	edits *bool

	spares *bool // whether anything is kept for the server; nil before that was looked at
}

type digest struct {
	syncproto.Digest
	covered bool
	differs int // 0: as the server's when last compared; else 1 and the repairs that did not mend it
	dirty   bool
}

// settledOrd says whether the own transaction with an ord has been judged.
func (b *base) settledOrd(ord int64) bool {
	for i := len(b.lives) - 1; i >= 0; i-- {
		if l := &b.lives[i]; ord >= l.firstOrd && ord <= l.ord(l.last) {
			return ord <= l.ord(l.settled)
		}
	}
	return true
}

func (b *base) digest(share syncproto.Share) (*digest, error) {
	if d := b.digests[share]; d != nil {
		return d, nil
	}
	d := &digest{}
	row, ok, err := b.tx.One(`SELECT count, sum, covered, differs FROM share WHERE class = ? AND scope = ?`, int64(share.Class), share.Scope.AppendBinary(nil))
	if err != nil {
		return nil, err
	}
	if ok {
		d.Count, d.covered, d.differs = uint64(row.Int(0)), row.Int(2) != 0, int(row.Int(3))
		copy(d.Sum[:], row.Blob(1))
	}
	b.digests[share] = d
	return d, nil
}

func (b *base) count(r *records.Row, count func(*digest, syncproto.Hash)) error {
	h := b.hasher.Hash(r)
	b.scopes = r.Scopes(b.scopes[:0])
	for _, scope := range b.scopes {
		d, err := b.digest(syncproto.Share{Class: r.Table.Class, Scope: scope})
		if err != nil {
			return err
		}
		count(d, h)
		d.dirty = true
	}
	return nil
}

func (b *base) flush() error {
	for share, d := range b.digests {
		if !d.dirty {
			continue
		}
		if err := b.tx.Exec(`REPLACE INTO share (class, scope, count, sum, covered, differs) VALUES (?, ?, ?, ?, ?, ?)`,
			int64(share.Class), share.Scope.AppendBinary(nil), d.Count, d.Sum[:], d.covered, d.differs); err != nil {
			return err
		}
		d.dirty = false
	}
	return nil
}

func (b *base) frame(f syncproto.Frame) error {
	switch f := f.(type) {
	case *syncproto.Rows:
		return b.rows(f)
	case *syncproto.Leave:
		return b.leave(f)
	}
	return fmt.Errorf("bug: %T was staged", f)
}

func (b *base) rows(f *syncproto.Rows) error {
	t := schema.Lookup(f.Table)
	if t == nil {
		return syncproto.Errorf(syncproto.CodeUnsupported, "rows of table %d, which this program does not know: update it", f.Table)
	}
	r := records.New(t, syncproto.RecordID{})
	for i := range f.IDs {
		r.Reset(f.IDs[i])
		for c, id := range f.Fields {
			r.Set(id, f.Columns[c][i])
		}
		if err := b.replace(r); err != nil {
			return err
		}
	}
	return nil
}

// replace puts a row of the server's in place of the base row. It keeps nothing of r.
func (b *base) replace(r *records.Row) error {
	if b.progress.ownRows == 0 { // what comes is others' then, and most of it new
		err := set.Insert(b.tx, r)
		if err == nil {
			return b.enter(r)
		}
		if !errors.Is(err, sqlitedb.ErrExists) {
			return err
		}
	}
	have, err := set.Get(b.tx, r.Table, r.ID)
	if errors.Is(err, records.ErrDamaged) { // it is in no digest since it was found to be
		if err := set.Delete(b.tx, r.Table, r.ID); err != nil {
			return err
		}
		have, err = nil, nil
	}
	if err != nil {
		return err
	}
	old, err := b.baseRow(have)
	if err != nil {
		return err
	}
	if old != nil {
		if err := b.count(old, func(d *digest, h syncproto.Hash) { d.Remove(h) }); err != nil {
			return err
		}
	}
	if err := b.enter(r); err != nil {
		return err
	}
	switch {
	case have == nil:
		return set.Insert(b.tx, r)
	case have.Meta[metaState] == inBase:
		return set.Replace(b.tx, r)
	case b.settledOrd(have.Meta[metaOwn]):
		return b.settle(have, r)
	}
	return b.relay(have, r)
}

// enter counts a row in that base has from now on.
func (b *base) enter(r *records.Row) error {
	if s := r.Of(schema.VerdictState).Text(); r.Table.ID == schema.Verdict && (s == schema.VerdictWithdrawn || s == schema.VerdictReplaced) {
		b.verdicts = append(b.verdicts, r.Clone())
	}
	b.backup = b.backup || r.Table.ID == schema.Backed
	if r.Table.ID == schema.Sale {
		b.passOver(r.Of(schema.SaleReceiptNo).Text())
	}
	if err := b.back(r); err != nil {
		return err
	}
	return b.count(r, func(d *digest, h syncproto.Hash) { d.Add(h) })
}

// baseRow is what base has of a record, nil where it has nothing.
func (b *base) baseRow(have *records.Row) (*records.Row, error) {
	if have == nil {
		return nil, nil
	}
	switch have.Meta[metaState] {
	case inBase:
		return have, nil
	case edited:
		return getPreimage(b.tx, have.Table, have.ID)
	}
	return nil, nil
}

// settle ends the overlay of a record: people see base.
func (b *base) settle(have, r *records.Row) error {
	if have.Meta[metaState] != heldMade {
		b.progress.ownRows--
	}
	if err := b.uncover(have); err != nil {
		return err
	}
	b.ended[have.Meta[metaOwn]]++
	r.Meta = [3]int64{}
	if r.Same(have) { // judged as it was recorded
		return set.Mark(b.tx, r)
	}
	return set.Replace(b.tx, r)
}

func (b *base) uncover(have *records.Row) error {
	if b.edits == nil {
		n, err := b.tx.Int(`SELECT EXISTS (SELECT 1 FROM overlay) OR EXISTS (SELECT 1 FROM preimage)`)
		if err != nil {
			return err
		}
		some := n != 0
		b.edits = &some
	}
	if !*b.edits {
		return nil
	}
	for _, sql := range []string{`DELETE FROM overlay WHERE tbl = ? AND record = ?`, `DELETE FROM preimage WHERE tbl = ? AND record = ?`} {
		if err := b.tx.Exec(sql, int64(have.Table.ID), have.ID[:]); err != nil {
			return err
		}
	}
	return nil
}

// relay keeps a base row beneath the own changes that are not settled.
func (b *base) relay(have, r *records.Row) error {
	if err := putPreimage(b.tx, r); err != nil {
		return err
	}
	b.edits = nil
	over, err := ownChanges(b.tx, have, 0)
	if err != nil {
		return err
	}
	seen := r.Clone()
	for i := len(over) - 1; i >= 0; i-- {
		if b.settledOrd(over[i].ord) {
			continue
		}
		for j := range over[i].change.Groups {
			seen.Write(&over[i].change.Groups[j])
		}
	}
	if have.Meta[metaState] == heldMade {
		b.progress.ownRows++
	}
	seen.Meta = [3]int64{metaState: edited, metaOwn: have.Meta[metaOwn]}
	return set.Replace(b.tx, seen)
}

// leave takes records off this device, unless a share that it still reads claims
// them; what it has recorded about them stays in the outbox.
func (b *base) leave(f *syncproto.Leave) error {
	if len(f.Records) == 0 {
		return b.leaveShare(syncproto.Share{Class: f.Class, Scope: f.Scope})
	}
	for _, list := range f.Records {
		t := schema.Lookup(list.Table)
		if t == nil {
			continue
		}
		for ids := list.IDs; len(ids) > 0; ids = ids[16:] {
			r, err := set.Get(b.tx, t, syncproto.RecordID(ids[:16]))
			if err != nil {
				return err
			}
			old, err := b.baseRow(r)
			if err != nil {
				return err
			}
			if old == nil { // made here, and moved away before this device heard of it
				old = r
			}
			// The row that says where the record went may come in another share:
			// as long as base has it in this one, it was not replaced.
			if r != nil && slices.Contains(old.Scopes(nil), f.Scope) {
				b.lessHere = true
				if err := b.remove(r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (b *base) leaveShare(share syncproto.Share) error {
	d, err := b.digest(share)
	if err != nil {
		return err
	}
	d.covered, d.differs, d.dirty = false, 0, true
	if b.left == nil {
		b.left = map[syncproto.Class][]syncproto.Scope{}
	}
	b.left[share.Class] = append(b.left[share.Class], share.Scope)
	return b.tx.Exec(`UPDATE spare SET hash = NULL WHERE class = ? AND scope = ?`, int64(share.Class), share.Scope.AppendBinary(nil))
}

// dropUnclaimed takes off this device the records of the shares that it may no longer
// read and that no other share claims, once all frames of a checkpoint are laid down.
func (b *base) dropUnclaimed() error {
	if len(b.left) == 0 {
		if b.lessHere {
			return b.sealLeft()
		}
		return nil
	}
	if err := b.flush(); err != nil {
		return err
	}
	covered, err := covered(b.tx)
	if err != nil {
		return err
	}
	for _, t := range schema.All {
		var gone []*records.Row
		if len(b.left[t.Class]) == 0 {
			continue
		}
		if err := set.Each(b.tx, t, ``, func(r *records.Row) error {
			old, err := b.baseRow(r)
			if err != nil {
				return err
			}
			if old == nil {
				old = r
			}
			left, claimed := false, false
			for _, s := range old.Scopes(nil) { // where it is, not where an edit of ours would have it
				left = left || slices.Contains(b.left[t.Class], s)
				claimed = claimed || slices.Contains(covered, syncproto.Share{Class: t.Class, Scope: s})
			}
			if left && !claimed {
				gone = append(gone, r)
			}
			return nil
		}); err != nil {
			return err
		}
		for _, r := range gone {
			if err := b.remove(r); err != nil {
				return err
			}
		}
	}
	return b.sealLeft()
}

func (b *base) remove(r *records.Row) error {
	old, err := b.baseRow(r)
	if err != nil {
		return err
	}
	if old != nil {
		if err := b.count(old, func(d *digest, h syncproto.Hash) { d.Remove(h) }); err != nil {
			return err
		}
	}
	if s := r.Meta[metaState]; s == made || s == edited {
		b.progress.ownRows--
	}
	if err := b.uncover(r); err != nil {
		return err
	}
	return set.Delete(b.tx, r.Table, r.ID)
}

// settleUpTo takes note of what the server has judged, and ends the overlay of what
// it judged otherwise than this device expected: no row came for that.
func (b *base) newlySettled(heads []syncproto.Head) ([][2]int64, error) {
	var spans [][2]int64
	for _, h := range heads {
		i := slices.IndexFunc(b.lives, func(l life) bool { return l.inc == h.Incarnation })
		if i < 0 || h.Seq <= b.lives[i].settled {
			continue
		}
		l := &b.lives[i]
		own, err := holds(b.tx, l, h)
		if err != nil {
			return nil, err
		}
		if !own { // a branch that a copy of this device wrote
			continue
		}
		spans = append(spans, [2]int64{l.ord(l.settled) + 1, l.ord(h.Seq)})
		l.settled, l.acked = h.Seq, max(l.acked, h.Seq)
		if err := b.tx.Exec(`UPDATE incarnation SET settled = ?, acked = ? WHERE id = ?`, uint64(l.settled), uint64(l.acked), l.id); err != nil {
			return nil, err
		}
	}
	return spans, nil
}

// dropOverlays ends the overlays of settled transactions for which no row came:
// what they made is held in quarantine, what they edited shows base again. Of what has
// left this device before it was settled, they are to be sealed now.
func (b *base) dropOverlays(spans [][2]int64) error {
	for _, span := range spans {
		err := b.tx.Query(func(row sqlitedb.Row) error {
			ord := row.Int(0)
			t, err := syncproto.ReadBody(row.Blob(1))
			if err != nil {
				return fmt.Errorf("own transaction %d: %w", ord, err)
			}
			if b.ended[ord] == len(t.Changes) {
				return nil
			}
			for i := range t.Changes {
				if err := b.dropOverlay(&t.Changes[i]); err != nil {
					return err
				}
			}
			return nil
		}, `SELECT ord, body FROM outbox WHERE ord BETWEEN ? AND ? AND body_hash IS NULL ORDER BY ord`, span[0], span[1])
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *base) dropOverlay(c *syncproto.Change) error {
	t := schema.Lookup(c.Table)
	if t == nil {
		return nil
	}
	have, err := set.Get(b.tx, t, c.Record)
	if err != nil || have == nil {
		b.lessHere = b.lessHere || err == nil
		return err
	}
	settled := b.settledOrd(have.Meta[metaOwn])
	switch {
	case have.Meta[metaState] == made && settled:
		b.progress.ownRows--
		have.Meta[metaState] = heldMade
		return set.Mark(b.tx, have)
	case have.Meta[metaState] == edited:
		r, err := getPreimage(b.tx, t, c.Record)
		if err != nil || r == nil {
			return err
		}
		if settled {
			return b.settle(have, r)
		}
		return b.relay(have, r)
	}
	return nil
}

// takeBack takes off this device what it made in transactions that head office has
// withdrawn or that were replaced.
func (b *base) takeBack() error {
	for _, r := range b.verdicts {
		if err := b.takeBackOne(r); err != nil {
			return err
		}
	}
	b.verdicts = nil
	return nil
}

func (b *base) takeBackOne(r *records.Row) error {
	inc := r.Of(schema.VerdictIncarnation).Bytes()
	i := slices.IndexFunc(b.lives, func(l life) bool { return string(l.inc[:]) == string(inc) })
	if i < 0 {
		return nil
	}
	row, ok, err := b.tx.One(`SELECT body FROM outbox WHERE ord = ? AND hash = ? AND body_hash IS NULL AND length(body) > 0`,
		b.lives[i].ord(syncproto.Seq(r.Of(schema.VerdictSeq).Int())), r.Of(schema.VerdictHash).Bytes()) // of a copy's branch it is not ours
	if err != nil || !ok {
		return err
	}
	t, err := syncproto.ReadBody(row.Blob(0))
	if err != nil {
		return err
	}
	for _, c := range t.Changes {
		have, err := set.Get(b.tx, schema.Lookup(c.Table), c.Record)
		if err != nil {
			return err
		}
		if have != nil && have.Meta[metaState] == heldMade {
			if err := b.remove(have); err != nil {
				return err
			}
		}
	}
	return nil
}

func covered(tx *sqlitedb.Tx) (shares []syncproto.Share, err error) {
	err = tx.Query(func(row sqlitedb.Row) error {
		scope, err := syncproto.ScopeFromBinary(row.Blob(1))
		shares = append(shares, syncproto.Share{Class: syncproto.Class(row.Int(0)), Scope: scope})
		return err
	}, `SELECT class, scope FROM share WHERE covered = 1 ORDER BY class, scope`)
	return shares, err
}

// Covered lists the shares complete here as of the cursor.
func (s *Store) Covered(ctx context.Context) (shares []syncproto.Share, err error) {
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		shares, err = covered(tx)
		return err
	})
	return shares, err
}

// compare notes which shares' digests here are not the server's, and names all that
// differ: those that the server did not mention, as they were when it last did. repaired
// is the share that has just been repaired, if any.
func (b *base) compare(theirs []syncproto.ShareDigest, repaired *syncproto.Share) (string, error) {
	for _, d := range theirs {
		own, err := b.digest(d.Share)
		if err != nil {
			return "", err
		}
		switch equal := own.Digest == (syncproto.Digest{Count: d.Count, Sum: d.Sum}); {
		case equal && own.differs != 0:
			own.differs, own.dirty = 0, true
		case !equal && own.differs == 0:
			own.differs, own.dirty = 1, true
		case !equal && repaired != nil && *repaired == d.Share:
			own.differs, own.dirty = own.differs+1, true
		}
	}
	if err := b.flush(); err != nil {
		return "", err
	}
	var names []string
	err := b.tx.Query(func(row sqlitedb.Row) error {
		scope, err := syncproto.ScopeFromBinary(row.Blob(1))
		names = append(names, syncproto.Share{Class: syncproto.Class(row.Int(0)), Scope: scope}.String())
		return err
	}, `SELECT class, scope FROM share WHERE differs > 0 ORDER BY class, scope`)
	return strings.Join(names, ", "), err
}

// Digests gives the digest of base of every share that is complete here.
func (s *Store) Digests(ctx context.Context) (map[syncproto.Share]syncproto.Digest, error) {
	all := map[syncproto.Share]syncproto.Digest{}
	return all, s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		shares, err := covered(tx)
		if err != nil {
			return err
		}
		b := &base{tx: tx, digests: map[syncproto.Share]*digest{}}
		for _, share := range shares {
			d, err := b.digest(share)
			if err != nil {
				return err
			}
			all[share] = d.Digest
		}
		return nil
	})
}
