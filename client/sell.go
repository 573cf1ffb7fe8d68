package client

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // a tablet may have no zones of its own

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// What staff do at a till: one function and one transaction each.

func field(id syncproto.FieldID, v syncproto.Value) store.Field {
	return store.Field{Field: id, Value: v}
}

// at gives the site's civil day and its minutes east of UTC at a time.
func (c *Client) at(t time.Time) (day string, zone int, err error) {
	name := c.Store.Identity().Zone
	loc := c.zone.Load()
	if loc == nil || loc.String() != name { // reading it from its file costs some 15 µs a sale
		if loc, err = time.LoadLocation(name); err != nil {
			return "", 0, err
		}
		c.zone.Store(loc)
	}
	local := t.In(loc)
	_, seconds := local.Zone()
	return local.Format(time.DateOnly), seconds / 60, nil
}

// maxWaited bounds how long ago a page can say that something was done: a season with
// the program away. A longer wait is a page whose clock jumped, and is not believed.
const maxWaited = 90 * 24 * time.Hour

// clockOff is what a clock may be off without anybody being told (R43).
const clockOff = 2 * time.Minute

// corrected is a time put right by what this device's clock was off at the last contact:
// the day that a sale is counted on. What the clock claimed stands beside it.
func (c *Client) corrected(now time.Time) time.Time { return now.Add(-c.off()) }

// off is how far this clock was ahead at the last contact, 0 within clockOff.
func (c *Client) off() time.Duration {
	off := time.Duration(c.Store.Progress().OffsetMS) * time.Millisecond
	if off.Abs() <= clockOff {
		return 0
	}
	return off
}

// record writes one transaction at the present time.
func (c *Client) record(ctx context.Context, f func(d *store.Draft, now time.Time, day string) error) error {
	return c.recordLate(ctx, 0, f)
}

// recordLate writes one transaction for what was done some time ago: it waited in a page
// while this program was away. No work is refused because of its time.
func (c *Client) recordLate(ctx context.Context, waited time.Duration, f func(d *store.Draft, now time.Time, day string) error) error {
	return c.recordThen(ctx, waited, f, nil)
}

// recordThen is recordLate, and what then records belongs to the same commit.
func (c *Client) recordThen(ctx context.Context, waited time.Duration, f func(d *store.Draft, now time.Time, day string) error, then func(w *store.Writer, zone int) error) error {
	if c.Store.Identity() == nil {
		return store.ErrNotEnrolled
	}
	if waited < 0 || waited > maxWaited {
		waited = 0
	}
	now := c.Now().Add(-waited)
	day, zone, err := c.at(c.corrected(now))
	if err != nil {
		return err
	}
	return c.Store.Write(ctx, func(w *store.Writer) error {
		if f != nil {
			if err := w.Transaction(syncproto.RecordID{}, zone, func(d *store.Draft) error {
				d.Loaded(loadedAt(ctx))
				if again, err := drafting(ctx, d); again || err != nil {
					return err
				}
				return f(d, now, day)
			}); err != nil {
				return err
			}
		}
		if then == nil {
			return nil
		}
		return then(w, zone)
	})
}

// NewProduct is a product of a family, with its price here or everywhere.
type NewProduct struct {
	ID         syncproto.RecordID // made by the caller, so that asking twice is harmless; zero: made here
	Name       string
	Sku        string
	Family     syncproto.RecordID // zero: none
	Category   syncproto.RecordID // zero: none
	PriceMinor int64
	Currency   string         // empty: without a price
	PriceHere  bool           // the price holds at this site alone
	Photo      syncproto.Root // zero: none
}

// AddProduct adds a product to the organisation's catalogue.
func (c *Client) AddProduct(ctx context.Context, n NewProduct) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		var fresh bool
		if id, fresh, err = newID(d, schema.Product, n.ID); err != nil || !fresh {
			return err
		}
		fields := []store.Field{field(schema.NameField(n.Name), syncproto.TextValue(n.Name)), field(schema.ProductFamily, syncproto.IDValue(n.Family)), field(schema.ProductCategory, syncproto.IDValue(n.Category))}
		photo, err := c.attached(ctx, "photo", schema.ProductPhoto, n.Photo)
		if err != nil {
			return err
		}
		fields = append(fields, photo)
		if n.Sku != "" {
			fields = append(fields, field(schema.ProductSku, syncproto.TextValue(n.Sku)))
		}
		if err := d.Create(schema.Product, id, fields...); err != nil || n.Currency == "" {
			return err
		}
		return setPrice(d, id, n.PriceHere, n.PriceMinor, n.Currency)
	})
	return id, err
}

// AddNamed adds a category or a family, known by its name: two sites that add the
// same one without hearing of each other have added one.
func (c *Client) AddNamed(ctx context.Context, table syncproto.TableID, name string) (id syncproto.RecordID, err error) {
	t := schema.Lookup(table)
	if table != schema.Category && table != schema.Family {
		return id, fmt.Errorf("bug: a %s is not added by its name", t.Name)
	}
	id = schema.NamedID(t.Name, c.Store.Identity().Org, name)
	err = c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		if have, err := d.Get(table, id); err != nil || have != nil {
			return err
		}
		return d.Create(table, id, field(schema.NameField(name), syncproto.TextValue(name)))
	})
	return id, err
}

// SetPrice sets a product's price, everywhere or at this site alone.
func (c *Client) SetPrice(ctx context.Context, product syncproto.RecordID, here bool, amountMinor int64, currency string) error {
	return c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		if have, err := d.Get(schema.Product, product); err != nil || have == nil {
			return cmp.Or(err, reference("product", product))
		}
		return setPrice(d, product, here, amountMinor, currency)
	})
}

func setPrice(d *store.Draft, product syncproto.RecordID, here bool, amountMinor int64, currency string) error {
	var site syncproto.RecordID
	if here {
		site = d.Identity().Site
	}
	id := schema.PriceID(product, site)
	amount := []store.Field{field(schema.PriceAmount, syncproto.IntValue(amountMinor)), field(schema.PriceCurrency, syncproto.TextValue(currency))}
	have, err := d.Get(schema.Price, id)
	switch {
	case err != nil:
		return err
	case have != nil:
		return d.Update(schema.Price, id, schema.PriceGroupAmount, amount...)
	}
	return d.Create(schema.Price, id, append(amount, field(schema.PriceProduct, syncproto.IDValue(product)), field(schema.PriceSite, syncproto.IDValue(site)))...)
}

// NewTill is a till as it is opened.
type NewTill struct {
	ID         syncproto.RecordID // as in NewProduct
	Fair       syncproto.RecordID // zero: none
	FloatMinor int64
	Currency   string
}

// OpenTill opens a till with its float.
func (c *Client) OpenTill(ctx context.Context, n NewTill) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		var fresh bool
		if id, fresh, err = newID(d, schema.TillSession, n.ID, field(schema.TillFloat, syncproto.IntValue(n.FloatMinor)), field(schema.TillCurrency, syncproto.TextValue(n.Currency))); err != nil || !fresh {
			return err
		}
		me := d.Identity()
		return d.Create(schema.TillSession, id,
			field(schema.TillSite, syncproto.IDValue(me.Site)), field(schema.TillFair, syncproto.IDValue(n.Fair)),
			field(schema.TillDevice, syncproto.IDValue(syncproto.RecordID(me.Device))), field(schema.TillOpenedAt, syncproto.IntValue(now.UnixMilli())),
			field(schema.TillFloat, syncproto.IntValue(n.FloatMinor)), field(schema.TillCurrency, syncproto.TextValue(n.Currency)))
	})
	return id, err
}

// CloseTill closes a till with what was counted in it, and states and signs what was sold.
func (c *Client) CloseTill(ctx context.Context, till syncproto.RecordID, countedMinor int64) error {
	return c.recordThen(ctx, 0, func(d *store.Draft, now time.Time, _ string) error {
		have, err := d.Get(schema.TillSession, till)
		if err != nil || have != nil && !have.Of(schema.TillClosedAt).IsNull() {
			return err
		}
		return d.Update(schema.TillSession, till, schema.TillGroupClosing,
			field(schema.TillClosedAt, syncproto.IntValue(now.UnixMilli())), field(schema.TillCounted, syncproto.IntValue(countedMinor)))
	}, func(w *store.Writer, zone int) error {
		row, err := w.Reader().Get(schema.TillSession, till)
		if err != nil || row == nil {
			return err
		}
		return c.stateTill(ctx, w, zone, row)
	})
}

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
