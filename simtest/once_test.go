package simtest_test

import (
	"context"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// A sale at a fair is in two shares that a device of the stall reads, the site's and
// the fair's. It travels once.
func TestARecordInTwoSharesIsSentOnce(t *testing.T) {
	const sales = 10
	ctx := context.Background()
	c := simtest.NewCentre(t)
	a := c.NewSite("Stall", schema.KindStall, "Spring fair")
	product, err := a.Client.AddProduct(ctx, client.NewProduct{Name: "Incense", PriceMinor: 1250, Currency: "AED"})
	if err != nil {
		t.Fatal(err)
	}
	fair := schema.NamedID("fair", a.Store.Identity().Org, "Spring fair")
	till, err := a.Client.OpenTill(ctx, client.NewTill{Fair: fair, FloatMinor: 10000, Currency: "AED"})
	if err != nil {
		t.Fatal(err)
	}
	a.Sync()
	second := c.NewSite("Stall", schema.KindStall, "Spring fair")
	second.Sync()
	for range sales {
		if _, err := a.Client.Sell(ctx, client.NewSale{Till: till, Currency: "AED", Lines: []client.Line{{Product: product, Quantity: 2, PriceMinor: 1250}}}); err != nil {
			t.Fatal(err)
		}
	}
	a.Sync()
	if r := second.Sync(); r.Received != 3*sales {
		t.Errorf("%d records were sent where %d were new", r.Received, 3*sales)
	}
}
