package state

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/hlc"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// releasing is a held transaction that may be admitted at the present position.
type releasing struct{ position syncproto.Position }

// held is a row of that table.
type held struct {
	position syncproto.Position
	chain    *chain
	seq      syncproto.Seq
	hash     syncproto.Hash
	code     syncproto.Code
	body     []byte
	received int64
	verdict  syncproto.RecordID
	waives   []syncproto.Code
}

// quarantine keeps a transaction that may not be applied, with its verdict for the
// author and for head office. The chain goes on.
func (f *fold) quarantine(a *author, t *syncproto.Transaction, body *syncproto.Body, why *syncproto.Error) error {
	detail := brief(why.Detail)
	verdict := schema.VerdictID(a.received, a.hash)
	bytes := body.Bytes
	if bytes == nil {
		bytes = []byte{}
	}
	if err := f.tx.Exec(`INSERT INTO held (position, chain, seq, hash, device, code, detail, body, received, verdict) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		uint64(a.position), a.chain.id, uint64(a.seq), a.hash[:], a.chain.device[:], int64(why.Code), detail, bytes, a.received, verdict[:]); err != nil {
		return err
	}
	a.chain.held++
	a.chain.dirty = true
	if t != nil {
		if err := f.holdWrites(a.position, t); err != nil {
			return err
		}
		if err := f.holdNames(a.position, t); err != nil {
			return err
		}
		if err := f.await(a.position, t, why); err != nil {
			return err
		}
	}
	r := records.New(schema.Lookup(schema.Verdict), verdict)
	r.Set(schema.VerdictDevice, syncproto.BytesValue(a.chain.device[:]))
	r.Set(schema.VerdictIncarnation, syncproto.BytesValue(a.chain.incarnation[:]))
	r.Set(schema.VerdictSeq, syncproto.IntValue(int64(a.seq)))
	r.Set(schema.VerdictHash, syncproto.BytesValue(a.hash[:]))
	setWhy(r, why)
	r.Set(schema.VerdictState, syncproto.TextValue(schema.VerdictHeld))
	if s := amountsOf(t); s != "" {
		r.Set(schema.VerdictAmounts, syncproto.TextValue(s))
	}
	return f.own(r)
}

// setWhy writes the code and the words of a refusal into its verdict.
func setWhy(r *records.Row, why *syncproto.Error) {
	r.Set(schema.VerdictCode, syncproto.IntValue(int64(why.Code)))
	detail := syncproto.Value{}
	if s := brief(why.Detail); s != "" {
		detail = syncproto.TextValue(s)
	}
	r.Set(schema.VerdictDetail, detail)
}

// brief cuts words to what a verdict may hold.
func brief(detail string) string {
	if len(detail) > 400 {
		detail = strings.ToValidUTF8(detail[:400], "")
	}
	return detail
}

// amountsOf is the money in a transaction's sale lines, for people: "AED 1200".
func amountsOf(t *syncproto.Transaction) string {
	if t == nil {
		return ""
	}
	sums := map[string]int64{}
	for i := range t.Changes {
		c := &t.Changes[i]
		if c.Table != schema.SaleLine || schema.Check(c) != nil {
			continue
		}
		r := records.New(schema.Lookup(schema.SaleLine), c.Record)
		for j := range c.Groups {
			r.Write(&c.Groups[j])
		}
		if amount, currency, priced := rules.LineAmount(r.Values); priced {
			sums[currency] += amount
		}
	}
	var parts []string
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		parts = append(parts, fmt.Sprintf("%s %d", currency, sums[currency]))
	}
	if len(parts) > 8 {
		parts = parts[:8]
	}
	return strings.Join(parts, ", ")
}

func (f *fold) holdWrites(position syncproto.Position, t *syncproto.Transaction) error {
	for i := range t.Changes {
		c := &t.Changes[i]
		for _, g := range c.Groups {
			if err := f.tx.Exec(`INSERT OR IGNORE INTO held_write (tbl, record, grp, position, made) VALUES (?, ?, ?, ?, ?)`,
				int64(c.Table), c.Record[:], int64(g.Group), uint64(position), c.Op == syncproto.Create); err != nil {
				return err
			}
		}
	}
	return nil
}

// await notes the records that a transaction refused as gone waits for.
func (f *fold) await(position syncproto.Position, t *syncproto.Transaction, why *syncproto.Error) error {
	if why.Code != syncproto.CodeGone {
		return nil
	}
	for i := range t.Changes {
		c := &t.Changes[i]
		table, id := schema.Lookup(c.Table), c.Record
		if c.Op == syncproto.Create && table != nil {
			r := records.New(table, id)
			for j := range c.Groups {
				r.Write(&c.Groups[j])
			}
			table, id = parentOf(table, r.Values)
		}
		if table == nil {
			continue
		}
		row, err := set.Get(f.tx, table, id)
		if err != nil {
			return err
		}
		if row != nil {
			continue
		}
		n, err := f.tx.ExecN(`INSERT OR IGNORE INTO waits (record, tbl, position) VALUES (?, ?, ?)`, id[:], int64(table.ID), uint64(position))
		if err != nil {
			return err
		}
		f.waiting += n
	}
	return nil
}

// awaited lets the transactions be judged again that waited for a record.
func (f *fold) awaited(r *records.Row) error {
	if f.waiting == 0 {
		return nil
	}
	return f.tx.Query(func(row sqlitedb.Row) error {
		f.release = append(f.release, releasing{syncproto.Position(row.Int(0))})
		return nil
	}, `SELECT position FROM waits WHERE record = ? AND tbl = ? ORDER BY position`, r.ID[:], int64(r.Table.ID))
}

// settleReleases judges again what the present position may have freed, in order,
// until nothing more comes free.
func (f *fold) settleReleases() error {
	for len(f.release) > 0 {
		next := f.release[0]
		f.release = f.release[1:]
		if err := f.admit(next.position); err != nil {
			return err
		}
	}
	return nil
}

func (f *fold) admit(position syncproto.Position) error {
	h, err := f.heldAt(position)
	if err != nil || h == nil {
		return err
	}
	t, err := syncproto.ReadBody(h.body)
	if err != nil {
		return nil // it was held for this, and stays
	}
	row, _, err := f.tx.One(`SELECT stamp FROM tx WHERE position = ?`, uint64(position))
	if err != nil {
		return err
	}
	a := &author{chain: h.chain, seq: h.seq, hash: h.hash, position: position, received: h.received, least: hlc.Stamp(row.Int(0)), waives: h.waives}
	p, refusal, err := f.judge(a, t)
	if err != nil {
		return err
	}
	if refusal != nil {
		return f.heldAgain(h, t, refusal)
	}
	if err := f.exit(position, schema.VerdictReleased); err != nil {
		return err
	}
	h.chain.stamp = max(h.chain.stamp, p.stamp)
	if err := f.tx.Exec(`UPDATE tx SET code = 0, stamp = ? WHERE position = ?`, uint64(p.stamp), uint64(position)); err != nil {
		return err
	}
	return f.carryOut(a, p)
}

// decision carries out what head office decided about a held transaction. One that is
// settled already stays as it is: the first decision in the log holds.
func (f *fold) decision(r *records.Row) error {
	if r.Table.ID != schema.Decision {
		return nil
	}
	row, ok, err := f.tx.One(`SELECT position FROM held WHERE hash = ?`, r.Of(schema.DecisionHash).Bytes())
	if err != nil || !ok {
		return err
	}
	position := syncproto.Position(row.Int(0))
	if r.Of(schema.DecisionAction).Text() == schema.DecisionWithdraw {
		return f.exit(position, schema.VerdictWithdrawn)
	}
	f.release = append(f.release, releasing{position})
	waives := r.Of(schema.DecisionWaives)
	if waives.IsNull() {
		return nil
	}
	// A waiver stays: the transaction may have to wait for another one yet.
	return f.tx.Exec(`UPDATE held SET waives = ? WHERE position = ?`, waives.Bytes(), uint64(position))
}

func (f *fold) heldAt(position syncproto.Position) (*held, error) {
	row, ok, err := f.tx.One(`SELECT chain, seq, hash, code, body, received, verdict, waives FROM held WHERE position = ?`, uint64(position))
	if err != nil || !ok {
		return nil, err
	}
	h := &held{position: position, seq: syncproto.Seq(row.Int(1)), code: syncproto.Code(row.Int(3)), body: row.Blob(4), received: row.Int(5)}
	copy(h.hash[:], row.Blob(2))
	copy(h.verdict[:], row.Blob(6))
	h.waives = schema.WaivedCodes(row.Blob(7))
	h.chain, err = f.chain(row.Int(0))
	return h, err
}

func (f *fold) heldAgain(h *held, t *syncproto.Transaction, why *syncproto.Error) error {
	if err := f.unwait(h.position); err != nil {
		return err
	}
	if err := f.await(h.position, t, why); err != nil {
		return err
	}
	if why.Code == h.code {
		return nil
	}
	if err := f.tx.Exec(`UPDATE held SET code = ?, detail = ? WHERE position = ?`, int64(why.Code), brief(why.Detail), uint64(h.position)); err != nil {
		return err
	}
	return f.verdict(h.verdict, func(r *records.Row) { setWhy(r, why) })
}

func (f *fold) unwait(position syncproto.Position) error {
	n, err := f.tx.ExecN(`DELETE FROM waits WHERE position = ?`, uint64(position))
	f.waiting -= n
	return err
}

// exit ends a transaction's quarantine and lets its dependants be judged again.
func (f *fold) exit(position syncproto.Position, state string) error {
	h, err := f.heldAt(position)
	if err != nil || h == nil {
		return err
	}
	for _, sql := range []string{`DELETE FROM held WHERE position = ?`, `DELETE FROM held_write WHERE position = ?`, `DELETE FROM held_named WHERE position = ?`} {
		if err := f.tx.Exec(sql, uint64(position)); err != nil {
			return err
		}
	}
	if err := f.unwait(position); err != nil {
		return err
	}
	h.chain.held--
	h.chain.dirty = true
	if err := f.verdict(h.verdict, func(r *records.Row) { r.Set(schema.VerdictState, syncproto.TextValue(state)) }); err != nil {
		return err
	}
	return f.tx.Query(func(row sqlitedb.Row) error {
		f.release = append(f.release, releasing{syncproto.Position(row.Int(0))})
		return nil
	}, `SELECT position FROM held WHERE code = ? ORDER BY position`, int64(syncproto.CodeDependant))
}

func (f *fold) verdict(id syncproto.RecordID, change func(*records.Row)) error {
	r, err := set.Get(f.tx, schema.Lookup(schema.Verdict), id)
	if err != nil || r == nil {
		return err
	}
	r = r.Clone()
	change(r)
	return f.own(r)
}

// mends finds the held transaction that this one replaces, and those of the same device
// that it would itself have replaced: of several attempts the one that is taken stands.
// One that is settled already cannot be replaced again, nor one of somebody else's.
func (f *fold) mends(a *author, access *schema.Access, p *plan, t *syncproto.Transaction) (*syncproto.Error, error) {
	for hash := t.Replaces; hash != nil; {
		row, ok, err := f.tx.One(`SELECT position, device, chain, seq, body FROM held WHERE hash = ?`, hash[:])
		if err != nil {
			return nil, err
		}
		first := len(p.replaces) == 0
		switch {
		case !ok && first:
			return syncproto.Errorf(syncproto.CodeSettled, ""), nil
		case !ok:
			return nil, nil
		}
		position, device := syncproto.Position(row.Int(0)), syncproto.DeviceID(row.Blob(1))
		switch {
		case first && access.Kind != schema.KindServerDevice && device != a.chain.device:
			// A copy that was renamed mends what it recorded under its old name.
			if older, err := f.ancestor(row.Int(2), syncproto.Seq(row.Int(3)), a.chain, a.seq); err != nil || !older {
				return syncproto.Errorf(syncproto.CodeNotGranted, "to replace another device's transaction"), err
			}
		case !first && (device != p.place.chain.device || position >= p.replaces[len(p.replaces)-1]):
			return nil, nil
		}
		p.replaces = append(p.replaces, position)
		p.place.seq = syncproto.Seq(row.Int(3))
		body := row.Blob(4)
		if p.place.chain, err = f.chain(row.Int(2)); err != nil {
			return nil, err
		}
		hash = nil
		if held, err := syncproto.ReadBody(body); err == nil {
			hash = held.Replaces
		}
	}
	return nil, nil
}

// rests says whether a transaction has to wait with a held one of its own past: it
// writes a group that the held one wrote, or touches or refers to a record that
// only the held one makes. A screen that had shown the verdict is free of it. What
// replaces a held one stands in its place: what came after that, and may be waiting
// for it, does not hold it up.
func (f *fold) rests(a *author, p *plan, t *syncproto.Transaction) (*syncproto.Error, error) {
	any := false
	for c := p.place.chain; c != nil; {
		any = any || c.held > 0
		var err error
		if c, err = f.chain(c.parent); err != nil {
			return nil, err
		}
	}
	if !any {
		return nil, nil
	}
	bases, err := f.bases(t.Bases)
	if err != nil {
		return nil, err
	}
	for i := range t.Changes {
		c := &t.Changes[i]
		waits, err := f.restsOn(a, p, t, c, bases)
		if err != nil {
			return nil, err
		}
		if waits {
			return syncproto.Errorf(syncproto.CodeDependant, ""), nil
		}
	}
	return nil, nil
}

func (f *fold) restsOn(a *author, p *plan, t *syncproto.Transaction, c *syncproto.Change, bases []syncproto.Position) (bool, error) {
	found := false
	look := func(record []byte, f2 func(tbl, grp int64, at syncproto.Position, made bool) bool) error {
		return f.tx.Query(func(row sqlitedb.Row) error {
			at := syncproto.Position(row.Int(2))
			if at == a.position || slices.Contains(p.replaces, at) {
				return nil
			}
			older, err := f.ancestor(row.Int(4), syncproto.Seq(row.Int(5)), p.place.chain, p.place.seq)
			if err == nil && older && f2(row.Int(0), row.Int(1), at, row.Int(3) != 0) {
				found = true
			}
			return err
		}, `SELECT w.tbl, w.grp, w.position, w.made, h.chain, h.seq FROM held_write w JOIN held h ON h.position = w.position WHERE w.record = ?`, record)
	}
	err := look(c.Record[:], func(tbl, grp int64, at syncproto.Position, made bool) bool {
		if tbl != int64(c.Table) {
			return false
		}
		if made && c.Op == syncproto.Update {
			return true
		}
		for _, g := range c.Groups {
			if int64(g.Group) == grp && (g.Base == syncproto.NoBase || bases[g.Base] < at) {
				return true
			}
		}
		return false
	})
	if err != nil || found {
		return found, err
	}
	table := schema.Lookup(c.Table)
	if table == nil {
		return false, nil
	}
	for _, g := range c.Groups {
		for _, fv := range g.Fields {
			i := table.Index(fv.Field)
			if i < 0 || table.Fields[i].Ref == 0 || fv.Value.IsNull() {
				continue
			}
			ref := table.Fields[i].Ref
			known, err := set.Get(f.tx, schema.Lookup(ref), fv.Value.ID())
			if err != nil {
				return false, err
			}
			if known != nil {
				continue
			}
			err = look(fv.Value.Bytes(), func(tbl, _ int64, _ syncproto.Position, made bool) bool { return made && tbl == int64(ref) })
			if err != nil || found {
				return found, err
			}
		}
	}
	return false, nil
}
