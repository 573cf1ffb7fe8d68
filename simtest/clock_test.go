package simtest_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const fiftyYears = 50 * 365 * 24 * time.Hour

// shifted is a clock that is off by so much.
func shifted(d time.Duration) func() time.Time {
	return func() time.Time { return time.Now().Add(d) }
}

// jumping is a clock that is elsewhere at each look.
func jumping() func() time.Time {
	var looks atomic.Int64 // a session looks from several goroutines
	return func() time.Time {
		return time.Now().Add([]time.Duration{fiftyYears, -fiftyYears, 0, 90 * time.Minute, -20 * time.Hour}[looks.Add(1)%5])
	}
}

// drifting is a clock that goes wrong by an hour with every second.
func drifting() func() time.Time {
	began := time.Now()
	return func() time.Time { return time.Now().Add(3600 * time.Since(began)) }
}

func until(year int) time.Duration {
	return time.Until(time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC))
}

func priceAt(t *testing.T, c *simtest.Centre, product syncproto.RecordID) int64 {
	t.Helper()
	return amount(centreRecord(t, c, schema.Price, schema.PriceID(product, syncproto.RecordID{})))
}

func TestAWrongClockRefusesNothingAndWinsNothingForEver(t *testing.T) {
	for _, test := range []struct {
		name  string
		clock func() time.Time
		known bool // how far it is off stays the same, so that the day can be put right
	}{
		{"1970", shifted(until(1970)), true},
		{"2099", shifted(until(2099)), true},
		{"jumping", jumping(), false},
		{"drifting", drifting(), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := simtest.NewCentre(t)
			maker, seen, unseen := c.NewSite("Branch 1", schema.KindBranch), c.NewSite("Branch 2", schema.KindBranch), c.NewSite("Branch 3", schema.KindBranch)
			product, err := maker.Client.AddProduct(ctx, client.NewProduct{Name: "Incense", PriceMinor: 1000, Currency: "AED"})
			must(t, err)
			for _, s := range []*simtest.Site{maker, seen, unseen} {
				s.Sync()
			}
			wrong := c.NewSite("Branch 4", schema.KindBranch)
			wrong.Now = test.clock
			wrong.Sync()
			today := civilDay()
			sellSome(t, wrong, 3)
			set := func(s *simtest.Site, price int64) {
				t.Helper()
				must(t, s.Client.SetPrice(ctx, product, false, price, "AED"))
			}
			set(wrong, 1100)
			wrong.Reopen() // a new life, whose clock may begin before the last one's
			set(wrong, 1101)
			set(wrong, 1102)
			if r := wrong.Sync(); r.Quarantined != 0 {
				t.Errorf("sync gave %+v: something is held", r)
			}
			if got := priceAt(t, c, product); got != 1102 {
				t.Errorf("of three prices of one device %d stands, want the last", got)
			}
			set(unseen, 1300) // later, by a clock that is right, without having heard of it
			unseen.Sync()
			if got := priceAt(t, c, product); got != 1300 {
				t.Errorf("the price is %d: a wrong clock wins over a later write that did not see it", got)
			}
			seen.Sync()
			set(seen, 1200) // having heard of both
			seen.Sync()
			if got := priceAt(t, c, product); got != 1200 {
				t.Errorf("the price is %d: a wrong clock wins over who had seen it", got)
			}
			wrong.Sync()
			set(wrong, 1400) // neither is it shut out
			wrong.Sync()
			if got := priceAt(t, c, product); got != 1400 {
				t.Errorf("the price is %d: what a wrong clock writes does not count any more", got)
			}
			soldIs(t, c, 3)
			if test.known {
				daysAre(t, c, today, civilDay())
			}
			for _, s := range []*simtest.Site{maker, seen, unseen, wrong} {
				s.Sync()
				s.Sound()
			}
		})
	}
}

// civilDay is the day now where the sites of these tests are.
func civilDay() string {
	return time.Now().In(time.FixedZone("Asia/Dubai", 4*3600)).Format(time.DateOnly)
}

func daysAre(t *testing.T, c *simtest.Centre, from, to string) {
	t.Helper()
	must(t, c.State.Read(ctx, func(r *state.Reader) error {
		return r.Each(schema.Sale, func(row *records.Row) error {
			if day := row.Of(schema.SaleDay).Text(); day < from || day > to {
				t.Errorf("a sale counts on %s, want %s", day, to)
			}
			return nil
		})
	}))
}

// A server starts with a clock that cannot be: work is taken in and arrives, no right
// ends, nobody wins by it, and it says so until a person confirms.
func TestADeviceSaysByHowMuchItsClockIsOff(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 1", schema.KindStall)
	for _, off := range []time.Duration{time.Minute, 72 * time.Hour, -90 * time.Minute, 0} {
		s.Now = shifted(off)
		s.Sync()
		st, err := s.Client.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		want := off
		if off == time.Minute { // nobody is told of so little (R43)
			want = 0
		}
		if got := time.Duration(st.ClockOffMS) * time.Millisecond; (got - want).Abs() > 30*time.Second {
			t.Errorf("a clock that is %v off says that it is %v off", off, got)
		}
	}
}

func TestAServerWithAWrongClockTakesWorkInAndWaitsForAPerson(t *testing.T) {
	for _, test := range []struct {
		name string
		off  time.Duration
	}{{"a year ahead", 366 * 24 * time.Hour}, {"an hour behind", -time.Hour}, {"in 1970", until(1970)}} {
		t.Run(test.name, func(t *testing.T) {
			c := simtest.NewCentre(t)
			a, b := c.NewSite("Branch 1", schema.KindBranch), c.NewSite("Branch 2", schema.KindBranch)
			product, err := a.Client.AddProduct(ctx, client.NewProduct{Name: "Incense", PriceMinor: 1000, Currency: "AED"})
			must(t, err)
			_, err = a.Client.AddPerson(ctx, client.NewPerson{Name: "a made-up person"})
			must(t, err)
			a.Sync()
			id := a.Store.Identity()
			must(t, c.Server.Grant(ctx, server.NewGrant{Device: id.Device, Scope: syncproto.Scope{Kind: syncproto.ScopeSite, ID: id.Site}, Classes: "SPE", Write: true, Until: time.Now().Add(30 * 24 * time.Hour)}))
			a.Sync()
			b.Sync()
			if c.Server.Clock().Doubtful {
				t.Fatal("a right clock is in doubt")
			}

			c.Stop()
			c.Off(test.off)
			c.Start()
			a.Moved(c)
			b.Moved(c)
			if got := c.Server.Clock(); !got.Doubtful {
				t.Fatalf("a clock that is %s is believed: %+v", test.name, got)
			}
			today := civilDay()
			sellSome(t, a, 2)
			must(t, a.Client.SetPrice(ctx, product, false, 1100, "AED"))
			a.Sync()
			soldIs(t, c, 2)
			daysAre(t, c, today, civilDay())
			if n := countAt(t, a, schema.Person); n != 1 {
				t.Errorf("the device shows %d persons: its right ended by a wrong clock", n)
			}

			c.Stop() // somebody sets the clock
			c.Off(0)
			c.Start()
			b.Moved(c)
			if got := c.Server.Clock(); got.Doubtful {
				t.Fatalf("the clock is right again and in doubt: %+v", got)
			}
			must(t, b.Client.SetPrice(ctx, product, false, 1200, "AED")) // without having heard
			b.Sync()
			if got := priceAt(t, c, product); got != 1200 {
				t.Errorf("the price is %d: what came while the clock was wrong wins for ever", got)
			}
		})
	}
}

// The server was off for longer than it can tell from a clock that jumped. A person says
// that the clock is right; that stands in the log, and for a clock that is set back too.
func TestAConfirmedClockIsBelievedAlsoAfterARestart(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 1", schema.KindStall)
	for _, off := range []time.Duration{48 * time.Hour, 0} {
		c.Stop()
		c.Off(off)
		c.Start()
		s.Moved(c)
		if !c.Server.Clock().Doubtful {
			t.Fatalf("a clock that went on to %v is believed", off)
		}
		got, err := c.Server.ConfirmClock(ctx)
		must(t, err)
		if got.Doubtful || got.Works != got.Says {
			t.Errorf("confirmed, and it says %+v", got)
		}
		sellSome(t, s, 1)
		s.Sync()
		c.Stop()
		c.Start()
		s.Moved(c)
		if got := c.Server.Clock(); got.Doubtful {
			t.Errorf("after a restart what a person confirmed is in doubt: %+v", got)
		}
	}
	soldIs(t, c, 2)
	c.Stop()
	kept := keep(t, c.Path("state.db"))
	remove(t, c.Path("state.db"))
	c.Start()
	sameAsKept(t, c, kept)
}

func TestADecisionStandsAfterAStartWithTheClockSetBack(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	device := s.Store.Identity().Device
	site := syncproto.Scope{Kind: syncproto.ScopeSite, ID: s.Store.Identity().Site}
	c.Off(40 * time.Second)
	must(t, c.Server.Grant(ctx, server.NewGrant{Device: device, Scope: site, Classes: "S", Write: true}))
	c.Stop()
	c.Off(0) // the network sets it
	c.Start()
	must(t, c.Server.EndGrant(ctx, device, site, "the fair is over"))
	rights, err := c.Server.Rights(ctx, device)
	must(t, err)
	ended := 0
	for _, r := range rights {
		if r.Ended && r.Reason == "the fair is over" {
			ended++
		}
	}
	if ended != 1 {
		t.Errorf("a right that was ended stands: %+v", rights)
	}
}
