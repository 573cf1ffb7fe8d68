package rules

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// LineOf is a sale line as settlement takes it.
type LineOf struct {
	ID       syncproto.RecordID
	Family   syncproto.RecordID // OwnerOf; zero: to be assigned
	Day      Day                // business day of its sale
	Quantity int64              // below zero for a refund
	Amount   int64              // LineAmount
	Priced   bool
	Currency string
	Share    int64 // frozen at the sale
	Voided   bool  // its sale was taken back, or that of the line that it takes back
	Flagged  bool  // sold by an outlet outside of an agreement (R17)
}

// AdjustmentOf is the answer to a dispute.
type AdjustmentOf struct {
	ID       syncproto.RecordID
	Family   syncproto.RecordID
	Amount   int64
	Currency string
	Day      Day
}

// EntryOf is a line of a statement: of a sale line or an adjustment, by its kind.
type EntryOf struct {
	Of         syncproto.RecordID
	Kind       string
	Gross, Net int64
	Share      int64
	Flagged    bool
}

// Taken says whether a line or an adjustment is in an approved statement by a kind.
type Taken func(of syncproto.RecordID, kind string) bool

// Due is what a family is owed in a currency up to and with a day.
type Due struct {
	Entries  []EntryOf // in order of ids
	Gross    int64
	Net      int64
	Unpriced []syncproto.RecordID // lines that wait for a price
}

// Payable says whether a statement is to be approved: what is deducted is less than what
// was sold. Otherwise its lines wait for the next one.
func (d *Due) Payable() bool { return d.Net > 0 }

// Settle gives what is due to a family: each line that is in no approved statement, refunds
// as deductions, lines that were settled and whose sale was voided since as deductions too,
// and adjustments (R16, R18). It decides nothing: that a line is in one approved statement
// is decided where records are applied.
func Settle(family syncproto.RecordID, currency string, to Day, lines []LineOf, adjustments []AdjustmentOf, taken Taken) (d Due) {
	for _, l := range lines {
		if l.Family != family || family.IsZero() || l.Day > to {
			continue
		}
		settled := taken(l.ID, schema.SettledSale)
		net := l.Amount - Kept(l.Amount, l.Share)
		switch {
		case !l.Priced:
			if !l.Voided && !settled {
				d.Unpriced = append(d.Unpriced, l.ID)
			}
		case l.Currency != currency:
		case !l.Voided && !settled:
			d.add(EntryOf{Of: l.ID, Kind: schema.SettledSale, Gross: l.Amount, Net: net, Share: l.Share, Flagged: l.Flagged})
		case l.Voided && settled && !taken(l.ID, schema.SettledVoid):
			d.add(EntryOf{Of: l.ID, Kind: schema.SettledVoid, Gross: -l.Amount, Net: -net, Share: l.Share, Flagged: l.Flagged})
		}
	}
	for _, a := range adjustments {
		if a.Family == family && a.Currency == currency && a.Day <= to && !taken(a.ID, schema.SettledOther) {
			d.add(EntryOf{Of: a.ID, Kind: schema.SettledOther, Gross: a.Amount, Net: a.Amount})
		}
	}
	slices.SortFunc(d.Entries, func(a, b EntryOf) int { return cmp.Or(bytes.Compare(a.Of[:], b.Of[:]), cmp.Compare(a.Kind, b.Kind)) })
	slices.SortFunc(d.Unpriced, func(a, b syncproto.RecordID) int { return bytes.Compare(a[:], b[:]) })
	return d
}

func (d *Due) add(e EntryOf) {
	d.Entries = append(d.Entries, e)
	d.Gross += e.Gross
	d.Net += e.Net
}

// States of a sale line on its way to the family.
const (
	LineUnsettled   = "unsettled"
	LineInStatement = "in_statement" // of a draft
	LineApproved    = "approved"
	LinePaid        = "paid"
	LineDisputed    = "disputed"
)

// LineState is how far a line has come: by the approved statement that it is in and what
// its payout says, and by whether a draft covers it.
func LineState(approved bool, payout string, drafted bool) string {
	switch {
	case approved && payout == schema.PayoutDisputed:
		return LineDisputed
	case approved && payout != "":
		return LinePaid
	case approved:
		return LineApproved
	case drafted:
		return LineInStatement
	}
	return LineUnsettled
}

// Refundable is how many pieces of a line may still be given back: refunded are the pieces
// of earlier refunds of it that count (R18).
func Refundable(l *LineOf, refunded int64) int64 {
	if l.Voided || l.Quantity <= 0 {
		return 0
	}
	return max(l.Quantity-refunded, 0)
}

// Refund is the price and discount of a line that gives back pieces of another, of which
// some were given back before: all refunds of a line together give back what was paid for
// it, and none a part of a minor unit. ok is false where more is given back than was sold.
func Refund(l *LineOf, refunded, pieces int64) (unitPrice, discount int64, ok bool) {
	if pieces < 1 || pieces > Refundable(l, refunded) || !l.Priced || l.Amount < 0 {
		return 0, 0, false
	}
	back := part(l.Amount, refunded+pieces, l.Quantity) - part(l.Amount, refunded, l.Quantity)
	return back / pieces, back % pieces, true
}

// part is amount × n / of, within 64 bits for the amounts and pieces of a line.
func part(amount, n, of int64) int64 { return amount/of*n + amount%of*n/of }
