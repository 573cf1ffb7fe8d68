package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/rawaj/rawaj/syncproto/schema"
)

// scenarioYear is a made-up year of the centre, with the figures that were published of it.
const scenarioYear = "intaj-2018"

const (
	yearFounded = 2009
	contactDay  = time.Saturday // late in the evening everybody has a line
	contactHour = 23
	restless    = 20 * time.Hour // head office looks at its clock: a day that it missed would be in doubt
)

var (
	yearBegins = yearDay(theYear-1, 10, 15)
	yearOver   = yearDay(theYear+1, 2, 15)
)

var yearPlaces = []demoPlan{
	{"branch", "فرع الإنتاج التجريبي", "جهاز الفرع", schema.KindBranch, "ar", dubai, true, ""},
	{"branch-2", "فرع الساحل النموذجي", "جهاز الفرع", schema.KindBranch, "ar", dubai, true, "branch"},
	{"branch-3", "فرع الجبل النموذجي", "جهاز الفرع", schema.KindBranch, "ar", dubai, true, "branch"},
	{"stall-1", "جناح المعارض الأول", "جهاز الصندوق", schema.KindStall, "ar", dubai, true, ""},
	{"stall-2", "Stall of the fairs", "Till tablet", schema.KindStall, "en", dubai, true, ""},
	{"stall-3", "جناح الأطايب", "جهاز الصندوق", schema.KindStall, "ar", dubai, true, "stall-1"},
}

// yearPlay is a year as it is played, and what staff did beside what was planned.
type yearPlay struct {
	*demo
	plan  *yearPlan
	deeds []yearDeed
	done  yearDone
}

// yearDeed is something that somebody does at a time.
type yearDeed struct {
	at time.Time
	do func(context.Context) error
}

// deed has something done at a time.
func (y *yearPlay) deed(at time.Time, do func(context.Context) error) {
	y.deeds = append(y.deeds, yearDeed{at, do})
}

func (y *yearPlay) branch(i int) *demoSite { return y.sites[i] }
func (y *yearPlay) stall(i int) *demoSite  { return y.sites[yearBranches+i%yearStalls] }

// beginYear sets the clock to before the year. It is played in an empty place, since what
// is there already would count in it.
func (d *demo) beginYear() error {
	if _, err := os.Stat(d.serverDir()); err == nil {
		return fmt.Errorf("%s: something was played there already; rawaj serve --data %[1]s shows it, a year begins in an empty place", d.serverDir())
	}
	at := yearBegins
	d.at.Store(&at)
	return nil
}

// playYear plays the year as it was planned, and compares.
func (d *demo) playYear(ctx context.Context) (demoFound, error) {
	y := &yearPlay{demo: d, plan: d.year, done: newYearDone()}
	d.step("families, goods, workshops and policies are recorded, and everybody hears of them")
	if err := y.before(ctx); err != nil {
		return nil, err
	}
	y.planFairs()
	y.planSessions()
	y.planClocks()
	y.planSettlements()
	for day := yearBegins; day.Before(yearOver); day = day.AddDate(0, 0, 1) {
		if day.Weekday() == contactDay {
			y.deed(day.Add(contactHour*time.Hour), y.contacts)
		}
	}
	slices.SortStableFunc(y.deeds, func(a, b yearDeed) int { return a.at.Compare(b.at) })
	if err := y.play(ctx); err != nil {
		return nil, err
	}
	d.step("comparing the report of the year with the plan")
	r, err := y.compare(ctx)
	if err != nil {
		return nil, err
	}
	d.at.Store(nil) // what is done from here on is done today
	_, err = d.server.ConfirmClock(ctx)
	return r, err
}

// play does what there is to do, in order of time.
func (y *yearPlay) play(ctx context.Context) error {
	b := newBar(y.talk, "the year", int64(len(y.deeds)))
	defer b.done()
	month := time.Month(0)
	for i, x := range y.deeds {
		if x.at.Month() != month && b.p == nil { // where no bar says how far it is
			month = x.at.Month()
			y.step(x.at.Format("2006-01"))
		}
		y.until(x.at)
		if err := x.do(ctx); err != nil {
			return fmt.Errorf("on %s: %w", x.at.Format(time.DateOnly), err)
		}
		b.set(int64(i + 1))
	}
	return nil
}

// until lets time pass.
func (y *yearPlay) until(at time.Time) {
	for now := y.now(); now.Before(at); {
		if now = now.Add(restless); now.After(at) {
			now = at
		}
		then := now
		y.at.Store(&then)
		y.server.Clock()
	}
}

// contacts has everybody send and hear, branches first: stalls then hear whom they
// registered.
func (y *yearPlay) contacts(ctx context.Context) error {
	for _, s := range y.sites {
		if y.away(s) {
			continue
		}
		if err := y.contact(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// away says whether a stall has no line in this week: one is away for three weeks of spring.
func (y *yearPlay) away(s *demoSite) bool {
	now := y.now()
	return s.place == "stall-2" && now.After(yearDay(theYear, 4, 8)) && now.Before(yearDay(theYear, 4, 27))
}

// contact puts a cable in until nothing is left to send or hear.
func (y *yearPlay) contact(ctx context.Context, s *demoSite) error {
	s.cable.set(false)
	defer s.cable.set(true)
	r, err := s.client.Sync(ctx, demoPatience, nil)
	switch {
	case err != nil:
		return fmt.Errorf("sync %s: %w", s.place, err)
	case !r.Equal:
		return fmt.Errorf("sync %s: digests differ from the server's: %v", s.place, r.Differing)
	}
	return nil
}

// planClocks sets clocks of stalls wrong for some months, by more than anybody would not be
// told of. Their sales are counted on the right days all the same.
func (y *yearPlay) planClocks() {
	for _, x := range []struct {
		stall    int
		off      time.Duration
		from, to time.Month
	}{{1, 40 * time.Minute, 3, 5}, {2, -25 * time.Minute, 8, 10}} {
		s := y.stall(x.stall)
		for month, off := range map[time.Month]time.Duration{x.from: x.off, x.to: 0} {
			day := yearDay(theYear, month, 1)
			for day.Weekday() != contactDay {
				day = day.AddDate(0, 0, 1)
			}
			y.deed(day.Add((contactHour-1)*time.Hour+59*time.Minute), func(context.Context) error {
				s.off.Store(int64(off))
				if off != 0 {
					y.done.mistakes[mistakeClock]++
				}
				return nil
			})
		}
	}
}
