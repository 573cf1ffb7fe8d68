package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/tables"
)

// A branch takes its families in from a file, while its program runs and while it does
// not; what it exports another organisation's takes in. Names are made up.
func TestABranchImportsAFileAndAnotherImportsWhatItExports(t *testing.T) {
	t.Parallel()
	s := newMembers(t)
	other := newMembers(t).branch // of another organisation
	file := filepath.Join(s.dir, "families.csv")
	write := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	imports := func(r *running, want map[string]int, more ...string) {
		t.Helper()
		var got client.TableImported
		rawajJSON(t, &got, append([]string{"site", "import", "--kind", "families", file, "--data", r.dir}, more...)...)
		for outcome, n := range got.Counts {
			if n != want[outcome] {
				t.Errorf("%s of %s: %d are %s, want %d: %+v", more, filepath.Base(r.dir), n, outcome, want[outcome], got.Lines)
			}
		}
	}
	write([]byte("\xef\xbb\xbfالاسم,الرمز\r\nأسرة مختلقة,١\r\n=1+1,٢\r\n,٣\r\n"))
	imports(s.branch, map[string]int{"new": 2, "refused": 1}, "--dry-run")
	imports(s.branch, map[string]int{"new": 2, "refused": 1})
	s.branch.p.stop()
	imports(s.branch, map[string]int{"same": 2, "refused": 1})
	for _, format := range []string{"csv", "xlsx"} {
		write([]byte(rawaj(t, "report", "families", "--format", format, "--lang", "fa", "--data", s.branch.dir)))
		imports(other, map[string]int{"new": 2}, "--dry-run")
	}
	other.p.stop()
	imports(other, map[string]int{"new": 2})
	for _, r := range []*running{s.branch, other} {
		out := rawaj(t, "report", "families", "--data", r.dir)
		if !strings.Contains(out, "أسرة مختلقة") || !strings.Contains(out, "'=1+1") {
			t.Errorf("%s exports %s", filepath.Base(r.dir), out)
		}
	}
}

// Everything that comes from files arrives at head office, which holds none of it. Names
// are made up.
func TestWhatIsImportedArrivesAtHeadOffice(t *testing.T) {
	t.Parallel()
	s := newMembers(t)
	session := s.plans(s.branch, 120, 60, nil)
	at := s.today.Add(-60 * time.Hour)
	file := filepath.Join(s.dir, "file.csv")
	for _, c := range []struct {
		kind, text string
		more       []string
	}{
		{"families", "name,code\nMade-up family,F1\n", nil},
		{"people", "name,card,phone\nMade-up person,C1,0501234567\n", nil},
		{"products", "name,family,category,price,currency,food\nMade-up harees,Made-up family,Food,12.50,AED,yes\n", nil},
		{"prices", "name,price,currency\nMade-up harees,13,AED\n", nil},
		{"attendance", "card,in,out\nC1," + at.Format("2006-01-02 15:04") + "," + at.Add(2*time.Hour).Format("2006-01-02 15:04") + "\n", []string{"--session", session}},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var got client.TableImported
		rawajJSON(t, &got, append([]string{"site", "import", "--kind", c.kind, file, "--data", s.branch.dir}, c.more...)...)
		if len(got.Lines) != 1 || got.Lines[0].Code != "" || got.Counts["new"]+got.Counts["changed"] != 1 {
			t.Errorf("%s gives %+v", c.kind, got)
		}
	}
	s.branch.arrives()
	var held []any
	if err := localapi.Call(t.Context(), s.centre, "GET", "/api/quarantine", nil, &held); err != nil || len(held) != 0 {
		t.Errorf("head office holds %v, %v", held, err)
	}
	if out := rawaj(t, "report", "hours", "--data", s.centre, "--format", "csv"); !strings.Contains(out, ",Branch,1,0,1") {
		t.Errorf("head office counts %s", out)
	}
}

// cells are the rows of a CSV, the notes after them too.
func cells(t *testing.T, out string) [][]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix([]byte(out), []byte("\xef\xbb\xbf"))))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// Each report says what it counts, up to when that is complete and who is out, as a table
// for people, CSV, XLSX and JSON alike. Sales, people and papers are made up.
func TestReportsSayWhatTheyCountAndWhoIsOut(t *testing.T) {
	t.Parallel()
	s := newMembers(t)
	policy := s.publishes(s.day(-200), "نص مختلق")
	s.hears(s.branch, policy)
	s.applies(policy, s.day(40)) // the passport; licence and card in years
	s.sits(s.branch, 120, 60)
	s.branch.opens()
	s.branch.sells(2)
	s.branch.arrives()
	var code struct{ Code string }
	rawajJSON(t, &code, "admin", "enrol-code", "--data", s.centre, "--site", "Silent branch", "--kind", "branch")
	rawaj(t, "site", "enrol", "--data", filepath.Join(s.dir, "silent"), "--server", "http://"+s.listen, "--code", code.Code)

	for _, c := range []struct {
		args []string
		want []string // a row
	}{
		{[]string{"sales", "--by", "fair"}, []string{"", "", "2", "2", "2", "0", "14.00"}},
		{[]string{"sales", "--by", "venue"}, []string{"", "", "2", "2", "2", "0", "14.00"}},
		{[]string{"sales", "--by", "family"}, []string{"", "", "2", "2", "2", "0", "14.00"}},
		{[]string{"sales", "--by", "category"}, []string{"", "", "2", "2", "2", "0", "14.00"}},
		{[]string{"expiring"}, []string{"*", "Branch", "passport", "0", "1", "1"}},
		{[]string{"hours"}, []string{"*", "Branch", "1", "0", "120", "2:00", "0"}},
	} {
		for _, dir := range []string{s.centre, s.branch.dir} {
			args := append(append([]string{"report"}, c.args...), "--data", dir)
			rows := cells(t, rawaj(t, append(args, "--format", "csv")...))
			if !slices.ContainsFunc(rows, func(row []string) bool {
				return slices.EqualFunc(row, c.want, func(got, want string) bool { return want == "*" || got == want })
			}) {
				t.Errorf("%q has no row %q: %q", args, c.want, rows)
			}
			notes := map[string]bool{}
			for _, row := range rows {
				notes[row[0]] = len(row) == 2 && row[1] != ""
			}
			text := rawaj(t, args...)
			for _, note := range []string{"Unit", "Filter", "Complete to", "Still out"} {
				if !notes[note] {
					t.Errorf("%q does not say %s: %q", args, note, rows)
				}
			}
			if !strings.Contains(strings.ToLower(text), "unit: ") || !strings.Contains(strings.ToLower(text), "complete to: ") {
				t.Errorf("%q prints %s", args, text)
			}
			if dir == s.centre && !strings.Contains(text, "Silent branch") {
				t.Errorf("%q does not say who is out: %s", args, text)
			}
			f, err := tables.Read(strings.NewReader(rawaj(t, append(args, "--format", "xlsx", "--lang", "ar")...)))
			if err != nil || len(f.Lines) == 0 {
				t.Errorf("%q as a sheet gives %+v, %v", args, f, err)
			}
		}
	}
	var sales struct{ Rows []struct{ Key, Label string } }
	rawajJSON(t, &sales, "report", "sales", "--by", "hour", "--data", s.centre)
	if len(sales.Rows) == 0 || len(sales.Rows[0].Key) != 2 {
		t.Errorf("by hour there are %+v", sales.Rows)
	}
	if out := rawaj(t, "report", "expiring", "--on", s.day(11), "--data", s.centre, "--format", "csv"); !strings.Contains(out, "passport,1,1,1") {
		t.Errorf("in 11 days it says %s", out)
	}
}

// The commands of lists have the filters of their calls, whoever holds the directory, and
// refuse those that the list has not there. Names and papers are made up.
func TestListsAreFilteredAtTheCommandAsTheirCallsAre(t *testing.T) {
	t.Parallel()
	s := newMembers(t)
	policy := s.publishes(s.day(-200), "نص مختلق")
	s.hears(s.branch, policy)
	s.applies(policy, s.day(40)) // the passport; licence and card in years
	s.made(s.branch, "/api/persons", m{"name": "أحمد المختلق"})
	s.branch.opens()
	s.branch.sells(1)
	s.branch.call("POST", "/api/closings", m{"day": s.day(0)}, new(any))
	s.branch.arrives()
	var me struct{ Site string }
	s.branch.call("GET", "/api/me", nil, &me)
	rows := func(want int, name, data string, more ...string) {
		t.Helper()
		got := cells(t, rawaj(t, append([]string{"report", name, "--data", data}, more...)...))
		if len(got) != want+1 {
			t.Errorf("report %s %q at %s has %d rows, want %d: %q", name, more, filepath.Base(data), len(got)-1, want, got)
		}
	}
	rows(1, "people", s.centre, "--search", "احمد")
	rows(2, "people", s.centre, "--site", me.Site)
	rows(0, "people", s.centre, "--site", policy)
	rows(1, "products", s.centre)
	rows(0, "products", s.centre, "--family", s.family)
	rows(0, "papers", s.branch.dir)
	rows(1, "papers", s.branch.dir, "--days", "40")
	rows(1, "papers", s.branch.dir, "--on", s.day(11))
	rows(1, "closings", s.branch.dir, "--from", s.day(0), "--to", s.day(0))
	rows(0, "closings", s.branch.dir, "--from", s.day(1))
	rows(1, "closings", s.centre, "--site", me.Site, "--to", s.day(0))
	rows(0, "closings", s.centre, "--site", policy)
	s.branch.p.stop()
	s.office.stop()
	rows(1, "people", s.branch.dir, "--search", "أحمد")
	rows(1, "families", s.centre, "--search", "made-up", "--site", me.Site)
	rows(0, "closings", s.centre, "--to", s.day(-1))
	for _, c := range []struct {
		data string
		args []string
	}{
		{s.branch.dir, []string{"closings", "--site", me.Site}}, {s.branch.dir, []string{"products", "--family", s.family}},
	} {
		args := append([]string{"report", "--data", c.data}, c.args...)
		p := start(t, args...)
		<-p.ended
		if code := p.cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(p.stderr.String(), "no such filter") {
			t.Errorf("%q exits %d and says %s", args, code, &p.stderr)
		}
	}
}
