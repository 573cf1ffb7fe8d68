package client

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// What staff do at a till: one function and one transaction each.

// Line is one line of a sale. The price is what the till shows; with Unpriced there
// is none.
type Line struct {
	Product       syncproto.RecordID
	Quantity      int64 // pieces; negative for a return
	PriceMinor    int64
	DiscountMinor int64
	Unpriced      bool

	takes *records.Row     // line that it takes back; nil: none
	under *rules.Agreement // that it is sold under; nil: none
}

// Pay is one payment of a sale; below zero where money goes back.
type Pay struct {
	Method      string `json:"method"` // cash, card, transfer or voucher
	AmountMinor int64  `json:"amount_minor"`
	Ref         string `json:"external_ref"` // number that the card terminal or the bank gave
}

// NewSale is what is sold to one buyer.
type NewSale struct {
	ID       syncproto.RecordID // as in NewProduct
	Till     syncproto.RecordID
	Lines    []Line
	Currency string
	Method   string        // of paying all of it: cash, card, transfer or voucher; cash where empty
	Payments []Pay         // where it is paid in several ways: together what the sale is worth
	Buyer    string        // public, department_employee or government_employee; empty: not asked
	Waited   time.Duration // since it was sold; 0: now
}

// Sold is a sale as it was recorded: when Sell returns it, it is on disk.
type Sold struct {
	Sale        syncproto.RecordID
	ReceiptNo   string
	AmountMinor int64
}

// ErrNoTill says that nothing can be sold without an open till (R11).
var ErrNoTill = refusal.New(refusal.NoTill, "no till is open: open one first").On("till")

// maxLines bounds the lines of a sale: the ids of lines are children of its id.
const maxLines = syncproto.Children

// maxPayments bounds the payments of a sale: each way twice, and nobody has more cards.
const maxPayments = 8

// check holds what is given against the bounds of a sale; checkCurrency does the rest.
func (n *NewSale) check() error {
	if n.Method = strings.TrimSpace(n.Method); n.Method == "" {
		n.Method = "cash"
	}
	switch {
	case len(n.Lines) == 0:
		return refusal.New(refusal.Required, "a sale needs a line").On("lines")
	case len(n.Lines) > maxLines:
		return refusal.New(refusal.TooMany, "a sale has at most %d lines", maxLines).On("lines").With("max", maxLines)
	case len(n.Payments) > maxPayments:
		return refusal.New(refusal.TooMany, "a sale has at most %d payments", maxPayments).On("payments").With("max", maxPayments)
	}
	return nil
}

func (n *NewSale) checkCurrency() error {
	if !schema.ValidCurrency(n.Currency) {
		return refusal.New(refusal.BadForm, "%q is not a currency such as AED", n.Currency).On("currency")
	}
	return nil
}

// Sell records a sale with its lines and its payments.
func (c *Client) Sell(ctx context.Context, n NewSale) (sold Sold, err error) {
	if err := cmp.Or(n.check(), n.checkCurrency()); err != nil {
		return sold, err
	}
	return c.sellAs(ctx, &n, len(n.Lines), func(*store.Draft) error { return nil },
		func(d *store.Draft, id syncproto.RecordID) (Sold, error) { return soldBefore(d, id, n.Lines) })
}

// sellAs records a sale of so many lines. prepare makes what is only known in its
// transaction; before says what was recorded when the id was here already.
func (c *Client) sellAs(ctx context.Context, n *NewSale, lines int, prepare func(*store.Draft) error, before func(*store.Draft, syncproto.RecordID) (Sold, error)) (sold Sold, err error) {
	err = c.recordAndState(ctx, n.Waited, func(d *store.Draft, now time.Time, day string) (at soldAt, err error) {
		id, fresh, err := newID(d, schema.Sale, n.ID, field(schema.SaleTill, syncproto.IDValue(n.Till)), field(schema.SaleLineCount, syncproto.IntValue(int64(lines))))
		if err != nil {
			return at, err
		}
		if at.till, err = d.Get(schema.TillSession, n.Till); err != nil {
			return at, err
		}
		switch {
		case !fresh:
			sold, err = before(d, id)
		case at.till == nil:
			return at, ErrNoTill
		default:
			// What was sold before the till closed is among what was counted then.
			of := rules.TillOf{Site: at.till.Of(schema.TillSite).ID(), ClosedAt: at.till.Of(schema.TillClosedAt).Int()}
			if !of.TakesSale(d.Identity().Site, now.UnixMilli()) && d.Mended(schema.Sale, id) == nil {
				return at, ErrNoTill
			}
			if err = prepare(d); err == nil {
				n.Currency = cmp.Or(n.Currency, at.till.Of(schema.TillCurrency).Text())
				sold, err = sell(d, id, at.till, n, now, day)
			}
		}
		if err == nil {
			at.sale, err = d.Get(schema.Sale, id)
		}
		return at, err
	})
	return sold, err
}

func sell(d *store.Draft, id syncproto.RecordID, till *records.Row, n *NewSale, now time.Time, day string) (Sold, error) {
	site, fair := till.Of(schema.TillSite), till.Of(schema.TillFair)
	at := now.UnixMilli()
	sold := Sold{Sale: id}
	if was := d.Mended(schema.Sale, id); was != nil { // sold then, with that receipt in the buyer's hand
		sold.ReceiptNo, day, at = was.Of(schema.SaleReceiptNo).Text(), was.Of(schema.SaleDay).Text(), was.Of(schema.SaleSoldAt).Int()
	} else {
		sold.ReceiptNo = d.NextReceipt()
	}
	if err := d.Create(schema.Sale, id,
		field(schema.SaleSite, site), field(schema.SaleFair, fair), field(schema.SaleDay, syncproto.TextValue(day)),
		field(schema.SaleSoldAt, syncproto.IntValue(at)), field(schema.SaleLineCount, syncproto.IntValue(int64(len(n.Lines)))),
		field(schema.SaleTill, syncproto.IDValue(n.Till)), field(schema.SaleReceiptNo, syncproto.TextValue(sold.ReceiptNo)),
		field(schema.SaleBuyer, text(n.Buyer))); err != nil {
		return sold, err
	}
	under, err := agreementOn(d, day)
	if err != nil {
		return sold, err
	}
	for i, l := range n.Lines {
		l.under = under
		amount, err := sellLine(d, id, i+1, site, fair, n.Currency, l)
		if err != nil {
			return sold, refusal.Under(fmt.Sprintf("lines[%d]", i), err)
		}
		sold.AmountMinor += amount
	}
	return sold, pay(d, id, site, fair, n, sold.AmountMinor)
}

// pay records how a sale was paid.
func pay(d *store.Draft, sale syncproto.RecordID, site, fair syncproto.Value, n *NewSale, worth int64) error {
	payments := n.Payments
	if len(payments) == 0 {
		payments = []Pay{{Method: n.Method, AmountMinor: worth}}
	}
	var paid []rules.Paid
	var sum int64
	for _, p := range payments {
		if p.AmountMinor > schema.MaxAmount || p.AmountMinor < -schema.MaxAmount {
			break // the schema refuses it, and its sum may not fit
		}
		paid = append(paid, rules.Paid{Method: p.Method, Amount: p.AmountMinor})
		sum += p.AmountMinor
	}
	if len(paid) == len(payments) && !rules.PaidInFull(worth, paid) {
		return refusal.New(refusal.PaymentsDiffer, "the payments come to %d, the sale to %d", sum, worth).On("payments").With("worth_minor", worth).With("paid_minor", sum)
	}
	for i, p := range payments {
		err := d.Create(schema.Payment, sale.Child(i+1),
			field(schema.PaymentSale, syncproto.IDValue(sale)), field(schema.PaymentSite, site), field(schema.PaymentFair, fair),
			field(schema.PaymentMethod, syncproto.TextValue(p.Method)), field(schema.PaymentAmount, syncproto.IntValue(p.AmountMinor)),
			field(schema.PaymentCurrency, syncproto.TextValue(n.Currency)), field(schema.PaymentRef, text(p.Ref)))
		switch {
		case err == nil:
		case len(n.Payments) > 0:
			return refusal.Under(fmt.Sprintf("payments[%d]", i), err)
		default:
			return refusal.Renamed(err, map[string]string{"amount_minor": "lines"})
		}
	}
	return nil
}

// soldBefore is what Sell returned, or would have, when it recorded the sale; a sale of
// other lines is refused.
func soldBefore(d *store.Draft, id syncproto.RecordID, lines []Line) (sold Sold, err error) {
	sale, err := d.Get(schema.Sale, id)
	if err != nil {
		return sold, err
	}
	sold = Sold{Sale: id, ReceiptNo: sale.Of(schema.SaleReceiptNo).Text()}
	for i, l := range lines {
		line, err := d.Get(schema.SaleLine, id.Child(i+1))
		if err != nil {
			return sold, err
		}
		if line == nil || line.Of(schema.LineProduct).ID() != l.Product || line.Of(schema.LineQuantity).Int() != l.Quantity || line.Of(schema.LineUnitPrice) != l.price() {
			return sold, idUsed(id)
		}
		amount, _, _ := rules.LineAmount(line.Values)
		sold.AmountMinor += amount
	}
	return sold, nil
}

// price is the line's price; null where it is unpriced.
func (l *Line) price() syncproto.Value {
	if l.Unpriced {
		return syncproto.Value{}
	}
	return syncproto.IntValue(l.PriceMinor)
}

func sellLine(d *store.Draft, sale syncproto.RecordID, number int, site, fair syncproto.Value, currency string, l Line) (int64, error) {
	var owner []store.Field
	if l.takes != nil {
		owner = []store.Field{
			field(schema.LineCategory, l.takes.Of(schema.LineCategory)), field(schema.LineFamily, l.takes.Of(schema.LineFamily)),
			field(schema.LineShare, l.takes.Of(schema.LineShare)), field(schema.LineAgreement, l.takes.Of(schema.LineAgreement)),
			field(schema.LineRefunds, syncproto.IDValue(l.takes.ID)),
		}
	} else {
		product, err := d.Get(schema.Product, l.Product)
		if err != nil {
			return 0, err
		}
		if product == nil {
			return 0, reference("product", l.Product)
		}
		owner = append(frozen(l.under), field(schema.LineCategory, product.Of(schema.ProductCategory)), field(schema.LineFamily, product.Of(schema.ProductFamily)))
	}
	fields := append(owner,
		field(schema.LineSale, syncproto.IDValue(sale)), field(schema.LineSite, site), field(schema.LineFair, fair),
		field(schema.LineProduct, syncproto.IDValue(l.Product)), field(schema.LineQuantity, syncproto.IntValue(l.Quantity)),
	)
	if !l.Unpriced {
		fields = append(fields, field(schema.LineUnitPrice, syncproto.IntValue(l.PriceMinor)), field(schema.LineCurrency, syncproto.TextValue(currency)))
		if l.DiscountMinor != 0 {
			fields = append(fields, field(schema.LineDiscount, syncproto.IntValue(l.DiscountMinor)))
		}
	}
	id := sale.Child(number)
	if err := d.Create(schema.SaleLine, id, fields...); err != nil {
		return 0, err
	}
	line, err := d.Get(schema.SaleLine, id)
	if err != nil {
		return 0, err
	}
	amount, _, _ := rules.LineAmount(line.Values)
	return amount, nil
}

// VoidSale takes a sale back: it keeps its number and counts no more. Taking it back
// twice is harmless.
func (c *Client) VoidSale(ctx context.Context, sale syncproto.RecordID, reason string) error {
	return c.recordAndState(ctx, 0, func(d *store.Draft, _ time.Time, _ string) (at soldAt, err error) {
		have, err := d.Get(schema.Sale, sale)
		if err != nil {
			return at, err
		}
		if have == nil || !have.Of(schema.Voided).Bool() {
			if err := notRefunded(d, sale); err != nil {
				return at, err
			}
			err = d.Update(schema.Sale, sale, schema.SaleGroupVoid, field(schema.SaleVoidReason, syncproto.TextValue(reason)), field(schema.Voided, syncproto.BoolValue(true)))
			if err != nil {
				return at, refusal.Renamed(err, map[string]string{"void_reason": "reason"})
			}
		}
		if at.sale, err = d.Get(schema.Sale, sale); err == nil && at.sale != nil {
			at.till, err = d.Get(schema.TillSession, at.sale.Of(schema.SaleTill).ID())
		}
		return at, err
	})
}
