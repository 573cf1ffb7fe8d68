package client

import (
	"cmp"
	"context"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

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
	Unit       string         // that a piece is of: a box, 250 g
	Food       bool
	Contents   string // ingredients and allergens, as on the label
	About      string
}

// AddProduct adds a product to the organisation's catalogue.
func (c *Client) AddProduct(ctx context.Context, n NewProduct) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		var fresh bool
		if id, fresh, err = newID(d, schema.Product, n.ID); err != nil || !fresh {
			return err
		}
		fields := []store.Field{field(schema.NameField(n.Name), syncproto.TextValue(n.Name)), field(schema.ProductFamily, syncproto.IDValue(n.Family)), field(schema.ProductCategory, syncproto.IDValue(n.Category))}
		photo, err := c.attached(ctx, "photo", schema.ProductPhoto, n.Photo)
		if err != nil {
			return err
		}
		fields = append(fields, photo, field(schema.ProductUnit, text(n.Unit)), field(schema.ProductContents, text(n.Contents)), field(schema.ProductAbout, text(n.About)))
		if n.Food {
			fields = append(fields, field(schema.ProductFood, syncproto.BoolValue(true)))
		}
		if n.Sku != "" {
			fields = append(fields, field(schema.ProductSku, syncproto.TextValue(n.Sku)))
		}
		if err := d.Create(schema.Product, id, fields...); err != nil || n.Currency == "" {
			return err
		}
		return setPrice(d, now, &NewPrice{Product: id, Here: n.PriceHere, AmountMinor: n.PriceMinor, Currency: n.Currency})
	})
	return id, err
}

// AddCategory records a category, known by its name: two sites that add it apart add one.
func (c *Client) AddCategory(ctx context.Context, name string) (syncproto.RecordID, error) {
	id := schema.NamedID(schema.Lookup(schema.Category).Name, c.Store.Identity().Org, name)
	err := c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		if have, err := d.Get(schema.Category, id); err != nil || have != nil {
			return err
		}
		return d.Create(schema.Category, id, field(schema.NameField(name), syncproto.TextValue(name)))
	})
	return id, err
}

// NewPrice is a price as it is set.
type NewPrice struct {
	Product     syncproto.RecordID
	Here        bool // at this site alone
	AmountMinor int64
	Currency    string
	By, Reason  string
}

// SetPrice sets a product's price, everywhere or at this site alone.
func (c *Client) SetPrice(ctx context.Context, product syncproto.RecordID, here bool, amountMinor int64, currency string) error {
	return c.ChangePrice(ctx, NewPrice{Product: product, Here: here, AmountMinor: amountMinor, Currency: currency})
}

// ChangePrice sets a product's price, and notes who did and why. What was sold keeps the
// price that it was sold at.
func (c *Client) ChangePrice(ctx context.Context, n NewPrice) error {
	return c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		if have, err := d.Get(schema.Product, n.Product); err != nil || have == nil {
			return cmp.Or(err, reference("product", n.Product))
		}
		return setPrice(d, now, &n)
	})
}

func setPrice(d *store.Draft, now time.Time, n *NewPrice) error {
	var site syncproto.RecordID
	if n.Here {
		site = d.Identity().Site
	}
	id := schema.PriceID(n.Product, site)
	amount := []store.Field{field(schema.PriceAmount, syncproto.IntValue(n.AmountMinor)), field(schema.PriceCurrency, syncproto.TextValue(n.Currency))}
	have, err := d.Get(schema.Price, id)
	switch {
	case err != nil:
		return err
	case have != nil:
		err = d.Update(schema.Price, id, schema.PriceGroupAmount, amount...)
	default:
		err = d.Create(schema.Price, id, append(amount, field(schema.PriceProduct, syncproto.IDValue(n.Product)), field(schema.PriceSite, syncproto.IDValue(site)))...)
	}
	if err != nil {
		return err
	}
	change, err := d.NewID()
	if err != nil {
		return err
	}
	return d.Create(schema.PriceChange, change,
		field(schema.ChangeProduct, syncproto.IDValue(n.Product)), field(schema.ChangeSite, syncproto.IDValue(site)),
		field(schema.ChangeAmount, syncproto.IntValue(n.AmountMinor)), field(schema.ChangeCurrency, syncproto.TextValue(n.Currency)),
		field(schema.ChangeAt, syncproto.IntValue(now.UnixMilli())), field(schema.ChangeBy, text(n.By)), field(schema.ChangeReason, text(n.Reason)))
}
