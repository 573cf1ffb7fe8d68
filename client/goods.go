package client

import (
	"cmp"
	"context"
	"fmt"
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
