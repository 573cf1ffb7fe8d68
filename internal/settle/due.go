// Package settle reads from records what families are owed and what they were paid, alike
// on both sides: at head office of all, at a branch of what it may read. What is due is
// decided by syncproto/rules (R16).
package settle

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Reader is a snapshot of records.
type Reader interface {
	Get(table syncproto.TableID, id syncproto.RecordID) (*records.Row, error)
	Each(table syncproto.TableID, f func(*records.Row) error) error
}

// Draft is what a family is owed in a currency: a statement that nobody has approved.
type Draft struct {
	Family   syncproto.RecordID
	Currency string
	To       rules.Day
	rules.Due

	sold     map[syncproto.RecordID]*Sold
	adjusted map[syncproto.RecordID]*records.Row
}

// heap is what is not settled of a family.
type heap struct {
	lines    []rules.LineOf
	adjust   []rules.AdjustmentOf
	sold     map[syncproto.RecordID]*Sold
	adjusted map[syncproto.RecordID]*records.Row
}

// Drafts gives what is due up to and with a day, by family and currency: to one family, or to
// all where it is zero. Whoever is owed nothing has none.
func Drafts(r Reader, to rules.Day, family syncproto.RecordID) ([]*Draft, error) {
	heaps := map[syncproto.RecordID]*heap{}
	of := func(id syncproto.RecordID) *heap {
		h := heaps[id]
		if h == nil {
			h = &heap{sold: map[syncproto.RecordID]*Sold{}, adjusted: map[syncproto.RecordID]*records.Row{}}
			heaps[id] = h
		}
		return h
	}
	settled := map[settledAs]bool{}
	have := func(id syncproto.RecordID, kind string) (bool, error) {
		row, err := r.Get(schema.StatementLine, schema.StatementLineID(id, kind))
		settled[settledAs{id, kind}] = row != nil
		return row != nil, err
	}
	if err := EachSold(r, "", to, func(s *Sold) error {
		if err := s.paidTo(r); err != nil {
			return err
		}
		if s.Family.IsZero() || !family.IsZero() && s.Family != family {
			return nil
		}
		paid, err := have(s.ID, schema.SettledSale)
		if err == nil && paid && s.Voided {
			_, err = have(s.ID, schema.SettledVoid)
		}
		if err != nil || paid && !s.Voided {
			return err
		}
		h := of(s.Family)
		h.lines, h.sold[s.ID] = append(h.lines, s.LineOf), s
		return nil
	}); err != nil {
		return nil, err
	}
	if err := r.Each(schema.Adjustment, func(row *records.Row) error {
		a := rules.AdjustmentOf{ID: row.ID, Family: row.Of(schema.AdjustmentFamily).ID(), Amount: row.Of(schema.AdjustmentAmount).Int(),
			Currency: row.Of(schema.AdjustmentCurrency).Text(), Day: row.Of(schema.AdjustmentOn).Text()}
		if !family.IsZero() && a.Family != family {
			return nil
		}
		h := of(a.Family)
		h.adjust, h.adjusted[a.ID] = append(h.adjust, a), row
		_, err := have(a.ID, schema.SettledOther)
		return err
	}); err != nil {
		return nil, err
	}
	taken := func(id syncproto.RecordID, kind string) bool { return settled[settledAs{id, kind}] }
	var list []*Draft
	for _, id := range slices.SortedFunc(maps.Keys(heaps), func(a, b syncproto.RecordID) int { return bytes.Compare(a[:], b[:]) }) {
		h := heaps[id]
		for i, currency := range h.currencies() {
			d := &Draft{Family: id, Currency: currency, To: to, sold: h.sold, adjusted: h.adjusted}
			d.Due = rules.Settle(id, currency, to, h.lines, h.adjust, taken)
			if i > 0 { // a line without a price has no currency, and waits in one draft
				d.Unpriced = nil
			}
			if len(d.Entries) > 0 || len(d.Unpriced) > 0 {
				list = append(list, d)
			}
		}
	}
	return list, nil
}

type settledAs struct {
	of   syncproto.RecordID
	kind string
}

// currencies of what a heap holds; one without a name where nothing in it has a price.
func (h *heap) currencies() []string {
	all := map[string]bool{}
	for _, l := range h.lines {
		if l.Priced {
			all[l.Currency] = true
		}
	}
	for _, a := range h.adjust {
		all[a.Currency] = true
	}
	if len(all) == 0 {
		all[""] = true
	}
	return slices.SortedFunc(maps.Keys(all), strings.Compare)
}

// Part is a draft of some of its entries: what one approval takes.
func (d *Draft) Part(entries []rules.EntryOf) *Draft {
	p := *d
	p.Due = rules.Due{Entries: entries}
	for _, e := range entries {
		p.Gross += e.Gross
		p.Net += e.Net
	}
	return &p
}

// From is the first day of what is in it: a line that came late is settled late.
func (d *Draft) From() rules.Day {
	from := d.To
	for _, e := range d.Entries {
		from = min(from, d.dayOf(&e))
	}
	return from
}

func (d *Draft) dayOf(e *rules.EntryOf) rules.Day {
	if a := d.adjusted[e.Of]; a != nil {
		return a.Of(schema.AdjustmentOn).Text()
	}
	return d.sold[e.Of].Day
}

// Fields are those of the statement line that an entry becomes.
func (d *Draft) Fields(e *rules.EntryOf, statement, branch syncproto.RecordID) []syncproto.FieldValue {
	id, number := syncproto.IDValue, syncproto.IntValue
	f := []syncproto.FieldValue{
		{Field: schema.SettledStatement, Value: id(statement)}, {Field: schema.SettledBranch, Value: id(branch)}, {Field: schema.SettledFamily, Value: id(d.Family)},
		{Field: schema.SettledKind, Value: syncproto.TextValue(e.Kind)}, {Field: schema.SettledGross, Value: number(e.Gross)}, {Field: schema.SettledShare, Value: number(e.Share)},
		{Field: schema.SettledNet, Value: number(e.Net)}, {Field: schema.SettledCurrency, Value: syncproto.TextValue(d.Currency)},
		{Field: schema.SettledDay, Value: syncproto.TextValue(d.dayOf(e))},
	}
	if e.Kind == schema.SettledOther {
		return append(f, syncproto.FieldValue{Field: schema.SettledAdjustment, Value: id(e.Of)})
	}
	s := d.sold[e.Of]
	pieces := s.Quantity
	if e.Kind == schema.SettledVoid {
		pieces = -pieces
	}
	f = append(f, syncproto.FieldValue{Field: schema.SettledLine, Value: id(e.Of)}, syncproto.FieldValue{Field: schema.SettledProduct, Value: id(s.Product)},
		syncproto.FieldValue{Field: schema.SettledQuantity, Value: number(pieces)}, syncproto.FieldValue{Field: schema.SettledSite, Value: id(s.Site)})
	if !s.Fair.IsZero() {
		f = append(f, syncproto.FieldValue{Field: schema.SettledFair, Value: id(s.Fair)})
	}
	if e.Flagged {
		f = append(f, syncproto.FieldValue{Field: schema.SettledFlagged, Value: syncproto.BoolValue(true)})
	}
	return f
}

// TakenBy says which statement took what somebody wants to settle, or give to another family.
func TakenBy(statement *records.Row) error {
	number := statement.Of(schema.StatementNumber).Text()
	return refusal.New(refusal.AlreadySettled, "it is in statement %s", number).With("number", number)
}

// Free refuses a place in statements (schema.StatementLineID) that one has taken, with its
// number (R16).
func Free(r Reader, at syncproto.RecordID) error {
	line, err := r.Get(schema.StatementLine, at)
	if line == nil {
		return err
	}
	first, err := r.Get(schema.Statement, line.Of(schema.SettledStatement).ID())
	if first == nil {
		return cmp.Or(err, error(refusal.New(refusal.AlreadySettled, "it is in another statement")))
	}
	return TakenBy(first)
}
