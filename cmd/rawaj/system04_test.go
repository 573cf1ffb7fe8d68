package main

import (
	"strings"
	"testing"
)

type hoursShown struct {
	Minutes int64
	Hours   string
	Lines   []struct {
		Session string
		Minutes int64
		Review  bool
		Counts  bool
		Was     *int64 `json:"was_minutes"`
		Reason  string
	}
}

func (s *members) hours(r *running, person string) (h hoursShown) {
	s.t.Helper()
	r.call("GET", "/api/members/"+person+"/hours", nil, &h)
	sum := int64(0)
	for _, l := range h.Lines {
		if l.Counts {
			sum += l.Minutes
		}
	}
	if sum != h.Minutes {
		s.t.Errorf("the lines add up to %d and the sum is %d", sum, h.Minutes)
	}
	return h
}

// Two branches without a network scan one person into one session: it is credited once
// and both scans are seen. Who has no check-out waits for a person. Hours from elsewhere
// come from head office, and the statement adds up.
func TestSystem04AccreditedHours(t *testing.T) {
	t.Parallel()
	s := newMembers(t)
	other := s.site("Other branch", "branch")
	var me struct{ Site string }
	other.call("GET", "/api/me", nil, &me)
	s.person = s.made(s.branch, "/api/persons", m{"name": "Made-up learner"})
	late := s.made(s.branch, "/api/persons", m{"name": "Made-up learner who forgets"})
	session := s.plans(s.branch, 120, 30, me.Site)
	away := s.plans(other, 90, 50, nil) // of the other branch alone
	s.branch.arrives()
	other.arrives()
	until(t, "the other branch holds the session too", func() bool {
		var list []struct{ ID string }
		other.call("GET", "/api/sessions", nil, &list)
		return len(list) == 2
	})
	s.cut()
	s.scans(s.branch, session, s.person, "in", 30, -1)
	s.scans(other, session, s.person, "in", 30, 2)
	s.scans(s.branch, session, s.person, "out", 30, 118)
	s.scans(other, session, s.person, "out", 30, 121)
	s.scans(s.branch, session, late, "in", 30, -1)
	s.scans(other, away, s.person, "in", 50, -1)
	s.scans(other, away, s.person, "out", 50, 91)
	if h := s.hours(s.branch, s.person); h.Minutes != 118 {
		t.Errorf("by its own scans the branch credits %+v", h)
	}
	s.join()
	s.branch.arrives()
	other.arrives()
	until(t, "what was scanned elsewhere counts at home", func() bool { return s.hours(s.branch, s.person).Minutes == 210 })
	h := s.hours(s.branch, s.person)
	if len(h.Lines) != 2 || h.Lines[0].Session != away || h.Lines[0].Minutes != 90 || h.Lines[1].Session != session || h.Lines[1].Minutes != 120 || h.Hours != "3:30" {
		t.Errorf("the statement is %+v", h)
	}
	for _, sitting := range []func(){func() {}, func() { s.branch.p.stop() }} { // of the process, and of the directory
		sitting()
		if out := rawaj(t, "site", "hours", "--data", s.branch.dir, "--person", s.person); !strings.Contains(out, "1:30") || !strings.Contains(out, "2:00") || !strings.Contains(out, "3:30") {
			t.Errorf("printed it is %s", out)
		}
	}
	s.branch = runSite(t, s.branch.dir)
	for _, r := range []*running{s.branch, other} {
		var scans []struct{ Person, Kind string }
		r.call("GET", "/api/sessions/"+session+"/scans", nil, &scans)
		n := map[string]int{}
		for _, k := range scans {
			if k.Person == s.person {
				n[k.Kind]++
			}
		}
		if n["in"] != 2 || n["out"] != 2 {
			t.Errorf("of the person's scans there are %v", n)
		}
	}

	if h := s.hours(s.branch, late); h.Minutes != 0 || len(h.Lines) != 1 || !h.Lines[0].Review {
		t.Errorf("without a check-out it is %+v", h)
	}
	out := s.today.Add(-29 * 60 * 60 * 1e9).UnixMilli()
	s.made(s.branch, "/api/sessions/"+session+"/review", m{"person": late, "verdict": "confirmed", "out_at": out, "by": "Somebody"})
	if h := s.hours(s.branch, late); h.Minutes != 60 || h.Lines[0].Review {
		t.Errorf("confirmed to an hour it is %+v", h)
	}
	s.made(s.branch, "/api/sessions/"+session+"/corrections", m{"person": late, "minutes": 45, "reason": "came late", "by": "Somebody"})
	if h := s.hours(s.branch, late); h.Minutes != 45 || h.Lines[0].Was == nil || *h.Lines[0].Was != 60 || h.Lines[0].Reason != "came late" {
		t.Errorf("corrected it is %+v", h)
	}
}
