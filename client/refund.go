package client

import (
	"context"
	"fmt"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Back is pieces of a sale line that are given back.
type Back struct {
	Line   syncproto.RecordID `json:"line"`
	Pieces int64              `json:"pieces"`
}

// NewRefund is what one buyer gives back of a sale.
type NewRefund struct {
	ID       syncproto.RecordID // as in NewProduct
	Sale     syncproto.RecordID
	Till     syncproto.RecordID // that gives the money
	Lines    []Back
	Method   string        // as in NewSale
	Payments []Pay         // likewise, below zero
	Waited   time.Duration // since it was given back; 0: now
}

// Refund gives back what was paid for pieces of a sale that is known here: a sale of its
// own, below zero, that names the lines it takes back (R18).
func (c *Client) Refund(ctx context.Context, n NewRefund) (Sold, error) {
	sale := NewSale{ID: n.ID, Till: n.Till, Method: n.Method, Payments: n.Payments, Waited: n.Waited}
	sale.Lines = make([]Line, len(n.Lines))
	if err := sale.check(); err != nil {
		return Sold{}, err
	}
	return c.sellAs(ctx, &sale, len(n.Lines), func(d *store.Draft) error { return n.lines(d, &sale) },
		func(d *store.Draft, id syncproto.RecordID) (Sold, error) { return n.before(d, id) })
}

// lines are those of the refund: of each what was paid for its pieces, in one currency,
// which lines without a price do not tell.
func (n *NewRefund) lines(d *store.Draft, into *NewSale) error {
	taken := map[syncproto.RecordID]int64{}
	for i, b := range n.Lines {
		l, currency, err := n.line(d, b, taken[b.Line])
		if err != nil {
			return refusal.Under(fmt.Sprintf("lines[%d]", i), err)
		}
		taken[b.Line] += b.Pieces
		if into.Currency != "" && currency != "" && into.Currency != currency {
			return refusal.New(refusal.NoCurrency, "one refund is in one currency").On(fmt.Sprintf("lines[%d].line", i))
		}
		if currency != "" {
			into.Currency = currency
		}
		into.Lines[i] = l
	}
	return nil
}

// line is the line that takes back one; before are its pieces that this refund has already.
func (n *NewRefund) line(d *store.Draft, b Back, before int64) (l Line, currency string, err error) {
	sold, err := d.Get(schema.SaleLine, b.Line)
	if err != nil {
		return l, "", err
	}
	if sold == nil || sold.Of(schema.LineSale).ID() != n.Sale {
		return l, "", reference("line", b.Line)
	}
	sale, err := d.Get(schema.Sale, n.Sale)
	if err != nil {
		return l, "", err
	}
	if sale == nil {
		return l, "", reference("line", b.Line)
	}
	refunded, err := d.Reader().Refunded(b.Line)
	if err != nil {
		return l, "", err
	}
	of := lineOf(sold, sale)
	price, discount, ok := rules.Refund(&of, refunded+before, b.Pieces)
	left := rules.Refundable(&of, refunded+before)
	if !of.Priced {
		ok = b.Pieces > 0 && b.Pieces <= left
	}
	if !ok {
		return l, "", refusal.New(refusal.MoreThanSold, "of this line %d may still be given back", left).On("pieces").With("max", left)
	}
	return Line{Product: sold.Of(schema.LineProduct).ID(), Quantity: -b.Pieces, PriceMinor: price, DiscountMinor: discount, Unpriced: !of.Priced, takes: sold}, of.Currency, nil
}

// lineOf is a sale line as rules take it.
func lineOf(line, sale *records.Row) rules.LineOf {
	l := rules.LineOf{ID: line.ID, Family: line.Of(schema.LineFamily).ID(), Quantity: line.Of(schema.LineQuantity).Int(), Share: line.Of(schema.LineShare).Int()}
	l.Amount, l.Currency, l.Priced = rules.LineAmount(line.Values)
	if sale != nil {
		l.Voided = sale.Of(schema.Voided).Bool()
	}
	return l
}

// before is what Refund returned when it recorded the refund; another one is refused.
func (n *NewRefund) before(d *store.Draft, id syncproto.RecordID) (sold Sold, err error) {
	sale, err := d.Get(schema.Sale, id)
	if err != nil {
		return sold, err
	}
	sold = Sold{Sale: id, ReceiptNo: sale.Of(schema.SaleReceiptNo).Text()}
	for i, b := range n.Lines {
		line, err := d.Get(schema.SaleLine, id.Child(i+1))
		if err != nil {
			return sold, err
		}
		if line == nil || line.Of(schema.LineRefunds).ID() != b.Line || line.Of(schema.LineQuantity).Int() != -b.Pieces {
			return sold, idUsed(id)
		}
		amount, _, _ := rules.LineAmount(line.Values)
		sold.AmountMinor += amount
	}
	return sold, nil
}

// notRefunded refuses to take back a sale of which something was given back: the buyer
// would have that money twice.
func notRefunded(d *store.Draft, sale syncproto.RecordID) error {
	return d.Reader().LinesOf(sale, func(line *records.Row) error {
		pieces, err := d.Reader().Refunded(line.ID)
		if err == nil && pieces > 0 {
			err = refusal.New(refusal.Refunded, "%d pieces of it were given back: take back the refund, or refund the rest", pieces)
		}
		return err
	})
}
