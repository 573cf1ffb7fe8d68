package main

import (
	"slices"
	"testing"
)

// Offline and online alike, 11:59 is provisional and 12:00 is eligible, and each of the
// five conditions broken in turn is the only one that is red.
func TestSystem01MembersAndEligibility(t *testing.T) {
	t.Parallel()
	s := newMembers(t)
	policy := s.publishes(s.day(-200), "نص مختلق")
	next := s.publishes(s.day(60), "نص مختلق ثان") // in force on a day that is asked about
	s.hears(s.branch, policy)
	s.hears(s.branch, next)
	s.cut()

	passport := s.day(400)
	ground := s.applies(policy, passport)
	s.sits(s.branch, 719, 60)
	f := s.on("")
	if f.State != "provisional" || f.Hours != "11:59" || !slices.Equal(f.broken(), []string{"hours failed"}) || f.Conditions[4].Missing != 1 {
		t.Fatalf("with 11:59 it is %+v", f)
	}
	session := s.sits(s.branch, 1, 30)
	if f = s.on(""); f.State != "eligible" || f.Hours != "12:00" || f.Until != s.day(59) {
		t.Fatalf("with 12:00 it is %+v", f)
	}

	broken := func(where, what, day string, breaks, mends func()) {
		t.Helper()
		if f := s.on(day); len(f.broken()) != 0 && what != "signature failed" {
			t.Fatalf("%s, before: %v", where, f.broken())
		}
		breaks()
		if f := s.on(day); !slices.Equal(f.broken(), []string{what}) || f.State == "eligible" || f.State == "at_risk" {
			t.Errorf("%s: %s with %v, want %s alone", where, f.State, f.broken(), what)
		}
		mends()
	}
	nothing := func() {}
	each := func(where string) {
		t.Helper()
		dates := func(to string) func() {
			return func() { s.made(s.branch, "/api/grounds/"+ground+"/dates", m{"from": s.day(-300), "to": to}) }
		}
		paper := func(kind, expires string) func() { return func() { s.paper(kind, expires) } }
		minutes := func(n int) func() {
			return func() {
				s.made(s.branch, "/api/sessions/"+session+"/corrections", m{"person": s.person, "minutes": n, "reason": "a made-up reason", "by": "Somebody"})
			}
		}
		broken(where, "ground failed", "", dates(s.day(-1)), dates(""))
		broken(where, "licence failed", "", paper("licence", s.day(-1)), paper("licence", s.day(500)))
		broken(where, "identity failed", "", paper("id_card", s.day(-1)), paper("id_card", s.day(600)))
		broken(where, "identity failed", "", paper("passport", s.day(-1)), paper("passport", passport))
		broken(where, "signature failed", s.day(60), nothing, nothing)
		broken(where, "hours failed", "", minutes(0), minutes(1))
	}
	each("offline")
	s.join()
	s.branch.arrives()
	s.stands(s.branch, "", "eligible")
	each("online")
	s.branch.arrives()
	s.stands(s.branch, "", "eligible")

	s.made(s.branch, "/api/members/"+s.person+"/end", m{"reason": "independent"})
	if f := s.on(""); f.State != "ended" {
		t.Errorf("a membership that was ended is %s", f.State)
	}
	s.stands(s.branch, "", "ended")
}
