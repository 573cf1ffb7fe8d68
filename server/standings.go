package server

import (
	"context"
	"maps"
	"slices"
	"time"
	_ "time/tzdata" // the days of a site are those of its zone, on any machine

	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Standings of families and credits of people are head office's: it computes them from what
// sites recorded, of whoever a change touches at once, of everybody at the start and at each
// midnight, and writes what is not there yet. Nothing that it keeps between two looks has to
// outlast it, so a restart, a rebuild or a server that was put back needs nothing beside them,
// and adds nothing twice.

const (
	// lookShare is how much longer than a look took nobody looks again: looks take a tenth of
	// a processor at most, however often something changes, and those at everybody another.
	lookShare = 9
	// lookAtLeast is how often it is looked although nothing changed: a clock that was set
	// over midnight is noticed.
	lookAtLeast = time.Hour
	// changesAtOnce is how many records one transaction of these writes: some 20 KB.
	changesAtOnce = 128
)

// looks looks at everybody at the start and when a day begins at a site, and between at whom
// changes touched.
func (s *Server) looks(ctx context.Context) error {
	which := &touched{all: true}
	var day, rested time.Time // when it looks at everybody, and before when it does not
	for {
		began := time.Now()
		again, err := s.look(ctx, which)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.Logger.Error("look at who is eligible", "err", err)
			which.all, again = true, answerAgain
		}
		now := time.Now()
		rest := now.Add(lookShare * now.Sub(began))
		if which.all {
			day, rested, rest = now.Add(again), rest, now
		}
		if err := await(ctx, rest, nil); err != nil {
			return err
		}
		if err := await(ctx, day, s.members.wake); err != nil {
			return err
		}
		which = s.members.take()
		if which.all = which.all || err != nil || !time.Now().Before(day); which.all {
			if err := await(ctx, rested, nil); err != nil {
				return err
			}
		}
	}
}

// await waits for a time, or until it is woken.
func await(ctx context.Context, until time.Time, woken <-chan struct{}) error {
	t := time.NewTimer(time.Until(until))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-woken:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// look writes the credits and standings of whom changes touched that are not there as they
// should be. again is how long they all hold if nothing changes, after a look at everybody.
func (s *Server) look(ctx context.Context, which *touched) (again time.Duration, err error) {
	var changes []syncproto.Change
	var seen syncproto.Base
	now := s.Now()
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		head, err := r.Head()
		if err != nil {
			return err
		}
		seen = head.Base()
		if changes, err = missing(r, which, now); err == nil && which.all {
			again, err = untilMidnight(r, now)
		}
		return err
	}); err != nil {
		return 0, err
	}
	for some := range slices.Chunk(changes, changesAtOnce) {
		if err := s.recordSeen(ctx, decisions, []syncproto.Base{seen}, some...); err != nil {
			return 0, err
		}
	}
	return again, nil
}

// Undecided counts the credits and standings that head office has still to write, of all that
// has been recorded.
func (s *Server) Undecided(ctx context.Context) (n int, err error) {
	return n, s.State.Read(ctx, func(r *state.Reader) error {
		changes, err := missing(r, &touched{all: true}, s.Now())
		n = len(changes)
		return err
	})
}

// missing gives what is to be written of whom changes touched.
func missing(r *state.Reader, which *touched, now time.Time) ([]syncproto.Change, error) {
	w, err := which.whom(r)
	if err != nil {
		return nil, err
	}
	credits, err := creditChanges(r, &w)
	if err != nil {
		return nil, err
	}
	standings, err := standingChanges(r, &w, now.UnixMilli())
	return append(credits, standings...), err
}

// zones are those of sites, by their id.
type zones map[syncproto.RecordID]*time.Location

// of is the zone of a site, UTC where none is known.
func (z zones) of(r *state.Reader, site syncproto.RecordID) (*time.Location, error) {
	if z[site] == nil {
		row, err := r.Get(schema.Site, site)
		if err != nil {
			return nil, err
		}
		z[site] = time.UTC
		if row != nil {
			z[site] = zoneOf(row)
		}
	}
	return z[site], nil
}

func zoneOf(site *records.Row) *time.Location {
	if zone, err := time.LoadLocation(site.Of(schema.SiteZone).Text()); err == nil {
		return zone
	}
	return time.UTC
}

// untilMidnight is how long the day lasts where it ends first.
func untilMidnight(r *state.Reader, now time.Time) (time.Duration, error) {
	least, seen := lookAtLeast, map[string]bool{}
	err := r.Each(schema.Site, func(row *records.Row) error {
		if name := row.Of(schema.SiteZone).Text(); !seen[name] {
			seen[name] = true
			z := zoneOf(row)
			y, m, d := now.In(z).Date()
			least = min(least, time.Date(y, m, d+1, 0, 0, 0, 0, z).Sub(now))
		}
		return nil
	})
	return max(least, time.Millisecond), err
}

// standingChanges gives what is to be written for the branch of each of some families, and
// for the fairs that it takes part in and that are not over.
func standingChanges(r *state.Reader, w *whom, now int64) (changes []syncproto.Change, err error) {
	all, zones := w.book.Families(), zones{}
	for _, id := range slices.SortedFunc(maps.Keys(w.families), compareIDs) {
		list := all[id]
		branch, err := branchOf(r, id, list)
		if err != nil {
			return nil, err
		}
		if branch.IsZero() {
			continue
		}
		zone, err := zones.of(r, branch)
		if err != nil {
			return nil, err
		}
		today := rules.DayIn(now, zone)
		st, until := members.Standing(list, today, zone)
		fairs, err := fairsOf(r, id, today)
		if err != nil {
			return nil, err
		}
		for _, fair := range append([]syncproto.RecordID{{}}, fairs...) {
			who := []syncproto.FieldValue{set(schema.StandingFamily, syncproto.IDValue(id)), {Field: schema.StandingFair}, set(schema.StandingBranch, syncproto.IDValue(branch))}
			if !fair.IsZero() { // what a fair reads names no branch
				who[1].Value, who[2].Value = syncproto.IDValue(fair), syncproto.Value{}
			}
			differ, err := put(r, schema.Standing, schema.StandingID(id, fair), append(who, set(schema.StandingState, syncproto.TextValue(st)), typed(schema.StandingEligibleUntil, until))...)
			if err != nil {
				return nil, err
			}
			changes = append(changes, differ...)
		}
	}
	return changes, nil
}

// branchOf is the branch of a family: that of its members, or where it has none any more the
// one that was told so; zero where there never were any.
func branchOf(r *state.Reader, family syncproto.RecordID, list []*members.Member) (branch syncproto.RecordID, err error) {
	if len(list) > 0 {
		return list[0].Membership.Of(schema.MembershipSite).ID(), nil
	}
	have, err := r.Get(schema.Standing, schema.StandingID(family, syncproto.RecordID{}))
	if have != nil {
		branch = have.Of(schema.StandingBranch).ID()
	}
	return branch, err
}

// fairsOf are the fairs that a family takes part in, without those where nobody comes any more.
func fairsOf(r *state.Reader, family syncproto.RecordID, today rules.Day) (list []syncproto.RecordID, err error) {
	err = r.EachOf(schema.Participation, schema.PartFamily, family, func(row *records.Row) error {
		id := row.Of(schema.PartFair).ID()
		fair, err := r.Get(schema.Fair, id)
		if err != nil {
			return err
		}
		if fair == nil || fair.Of(schema.FairEndsOn).IsNull() || fair.Of(schema.FairEndsOn).Text() >= today {
			list = append(list, id)
		}
		return nil
	})
	return list, err
}

func compareIDs(a, b syncproto.RecordID) int { return slices.Compare(a[:], b[:]) }
