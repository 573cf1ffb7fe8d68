package simtest_test

import (
	"context"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestASaleRecordedOfflineArrives(t *testing.T) {
	ctx := context.Background()
	c := simtest.NewCentre(t)
	a := c.NewSite("Stall 1", schema.KindStall, "Spring fair")
	b := c.NewSite("Stall 2", schema.KindStall, "Spring fair")
	product, err := a.Client.AddProduct(ctx, client.NewProduct{Name: "Incense", PriceMinor: 1250, Currency: "AED"})
	if err != nil {
		t.Fatal(err)
	}
	a.Sync()
	b.Sync()
	till, err := b.Client.OpenTill(ctx, client.NewTill{FloatMinor: 10000, Currency: "AED"})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, err := b.Client.Sell(ctx, client.NewSale{Till: till, Currency: "AED", Lines: []client.Line{{Product: product, Quantity: 2, PriceMinor: 1250}}}); err != nil {
			t.Fatal(err)
		}
	}
	r := b.Sync()
	if r.Sent != 11 || r.Settled != 11 || r.Quarantined != 0 {
		t.Errorf("sync gave %+v", r)
	}
	c.Folded()
	sales, err := c.Server.Sales(ctx, report.Product)
	if err != nil {
		t.Fatal(err)
	}
	if sales.Total.Receipts != 10 || sales.Total.AmountMinor["AED"] != 25000 || len(sales.MissingSites) != 0 {
		t.Errorf("sales are %+v", sales)
	}
}
