package main

import (
	"slices"
	"testing"

	"github.com/rawaj/rawaj/internal/refusal"
)

// A passport runs out: through its last day the family is eligible, on the next it is
// suspended, at a stall that has heard nothing since and with nobody doing anything.
func TestSystem02DocumentsThatRunOut(t *testing.T) {
	t.Parallel()
	s := newMembers(t)
	fair := s.fair("Made-up fair", s.day(0), s.day(10))
	stall := s.site("Stall", "stall", "Made-up fair")
	policy := s.publishes(s.day(-200), "نص مختلق")
	s.hears(s.branch, policy)
	s.applies(policy, s.day(40))
	s.sits(s.branch, 720, 60)
	s.branch.arrives()
	s.stands(s.branch, s.day(0), "eligible")
	if list := s.known(stall); len(list) != 0 {
		t.Errorf("before the family takes part the stall knows %+v", list)
	}
	var done struct{ Blocked []string }
	s.branch.call("POST", "/api/fairs/"+fair+"/participations", m{"family": s.family, "state": "accepted"}, &done)
	if len(done.Blocked) != 0 { // its passport is good for weeks
		t.Errorf("who accepts is told of %v", done.Blocked)
	}
	s.branch.arrives()
	s.stands(stall, s.day(0), "eligible")
	s.paper("passport", s.day(8)) // the date was read wrong
	s.branch.arrives()
	s.stands(stall, s.day(9), "suspended")
	s.stands(s.branch, s.day(9), "suspended")
	s.branch.call("POST", "/api/fairs/"+fair+"/participations", m{"family": s.family}, &done)
	if !slices.Equal(done.Blocked, []string{s.day(9), s.day(10)}) {
		t.Errorf("asked again it is told of %v", done.Blocked)
	}
	s.branch.arrives()
	s.cut()
	stall.p.stop() // and comes back alone
	s.branch.p.stop()
	stall, s.branch = runSite(t, stall.dir), runSite(t, s.branch.dir)

	for day, want := range map[int]string{0: "eligible", 7: "eligible", 8: "eligible", 9: "suspended", 90: "suspended"} {
		if got := s.standing(stall, s.day(day)); got != want {
			t.Errorf("in %d days the stall reads %s, want %s", day, got, want)
		}
	}
	for day, want := range map[int]string{0: "at_risk", 8: "at_risk", 9: "suspended"} {
		if f := s.on(s.day(day)); f.State != want || want == "at_risk" && f.Until != s.day(8) {
			t.Errorf("in %d days the branch reads %s until %s, want %s", day, f.State, f.Until, want)
		}
	}
	if f := s.on(s.day(9)); len(f.broken()) != 1 || f.Conditions[2].Since != s.day(8) {
		t.Errorf("what is red is %+v", f.Conditions)
	}
	for day, want := range map[int]int{-23: 0, -22: 1, 8: 1, 9: 0} {
		var list []struct {
			Kind      string
			Name      string
			ExpiresOn string `json:"expires_on"`
		}
		s.branch.call("GET", "/api/documents/expiring?on="+s.day(day), nil, &list)
		if len(list) != want || want == 1 && (list[0].Kind != "passport" || list[0].ExpiresOn != s.day(8) || list[0].Name != "Made-up applicant") {
			t.Errorf("in %d days the list is %+v, want %d", day, list, want)
		}
	}
	if list := s.known(stall); len(list) != 1 || list[0].Fair != fair {
		t.Errorf("the stall knows %+v", list)
	}
	var papers []any
	stall.call("GET", "/api/documents/expiring?days=3650", nil, &papers)
	if len(papers) != 0 {
		t.Errorf("the stall knows papers: %v", papers)
	}
}

// fair plans a fair of the department's, which head office announces.
func (s *members) fair(name, from, to string) (id string) {
	s.t.Helper()
	var made struct{ ID string }
	for _, q := range []struct {
		route string
		in    m
	}{
		{"/api/fairs", m{"name_en": name, "class": "exhibition", "organiser": "own", "venue": "department", "starts_on": from, "ends_on": to}},
		{"/state", m{"state": "announced"}},
		{"/state", m{"state": "open"}},
	} {
		if made.ID != "" {
			q.route = "/api/fairs/" + made.ID + q.route
		}
		if no := answered(s.t, s.centre, "POST", q.route, q.in, &made); no != refusal.Code("") {
			s.t.Fatalf("%s: %s", q.route, no)
		}
	}
	return made.ID
}

// known is what a site knows of families.
func (s *members) known(r *running) (list []standingShown) {
	s.t.Helper()
	r.call("GET", "/api/standings", nil, &list)
	return list
}
