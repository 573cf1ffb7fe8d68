package simtest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// A sale belongs to a till of its stall that was open when it was made (R11): a till that
// another stall opened is heard of at the fair, and takes no sale of this one.
func TestASaleBelongsToATillOfItsStallThatWasOpenAtTheTime(t *testing.T) {
	c := simtest.NewCentre(t)
	a, twin, b := c.NewSite("Stall 1", schema.KindStall, "Fair"), c.NewSite("Stall 1", schema.KindStall, "Fair"), c.NewSite("Stall 2", schema.KindStall, "Fair")
	now := time.Now()
	for _, s := range []*simtest.Site{a, twin, b} {
		s.Now = func() time.Time { return now }
	}
	product, err := a.Client.AddProduct(ctx, client.NewProduct{Name: "Incense", PriceMinor: 1250, Currency: "AED"})
	must(t, err)
	a.Sync()
	b.Sync()
	fair := fairOf(t, a)
	open, closed, others := tillAt(t, a, fair), tillAt(t, a, fair), tillAt(t, b, fair)
	now = now.Add(time.Minute)
	must(t, a.Client.CloseTill(ctx, closed, 0))
	for _, s := range []*simtest.Site{b, a, twin, b} {
		s.Sync()
	}
	for _, x := range []struct {
		name   string
		at     *simtest.Site
		till   syncproto.RecordID
		waited time.Duration
		sells  bool
	}{
		{"no till", a, syncproto.RecordID{}, 0, false},
		{"a till that nobody opened", a, syncproto.RecordID{1}, 0, false},
		{"the open till", a, open, 0, true},
		{"the open till, by another tablet of the stall", twin, open, 0, true},
		{"at the moment of closing", a, closed, 0, false},
		{"a moment before it, told later", a, closed, time.Millisecond, true},
		{"the till of another stall", a, others, 0, false},
		{"its own till, at the other stall", b, others, 0, true},
		{"a till of the first, at the other stall", b, open, 0, false},
	} {
		_, err := x.at.Client.Sell(ctx, client.NewSale{Till: x.till, Currency: "AED", Waited: x.waited, Lines: []client.Line{{Product: product, Quantity: 1, PriceMinor: 1250}}})
		if (err == nil) != x.sells || err != nil && !errors.Is(err, client.ErrNoTill) {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	for _, s := range []*simtest.Site{a, twin, b} {
		if r := s.Sync(); r.Quarantined != 0 {
			t.Errorf("held: %+v", r)
		}
	}
}

func tillAt(t *testing.T, s *simtest.Site, fair syncproto.RecordID) syncproto.RecordID {
	t.Helper()
	till, err := s.Client.OpenTill(ctx, client.NewTill{Fair: fair, Currency: "AED"})
	must(t, err)
	return till
}

// fairOf is the one fair that a site knows of.
func fairOf(t *testing.T, s *simtest.Site) (id syncproto.RecordID) {
	t.Helper()
	must(t, s.Store.Read(ctx, func(r *store.Reader) error {
		return r.Each(schema.Fair, func(row *records.Row) error { id = row.ID; return nil })
	}))
	return id
}
