package client

import (
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
}

// NewSale is what is sold to one buyer.
type NewSale struct {
	ID       syncproto.RecordID // as in NewProduct
	Till     syncproto.RecordID
	Lines    []Line
	Currency string
	Method   string        // cash, card, transfer or voucher; cash where empty
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

func (n *NewSale) check() error {
	if n.Method = strings.TrimSpace(n.Method); n.Method == "" {
		n.Method = "cash"
	}
	switch {
	case len(n.Lines) == 0:
		return refusal.New(refusal.Required, "a sale needs a line").On("lines")
	case len(n.Lines) > maxLines:
		return refusal.New(refusal.TooMany, "a sale has at most %d lines", maxLines).On("lines").With("max", maxLines)
	case !schema.ValidCurrency(n.Currency):
		return refusal.New(refusal.BadForm, "%q is not a currency such as AED", n.Currency).On("currency")
	}
	return nil
}

// Sell records a sale with its lines and its payment.
func (c *Client) Sell(ctx context.Context, n NewSale) (sold Sold, err error) {
	if err := n.check(); err != nil {
		return sold, err
	}
	err = c.recordAndState(ctx, n.Waited, func(d *store.Draft, now time.Time, day string) (at soldAt, err error) {
		id, fresh, err := newID(d, schema.Sale, n.ID, field(schema.SaleTill, syncproto.IDValue(n.Till)), field(schema.SaleLineCount, syncproto.IntValue(int64(len(n.Lines)))))
		if err != nil {
			return at, err
		}
		if at.till, err = d.Get(schema.TillSession, n.Till); err != nil {
			return at, err
		}
		switch {
		case !fresh:
			sold, err = soldBefore(d, id, n.Lines)
		case at.till == nil:
			return at, ErrNoTill
		default:
			// What was sold before the till closed is among what was counted then.
			if closed := at.till.Of(schema.TillClosedAt); !closed.IsNull() && closed.Int() <= now.UnixMilli() && d.Mended(schema.Sale, id) == nil {
				return at, ErrNoTill
			}
			sold, err = sell(d, id, at.till, &n, now, day)
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
		field(schema.SaleTill, syncproto.IDValue(n.Till)), field(schema.SaleReceiptNo, syncproto.TextValue(sold.ReceiptNo))); err != nil {
		return sold, err
	}
	for i, l := range n.Lines {
		amount, err := sellLine(d, id, i+1, site, fair, n.Currency, l)
		if err != nil {
			return sold, refusal.Under(fmt.Sprintf("lines[%d]", i), err)
		}
		sold.AmountMinor += amount
	}
	err := d.Create(schema.Payment, id.Child(1),
		field(schema.PaymentSale, syncproto.IDValue(id)), field(schema.PaymentSite, site), field(schema.PaymentFair, fair),
		field(schema.PaymentMethod, syncproto.TextValue(n.Method)), field(schema.PaymentAmount, syncproto.IntValue(sold.AmountMinor)),
		field(schema.PaymentCurrency, syncproto.TextValue(n.Currency)))
	return sold, refusal.Renamed(err, map[string]string{"amount_minor": "lines"})
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
	product, err := d.Get(schema.Product, l.Product)
	if err != nil {
		return 0, err
	}
	if product == nil {
		return 0, reference("product", l.Product)
	}
	fields := []store.Field{
		field(schema.LineSale, syncproto.IDValue(sale)), field(schema.LineSite, site), field(schema.LineFair, fair),
		field(schema.LineProduct, syncproto.IDValue(l.Product)), field(schema.LineCategory, product.Of(schema.ProductCategory)),
		field(schema.LineFamily, product.Of(schema.ProductFamily)), field(schema.LineQuantity, syncproto.IntValue(l.Quantity)),
	}
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
