package sim

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// sums are what sales add up to.
type sums struct{ receipts, pieces, amount int64 }

// view is what one side holds, record by record.
type view struct {
	rows     map[string]*records.Row // by table and id
	sales    sums                    // that count
	lines    map[syncproto.RecordID]sums
	verdicts map[syncproto.Hash]verdict
	ledger   map[syncproto.Hash]bool // transactions that a conflict names
}

type verdict struct{ state, code string }

func rowKey(table syncproto.TableID, id syncproto.RecordID) string {
	return fmt.Sprintf("%d/%x", table, id)
}

type reader interface {
	Each(syncproto.TableID, func(*records.Row) error) error
}

// look reads all that a side holds. skip leaves records out.
func look(r reader, skip func(*records.Row) bool) (*view, error) {
	v := &view{rows: map[string]*records.Row{}, lines: map[syncproto.RecordID]sums{}, verdicts: map[syncproto.Hash]verdict{}, ledger: map[syncproto.Hash]bool{}}
	var sales []*records.Row
	for _, t := range schema.All {
		if err := r.Each(t.ID, func(row *records.Row) error {
			if skip != nil && skip(row) {
				return nil
			}
			v.rows[rowKey(t.ID, row.ID)] = row
			switch t.ID {
			case schema.Sale:
				sales = append(sales, row)
			case schema.SaleLine:
				of := row.Of(schema.LineSale).ID()
				s := v.lines[of]
				s.pieces += row.Of(schema.LineQuantity).Int()
				s.amount += row.Of(schema.LineQuantity).Int()*row.Of(schema.LineUnitPrice).Int() - row.Of(schema.LineDiscount).Int()
				v.lines[of] = s
			case schema.Verdict:
				v.verdicts[syncproto.Hash(row.Of(schema.VerdictHash).Bytes())] = verdict{row.Of(schema.VerdictState).Text(), syncproto.Code(row.Of(schema.VerdictCode).Int()).String()}
			case schema.Conflict, schema.ConflictPersonal:
				v.ledger[syncproto.Hash(row.Of(schema.ConflictLoserHash).Bytes())] = true
				v.ledger[syncproto.Hash(row.Of(schema.ConflictWinnerHash).Bytes())] = true
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	for _, s := range sales {
		if !s.Of(schema.Voided).Bool() {
			v.sales.receipts++
			v.sales.pieces += v.lines[s.ID].pieces
			v.sales.amount += v.lines[s.ID].amount
		}
	}
	return v, nil
}

func (v *view) shows(of register) string {
	row := v.rows[rowKey(of.table, of.record)]
	if row == nil {
		return ""
	}
	if f := row.Of(of.field); f.Kind() == syncproto.Int {
		return strconv.FormatInt(f.Int(), 10)
	} else {
		return f.Text()
	}
}

// audit holds the server's figures against its records, and those against the model: at
// no moment is anything counted twice, or counted that nobody did.
func (w *World) audit() *view {
	c := w.centre
	if !c.up {
		return nil
	}
	var v *view
	var figures *report.Figures
	w.must(c.state.Read(ctx, func(r *state.Reader) (err error) {
		if v, err = look(r, nil); err != nil {
			return err
		}
		figures, err = r.Figure(report.Key{By: report.Total})
		return err
	}))
	have := sums{}
	if figures != nil {
		have = sums{figures.Receipts, figures.Pieces, figures.AmountMinor["AED"]}
	}
	if have != v.sales {
		w.failf("the server's report says %+v, its records add up to %+v", have, v.sales)
	}
	known := map[syncproto.RecordID]*tx{}
	for _, t := range w.model.txs {
		if t.kind == aSale {
			known[t.record] = t
		}
	}
	for id, s := range v.lines {
		t := known[id]
		if t == nil {
			w.failf("the server has lines of sale %v, which nobody sold", id)
		}
		if s.amount != t.amount || s.pieces != t.pieces {
			w.failf("sale %d is %d pieces for %d at the server, and was %d for %d", t.n, s.pieces, s.amount, t.pieces, t.amount)
		}
	}
	return v
}

// parked notes that something waits for what comes before it.
func (w *World) parked() {
	if !w.centre.up || w.centre.dying {
		return
	}
	w.must(w.centre.state.Read(ctx, func(r *state.Reader) error {
		_, parked, err := r.Held()
		if parked > 0 {
			w.hit(Parked)
		}
		return err
	}))
}

// receipted holds a receipt against the log: it says that a transaction is there.
func (w *World) receipted(r *syncproto.Receipt) {
	v, err := syncproto.VerifyReceipt(w.model.nodeKey.Public().(ed25519.PublicKey), w.centre.state.Head().Org, r.Signed)
	w.must(err)
	if w.model.logged[v.Chain] == nil {
		w.failf("the server gives a receipt for %x, which its log does not hold", v.Chain[:4])
	}
}

// wiped notes that a device took everything off itself: it has to have delivered all.
func (w *World) wiped(s *site) {
	w.hit(Wiped)
	for _, t := range s.chain {
		if w.model.logged[t.hash] == nil {
			w.failf("%s wiped itself, and the server does not have transaction %d", s.name, t.n)
		}
	}
	s.wiped, s.chain = true, nil
}

// rights are those that the server's records say, which the log may have had in another
// order than they were decided in, where it went back in time.
func (v *view) rights() *model {
	m := newModel()
	for _, row := range v.rows {
		switch row.Table.ID {
		case schema.Device:
			m.revoked[row.ID] = !row.Of(schema.DeviceRevoked).IsNull()
		case schema.Grant:
			scope, _ := syncproto.ScopeFromBinary(row.Of(schema.GrantScope).Bytes())
			m.grants[row.ID] = &right{
				device: row.Of(schema.GrantDevice).ID(), scope: scope, classes: row.Of(schema.GrantClass).Text(), write: row.Of(schema.GrantWrite).Bool(),
				until: row.Of(schema.GrantRecordsUntil).Int(), deliver: row.Of(schema.GrantDeliverUntil).Int(), voided: row.Of(schema.Voided).Bool(),
			}
		}
	}
	return m
}

// judge is what has to hold of a world that was healed.
func (w *World) judge() {
	v := w.audit()
	if have := v.rights(); !w.model.restored {
		for id, r := range w.model.grants {
			if h := have.grants[id]; h == nil || *h != *r {
				w.failf("right %v of device %v is %+v at the server, head office said %+v", id, r.device, h, r)
			}
		}
	}
	if n := w.hits[Repaired]; n > 0 && !w.model.restored {
		w.failf("%d questions about ranges were asked, in a world whose server never went back: some digest differed", n)
	}
	w.judgeTransactions(v)
	w.judgeRegisters(v)
	for _, s := range w.sites {
		w.judgeSite(s, v)
	}
	w.hits[Held] += len(v.verdicts)
	w.hits[Conflicted] += len(v.ledger) / 2
}

// judgeTransactions: what was acknowledged to a person has its effect once, or is held
// with a reason, or waits for something that nobody has any more.
func (w *World) judgeTransactions(v *view) {
	exists := map[*tx]bool{} // on some disk
	for _, s := range w.sites {
		for _, t := range s.chain {
			exists[t] = true
		}
	}
	waits := map[*tx]bool{}
	for _, t := range w.model.txs { // parents come first
		a := w.model.logged[t.hash]
		if a == nil && !exists[t] {
			waits[t] = true // it went with a disk, before it was sent
			continue
		}
		if a == nil {
			if s := w.holder(t); s != nil && s.refused {
				continue // it stays there, for a person to look at
			}
			w.failf("%v is not in the server's log, though %v has it", t, w.holder(t).name)
		}
		if t.parent != nil && waits[t.parent] {
			waits[t] = true
			continue
		}
		verdict, was := v.verdicts[t.hash]
		effect := w.effect(t, v)
		switch {
		case !was && effect == none:
			w.failf("%v is in the server's log, has no effect and is not held", t)
		case was && verdict.state == schema.VerdictHeld && verdict.code == "":
			w.failf("%v is held without a reason", t)
		case was && (verdict.state == schema.VerdictHeld || verdict.state == schema.VerdictWithdrawn) && effect == whole && !w.replacedBy(t, v):
			w.failf("%v is %s, and has its effect", t, verdict.state)
		case was && verdict.state == schema.VerdictReleased && effect == none:
			w.failf("%v was released, and has no effect", t)
		}
		w.judgeRight(t, a, verdict, was)
	}
}

func (t *tx) String() string {
	return fmt.Sprintf("%s %d of %s, hash %x", t.kind, t.n, t.site, t.hash[:4])
}

func (w *World) holder(t *tx) *site {
	for _, s := range w.sites {
		if slices.Contains(s.chain, t) {
			return s
		}
	}
	return nil
}

// replacedBy says whether another transaction of the same record may have the effect.
func (w *World) replacedBy(t *tx, v *view) bool {
	for _, o := range w.model.txs {
		if o != t && o.record == t.record && o.kind == t.kind {
			return true
		}
	}
	return false
}

// judgeRight: what a device was allowed to deliver when it did is not held for want of a
// right, and what it was not is.
func (w *World) judgeRight(t *tx, a *arrival, d verdict, was bool) {
	if w.model.restored || !a.told {
		return
	}
	want := slices.Contains([]string{"not_granted", "grant_ended", "revoked_late"}, d.code)
	switch {
	case a.allowed && was && want && d.state == schema.VerdictHeld:
		w.failf("%v is held as %s, and was allowed when it came", t, d.code)
	case !a.allowed && !was:
		w.failf("%v was not allowed when it came, and was never held", t)
	}
}

type effect int

const (
	unknown effect = iota
	none
	whole
)

// effect is what a transaction has done at the server, where that can be told.
func (w *World) effect(t *tx, v *view) effect {
	row := v.rows[rowKey(t.table, t.record)]
	switch t.kind {
	case aSale:
		if row == nil {
			return none
		}
		return whole
	case aRecord:
		if row == nil {
			return none
		}
		return whole
	case aVoid:
		if row != nil && !row.Of(schema.Voided).Bool() {
			return none
		}
	}
	return unknown
}

// judgeRegisters: what stands somewhere was written by the last who wrote, and whoever was
// overwritten was seen by who overwrote it, or stands in the ledger.
func (w *World) judgeRegisters(v *view) {
	applied := map[register][]*tx{}
	for _, t := range w.model.txs {
		if t.kind != aWrite || w.model.logged[t.hash] == nil || w.lost(t) {
			continue
		}
		if d, was := v.verdicts[t.hash]; was && d.state != schema.VerdictReleased {
			continue
		}
		of := register{t.table, t.record, t.field}
		applied[of] = append(applied[of], t)
	}
	for of, writes := range applied {
		stands := v.shows(of)
		for _, t := range writes {
			if t.value == stands || v.ledger[t.hash] {
				continue
			}
			if !slices.ContainsFunc(writes, func(o *tx) bool { return o != t && (o.saw == t.value || descends(o, t)) }) {
				w.failf("%v wrote %q, which nobody saw who wrote there since; now %q stands there, and the ledger does not know of it", t, t.value, stands)
			}
		}
		if !slices.ContainsFunc(writes, func(t *tx) bool { return t.value == stands }) {
			w.failf("%q stands where %v wrote %q", stands, writes[len(writes)-1], writes[len(writes)-1].value)
		}
	}
}

// lost says whether something before a transaction went with a disk: then it waits.
func (w *World) lost(t *tx) bool {
	for p := t.parent; p != nil; p = p.parent {
		if w.model.logged[p.hash] == nil {
			return true
		}
	}
	return false
}

func descends(t, from *tx) bool {
	for p := t.parent; p != nil; p = p.parent {
		if p == from {
			return true
		}
	}
	return false
}

// judgeSite: a healed site holds what the server has of what it may read, and nothing
// else, and its report is the sum of that.
func (w *World) judgeSite(s *site, server *view) {
	now := w.centre.now().UnixMilli()
	device := syncproto.RecordID(s.device())
	rights := server.rights()
	var own *view
	held := false
	w.must(s.store.Read(ctx, func(r *store.Reader) (err error) {
		own, err = look(r, nil)
		return err
	}))
	if s.wiped {
		if len(own.rows) > 0 {
			w.failf("%s wiped itself, and holds %d records", s.name, len(own.rows))
		}
		return
	}
	if s.refused || rights.revoked[device] {
		return
	}
	counted := map[syncproto.TableID]int{}
	for key, row := range own.rows {
		theirs := server.rows[key]
		if !store.Arrived(row) || store.Held(row) {
			held = true
			continue
		}
		counted[row.Table.ID]++
		if theirs == nil {
			w.failf("%s holds %s %v, which the server does not have", s.name, row.Table.Name, row.ID)
		}
		if !rights.reads(device, row.Table.Class, row.Scopes(nil), now) {
			w.failf("%s holds %s %v in %v, which it may not read", s.name, row.Table.Name, row.ID, row.Scopes(nil))
		}
		if row.Meta[0] != 0 { // an own edit lies over it
			held = true
			continue
		}
		if a, b := fields(row), fields(theirs); a != b {
			w.failf("%s shows %s %v as %s, the server as %s", s.name, row.Table.Name, row.ID, a, b)
		}
	}
	for key, row := range server.rows {
		if own.rows[key] == nil && rights.reads(device, row.Table.Class, row.Scopes(nil), now) {
			w.failf("%s lacks %s %v of %v", s.name, row.Table.Name, row.ID, row.Scopes(nil))
		}
	}
	w.judgeDigests(s)
	if held {
		return
	}
	sales, err := client.Sales(ctx, s.store, report.Product)
	w.must(err)
	if have := (sums{sales.Total.Receipts, sales.Total.Pieces, sales.Total.AmountMinor["AED"]}); have != own.sales {
		w.failf("%s reports %+v, its records add up to %+v", s.name, have, own.sales)
	}
}

func (w *World) judgeDigests(s *site) {
	digests, err := s.store.Digests(ctx)
	w.must(err)
	theirs := map[syncproto.Share]syncproto.Digest{}
	w.must(w.centre.state.Read(ctx, func(r *state.Reader) error {
		return r.Shares(func(d syncproto.ShareDigest, _ syncproto.Position) {
			theirs[d.Share] = syncproto.Digest{Count: d.Count, Sum: d.Sum}
		})
	}))
	for share, d := range digests {
		if d != theirs[share] {
			w.failf("%s has %v of %v, the server %v", s.name, d, share, theirs[share])
		}
	}
	if u := s.store.Progress().Unequal; u != "" {
		w.failf("%s says that %s differ from the server's", s.name, u)
	}
}

func fields(row *records.Row) string {
	var b strings.Builder
	for i, f := range row.Table.Fields {
		if v := row.Values[i]; !v.IsNull() {
			fmt.Fprintf(&b, "%s=%v ", f.Name, v)
		}
	}
	return b.String()
}
