package simtest_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/raced"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// stalls are n stalls, each with a till and a product of its own.
func stalls(t *testing.T, c *simtest.Centre, n int) []*simtest.Site {
	t.Helper()
	var sites []*simtest.Site
	for i := range n {
		sites = append(sites, c.NewSite("Stall "+string(rune('A'+i)), schema.KindStall, "Fair"))
	}
	return sites
}

// sold is what head office counts now.
func sold(t *testing.T, c *simtest.Centre) *report.Figures {
	t.Helper()
	c.Folded()
	sales, err := c.Server.Sales(ctx, report.Product)
	must(t, err)
	return &sales.Total
}

func TestDevicesGiveAServerThatWentBackInTimeWhatItForgot(t *testing.T) {
	t.Parallel()
	forgets(t, 20, raced.Fewer(250), func(c *simtest.Centre) func() {
		c.Stop()
		kept := keepAll(t, c)
		c.Start()
		return func() { putAllBack(t, c, kept) }
	})
}

func TestDevicesGiveARestoredServerWhatCameAfterItsBackup(t *testing.T) {
	t.Parallel()
	forgets(t, 20, raced.Fewer(250), func(c *simtest.Centre) func() {
		file := filepath.Join(t.TempDir(), "made.backup")
		c.BackUp(file)
		return func() { c.Restore(file) }
	})
}

// forgets takes a server back to where keep kept it, with work, an enrolment and a
// revocation since: what keep returns is run while the server is stopped.
func forgets(t *testing.T, clients, each int, keep func(*simtest.Centre) func()) {
	c := simtest.NewCentre(t)
	sites := stalls(t, c, clients)
	for _, s := range sites {
		sellSome(t, s, 10)
		s.Sync()
	}
	c.Folded()
	back := keep(c)
	for i, s := range sites { // the first has the fewest, the last the most
		s.Moved(c)
		if i > 0 {
			sellSome(t, s, each)
		}
		if i%3 == 0 { // another life of its process is in the lost tail
			s.Reopen()
			sellSome(t, s, 5)
		}
		s.Sync()
	}
	late := c.NewSite("Enrolled since", schema.KindStall, "Fair")
	sellSome(t, late, 7)
	late.Sync()
	revoked := sites[4]
	must(t, c.Server.Revoke(ctx, revoked.Store.Identity().Device, "the tablet was lost"))
	for _, s := range sites { // they hear of the revocation, and of each other
		if s != revoked {
			s.Sync()
		}
	}
	before := sold(t, c)
	gone := soldBy(t, revoked) - 10 // that only the revoked one still has
	history := c.State.Head().History
	c.Stop()
	back()
	c.Start()
	if n := sold(t, c).Receipts; n != int64(clients)*10 {
		t.Fatalf("the server that went back has %d receipts, want %d", n, clients*10)
	}
	begun := c.State.Head().History // by a restore, at once

	last := int64(0)
	for _, s := range append(slices.Clone(sites), late) {
		s.Moved(c)
		if s == revoked {
			timed, stop := context.WithTimeout(ctx, 20*time.Second)
			_, err := s.Client.Sync(timed, 5*time.Second, nil)
			stop()
			if !errors.Is(err, client.ErrRefused) {
				t.Errorf("the revoked device's sync gave %v", err)
			}
		} else {
			s.Sync()
		}
		now := sold(t, c).Receipts
		if now < last || now > before.Receipts {
			t.Fatalf("the figure went from %d to %d, of %d in all", last, now, before.Receipts)
		}
		last = now
	}
	for range 2 { // and hear what came after them
		for _, s := range append(slices.Clone(sites), late) {
			if s != revoked {
				s.Sync()
				s.Sound()
			}
		}
	}
	after := sold(t, c)
	if after.Receipts != before.Receipts-gone {
		t.Errorf("head office counts %d receipts, want %d without the %d of the revoked device", after.Receipts, before.Receipts-gone, gone)
	}
	held, err := c.Server.Quarantine(ctx)
	must(t, err)
	if len(held) < int(gone) {
		t.Errorf("%d transactions are held for review, want those of %d sales", len(held), gone)
	}
	for _, h := range held {
		if h.Code != "revoked_late" {
			t.Errorf("held is %+v", h)
		}
	}
	now := c.State.Head().History
	if now == history {
		t.Error("the log goes on under the history that is gone")
	}
	if begun != history && now != begun {
		t.Error("a second history was begun after the restore's")
	}
	names := map[string]bool{}
	must(t, c.Server.State.Read(ctx, func(r *state.Reader) error { return siteNames(r, names) }))
	if !names["Enrolled since"] {
		t.Errorf("the site enrolled since has lost its name: %v", names)
	}
}

func siteNames(r *state.Reader, into map[string]bool) error {
	return r.Each(schema.Site, func(row *records.Row) error {
		into[report.Name(row.Table, row.Values)] = true
		return nil
	})
}

// soldBy counts the sales that a site recorded itself.
func soldBy(t *testing.T, s *simtest.Site) (n int64) {
	t.Helper()
	site := s.Store.Identity().Site
	must(t, s.Store.Read(ctx, func(r *store.Reader) error {
		return r.Each(schema.Sale, func(row *records.Row) error {
			if row.Of(schema.SaleSite).ID() == site {
				n++
			}
			return nil
		})
	}))
	return n
}

func TestWorkThatTheServerForgotStaysInSightUntilItIsBack(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 10)
	s.Sync()
	product := firstProduct(t, s)
	must(t, s.Client.SetPrice(ctx, product, false, 1300, "AED"))
	s.Sync()
	must(t, s.Store.Welcome(ctx, s.Store.KeptHeads(), nil)) // of a server that knows nothing of it
	if n := countAt(t, s, schema.Sale); n != 10 {
		t.Errorf("people see %d sales, want 10", n)
	}
	st, err := s.Store.Status(ctx)
	must(t, err)
	if st.Pending != st.Transactions || st.Declared.AmountMinor["AED"] != 25000 {
		t.Errorf("%d of %d are pending, declared %+v", st.Pending, st.Transactions, st.Declared)
	}
	digests, err := s.Store.Digests(ctx)
	must(t, err)
	own := syncproto.Share{Class: syncproto.ClassS, Scope: syncproto.Scope{Kind: syncproto.ScopeSite, ID: s.Store.Identity().Site}}
	if d := digests[own]; d.Count != 0 {
		t.Errorf("base still counts %v of the site's share", d)
	}
	s.Sound()
	s.Sync()
	s.Sound()
	soldIs(t, c, 10)
}

func TestSixtyLivesOfADeviceAreAllGivenBack(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	s.Sync()
	c.Folded()
	c.Stop()
	kept := keepAll(t, c)
	c.Start()
	s.Moved(c)
	for range 60 {
		sellSome(t, s, 1)
		s.Reopen()
	}
	s.Sync()
	soldIs(t, c, 60)
	c.Stop()
	putAllBack(t, c, kept)
	c.Start()
	s.Moved(c)
	s.Sync()
	soldIs(t, c, 60)
	s.Sound()
}

func TestADeviceThatNobodyElseKnowsIsTakenInByItsCertificate(t *testing.T) {
	c := simtest.NewCentre(t)
	c.Stop()
	kept := keepAll(t, c)
	c.Start()
	s := c.NewSite("Enrolled, and never heard of", schema.KindStall)
	sellSome(t, s, 3)
	c.Stop()
	putAllBack(t, c, kept)
	c.Start()
	s.Moved(c)
	s.Sync()
	soldIs(t, c, 3)
	s.Sound()
	stranger := c.NewSite("Another organisation's", schema.KindStall)
	id := *stranger.Store.Identity()
	id.Certificate[len(id.Certificate)-1] ^= 1
	must(t, stranger.Store.Enrol(ctx, id))
	c.Stop()
	putAllBack(t, c, kept)
	c.Start()
	stranger.Moved(c)
	if _, err := stranger.Client.Sync(ctx, time.Second, nil); !errors.Is(err, client.ErrRefused) {
		t.Errorf("a certificate that the organisation has not signed gave %v", err)
	}
}

func firstProduct(t *testing.T, s *simtest.Site) (id syncproto.RecordID) {
	t.Helper()
	must(t, s.Store.Read(ctx, func(r *store.Reader) error {
		return r.Each(schema.Product, func(row *records.Row) error { id = row.ID; return nil })
	}))
	return id
}
