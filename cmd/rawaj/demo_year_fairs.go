package main

import (
	"cmp"
	"context"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// When what is done of a fair, in days before and after it.
const (
	plannedAhead     = 31
	coordinatedAhead = 20
	registeredAhead  = 22 // and a stall that is away for three weeks has heard of it
	announcedAhead   = 10
	cancelledAhead   = 4
	closedAfter      = 9 // whoever sold there has had a line
)

// planFairs has head office plan and announce every fair, branches register who comes, and
// what is held be held.
func (y *yearPlay) planFairs() {
	for i, f := range y.plan.fairs {
		at := func(days, hour int) time.Time {
			return f.starts.AddDate(0, 0, days).Add(time.Duration(hour) * time.Hour)
		}
		branch := y.branch(i % yearBranches)
		y.deed(at(-plannedAhead, 9), func(ctx context.Context) error { return y.planFair(ctx, f) })
		of := rules.FairOf{Class: f.class, Organiser: f.organiser, Venue: f.venue}
		if of.NeedsCoordination() {
			y.deed(at(-coordinatedAhead, 10), func(ctx context.Context) error {
				_, err := branch.client.Coordinate(ctx, client.NewCoordination{Fair: f.id, With: "جهة تجريبية", By: "منسقة تجريبية", On: y.now().In(yearZone).Format(time.DateOnly)})
				return err
			})
			y.deed(at(-announcedAhead, 9), y.steps(f, schema.FairCoordinated, ""))
		}
		for n, g := range f.guests {
			y.deed(at(-registeredAhead, 11), func(ctx context.Context) error { return y.register(ctx, f, g, n) })
		}
		y.deed(at(-announcedAhead, 10), y.steps(f, schema.FairAnnounced, ""))
		switch f.fate {
		case fateCancelled:
			y.deed(at(-cancelledAhead, 9), y.steps(f, schema.FairCancelled, "المكان غير متاح"))
		case fateHeld:
			y.hold(i, f)
		}
	}
}

// hold has a fair opened and closed; between, families come and tills sell.
func (y *yearPlay) hold(i int, f *yearFair) {
	y.deed(f.starts.Add(8*time.Hour), y.steps(f, schema.FairOpen, ""))
	place := y.branch(i % yearBranches) // of a fair of others a branch does all of it
	if f.organiser == schema.FairOwn {
		place = y.stall(i)
		y.deed(f.starts.AddDate(0, 0, -announcedAhead).Add(11*time.Hour), func(ctx context.Context) error {
			return y.server.Grant(ctx, server.NewGrant{Device: place.store.Identity().Device, Scope: syncproto.Scope{Kind: syncproto.ScopeFair, ID: f.id}, Classes: "S", Write: true})
		})
	}
	for n, g := range f.guests {
		at := f.starts.Add(15*time.Hour + time.Duration(n)*time.Minute)
		if !g.comes {
			if n%2 == 0 { // of the others nobody says anything
				y.deed(f.ends.Add(23*time.Hour), func(ctx context.Context) error { return y.absent(ctx, f, g) })
			}
			continue
		}
		y.deed(at, func(ctx context.Context) error { return y.comes(ctx, place, f, g) })
		if n%5 == 0 { // somebody else notes it too
			y.deed(at.Add(time.Minute), func(ctx context.Context) error { return y.comes(ctx, place, f, g) })
		}
	}
	y.planTill(place, f)
	y.deed(f.ends.AddDate(0, 0, closedAfter).Add(9*time.Hour), y.steps(f, schema.FairClosed, ""))
}

func (y *yearPlay) planFair(ctx context.Context, f *yearFair) error {
	shown, err := y.server.PlanFair(ctx, server.PlanFair{
		NameAr: f.name, Class: f.class, Organiser: f.organiser, Venue: f.venue, StartsOn: f.starts.Format(time.DateOnly), EndsOn: f.ends.Format(time.DateOnly),
		OpensAt: "15:00", ClosesAt: "22:00", Stalls: int64(max(len(f.guests), 1)), Connectivity: "weak", Provisional: true,
	})
	f.id = shown.ID
	return err
}

// steps moves a fair on.
func (y *yearPlay) steps(f *yearFair, state, reason string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := y.server.StepFair(ctx, f.id, server.FairStep{State: state, Reason: reason})
		return err
	}
}

// register accepts a family at its branch; now and then another branch does so too, which
// makes no second participation.
func (y *yearPlay) register(ctx context.Context, f *yearFair, g *yearGuest, n int) error {
	p := client.NewParticipation{Fair: f.id, Family: g.family.id, State: schema.ParticipationAccepted}
	_, err := y.branch(g.family.branch).client.Participate(ctx, p)
	if n%11 == 5 {
		y.done.mistakes[mistakeFamily]++
		_, other := y.branch((g.family.branch+1)%yearBranches).client.Participate(ctx, p)
		err = cmp.Or(err, other)
	}
	return err
}

// comes checks a family in; a supervisor is there for those whose card is red.
func (y *yearPlay) comes(ctx context.Context, place *demoSite, f *yearFair, g *yearGuest) error {
	_, err := place.client.CheckInFamily(ctx, client.NewCheckIn{Fair: f.id, Family: g.family.id, By: "مشرفة تجريبية", Reason: "لم تصل بطاقتها بعد"})
	return err
}

// absent notes at its branch that a family stayed away.
func (y *yearPlay) absent(ctx context.Context, f *yearFair, g *yearGuest) error {
	at := y.branch(g.family.branch).client
	for _, state := range []string{schema.ParticipationConfirmed, "absent"} {
		if _, err := at.Participate(ctx, client.NewParticipation{Fair: f.id, Family: g.family.id, State: state}); err != nil {
			return err
		}
	}
	return nil
}
