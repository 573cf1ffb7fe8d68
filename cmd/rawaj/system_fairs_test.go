package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
)

func TestSystem06ExhibitionsOfTheCentre(t *testing.T) {
	t.Parallel()
	g := newFairground(t)
	partner, department, branch := g.plans("At a partner", "exhibition", "own", "partner"), g.plans("In the department", "exhibition", "own", "department"), g.plans("In a branch", "exhibition", "own", "branch")
	rained := g.plans("Rained off", "exhibition", "own", "department")
	if no := g.head("POST", "/api/fairs/"+partner+"/state", m{"state": "announced"}, nil); no != refusal.Lacks {
		t.Errorf("announcing at a partner's without coordination: %q", no)
	}
	if no := g.head("POST", "/api/fairs/"+partner+"/coordinations", m{"with_whom": "A partner", "by": "Mariam", "on_day": "2018-02-01"}, nil); no != "" {
		t.Fatal(no)
	}
	for _, fair := range []string{partner, department, branch} {
		g.steps(fair, "announced", "open", "closed")
	}
	g.steps(rained, "announced")
	if no := g.head("POST", "/api/fairs/"+rained+"/state", m{"state": "closed"}, nil); no != refusal.BadStep {
		t.Errorf("closing what was not open: %q", no)
	}
	if no := g.head("POST", "/api/fairs/"+rained+"/state", m{"state": "cancelled"}, nil); no != refusal.Required {
		t.Errorf("cancelling without a reason: %q", no)
	}
	if no := g.head("POST", "/api/fairs/"+rained+"/state", m{"state": "cancelled", "reason": "rain"}, nil); no != "" {
		t.Fatal(no)
	}
	if no := g.head("POST", "/api/published", m{"figure": "F1", "year": 2018, "value": 66, "source": "Made-up news", "wording": "66"}, nil); no != "" {
		t.Fatal(no)
	}
	if no := g.head("POST", "/api/founded", m{"on": "2009-01-01"}, nil); no != "" {
		t.Fatal(no)
	}
	a, of := g.year()
	figuresAre(t, of, map[string]int64{"F1": 3, "F2": 1, "F3": 2, "F4": 0, "F5": 0, "F7": 0, "F11": 2009, "F12": 12})
	if f := of["F1"]; f.Parts["partner"] != 1 || f.Parts["department"] != 1 || f.Parts["branch"] != 1 || f.Published == nil || *f.Published != 66 || *f.Difference != -63 {
		t.Errorf("F1 is %+v", f)
	}
	for lang, words := range map[string][2]string{"ar": {a.Sentence.Ar, "3 معارض، منها 1"}, "fa": {a.Sentence.Fa, "3 نمایشگاه"}, "en": {a.Sentence.En, "3 = 1 at partners + 2 in the department"}} {
		if !strings.Contains(words[0], words[1]) {
			t.Errorf("in %s the year is %q, want %q in it", lang, words[0], words[1])
		}
	}
	if rows := g.rows("F2"); len(rows) != 1 || rows[0].ID.String() != partner || rows[0].Label != "At a partner" || rows[0].Day != "2018-03-01" {
		t.Errorf("F2 opens %+v", rows)
	}
	var other report.Annual
	rawajJSON(t, &other, "report", "annual", "--year", "2019", "--data", g.centre)
	if other.Figures[0].Value != 0 || other.Figures[0].Published != nil {
		t.Errorf("F1 of 2019 is %+v", other.Figures[0])
	}
}

func TestSystem07ExhibitionsAndEventsOfOthers(t *testing.T) {
	t.Parallel()
	g := newFairground(t)
	branch := g.site("Kalba", "branch")
	fair, event := g.plans("Heritage days", "exhibition", "other", "partner"), g.plans("National day", "event", "other", "government")
	announce := func(id string) refusal.Code {
		return g.head("POST", "/api/fairs/"+id+"/state", m{"state": "announced"}, nil)
	}
	if no := announce(fair); no != refusal.Lacks {
		t.Errorf("announcing without coordination: %q", no)
	}
	branch.syncs()
	branch.offline()
	for _, id := range []string{fair, event} {
		branch.call("POST", "/api/fairs/"+id+"/coordinations", m{"with_whom": "The organiser", "by": "Salem", "on_day": "2018-02-01"}, nil)
	}
	if no := announce(fair); no != refusal.Lacks {
		t.Errorf("announcing before head office has heard of the coordination: %q", no)
	}
	branch.syncs()
	for _, id := range []string{fair, event} {
		if no := announce(id); no != "" {
			t.Fatalf("announcing with coordination: %q", no)
		}
		g.steps(id, "open", "closed")
	}
	_, of := g.year()
	figuresAre(t, of, map[string]int64{"F1": 0, "F2": 0, "F3": 0, "F5": 2})
	if p := of["F5"].Parts; p["exhibition"] != 1 || p["event"] != 1 {
		t.Errorf("parts of F5 are %v", p)
	}
}

func TestSystem08RegisterOfParticipations(t *testing.T) {
	t.Parallel()
	g := newFairground(t)
	fair := g.plans("Spring", "exhibition", "own", "department")
	g.steps(fair, "announced", "open")
	one, other, stall := g.site("Kalba", "branch"), g.site("Dibba", "branch"), g.site("Stall 1", "stall", "Spring")
	came, absent := one.family("Made-up family A"), one.family("Made-up family B")
	for _, p := range []*place{one, other, stall} {
		p.syncs()
	}
	one.offline()
	other.offline()
	parts := "/api/fairs/" + fair + "/participations"
	var done struct {
		Already bool
		Blocked []string
	}
	for _, p := range []*place{one, other} {
		p.call("POST", parts, m{"family": came}, &done)
		if done.Already || len(done.Blocked) != 3 {
			t.Errorf("registering is answered with %+v", done)
		}
	}
	one.call("POST", parts, m{"family": absent, "state": "accepted"}, nil)
	one.syncs()
	other.syncs()
	one.syncs()
	for _, p := range []*place{one, other} {
		var list []struct{ Family, State string }
		p.call("GET", parts, nil, &list)
		if len(list) != 2 {
			t.Errorf("a branch has the participations %+v, want two", list)
		}
		var told []struct{ Table, Group string }
		p.call("GET", "/api/conflicts", nil, &told)
		if len(told) != 1 || told[0].Table != "participation" || told[0].Group != "registered" {
			t.Errorf("a branch is told %+v", told)
		}
	}
	one.call("POST", parts, m{"family": came, "state": "accepted", "stall": "4"}, nil)
	one.call("POST", parts, m{"family": absent, "state": "confirmed"}, nil)
	one.call("POST", parts, m{"family": absent, "state": "absent"}, nil)
	one.syncs()

	if no := one.asks("POST", parts, m{"family": absent, "state": "took_part"}, nil); no != refusal.BadStep {
		t.Errorf("a family that was absent takes part: %q", no)
	}

	stall.syncs()
	stall.offline()
	checkIns := "/api/fairs/" + fair + "/check-ins"
	if no := stall.asks("POST", checkIns, m{"family": came}, nil); no != refusal.RedCard {
		t.Errorf("a family that is not known to be eligible comes: %q", no)
	}
	stall.call("POST", checkIns, m{"family": came, "admitted_by": "Noura", "reason": "her card is being renewed"}, nil)
	stall.call("POST", checkIns, m{"family": came, "admitted_by": "Noura", "reason": "her card is being renewed"}, nil)
	stall.syncs()
	g.steps(fair, "closed")
	var shown []struct {
		Admitted []struct{ Family, Site, By, Reason string }
	}
	if g.head("GET", "/api/fairs?from=2018-01-01&to=2018-12-31", nil, &shown); len(shown) != 1 || len(shown[0].Admitted) == 0 ||
		shown[0].Admitted[0] != (struct{ Family, Site, By, Reason string }{"Made-up family A", "Stall 1", "Noura", "her card is being renewed"}) {
		t.Errorf("head office sees the fair as %+v", shown)
	}
	_, of := g.year()
	figuresAre(t, of, map[string]int64{"F1": 1, "F4": 1, "F6": 0})
	if of["F4"].Parts["families"] != 1 {
		t.Errorf("F4 is %+v", of["F4"])
	}
	if rows := g.rows("F4"); len(rows) != 1 || rows[0].Label != "Made-up family A" || rows[0].Of != "Spring" {
		t.Errorf("F4 opens %+v", rows)
	}
}

func TestSystem05Workshops(t *testing.T) {
	t.Parallel()
	g := newFairground(t)
	branch := g.site("Kalba", "branch")
	branch.syncs()
	branch.offline()
	var made struct{ ID string }
	plan := func(workshop string, starts time.Time) string {
		branch.call("POST", "/api/sessions", m{"workshop": workshop, "starts_at": starts.UnixMilli(), "ends_at": starts.Add(2 * time.Hour).UnixMilli()}, &made)
		return made.ID
	}
	subject := func(name, kind string) string {
		branch.call("POST", "/api/workshops", m{"name": name, "kind": kind, "minutes": 120, "counts": true}, &made)
		return made.ID
	}
	incense, prices := subject("Incense", "practical"), subject("Setting a price", "administrative")
	first := plan(incense, time.Date(2017, 12, 31, 20, 30, 0, 0, time.UTC)) // 00:30 on 1 January at the branch
	second, dropped := plan(incense, time.Date(2018, 5, 2, 6, 0, 0, 0, time.UTC)), plan(incense, time.Date(2018, 5, 3, 6, 0, 0, 0, time.UTC))
	only := plan(prices, time.Date(2018, 5, 4, 6, 0, 0, 0, time.UTC))
	next := plan(prices, time.Date(2018, 12, 31, 20, 30, 0, 0, time.UTC)) // of the year after
	for _, id := range []string{first, second, only, next} {
		branch.call("POST", "/api/sessions/"+id+"/status", m{"status": "held"}, nil)
	}
	if no := branch.asks("POST", "/api/sessions/"+dropped+"/status", m{"status": "cancelled"}, nil); no != refusal.Required {
		t.Errorf("cancelling without a reason: %q", no)
	}
	branch.call("POST", "/api/sessions/"+dropped+"/status", m{"status": "cancelled", "reason": "the trainer is ill"}, nil)
	branch.syncs()
	a, of := g.year()
	figuresAre(t, of, map[string]int64{"F8": 2, "F9": 2, "F10": 1})
	if want := "2 workshops, 3 sessions held: 2 practical, 1 administrative"; !strings.Contains(a.Sentence.En, want) {
		t.Errorf("the year is %q, want %q in it", a.Sentence.En, want)
	}
	var held []string
	for _, row := range g.rows("F9") {
		held = append(held, row.ID.String())
	}
	if slices.Sort(held); !slices.Equal(held, slices.Sorted(slices.Values([]string{first, second}))) {
		t.Errorf("F9 opens %v", held)
	}
}

func TestTheYearSaysUpToWhenItIsCompleteAndWhoIsOut(t *testing.T) {
	t.Parallel()
	g := newFairground(t)
	late := g.site("Never heard of", "branch")
	late.offline()
	late.p.kill()
	another := filepath.Join(t.TempDir(), "another")
	enrolled(t, g.centre, another, "Enrolled alone", g.url)
	a, of := g.year()
	if a.CompleteTo != nil || !slices.ContainsFunc(a.MissingSites, func(m report.MissingSite) bool { return m.Name == "Enrolled alone" && m.LastContact == nil }) {
		t.Errorf("complete to %v, missing %+v", a.CompleteTo, a.MissingSites)
	}
	if of["F1"].Filter == "" || of["F1"].Unit == "" {
		t.Errorf("F1 says neither unit nor filter: %+v", of["F1"])
	}
	late.running = runSite(t, late.dir)
	late.syncs()
	rawaj(t, "site", "sync", "--data", another)
	if a, _ = g.year(); a.CompleteTo == nil || len(a.MissingSites) != 0 {
		t.Errorf("with all heard of: complete to %v, missing %+v", a.CompleteTo, a.MissingSites)
	}
}
