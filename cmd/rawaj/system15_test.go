package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
)

// imports takes in a sale a month of a family, in whole dirhams, from January 2018 on, and
// gives the family.
func (p *place) imports(family string, months ...int) (id string) {
	p.t.Helper()
	csv := "receipt,date,item,price\n"
	for n, price := range months {
		csv += fmt.Sprintf("%s %d,2018-%02d-05,Basket of %s,%d\n", family, n, n+1, family, price)
	}
	file := filepath.Join(p.t.TempDir(), "till.csv")
	if err := os.WriteFile(file, []byte(csv), 0o600); err != nil {
		p.t.Fatal(err)
	}
	rawaj(p.t, "site", "import", "sales", file, "--data", p.dir, "--map", "receipt=receipt,date=date,item=item,unit_price=price", "--family", family, "--currency", "AED")
	var list []struct {
		ID   string
		Name string `json:"name_en"`
	}
	p.call("GET", "/api/families", nil, &list)
	for _, f := range list {
		if f.Name == family {
			id = f.ID
		}
	}
	return id
}

// income is a family's page as it is answered, and as it is read.
func income(t *testing.T, dir, family, query string) (raw string, list []report.FamilyIncome) {
	t.Helper()
	var answer json.RawMessage
	if no := answered(t, dir, "GET", "/api/families/"+family+"/income"+query, nil, &answer); no != "" {
		t.Fatal(no)
	}
	if err := json.Unmarshal(answer, &list); err != nil {
		t.Fatal(err)
	}
	return string(answer), list
}

// months are what a page shows of sales, and of assistance where it shows that.
func months(list []report.FamilyIncome) (lines []string) {
	for _, f := range list {
		for _, m := range f.Months {
			line := fmt.Sprintf("%s %s %d", f.Currency, m.Month, m.SalesMinor)
			if m.Assistance != nil {
				line += fmt.Sprintf(" beside %d", *m.Assistance)
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// Income from sales is computed by month and stands beside assistance, which nobody sees
// without the right to it; who grew three months in a row is listed at both sides.
func TestSystem15IncomeOfTheFamily(t *testing.T) {
	t.Parallel()
	g := newFairground(t)
	branch, other, stall := g.site("Kalba", "branch"), g.site("Dibba", "branch"), g.site("Stall 1", "stall")
	growing, steady := stall.imports("Growing", 100, 200, 300, 400), stall.imports("Steady", 100, 200, 200, 300)
	stall.syncs()
	branch.syncs()
	branch.offline()
	for _, family := range []string{growing, steady} {
		branch.call("POST", "/api/families/"+family+"/file", m{"lang": "ar"}, nil)
	}
	note := m{"month": "2018-02", "source": "assistance", "amount_minor": 777_777, "currency": "AED", "verified_by": "Noura"}
	branch.call("POST", "/api/families/"+growing+"/income", note, nil)
	branch.call("POST", "/api/families/"+growing+"/income", note, nil) // once, though it was asked twice
	if no := branch.asks("POST", "/api/families/"+growing+"/income", m{"month": "2018-13", "source": "assistance", "amount_minor": 1, "currency": "AED"}, nil); no == "" {
		t.Error("a thirteenth month has an income")
	}
	branch.syncs()

	grown := func(dir, month string) (names []string) {
		t.Helper()
		var report report.Grown
		rawajJSON(t, &report, "report", "grown", "--month", month, "--data", dir)
		for _, f := range report.Families {
			names = append(names, fmt.Sprint(f.Name.En, f.SalesMinor))
		}
		return names
	}
	list := []string{"Growing[10000 20000 30000 40000]"}
	for month, want := range map[string][]string{"2018-04": list, "2018-03": {"Growing[0 10000 20000 30000]"}, "2018-05": nil} {
		if got := grown(g.centre, month); !slices.Equal(got, want) {
			t.Errorf("up to %s grew %v, want %v", month, got, want)
		}
	}
	if got := grown(branch.dir, "2018-04"); got != nil {
		t.Errorf("of sales that it does not read and that are not settled, a branch lists %v", got)
	}
	var done server.Settled
	rawajJSON(t, &done, "admin", "settle", "approve", "--to", "2018-12-31", "--by", "Mariam", "--data", g.centre)
	if len(done.Approved) != 2 {
		t.Fatalf("approved is %+v", done)
	}
	branch.syncs()
	branch.offline()
	if got := grown(branch.dir, "2018-04"); !slices.Equal(got, list) {
		t.Errorf("offline, the branch lists %v", got)
	}

	sales := []string{"AED 2018-01 10000", "AED 2018-02 20000", "AED 2018-03 30000", "AED 2018-04 40000"}
	beside := slices.Clone(sales)
	beside[1] += " beside 777777"
	pages := func(when, dir, query string, want []string) {
		t.Helper()
		raw, list := income(t, dir, growing, query)
		if got := months(list); !slices.Equal(got, want) {
			t.Errorf("%s the page is %v, want %v", when, got, want)
		}
		if !slices.Equal(want, beside) && (strings.Contains(raw, "assistance") || strings.Contains(raw, "777777")) {
			t.Errorf("%s the page gives a hint of assistance: %s", when, raw)
		}
	}
	other.syncs()
	pages("at the branch", branch.dir, "", beside)
	pages("at a stall", stall.dir, "", sales)
	pages("at another branch", other.dir, "", nil)
	pages("at head office", g.centre, "", sales)
	pages("at head office, asked for", g.centre, "?assistance=true", beside)
	var me struct{ Device string }
	branch.call("GET", "/api/me", nil, &me)
	rawaj(t, "admin", "grant", "set", "--device", me.Device, "--scope", "site/Kalba", "--classes", "SP", "--write", "--data", g.centre)
	branch.syncs()
	pages("at the branch without the right", branch.dir, "", sales)
	if n := counted(t, fileOf(branch.dir, fileSite), `SELECT count(*) FROM income_note`); n != 0 {
		t.Errorf("a device that may not read assistance keeps %d notes of it", n)
	}
}
