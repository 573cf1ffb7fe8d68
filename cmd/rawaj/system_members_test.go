package main

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// members is a head office with a branch, at which people apply. People and papers are
// made up.
type members struct {
	t      *testing.T
	dir    string
	centre string
	listen string
	office *process
	branch *running
	today  time.Time
	person string
	family string
}

// newMembers starts a head office and a branch that is taken in.
func newMembers(t *testing.T) *members {
	t.Helper()
	zone, err := time.LoadLocation(dubai) // of sites that are enrolled without one
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &members{t: t, dir: dir, centre: filepath.Join(dir, "centre"), today: time.Now().In(zone)}
	office, at := serving(t, s.centre)
	s.office = office
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	s.listen = u.Host
	s.branch = s.site("Branch", "branch")
	return s
}

// site takes a site in and runs it.
func (s *members) site(name, kind string, fairs ...string) *running {
	s.t.Helper()
	var code struct{ Code string }
	dir := filepath.Join(s.dir, name)
	args := []string{"admin", "enrol-code", "--data", s.centre, "--site", name, "--kind", kind}
	for _, fair := range fairs {
		args = append(args, "--fair", fair)
	}
	rawajJSON(s.t, &code, args...)
	rawaj(s.t, "site", "enrol", "--data", dir, "--server", "http://"+s.listen, "--code", code.Code)
	return runSite(s.t, dir)
}

// cut pulls the cable of everybody, join puts it back.
func (s *members) cut() { s.office.stop() }

func (s *members) join() {
	s.t.Helper()
	os.Remove(filepath.Join(s.centre, "token"))
	s.office = start(s.t, "serve", "--data", s.centre, "--listen", s.listen)
	s.office.announced(s.centre)
}

// day is a day n days from today.
func (s *members) day(n int) string { return s.today.AddDate(0, 0, n).Format(time.DateOnly) }

// publishes publishes a version of the policies from a day on.
func (s *members) publishes(from, arabic string) (id string) {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "policy.txt")
	if err := os.WriteFile(file, []byte(arabic+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	var p struct{ ID string }
	rawajJSON(s.t, &p, "admin", "policy", "publish", "--data", s.centre, "--from", from, "--name-ar", "سياسات مختلقة", "--text-ar", file)
	return p.ID
}

type policyShown struct {
	ID      string
	Version int
	InForce bool `json:"in_force"`
	Texts   map[string]string
}

// hears waits until a site has heard of a policy.
func (s *members) hears(r *running, policy string) {
	s.t.Helper()
	until(s.t, "the policy is heard", func() bool {
		var list []policyShown
		r.call("GET", "/api/policies", nil, &list)
		return slices.ContainsFunc(list, func(p policyShown) bool { return p.ID == policy })
	})
}

func (s *members) made(r *running, route string, in m) string {
	s.t.Helper()
	var made struct{ ID string }
	r.call("POST", route, in, &made)
	return made.ID
}

// applies records an applicant with everything but hours; the passport is the first paper
// to run out.
func (s *members) applies(policy, passport string) (ground string) {
	s.t.Helper()
	s.family = s.made(s.branch, "/api/families", m{"name": "Made-up family"})
	s.person = s.made(s.branch, "/api/persons", m{"name": "Made-up applicant"})
	s.made(s.branch, "/api/members", m{"person": s.person, "family": s.family})
	ground = s.made(s.branch, "/api/members/"+s.person+"/grounds", m{"kind": "dependant", "from": s.day(-300)})
	s.paper("licence", s.day(500))
	s.paper("id_card", s.day(600))
	s.paper("passport", passport)
	s.signs(policy)
	return ground
}

func (s *members) paper(kind, expires string) {
	s.t.Helper()
	s.made(s.branch, "/api/members/"+s.person+"/documents", m{"kind": kind, "number": "X-" + kind, "issued_on": s.day(-400), "expires_on": expires})
}

func (s *members) signs(policy string) {
	s.t.Helper()
	status, answer := asks(s.t, s.branch.dir, "POST", "/api/attachments", "application/octet-stream", []byte("a made-up drawing"))
	var kept struct{ Attachment string }
	if err := json.Unmarshal(answer, &kept); err != nil || status != 200 {
		s.t.Fatalf("%d %s", status, answer)
	}
	s.made(s.branch, "/api/members/"+s.person+"/signatures", m{"policy": policy, "lang": "ar", "image": kept.Attachment, "witness": "Somebody"})
}

// plans plans a session of so many accredited minutes, which began some hours ago.
func (s *members) plans(r *running, minutes, hoursAgo int, also any) (session string) {
	s.t.Helper()
	workshop := s.made(r, "/api/workshops", m{"name": "Sewing", "kind": "practical", "minutes": minutes, "counts": true})
	starts := s.today.Add(-time.Duration(hoursAgo) * time.Hour).UnixMilli()
	return s.made(r, "/api/sessions", m{"workshop": workshop, "starts_at": starts, "ends_at": starts + int64(minutes)*60_000, "also_site": also})
}

// scans reads a card so many minutes after such a session began.
func (s *members) scans(r *running, session, person, kind string, hoursAgo, after int) {
	s.t.Helper()
	at := s.today.Add(-time.Duration(hoursAgo)*time.Hour + time.Duration(after)*time.Minute)
	s.made(r, "/api/scans", m{"session": session, "person": person, "kind": kind, "waited_ms": time.Since(at).Milliseconds()})
}

// sits lets a person sit through a session of so many minutes.
func (s *members) sits(r *running, minutes, hoursAgo int) (session string) {
	s.t.Helper()
	session = s.plans(r, minutes, hoursAgo, nil)
	s.scans(r, session, s.person, "in", hoursAgo, -1)
	s.scans(r, session, s.person, "out", hoursAgo, minutes+1)
	return session
}

type memberShown struct {
	Name       string
	State      string
	Until      string `json:"eligible_until"`
	Hours      string
	Conditions []struct {
		Name, Light, Since string
		Missing            int64 `json:"missing_minutes"`
	}
	Signatures []struct {
		Policy, Text, Lang, Image string
		SignedOn                  string `json:"signed_on"`
		Version                   int
	}
}

func (s *members) on(day string) (f memberShown) {
	s.t.Helper()
	s.branch.call("GET", "/api/members/"+s.person+"?on="+day, nil, &f)
	return f
}

// broken lists the conditions that are not met, as name and light.
func (f *memberShown) broken() (list []string) {
	for _, c := range f.Conditions {
		if c.Light != "met" {
			list = append(list, c.Name+" "+c.Light)
		}
	}
	return list
}

type standingShown struct{ Family, State, Fair, Until string }

// stands waits until a site knows a state of the family for a day.
func (s *members) stands(r *running, day, state string) {
	s.t.Helper()
	until(s.t, filepath.Base(r.dir)+" reads "+state, func() bool { return s.standing(r, day) == state })
}

func (s *members) standing(r *running, day string) string {
	s.t.Helper()
	var list []standingShown
	r.call("GET", "/api/standings?on="+day, nil, &list)
	for _, x := range list {
		if x.Family == s.family {
			return x.State
		}
	}
	return ""
}
