package simtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// completeTo is up to when head office's report and overview say that nothing is missing.
func completeTo(t *testing.T, c *simtest.Centre) time.Time {
	t.Helper()
	sales, err := c.Server.Sales(ctx, report.Site)
	must(t, err)
	if sales.CompleteTo == nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, *sales.CompleteTo)
	must(t, err)
	return at
}

// runs keeps a site connected until stop.
func runs(t *testing.T, s *simtest.Site) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.Client.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// untilTrue waits for something that nobody announces.
func untilTrue(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waiting until %s", what)
		}
	}
}

// A device that is connected and has nothing to send keeps totals complete to now, and
// the log does not grow by it.
func TestTotalsOfAnIdleConnectedSiteMoveOnWithoutTheLog(t *testing.T) {
	c := simtest.NewNarrowCentre(t, server.Limits{PingEvery: 20 * time.Millisecond})
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 2)
	s.Sync()
	stop := runs(t, s)
	defer stop()
	c.Folded()
	untilTrue(t, "the site is connected and heard of", func() bool { return c.Server.Open() == 1 && !completeTo(t, c).IsZero() })
	from := completeTo(t, c)
	end, _ := c.Log.End()
	untilTrue(t, "the total is complete to a later time", func() bool { return completeTo(t, c).Sub(from) >= 2*time.Second })
	if now, _ := c.Log.End(); now > end+1 { // the word that followed Welcome, at most
		t.Errorf("the log went from %d to %d entries", end, now)
	}
	o, err := c.Server.Overview(ctx, server.Asked{})
	must(t, err)
	if o.CompleteTo == nil || o.Sites[0].CompleteTo == nil || *o.Sites[0].CompleteTo < *o.CompleteTo {
		t.Errorf("the overview is complete to %v, its site to %v", o.CompleteTo, o.Sites[0].CompleteTo)
	}
}

// A line that hangs says nothing, and neither does its end: what the device sold since is
// not among the totals.
func TestAHalfOpenConnectionDoesNotMoveTotalsOn(t *testing.T) {
	c := simtest.NewNarrowCentre(t, server.Limits{PingEvery: 20 * time.Millisecond})
	s := c.NewSite("Stall", schema.KindStall)
	s.Sync()
	proxy := simtest.NewProxy(t, c.Address())
	s.Through(proxy.URL())
	stop := runs(t, s)
	defer stop()
	from := completeTo(t, c)
	untilTrue(t, "the total moves on", func() bool { return completeTo(t, c).After(from) })
	proxy.Hold(simtest.Up, true) // bytes of the device arrive nowhere
	stands := completeTo(t, c)
	sellSome(t, s, 1)
	hung := time.Now()
	untilTrue(t, "two seconds have passed", func() bool { return time.Since(hung) > 2*time.Second })
	if at := completeTo(t, c); at.Sub(stands) > time.Second { // what was on its way when it hung
		t.Errorf("with the line hanging since %v totals are complete to %v", stands, at)
	}
	proxy.Refuse(true)
	untilTrue(t, "the session is over", func() bool { return c.Server.Open() == 0 })
	c.Folded()
	if at := completeTo(t, c); at.After(hung) {
		t.Errorf("the line hung at %v, and totals are complete to %v", hung, at)
	}
	c.Stop()
	c.Start()
	if at := completeTo(t, c); at.After(hung) {
		t.Errorf("after a restart totals are complete to %v, beyond %v", at, hung)
	}
}

// What a device says of the server's clock is believed as far as it was told it, and no
// word of it counts as more than it says.
func TestADeviceCannotDeclareAheadOfTheServersClock(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	p := connect(t, c.HTTP.URL, s)
	c.Folded()
	before := completeTo(t, c)
	p.send(&syncproto.Ping{TimeMS: 1, Declared: &syncproto.Declared{}, Of: time.Now().Add(time.Hour).UnixMilli()})
	p.send(&syncproto.Ping{TimeMS: 1, Answer: true})
	told := next[*syncproto.Ping](p).TimeMS
	if at := completeTo(t, c); !at.Equal(before) {
		t.Errorf("totals went from %v to %v by what a device says of a clock that is not its own", before, at)
	}
	untilTrue(t, "a second has passed", func() bool { return time.Now().UnixMilli() > told+1100 })
	p.send(&syncproto.Ping{TimeMS: 1, Answer: true})
	told = next[*syncproto.Ping](p).TimeMS
	p.send(&syncproto.Ping{TimeMS: 1, Declared: &syncproto.Declared{}, Of: told})
	untilTrue(t, "totals are complete to what it was told", func() bool { return completeTo(t, c).Unix() == told/1000 })
	p.send(&syncproto.Ping{TimeMS: 1, Declared: &syncproto.Declared{Transactions: 3, OldestMS: told - 60_000}})
	untilTrue(t, "the site is missing", func() bool {
		sales, err := c.Server.Sales(ctx, report.Site)
		must(t, err)
		return len(sales.MissingSites) == 1 && *sales.CompleteTo <= time.UnixMilli(told-60_000).UTC().Format(time.RFC3339)
	})
}
