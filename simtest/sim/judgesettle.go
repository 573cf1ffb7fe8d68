package sim

import (
	"bytes"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/seal"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// places are where a sale line stands in statements.
type places struct{ sale, void *records.Row }

// readBooks reads the statements that head office has, at any moment: a sale line is in one at
// most, for what it was sold for and the family that owns it; a void takes back what is in
// one; and none is other than it was approved.
func (w *World) readBooks() map[syncproto.RecordID]places {
	c, b := w.centre, w.model.books
	if !c.up {
		return nil
	}
	statements, numbers := map[syncproto.RecordID]*approved{}, map[string]bool{}
	lines := map[syncproto.RecordID]places{}
	var all []*records.Row
	w.must(c.state.Read(ctx, func(r *state.Reader) error {
		if err := r.Each(schema.Statement, func(row *records.Row) error {
			number := row.Of(schema.StatementNumber).Text()
			if numbers[number] {
				w.failf("two statements have number %s", number)
			}
			numbers[number], statements[row.ID] = true, &approved{}
			return nil
		}); err != nil {
			return err
		}
		return r.Each(schema.StatementLine, func(row *records.Row) error {
			all = append(all, row)
			return nil
		})
	}))
	sold := w.sold()
	for _, row := range all {
		s := statements[row.Of(schema.SettledStatement).ID()]
		of := row.Of(schema.SettledLine).ID()
		t := sold[of]
		if s == nil || t == nil {
			w.failf("line %v of a statement is of sale line %v, which nobody sold, or of no statement", row.ID, of)
		}
		s.net, s.lines = s.net+row.Of(schema.SettledNet).Int(), s.lines+1
		p, want := lines[of], t.amount
		kind := row.Of(schema.SettledKind).Text()
		twice := kind == schema.SettledSale && p.sale != nil || kind == schema.SettledVoid && p.void != nil
		switch kind {
		case schema.SettledSale:
			p.sale = row
		case schema.SettledVoid:
			p.void, want = row, -want
		}
		if lines[of] = p; twice {
			w.failf("the line of %v is in two statements", t)
		}
		if row.Of(schema.SettledNet).Int() != want || row.Of(schema.SettledFamily).ID() != b.owner[t.product] {
			w.failf("%v was of %d for family %v; in its statement it is %d for %v", t, t.amount, b.owner[t.product], row.Of(schema.SettledNet).Int(), row.Of(schema.SettledFamily).ID())
		}
	}
	for _, p := range lines {
		if p.sale == nil {
			w.failf("a statement takes back a line that none has")
		}
	}
	for id, s := range statements {
		if s.net <= 0 {
			w.failf("a statement of %d was approved", s.net)
		}
		if was := b.statements[id]; was == nil { // whoever approved it had no answer
			s.sure = true
			b.statements[id] = s
		} else if was.net != s.net || was.lines != s.lines {
			w.failf("a statement was approved with %d lines of %d, and has %d of %d now", was.lines, was.net, s.lines, s.net)
		}
	}
	for id, s := range b.statements {
		if s.sure && statements[id] == nil {
			w.failf("a statement of %d that was approved is gone", s.net)
		}
	}
	return lines
}

// sold are the sales that somebody made, by the id of their line.
func (w *World) sold() map[syncproto.RecordID]*tx {
	sold := map[syncproto.RecordID]*tx{}
	for _, t := range w.model.txs {
		if t.kind == aSale && sold[t.record.Child(1)] == nil {
			sold[t.record.Child(1)] = t
		}
	}
	return sold
}

func (v *view) payouts(statement syncproto.RecordID) (rows []*records.Row) {
	for _, row := range v.rows {
		if row.Table.ID == schema.Payout && row.Of(schema.PayoutStatement).ID() == statement {
			rows = append(rows, row)
		}
	}
	return rows
}

// judgeBooks: once head office has settled all there is, each line of a family's that counts is
// in one statement, and what came after is deducted in another; what waits is not more than
// what is to be deducted. A statement is paid once, whatever two who pay it apart wrote.
func (w *World) judgeBooks(v *view) {
	w.readBooks()
	w.judgePayouts(v)
	w.approve(server.NewSettlement{To: everDay, By: "an accountant"})
	lines := w.readBooks()
	rest, waits := map[syncproto.RecordID]int64{}, map[syncproto.RecordID]int{}
	sold := w.sold()
	for line, t := range sold {
		sale := v.rows[rowKey(schema.Sale, t.record)]
		family, p := w.model.books.owner[t.product], lines[line]
		voided, by := v.voided(t), t // whose void it is
		if of := sold[t.refunds]; !voided && sale != nil && of != nil && v.voided(of) {
			voided, by = true, of
			w.hit(VoidedAndRefunded)
		}
		switch {
		case voided && !w.takenBack(by):
			w.failf("%v counts no more, and nobody took it back", t)
		case sale == nil || family.IsZero():
			if p.sale != nil {
				w.failf("%v is in a statement, and head office does not have it, or nobody owns it", t)
			}
		case !voided && p.void != nil:
			w.failf("%v counts, and a statement takes it back", t)
		case !voided && p.sale == nil:
			rest[family] += t.amount
			waits[family]++
		case voided && p.sale != nil && p.void == nil:
			rest[family] -= t.amount
			waits[family]++
		}
		if p.void != nil {
			w.hit(LateVoid)
		}
		if p.sale != nil && t.pieces < 0 && lines[t.refunds].sale != nil && lines[t.refunds].sale.Of(schema.SettledStatement) != p.sale.Of(schema.SettledStatement) {
			w.hit(LateRefund)
		}
	}
	for family, n := range waits {
		if rest[family] > 0 {
			w.failf("family %v is owed %d for %d lines, which no statement has", family, rest[family], n)
		}
	}
	due, err := w.centre.server.Due(ctx, everDay, syncproto.RecordID{})
	w.must(err)
	for _, d := range due {
		if d.NetMinor != rest[d.Family] || d.Count != waits[d.Family] {
			w.failf("%d for %d lines is said to be due to family %v, and %d for %d is", d.NetMinor, d.Count, d.Family, rest[d.Family], waits[d.Family])
		}
		delete(waits, d.Family)
	}
	for family, n := range waits {
		w.failf("%d lines of family %v wait, and nobody is told", n, family)
	}
	have := v.of(schema.Statement)
	for id := range w.model.books.statements {
		if !have[id] && w.model.restored {
			w.hit(StatementLost)
		}
	}
}

// takenBack says whether somebody took a sale back.
func (w *World) takenBack(sale *tx) bool {
	for _, t := range w.model.txs {
		if t.kind == aVoid && t.record == sale.record && w.model.logged[t.hash] != nil {
			return true
		}
	}
	return false
}

// voided says whether head office has a sale as voided.
func (v *view) voided(sale *tx) bool {
	row := v.rows[rowKey(schema.Sale, sale.record)]
	return row != nil && row.Of(schema.Voided).Bool()
}

// of are the records of a table.
func (v *view) of(table syncproto.TableID) map[syncproto.RecordID]bool {
	have := map[syncproto.RecordID]bool{}
	for _, row := range v.rows {
		if row.Table.ID == table {
			have[row.ID] = true
		}
	}
	return have
}

// judgeForgotten: where head office has the payout of a statement, and the statement itself went
// with its log, whoever paid keeps it sealed for a person to look at.
func (w *World) judgeForgotten(v *view, t *tx) {
	s := w.holder(t)
	switch {
	case !w.model.restored:
		w.failf("%v counts, of a statement that head office does not have", t)
	case s == nil || s.wiped || s.refused:
	case s.limited: // what may not be read any more may have left
	default:
		give, err := s.store.Spares(ctx, 0)
		w.must(err)
		if !slices.ContainsFunc(give.Rows, func(sealed []byte) bool {
			plain, err := seal.Open(w.model.orgKey, sealed, syncproto.MaxKeptRow)
			w.must(err)
			return bytes.Contains(plain, t.record[:])
		}) {
			w.failf("%v is of a statement that head office has forgotten, and %s keeps none such", t, s.name)
		}
		w.hit(StatementKept)
	}
}

// judgePayouts: a statement has one payout at most, of what was approved; of two who paid it
// apart one is held.
func (w *World) judgePayouts(v *view) {
	statements := v.of(schema.Statement)
	counts := map[syncproto.RecordID]*tx{}
	for _, t := range w.model.txs {
		if t.kind != aPayout || w.model.logged[t.hash] == nil || w.lost(t) {
			continue
		}
		if d, was := v.verdicts[t.hash]; was && d.state != schema.VerdictReleased {
			w.hit(PaidTwice)
			continue
		}
		if !statements[t.record] {
			w.judgeForgotten(v, t)
		}
		if other := counts[t.record]; other != nil {
			w.failf("%v and %v paid one statement, and both count", other, t)
		}
		counts[t.record] = t
	}
	for statement := range statements {
		rows := v.payouts(statement)
		if len(rows) > 1 || len(rows) == 1 && counts[statement] == nil {
			w.failf("statement %v has %d payouts, paid was it by %v", statement, len(rows), counts[statement])
		}
		if was := w.model.books.statements[statement]; len(rows) == 1 && rows[0].Of(schema.PayoutAmount).Int() != was.net {
			w.failf("for a statement of %d was paid %d", was.net, rows[0].Of(schema.PayoutAmount).Int())
		}
	}
}
