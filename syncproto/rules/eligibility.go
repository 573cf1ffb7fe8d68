package rules

import (
	"slices"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// MembershipMinutes are the accredited minutes that membership asks for: 12:00 (R1, R5).
const MembershipMinutes = 12 * 60

// RiskDays are the days before the last eligible one from which on a member is at risk.
const RiskDays = 30

// Facts are what the eligibility of a person is decided from (R1).
type Facts struct {
	Grounds    []Span
	Licences   []Document
	IDCards    []Document
	Passports  []Document
	Policies   []PolicyFrom
	Signatures []Signed
	Minutes    int64 // accredited, as Hours adds them up
}

// PolicyFrom is a version of the policies and the first day it is in force.
type PolicyFrom struct {
	ID      syncproto.RecordID
	Version int64
	From    Day
}

// Signed is a signature under a version.
type Signed struct {
	Policy syncproto.RecordID
	On     Day
}

// Light is how a condition stands. Unknown is not failed: nothing was recorded yet.
type Light string

// Lights of conditions.
const (
	Met     Light = "met"
	Failed  Light = "failed"
	Unknown Light = "unknown"
)

// Names of the conditions, in their order.
const (
	ByGround    = "ground"    // M1
	ByLicence   = "licence"   // M2
	ByIdentity  = "identity"  // M3: identity card and passport, both
	BySignature = "signature" // M4
	ByHours     = "hours"     // M5
)

// Condition is one of the five, with the day that its facts speak of.
type Condition struct {
	Name    string
	Light   Light
	Until   Day   // last day on which it is met by what is known; none: no end, or not met
	Since   Day   // last day on which it was met, where it failed; none: never
	Missing int64 // minutes, of ByHours
}

// Conditions gives the five as they stand on a day (R1). None outweighs another.
func Conditions(f *Facts, d Day) [5]Condition {
	return [5]Condition{
		f.ground(d), papers(ByLicence, d, f.Licences), papers(ByIdentity, d, f.IDCards, f.Passports), f.signature(d), f.hours(),
	}
}

func (f *Facts) ground(d Day) Condition {
	c := Condition{Name: ByGround, Light: Unknown}
	for _, s := range f.Grounds {
		switch {
		case s.Covers(d):
			if c.Light != Met || c.Until != "" && (s.To == "" || s.To > c.Until) {
				c.Until = s.To
			}
			c.Light = Met
		case c.Light != Met:
			c.Light = Failed
			if s.To != "" && s.To < d {
				c.Since = max(c.Since, s.To)
			}
		}
	}
	if c.Light == Met {
		c.Since = ""
	}
	return c
}

// papers is met where each of the kinds has a valid one, failed where one that is known
// is not valid, and unknown where one was never seen.
func papers(name string, d Day, kinds ...[]Document) Condition {
	c := Condition{Name: name, Light: Met}
	for _, kind := range kinds {
		var until, since Day
		for _, p := range kind {
			if p.ValidOn(d) {
				until = max(until, p.ExpiresOn)
			} else if p.ExpiresOn < d {
				since = max(since, p.ExpiresOn)
			}
		}
		switch {
		case until != "":
			if c.Until == "" || until < c.Until {
				c.Until = until
			}
		case len(kind) == 0:
			if c.Light == Met {
				c.Light = Unknown
			}
		default:
			c.Light = Failed
			if c.Since == "" || since < c.Since {
				c.Since = since
			}
		}
	}
	if c.Light != Met {
		c.Until = ""
	}
	return c
}

// InForce is the version of the policies in force on a day: of those that began, the last.
func InForce(all []PolicyFrom, d Day) (in PolicyFrom, ok bool) {
	for _, p := range all {
		if p.From <= d && (!ok || p.From > in.From || p.From == in.From && p.Version > in.Version) {
			in, ok = p, true
		}
	}
	return in, ok
}

func (f *Facts) signature(d Day) Condition {
	c := Condition{Name: BySignature, Light: Unknown}
	in, ok := InForce(f.Policies, d)
	if !ok {
		return c
	}
	for _, s := range f.Signatures {
		switch {
		case s.On > d:
		case s.Policy == in.ID:
			c.Light, c.Until = Met, f.beforeNext(d)
		case c.Light == Unknown: // an earlier version: a signature is due
			c.Light, c.Since = Failed, AddDays(in.From, -1)
		}
	}
	if c.Light == Met {
		c.Since = ""
	}
	return c
}

// beforeNext is the last day before another version of the policies is in force.
func (f *Facts) beforeNext(d Day) (until Day) {
	for _, p := range f.Policies {
		if p.From > d && (until == "" || p.From <= until) {
			until = AddDays(p.From, -1)
		}
	}
	return until
}

func (f *Facts) hours() Condition {
	c := Condition{Name: ByHours, Light: Met}
	if f.Minutes < MembershipMinutes {
		c.Light, c.Missing = Failed, MembershipMinutes-f.Minutes
	}
	return c
}

// Eligible says whether all five hold on a day.
func Eligible(f *Facts, d Day) bool {
	for _, c := range Conditions(f, d) {
		if c.Light != Met {
			return false
		}
	}
	return true
}

// EligibleUntil is the last day of the run of eligible days that a day is in, by what is
// known; ok is false where the day itself is none. A stall that hears nothing more can
// tell by it when a member is suspended (R1).
func EligibleUntil(f *Facts, d Day) (until Day, ok bool) { return FamilyUntil([]*Facts{f}, d) }

// FamilyUntil is EligibleUntil of a family: on each day one eligible member is enough (R6).
func FamilyUntil(members []*Facts, d Day) (until Day, ok bool) {
	for next := d; ; {
		var last Day
		for _, f := range members {
			if Eligible(f, next) {
				last = max(last, f.firstEnd(next))
			}
		}
		if last == "" {
			return until, ok
		}
		until, ok, next = last, true, AddDays(last, 1)
	}
}

// firstEnd is the first day on which one of the conditions, all of them met, ends. Papers
// always end, so there is one.
func (f *Facts) firstEnd(d Day) (first Day) {
	for _, c := range Conditions(f, d) {
		if c.Until != "" && (first == "" || c.Until < first) {
			first = c.Until
		}
	}
	return first
}

// MemberState is the state that a membership is in on a day, by its facts: was says that
// it has been eligible before, so that a condition that fails suspends it. Who ends a
// membership says so: that is no matter of facts.
func MemberState(f *Facts, d Day, was bool) (state string, until Day) {
	if until, ok := EligibleUntil(f, d); ok {
		if until <= AddDays(d, RiskDays) {
			return schema.MemberAtRisk, until
		}
		return schema.MemberEligible, until
	}
	if was {
		return schema.MemberSuspended, ""
	}
	c := Conditions(f, d)
	if !slices.ContainsFunc(c[:4], func(c Condition) bool { return c.Light != Met }) {
		return schema.MemberProvisional, "" // R2
	}
	return schema.MemberOpen, ""
}

// StandingOn is what a stall reads off a standing on a day: an eligible family whose last
// day is over is suspended, without anybody acting.
func StandingOn(state string, until, d Day) string {
	if state == schema.MemberEligible && until < d {
		return schema.MemberSuspended
	}
	return state
}
