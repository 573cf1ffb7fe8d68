// Package rules computes, on records alone, what both sides must compute alike.
package rules

import (
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// LineAmount is what a sale line is worth in minor units of its currency:
// quantity × unit price − discount. priced is false where the line has no price:
// it counts as unpriced, never as 0. The schema's bounds keep it within 64 bits.
func LineAmount(line schema.Values) (amount int64, currency string, priced bool) {
	t := schema.Lookup(schema.SaleLine)
	price := t.Of(line, schema.LineUnitPrice)
	if price.Kind() != syncproto.Int {
		return 0, "", false
	}
	amount = t.Of(line, schema.LineQuantity).Int()*price.Int() - t.Of(line, schema.LineDiscount).Int()
	return amount, t.Of(line, schema.LineCurrency).Text(), true
}
