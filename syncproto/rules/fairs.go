package rules

import (
	"slices"

	"github.com/rawaj/rawaj/syncproto/schema"
)

// FairOf is a fair as its rules take it: who organises it and whose place it is held at
// are two questions (R9).
type FairOf struct {
	Class, Organiser, Venue string
	StartsOn, EndsOn        Day
	Coordinated             bool // a coordination record is there
	State                   string
}

// NeedsCoordination says whether a fair is on somebody else's premises, or run by others (R8).
func (f *FairOf) NeedsCoordination() bool {
	return f.Organiser == schema.FairOther || !slices.Contains([]string{schema.VenueDepartment, schema.VenueBranch, ""}, f.Venue)
}

// LacksForAnnouncing lists what is missing before a fair may be announced (R8, R9); empty
// where nothing is.
func (f *FairOf) LacksForAnnouncing() (lacks []string) {
	for _, part := range []struct{ name, value string }{
		{"class", f.Class}, {"organiser", f.Organiser}, {"venue", f.Venue}, {"starts_on", f.StartsOn}, {"ends_on", f.EndsOn},
	} {
		if part.value == "" {
			lacks = append(lacks, part.name)
		}
	}
	if f.NeedsCoordination() && !f.Coordinated {
		lacks = append(lacks, "coordination")
	}
	return lacks
}

// NeedsHost says whether the till asks for the host body: once a session of a food event (R10).
func NeedsHost(class string, host string) bool { return class == schema.FairAtayeb && host == "" }

// Figure is the figure of a year that a fair counts in; empty where in none. Food events
// count alone, and what was not held counts nowhere.
func (f *FairOf) Figure() string {
	switch {
	case f.State != schema.FairClosed && f.State != schema.FairReconciled:
		return ""
	case f.Class == schema.FairAtayeb:
		return "atayeb"
	case f.Organiser == schema.FairOther:
		return "others"
	case f.Class == schema.FairExhibition:
		return "own"
	}
	return "own_events"
}

// maxFairDays bounds the days that a fair is asked about: a year and a day.
const maxFairDays = 367

// Days lists the days of a fair.
func (f *FairOf) Days() (days []Day) {
	for d := f.StartsOn; d != "" && d <= f.EndsOn && len(days) < maxFairDays; d = AddDays(d, 1) {
		days = append(days, d)
	}
	return days
}

// Acceptance says how a family's eligibility fits a fair (R6).
type Acceptance struct {
	Warn    bool  // it runs out before the fair is over
	Blocked []Day // days on which it needs a supervisor
}

// Accept holds a standing against the days of a fair. A provisional family joins where
// the fair says so (R2).
func (f *FairOf) Accept(state string, until Day, provisional bool) (a Acceptance) {
	for _, d := range f.Days() {
		if !MayCome(state, until, d, provisional) {
			a.Blocked = append(a.Blocked, d)
		}
	}
	a.Warn = len(a.Blocked) > 0
	return a
}

// MayCome says whether a stall's card is green on a day: by the standing alone, so that it
// needs neither papers nor a line (R1, R6).
func MayCome(state string, until, d Day, provisional bool) bool {
	switch StandingOn(state, until, d) {
	case schema.MemberEligible:
		return true
	case schema.MemberProvisional:
		return provisional
	}
	return false
}

// Came is a check-in as TookPart takes it.
type Came struct {
	Day    Day
	Reason string // of a supervisor who admitted against the red card
}

// TookPart lists the days on which a family came, each once, and those of them on which
// it was admitted by exception, which head office sees.
func TookPart(all []Came) (days, admitted []Day) {
	for _, c := range all {
		days = append(days, c.Day)
		if c.Reason != "" {
			admitted = append(admitted, c.Day)
		}
	}
	slices.Sort(days)
	slices.Sort(admitted)
	return slices.Compact(days), slices.Compact(admitted)
}

// MayClose says whether a fair may be closed: every till of it is closed, or its device
// was declared lost.
func MayClose(tills []string) bool {
	return !slices.ContainsFunc(tills, func(state string) bool {
		return slices.Contains([]string{schema.TillOpened, schema.TillSelling, schema.TillPaused, schema.TillCounting, schema.TillBack}, state)
	})
}

// MayReconcile says whether a fair that is closed may be reconciled: what was lost is back
// or written off, late sales are approved, and the goods were counted.
func MayReconcile(tills []string, counted bool) bool {
	return counted && !slices.ContainsFunc(tills, func(state string) bool { return state != schema.TillApproved && state != schema.TillOff })
}
