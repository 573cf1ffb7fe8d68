package simtest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestARevokedDeviceDeliversAndHearsNothing(t *testing.T) {
	ctx := context.Background()
	c := simtest.NewCentre(t)
	stall, other := c.NewSite("Stall", schema.KindStall), c.NewSite("Other", schema.KindStall)
	product, err := other.Client.AddProduct(ctx, client.NewProduct{Name: "Incense"})
	must(t, err)
	other.Sync()
	stall.Sync()
	till, err := stall.Client.OpenTill(ctx, client.NewTill{Currency: "AED"})
	must(t, err)
	_, err = stall.Client.Sell(ctx, client.NewSale{Till: till, Currency: "AED", Lines: []client.Line{{Product: product, Quantity: 1, PriceMinor: 700}}})
	must(t, err)
	must(t, c.Server.Revoke(ctx, stall.Store.Identity().Device, "the tablet was lost"))
	_, err = other.Client.AddProduct(ctx, client.NewProduct{Name: "What the revoked device does not hear of"})
	must(t, err)
	other.Sync()
	before := stall.Store.Progress().Position

	if _, err := stall.Client.Sync(ctx, 5*time.Second, nil); !errors.Is(err, client.ErrRefused) {
		t.Errorf("a revoked device's sync gave %v", err)
	}
	if st, err := stall.Store.Status(ctx); err != nil || st.Pending != 0 {
		t.Errorf("%d transactions were not delivered, %v", st.Pending, err)
	}
	if at := stall.Store.Progress().Position; at != before {
		t.Errorf("it heard up to %d after it was revoked at %d", at, before)
	}
	c.Folded()
	held, err := c.Server.Quarantine(ctx)
	must(t, err)
	if len(held) != 2 || held[0].Code != "revoked_late" {
		t.Fatalf("held are %+v, want till and sale", held)
	}
	for _, v := range held { // a person looks, and lets them count
		if _, err := c.Server.Decide(ctx, v.Hash, server.Decide{Action: schema.DecisionRelease, Waive: true}); err != nil {
			t.Error(err)
		}
	}
	c.Folded()
	sales, err := c.Server.Sales(ctx, report.Site)
	must(t, err)
	if sales.Total.AmountMinor["AED"] != 700 || sales.Total.Receipts != 1 {
		t.Errorf("after the release the sales are %+v", sales.Total)
	}
}
