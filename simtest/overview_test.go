package simtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// The overview is added up from days that are kept and from what live follows; the
// report of a span counts the records anew. Both have to agree, and so has a server
// that has just started.
func TestTheOverviewOfASpanIsWhatItsRecordsAddUpTo(t *testing.T) {
	ctx := context.Background()
	c := simtest.NewCentre(t)
	first := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	now := first
	days := []string{"2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"}
	for i, name := range []string{"Branch", "Other"} {
		now = first
		s := c.NewSite(name, schema.KindBranch)
		s.Now = func() time.Time { return now }
		var products []syncproto.RecordID
		for _, made := range []string{"Incense", "Honey"} {
			family, err := s.Client.AddFamily(ctx, client.NewFamily{Name: "family of " + made + name})
			must(t, err)
			p, err := s.Client.AddProduct(ctx, client.NewProduct{Name: made, Family: family, PriceMinor: 1250, Currency: "AED"})
			must(t, err)
			products = append(products, p)
		}
		till, err := s.Client.OpenTill(ctx, client.NewTill{FloatMinor: 10000, Currency: "AED"})
		must(t, err)
		workshop, err := s.Client.AddWorkshop(ctx, client.NewWorkshop{Name: "Weaving", Kind: "practical", Minutes: 120, Counts: true})
		must(t, err)
		for day := range days {
			now = first.AddDate(0, 0, day)
			c.Off(time.Until(now))
			c.Later(0)
			session, err := s.Client.PlanSession(ctx, client.NewSession{Workshop: workshop, Starts: now, Ends: now.Add(2 * time.Hour)})
			must(t, err)
			for range 2 {
				person, err := s.Client.AddPerson(ctx, client.NewPerson{Name: "a made-up person"})
				must(t, err)
				_, err = s.Client.CheckIn(ctx, client.NewScan{Session: session, Person: person})
				must(t, err)
				now = now.Add(time.Minute)
				_, err = s.Client.CheckOut(ctx, client.NewScan{Session: session, Person: person})
				must(t, err)
			}
			for n := range day + i + 1 {
				sold, err := s.Client.Sell(ctx, client.NewSale{Till: till, Currency: "AED", Lines: []client.Line{{Product: products[(day+1)%2], Quantity: int64(n + 1), PriceMinor: 1250}}})
				must(t, err)
				if n == 2 {
					must(t, s.Client.VoidSale(ctx, sold.Sale, "made-up mistake"))
				}
			}
			s.Sync() // live follows, now and then
			c.Folded()
			_, err = c.Server.Overview(ctx, server.Asked{})
			must(t, err)
		}
	}
	spans := []report.Span{{}, {From: days[1], To: days[2]}, {From: days[3]}, {To: days[0]}, {From: "2027-01-01"}}
	look := func() (all []server.Overview) {
		for i, in := range spans {
			o, err := c.Server.Overview(ctx, server.Asked{Of: in, Against: &spans[(i+1)%len(spans)]})
			must(t, err)
			all = append(all, o)
		}
		return all
	}
	followed := look()
	for i, in := range spans {
		o := followed[i]
		for by, rows := range map[report.By][]report.Row{report.Site: o.BySite, report.Day: o.ByDay} {
			want, err := c.Server.SalesIn(ctx, by, in)
			must(t, err)
			if diff := cmp.Diff(want.Rows, rows); diff != "" {
				t.Errorf("%+v by %v: %s", in, by, diff)
			}
			if diff := cmp.Diff(want.Total, o.Total); diff != "" {
				t.Errorf("%+v: %s", in, diff)
			}
		}
		families, err := c.Server.SalesIn(ctx, report.Family, in)
		must(t, err)
		if len(families.Rows) != o.Families {
			t.Errorf("%+v has %d families, want %d", in, o.Families, len(families.Rows))
		}
		minutes := int64(0)
		for _, day := range days {
			if in.Holds(day) {
				minutes += 2 * 2 // two sites, two people, a minute each
			}
		}
		if o.Credited != minutes {
			t.Errorf("%+v: %d minutes, want %d", in, o.Credited, minutes)
		}
		if diff := cmp.Diff(followed[(i+1)%len(spans)].Sums, *o.Before); diff != "" {
			t.Errorf("%+v compares with something else: %s", in, diff)
		}
	}
	if n := len(followed[0].Sites); n != 2 {
		t.Errorf("%d sites, want 2", n)
	}
	c.Stop()
	c.Start()
	// Head office may have written a standing meanwhile: it looks when something changed.
	if diff := cmp.Diff(followed, look(), cmpopts.IgnoreFields(server.Overview{}, "Position")); diff != "" {
		t.Errorf("after a restart: %s", diff)
	}
}
