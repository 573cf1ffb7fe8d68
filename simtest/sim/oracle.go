package sim

import (
	"crypto/ed25519"
	"fmt"
	"strconv"

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
			case schema.Conflict, schema.ConflictPersonal, schema.ConflictEligibility:
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

const (
	unknown effect = iota
	none
	whole
)
