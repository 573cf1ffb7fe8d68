package client_test

import (
	"context"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// The stall, the fair and what is sold are made up.
func TestSalesAreCountedByFairVenueAndHourOfTheSite(t *testing.T) {
	k, ctx := newCounter(t), context.Background()
	fair, till := k.id(), k.id()
	if err := k.c.Store.Write(ctx, func(w *store.Writer) error {
		return w.Transaction(syncproto.RecordID{}, 240, func(d *store.Draft) error {
			if err := d.Create(schema.Site, d.Identity().Site,
				store.Field{Field: schema.NameEn, Value: syncproto.TextValue("Stall of a test")}, store.Field{Field: schema.SiteKind, Value: syncproto.TextValue(schema.KindStall)},
				store.Field{Field: schema.SiteZone, Value: syncproto.TextValue("Asia/Kathmandu")}, store.Field{Field: schema.SiteLang, Value: syncproto.TextValue("ar")}, store.Field{Field: schema.SiteStatus, Value: syncproto.TextValue("active")}); err != nil {
				return err
			}
			return d.Create(schema.Fair, fair, store.Field{Field: schema.NameEn, Value: syncproto.TextValue("Fair of a test")}, store.Field{Field: schema.FairVenue, Value: syncproto.TextValue(schema.VenueGovernment)})
		})
	}); err != nil {
		t.Fatal(err)
	}
	k.sells(object{"payments": []object{{"method": "cash", "amount_minor": 1000}}}, object{"product": k.incense, "quantity": 1, "unit_price_minor": 1000})
	if code := k.do("POST", "/api/tills", object{"id": till, "fair": fair, "currency": "AED"}, nil); code != 200 {
		t.Fatalf("opening gave %d", code)
	}
	sale := k.sells(object{"till": till}, object{"product": k.bowl, "quantity": 3, "unit_price_minor": 700})
	zone, err := time.LoadLocation("Asia/Kathmandu") // a quarter of an hour beside all others
	if err != nil {
		t.Fatal(err)
	}
	for by, want := range map[report.By]struct {
		label  string
		pieces int64
	}{report.Fair: {"Fair of a test", 3}, report.Venue: {schema.VenueGovernment, 3}, report.Hour: {time.UnixMilli(sale.SoldAt).In(zone).Format("15"), 0}} {
		s, err := client.SalesIn(ctx, k.c.Store, by, report.Span{})
		if err != nil {
			t.Fatal(err)
		}
		found, sum := false, int64(0)
		for _, row := range s.Rows {
			found = found || row.Label == want.label && (want.pieces == 0 || row.Pieces == want.pieces)
			sum += row.Pieces
		}
		if !found || sum != 4 || s.Total.Pieces != 4 || s.Unit == "" || s.Filter == "" {
			t.Errorf("by %s: %+v, want %+v", by, s, want)
		}
	}
}
