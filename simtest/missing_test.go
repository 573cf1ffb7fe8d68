package simtest_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestTotalsSayWhichSitesAreStillOut(t *testing.T) {
	ctx := context.Background()
	c := simtest.NewCentre(t)
	here, out := c.NewSite("Here", schema.KindStall), c.NewSite("Out", schema.KindStall)
	_, err := here.Client.AddProduct(ctx, client.NewProduct{Name: "Incense"})
	must(t, err)
	here.Sync()
	c.Folded()
	sales, err := c.Server.Sales(ctx, report.Site)
	must(t, err)
	if sales.CompleteTo != nil || len(sales.MissingSites) != 1 || sales.MissingSites[0].Name != "Out" || sales.MissingSites[0].LastContact != nil {
		t.Errorf("with a site never heard of: complete to %v, missing %+v", sales.CompleteTo, sales.MissingSites)
	}
	out.Sync()
	c.Folded()
	sales, err = c.Server.Sales(ctx, report.Site)
	must(t, err)
	if sales.CompleteTo == nil || len(sales.MissingSites) != 0 {
		t.Errorf("after all were heard: complete to %v, missing %+v", sales.CompleteTo, sales.MissingSites)
	}
	c.Stop() // what was heard of sites survives a restart
	c.Start()
	sales, err = c.Server.Sales(ctx, report.Site)
	must(t, err)
	if sales.CompleteTo == nil || len(sales.MissingSites) != 0 {
		t.Errorf("after a restart: complete to %v, missing %+v", sales.CompleteTo, sales.MissingSites)
	}
}

// A site whose work is not taken declares it: report, overview and list of devices say how
// many transactions are out, how much money is in them by currency, and since when; then,
// once it is in, that nothing is.
func TestASiteThatDeclaresABacklogIsMissingWithItsMoneyAndItsOldest(t *testing.T) {
	c := simtest.NewNarrowCentre(t, server.Limits{Held: 1})
	here, out := c.NewSite("Here", schema.KindStall), c.NewSite("Out", schema.KindStall)
	here.Sync()
	_, err := out.Client.AddPerson(ctx, client.NewPerson{Name: "a made-up person"}) // which it may not write
	must(t, err)
	out.Sync() // from now on its quarantine is full
	product, err := out.Client.AddProduct(ctx, client.NewProduct{Name: "Incense"})
	must(t, err)
	began := time.Now().Truncate(time.Second)
	for _, currency := range []string{"AED", "USD", "AED"} {
		till, err := out.Client.OpenTill(ctx, client.NewTill{Currency: currency})
		must(t, err)
		_, err = out.Client.Sell(ctx, client.NewSale{Till: till, Currency: currency, Lines: []client.Line{{Product: product, Quantity: 2, PriceMinor: 1250}}})
		must(t, err)
	}
	if _, err := out.Client.Sync(ctx, 5*time.Second, nil); !errors.Is(err, client.ErrNotTaken) {
		t.Fatalf("sync gave %v, want that nothing is taken", err)
	}
	here.Sync() // later than what is out
	c.Folded()
	sales, err := c.Server.Sales(ctx, report.Site)
	must(t, err)
	o, err := c.Server.Overview(ctx, server.Asked{})
	must(t, err)
	for what, missing := range map[string][]report.MissingSite{"report": sales.MissingSites, "overview": o.MissingSites} {
		if len(missing) != 1 || missing[0].Name != "Out" {
			t.Fatalf("%s: missing are %+v", what, missing)
		}
		d := missing[0].Declared
		if d.Transactions != 7 || !maps.Equal(d.AmountMinor, map[string]int64{"AED": 5000, "USD": 2500}) || d.Oldest == nil {
			t.Fatalf("%s: it has declared %+v", what, d)
		}
		oldest, err := time.Parse(time.RFC3339, *d.Oldest)
		if err != nil || oldest.Before(began.Add(-time.Second)) || oldest.After(time.Now()) {
			t.Errorf("%s: the oldest is of %v, want since %v: %v", what, oldest, began, err)
		}
	}
	if sales.CompleteTo == nil || *sales.CompleteTo != *sales.MissingSites[0].Declared.Oldest || o.CompleteTo == nil || *o.CompleteTo != *sales.CompleteTo {
		t.Errorf("complete to %v and %v, want to the oldest that is out", sales.CompleteTo, o.CompleteTo)
	}
	for _, s := range o.Sites {
		if want := map[string]uint64{"Here": 0, "Out": 7}[s.Name]; s.Pending != want || (s.CompleteTo == nil) != (want > 0) {
			t.Errorf("the overview has %+v of %s, want %d pending", s, s.Name, want)
		}
	}
	for _, d := range devices(t, c) {
		if d.SiteName == "Out" && (d.PendingDeclared != 7 || d.PendingAmounts["AED"] != 5000 || d.PendingAmounts["USD"] != 2500 || d.OldestPending == nil) {
			t.Errorf("the list of devices has %+v", d)
		}
	}
	held, err := out.Client.Quarantine(ctx)
	must(t, err)
	_, err = c.Server.Decide(ctx, held[0].Hash, server.Decide{Action: schema.DecisionWithdraw})
	must(t, err)
	out.Sync()
	c.Folded()
	sales, err = c.Server.Sales(ctx, report.Site)
	must(t, err)
	if len(sales.MissingSites) != 0 || sales.CompleteTo == nil || !maps.Equal(sales.Total.AmountMinor, map[string]int64{"AED": 5000, "USD": 2500}) {
		t.Errorf("once all is in: missing %+v, complete to %v, %+v", sales.MissingSites, sales.CompleteTo, sales.Total)
	}
}
