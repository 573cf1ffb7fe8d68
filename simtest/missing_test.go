package simtest_test

import (
	"context"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/report"
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
