package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// How fast the staff of a live demo are. An hour of it is a busy day: some 1,200 sales,
// five sessions and fifty referrals.
const (
	paceSale    = 9 * time.Second
	paceScan    = 7 * time.Second
	paceRefer   = 70 * time.Second
	paceAnswer  = 15 * time.Second
	tillRests   = 45 * time.Second // a visitor who closed a till has this long to open one
	sessionLong = 12 * time.Minute
	leavesFor   = 4 * time.Minute  // at the end of a session
	firstSay    = 40 * time.Second // a visitor at the desk may answer first
	mostOpen    = 6                // referrals that wait for somebody; staff send no more then
)

// begin leaves the places as a visitor would like to find them: tills open, a session
// that has begun, a referral to answer.
func (d *demo) begin(ctx context.Context) error {
	for _, s := range d.sites {
		if !s.sells {
			continue
		}
		if _, err := s.client.OpenTill(ctx, client.NewTill{FloatMinor: demoFloatMinor, Currency: demoCurrency}); err != nil {
			return err
		}
	}
	centre := d.site("centre")
	if centre == nil { // a year has none
		return nil
	}
	if _, err := d.plan(ctx, centre, len(demoWorkshops)-1, time.Now(), sessionLong); err != nil {
		return err
	}
	return d.refer(ctx, centre)
}

// work starts the staff of all places. What they cannot do at the moment, since a
// visitor is at it too, they leave.
func (d *demo) work(ctx context.Context, g *errgroup.Group) {
	for _, s := range d.sites {
		switch {
		case s.sells:
			d.each(ctx, g, s, paceSale, (&clerk{demo: d, site: s}).sell)
		case s.kind == schema.KindRooyesh:
			d.each(ctx, g, s, paceScan, func(ctx context.Context) error { return d.attend(ctx, s) })
		case s.kind == schema.KindDesk:
			d.each(ctx, g, s, paceAnswer, func(ctx context.Context) error { return d.answer(ctx, s) })
		}
	}
	centre := d.site("centre")
	if centre == nil {
		return
	}
	d.each(ctx, g, centre, paceRefer, func(ctx context.Context) error { return d.refer(ctx, centre) })
}

// each lets somebody do something again and again, until ctx ends. What goes wrong is
// said and does not end the demo.
func (d *demo) each(ctx context.Context, g *errgroup.Group, s *demoSite, pace time.Duration, do func(context.Context) error) {
	g.Go(func() error {
		for {
			pause := pace/2 + time.Duration(d.luck.n(int(pace)))
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return nil
			}
			if err := do(ctx); err != nil && ctx.Err() == nil {
				d.step(fmt.Sprintf("staff of %s: %v", s.place, err))
			}
		}
	})
}

// clerk sells at one place.
type clerk struct {
	*demo
	site   *demoSite
	closed time.Time // since when there has been no open till; zero: there is one
}

func (c *clerk) sell(ctx context.Context) error {
	till, err := c.site.openTill(ctx)
	if err != nil {
		return err
	}
	if till.IsZero() {
		return c.reopen(ctx)
	}
	c.closed = time.Time{}
	_, _, err = c.demo.sell(ctx, c.site, till)
	return err
}

// reopen opens a till where a visitor has closed it and gone.
func (c *clerk) reopen(ctx context.Context) error {
	if c.closed.IsZero() {
		c.closed = time.Now()
	}
	if time.Since(c.closed) < tillRests {
		return nil
	}
	_, err := c.site.client.OpenTill(ctx, client.NewTill{FloatMinor: demoFloatMinor, Currency: demoCurrency})
	return err
}

// openTill is the till that this device opened last; zero where it is closed.
func (s *demoSite) openTill(ctx context.Context) (till syncproto.RecordID, err error) {
	device := syncproto.RecordID(s.store.Identity().Device)
	err = s.store.Read(ctx, func(r *store.Reader) error {
		return r.Newest(schema.TillSession, syncproto.RecordID{}, 1+len(demoPlans), func(row *records.Row) error {
			open := row.Of(schema.TillClosedAt).IsNull() && row.Of(schema.TillCurrency).Text() == demoCurrency
			if till.IsZero() && row.Of(schema.TillDevice).ID() == device && open {
				till = row.ID
			}
			return nil
		})
	})
	return till, err
}

// attend lets one woman in or out of the session that goes on; the first tablet plans
// the next one. Each tablet knows what it has heard of, and no more.
func (d *demo) attend(ctx context.Context, s *demoSite) error {
	session, ends, err := s.session(ctx)
	if err != nil {
		return err
	}
	if session.IsZero() {
		if s.place == "centre" {
			_, err = d.plan(ctx, s, len(demoWorkshops)-1, time.Now(), sessionLong)
		}
		return err
	}
	list, err := s.client.Attendance(ctx, session)
	if err != nil {
		return err
	}
	here := map[syncproto.RecordID]rules.Presence{}
	for _, p := range list {
		here[p.Person] = p
	}
	leaving := time.Until(ends) < leavesFor
	for _, i := range d.luck.perm(len(d.women)) {
		p := here[d.women[i]]
		switch {
		case !leaving && p.InAt == 0:
			_, err = s.client.CheckIn(ctx, client.NewScan{Session: session, Person: d.women[i]})
			return err
		case leaving && p.InAt != 0 && p.OutAt == 0:
			_, err = s.client.CheckOut(ctx, client.NewScan{Session: session, Person: d.women[i]})
			return err
		}
	}
	return nil
}

// session is the one that goes on now; zero where none does.
func (s *demoSite) session(ctx context.Context) (id syncproto.RecordID, ends time.Time, err error) {
	now := time.Now().UnixMilli()
	err = s.store.Read(ctx, func(r *store.Reader) error {
		return r.Newest(schema.WorkshopSession, syncproto.RecordID{}, 8, func(row *records.Row) error {
			if id.IsZero() && row.Of(schema.SessionStartsAt).Int() <= now && now < row.Of(schema.SessionEndsAt).Int() {
				id, ends = row.ID, time.UnixMilli(row.Of(schema.SessionEndsAt).Int())
			}
			return nil
		})
	})
	return id, ends, err
}

// refer sends a referral from the centre, unless enough of them wait.
func (d *demo) refer(ctx context.Context, s *demoSite) error {
	desk, waiting := d.site("desk"), 0
	if err := s.sent(ctx, desk, func() { waiting++ }); err != nil || waiting >= mostOpen {
		return err
	}
	i := d.luck.n(len(d.women))
	n := client.NewReferral{To: desk.store.Identity().Site, Purpose: []string{"loan", "exam"}[d.luck.n(2)]}
	if d.luck.one(2) {
		n.Person, n.ShareName, n.ConsentBy = d.women[i], true, demoWomen[i]
	}
	_, err := s.client.Refer(ctx, n)
	return err
}

// sent calls f for every referral to a desk that nobody has taken up.
func (s *demoSite) sent(ctx context.Context, desk *demoSite, f func()) error {
	to := desk.store.Identity().Site
	return s.referrals(ctx, func(row *records.Row) {
		if row.Of(schema.ReferralTo).ID() == to && row.Of(schema.ReferralState).Text() == schema.ReferralSent {
			f()
		}
	})
}

// outcomeOf is what a lender who also examines says at the end.
func outcomeOf(purpose string) string {
	if purpose == "exam" {
		return "در آزمون قبول شد"
	}
	return "وام تصویب شد"
}

// after is where the desk takes a referral next; empty where it leaves it.
func after(state string) string {
	switch state {
	case schema.ReferralSent, "delivered", schema.ReferralReceived:
		return schema.ReferralAccepted
	case schema.ReferralAccepted:
		return "in_service"
	case "in_service":
		return "completed"
	}
	return ""
}

// answer moves on one referral that the desk has had for a while.
func (d *demo) answer(ctx context.Context, s *demoSite) error {
	var next *records.Row
	before := time.Now().Add(-firstSay).UnixMilli()
	own := s.store.Identity().Site
	if err := s.referrals(ctx, func(row *records.Row) {
		if row.Of(schema.ReferralTo).ID() == own && row.Of(schema.ReferralSentAt).Int() < before && after(row.Of(schema.ReferralState).Text()) != "" && (next == nil || d.luck.one(2)) {
			next = row.Clone()
		}
	}); err != nil || next == nil {
		return err
	}
	state, reason, outcome := after(next.Of(schema.ReferralState).Text()), "", ""
	switch {
	case state == schema.ReferralAccepted && d.luck.one(6):
		state, reason = schema.ReferralDeclined, "مدارک کامل نیست"
	case state == "completed":
		outcome = outcomeOf(next.Of(schema.ReferralPurpose).Text())
	}
	return s.client.Answer(ctx, next.ID, state, reason, outcome)
}

// recentReferrals is how far back staff look.
const recentReferrals = 40

func (s *demoSite) referrals(ctx context.Context, f func(*records.Row)) error {
	return s.store.Read(ctx, func(r *store.Reader) error {
		return r.Newest(schema.Referral, syncproto.RecordID{}, recentReferrals, func(row *records.Row) error {
			f(row)
			return nil
		})
	})
}
