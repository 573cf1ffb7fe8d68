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
// sites recorded, whenever that changes and at each midnight, and writes what is not there
// yet. It keeps nothing between two looks, so a restart, a rebuild or a server that was
// put back needs nothing beside them, and adds nothing twice.

// knocked holds a token when there is a reason to look.
type knocked chan struct{}

func (k knocked) knock() {
	select {
	case k <- struct{}{}:
	default:
	}
}

// decides are the tables that standings and credits follow from.
var decides = map[syncproto.TableID]bool{
	schema.Membership: true, schema.Ground: true, schema.IdentityDocument: true, schema.PolicySignature: true, schema.Policy: true,
	schema.Scan: true, schema.Attendance: true, schema.AttendanceCorrection: true, schema.WorkshopSession: true, schema.Workshop: true,
	schema.Person: true, schema.PersonAlias: true, schema.Participation: true, schema.Fair: true, schema.Site: true,
}

// notedMembers takes over what a commit of the fold brought.
func (s *Server) notedMembers(r *state.Result) {
	if slices.ContainsFunc(r.Records, func(t state.Touched) bool { return decides[t.Table] }) {
		s.members.knock()
	}
}

const (
	// lookShare is how much longer than a look took nobody looks again: a look reads all
	// scans, and takes a tenth of a processor at most, however often something changes.
	lookShare = 9
	// lookAtLeast is how often it is looked although nothing changed: a clock that was set
	// over midnight is noticed.
	lookAtLeast = time.Hour
	// changesAtOnce is how many records one transaction of these writes: some 20 KB.
	changesAtOnce = 128
)

// looks looks at the start, whenever something changed, and when a day begins at a site.
func (s *Server) looks(ctx context.Context) error {
	for {
		began := time.Now()
		again, err := s.look(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.Logger.Error("look at who is eligible", "err", err)
			again = answerAgain
		}
		rest := time.NewTimer(lookShare * time.Since(began))
		select {
		case <-rest.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		next := time.NewTimer(again)
		select {
		case <-s.members:
		case <-next.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		next.Stop()
	}
}

// look writes the credits and standings that are not there as they should be. again is how
// long they hold if nothing changes.
func (s *Server) look(ctx context.Context) (again time.Duration, err error) {
	var changes []syncproto.Change
	var seen syncproto.Base
	now := s.Now()
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		head, err := r.Head()
		if err != nil {
			return err
		}
		seen = syncproto.Base{Position: head.Position, Hash: head.PositionHash.Short()}
		book, err := members.Read(r)
		if err != nil {
			return err
		}
		zones, err := zonesOf(r)
		if err != nil {
			return err
		}
		again = untilMidnight(now, zones)
		if changes, err = creditChanges(r, book); err != nil {
			return err
		}
		more, err := standingChanges(r, book, zones, now.UnixMilli())
		changes = append(changes, more...)
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

func zonesOf(r *state.Reader) (map[syncproto.RecordID]*time.Location, error) {
	zones := map[syncproto.RecordID]*time.Location{}
	return zones, r.Each(schema.Site, func(row *records.Row) error {
		zones[row.ID] = time.UTC
		if z, err := time.LoadLocation(row.Of(schema.SiteZone).Text()); err == nil {
			zones[row.ID] = z
		}
		return nil
	})
}

// untilMidnight is how long the day lasts where it ends first.
func untilMidnight(now time.Time, zones map[syncproto.RecordID]*time.Location) time.Duration {
	least := lookAtLeast
	for _, z := range zones {
		y, m, d := now.In(z).Date()
		least = min(least, time.Date(y, m, d+1, 0, 0, 0, 0, z).Sub(now))
	}
	return max(least, time.Millisecond)
}

// standingChanges gives what is to be written for the branch of each family and for the
// fairs that it takes part in.
func standingChanges(r *state.Reader, book *members.Book, zones map[syncproto.RecordID]*time.Location, now int64) (changes []syncproto.Change, err error) {
	ends := map[syncproto.RecordID]rules.Day{}
	if err := r.Each(schema.Fair, func(row *records.Row) error {
		ends[row.ID] = row.Of(schema.FairEndsOn).Text()
		return nil
	}); err != nil {
		return nil, err
	}
	fairs := map[syncproto.RecordID][]syncproto.RecordID{}
	if err := r.Each(schema.Participation, func(row *records.Row) error {
		family := row.Of(schema.PartFamily).ID()
		fairs[family] = append(fairs[family], row.Of(schema.PartFair).ID())
		return nil
	}); err != nil {
		return nil, err
	}
	families := book.Families()
	left := map[syncproto.RecordID]syncproto.RecordID{} // branch of families that had members and have none
	if err := r.Each(schema.Standing, func(row *records.Row) error {
		family := row.Of(schema.StandingFamily).ID()
		if branch := row.Of(schema.StandingBranch); !branch.IsNull() && families[family] == nil {
			families[family], left[family] = []*members.Member{}, branch.ID()
		}
		return nil
	}); err != nil {
		return nil, err
	}
	for _, id := range slices.SortedFunc(maps.Keys(families), compareIDs) {
		list := families[id]
		branch := left[id]
		if len(list) > 0 {
			branch = list[0].Membership.Of(schema.MembershipSite).ID()
		}
		zone := zones[branch]
		if zone == nil {
			zone = time.UTC
		}
		today := rules.DayIn(now, zone)
		st, until := members.Standing(list, today, zone)
		for _, fair := range append([]syncproto.RecordID{{}}, fairs[id]...) {
			who := []syncproto.FieldValue{{Field: schema.StandingFamily, Value: syncproto.IDValue(id)}, {Field: schema.StandingFair}, {Field: schema.StandingBranch, Value: syncproto.IDValue(branch)}}
			if end := ends[fair]; end != "" && end < today { // nobody comes any more
				continue
			}
			if !fair.IsZero() { // what a fair reads names no branch
				who[1].Value, who[2].Value = syncproto.IDValue(fair), syncproto.Value{}
			}
			fields := append(who, syncproto.FieldValue{Field: schema.StandingState, Value: syncproto.TextValue(st)}, syncproto.FieldValue{Field: schema.StandingEligibleUntil, Value: orNull(until)})
			differ, err := put(r, schema.Standing, schema.StandingID(id, fair), fields...)
			if err != nil {
				return nil, err
			}
			changes = append(changes, differ...)
		}
	}
	return changes, nil
}

func compareIDs(a, b syncproto.RecordID) int { return slices.Compare(a[:], b[:]) }

func orNull(s string) syncproto.Value {
	if s == "" {
		return syncproto.Value{}
	}
	return syncproto.TextValue(s)
}
