package rules_test

import (
	"slices"
	"testing"

	"github.com/rawaj/rawaj/syncproto/rules"
)

func TestAFairIsAnnouncedOnlyOnceItIsCoordinated(t *testing.T) {
	for _, c := range []struct {
		organiser, venue string
		coordinated      bool
		lacks            []string
	}{
		{"own", "department", false, nil},
		{"own", "branch", false, nil},
		{"own", "partner", false, []string{"coordination"}},
		{"own", "partner", true, nil},
		{"own", "government", false, []string{"coordination"}},
		{"own", "other", false, []string{"coordination"}},
		{"other", "department", false, []string{"coordination"}},
		{"other", "partner", true, nil},
		{"", "partner", true, []string{"organiser"}},
		{"other", "", true, []string{"venue"}},
		{"other", "", false, []string{"venue", "coordination"}},
	} {
		f := rules.FairOf{Class: "event", Organiser: c.organiser, Venue: c.venue, StartsOn: "2026-11-21", EndsOn: "2026-11-21", Coordinated: c.coordinated}
		if got := f.LacksForAnnouncing(); !slices.Equal(got, c.lacks) {
			t.Errorf("%s at a %s, coordinated %v: lacks %v, want %v", c.organiser, c.venue, c.coordinated, got, c.lacks)
		}
	}
	if got := (&rules.FairOf{Organiser: "own", Venue: "branch"}).LacksForAnnouncing(); !slices.Equal(got, []string{"class", "starts_on", "ends_on"}) {
		t.Errorf("one without class and days lacks %v", got)
	}
}

func TestAFairCountsInOneFigure(t *testing.T) {
	for _, c := range []struct{ class, organiser, venue, state, figure string }{
		{"exhibition", "own", "partner", "closed", "own"},
		{"exhibition", "own", "department", "reconciled", "own"},
		{"exhibition", "other", "partner", "closed", "others"},
		{"event", "other", "partner", "closed", "others"},
		{"event", "own", "branch", "closed", "own_events"},
		{"atayeb", "own", "government", "closed", "atayeb"},
		{"atayeb", "other", "government", "closed", "atayeb"},
		{"exhibition", "own", "partner", "cancelled", ""},
		{"exhibition", "own", "partner", "open", ""},
	} {
		f := rules.FairOf{Class: c.class, Organiser: c.organiser, Venue: c.venue, State: c.state}
		if got := f.Figure(); got != c.figure {
			t.Errorf("%+v counts in %q", c, got)
		}
	}
}

func TestEligibilityThatEndsInTheMiddleOfAFairWarnsAndBlocksTheDaysAfter(t *testing.T) {
	f := rules.FairOf{StartsOn: "2026-11-29", EndsOn: "2026-12-02"}
	for _, c := range []struct {
		name        string
		state       string
		until       rules.Day
		provisional bool
		blocked     []rules.Day
	}{
		{"to the last day", "eligible", "2026-12-02", false, nil},
		{"to the day before", "eligible", "2026-12-01", false, []rules.Day{"2026-12-02"}},
		{"mid-fair", "eligible", "2026-11-30", false, []rules.Day{"2026-12-01", "2026-12-02"}},
		{"before it", "eligible", "2026-11-28", false, []rules.Day{"2026-11-29", "2026-11-30", "2026-12-01", "2026-12-02"}},
		{"suspended", "suspended", "", false, []rules.Day{"2026-11-29", "2026-11-30", "2026-12-01", "2026-12-02"}},
		{"provisional", "provisional", "", false, []rules.Day{"2026-11-29", "2026-11-30", "2026-12-01", "2026-12-02"}},
		{"provisional, and the fair admits it", "provisional", "", true, nil},
		{"ended, and the fair admits provisional ones", "ended", "", true, []rules.Day{"2026-11-29", "2026-11-30", "2026-12-01", "2026-12-02"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := f.Accept(c.state, c.until, c.provisional)
			if !slices.Equal(got.Blocked, c.blocked) || got.Warn != (len(c.blocked) > 0) {
				t.Errorf("got %+v, want %v", got, c.blocked)
			}
		})
	}
	if got := (&rules.FairOf{StartsOn: "2026-11-30", EndsOn: "2026-11-29"}).Days(); len(got) != 0 {
		t.Errorf("a fair that ends before it begins has %v", got)
	}
}

func TestADayIsTakenPartInOnceHoweverManyCheckIns(t *testing.T) {
	days, admitted := rules.TookPart([]rules.Came{{Day: "2026-11-30"}, {Day: "2026-11-29"}, {Day: "2026-11-30", Reason: "papers are on the way"}, {Day: "2026-11-30"}})
	if !slices.Equal(days, []rules.Day{"2026-11-29", "2026-11-30"}) || !slices.Equal(admitted, []rules.Day{"2026-11-30"}) {
		t.Errorf("came %v, admitted %v", days, admitted)
	}
}

func TestAFairClosesWithItsTills(t *testing.T) {
	for _, c := range []struct {
		tills              []string
		counted            bool
		closes, reconciles bool
	}{
		{nil, true, true, true},
		{[]string{"closed", "selling"}, true, false, false},
		{[]string{"approved", "declared_lost"}, true, true, false},
		{[]string{"approved", "written_off"}, true, true, true},
		{[]string{"approved", "recovered"}, true, false, false},
		{[]string{"approved", "late_sales"}, true, true, false},
		{[]string{"approved"}, false, true, false},
	} {
		if got := rules.MayClose(c.tills); got != c.closes {
			t.Errorf("%v closes: %v", c.tills, got)
		}
		if got := rules.MayReconcile(c.tills, c.counted); got != c.reconciles {
			t.Errorf("%v reconciles: %v", c.tills, got)
		}
	}
}

func TestATillAsksForTheHostOfAFoodEventOnce(t *testing.T) {
	if !rules.NeedsHost("atayeb", "") || rules.NeedsHost("atayeb", "a made-up body") || rules.NeedsHost("exhibition", "") {
		t.Error("the host is asked for at the wrong time")
	}
}
