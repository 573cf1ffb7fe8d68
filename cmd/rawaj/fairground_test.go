package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/simtest"
)

// fairground is a head office with sites, each a process with a cable of its own. All
// names are made up.
type fairground struct {
	t      *testing.T
	centre string
	url    string
}

// place is a site of it.
type place struct {
	*running
	cable *simtest.Proxy
}

func newFairground(t *testing.T) *fairground {
	g := &fairground{t: t, centre: filepath.Join(t.TempDir(), "centre")}
	_, g.url = serving(t, g.centre)
	return g
}

func (g *fairground) site(name, kind string, fairs ...string) *place {
	g.t.Helper()
	dir := filepath.Join(g.t.TempDir(), "site")
	cable := simtest.NewProxy(g.t, strings.TrimPrefix(g.url, "http://"))
	args := []string{"admin", "enrol-code", "--data", g.centre, "--site", name, "--kind", kind}
	for _, f := range fairs {
		args = append(args, "--fair", f)
	}
	var code struct{ Code string }
	rawajJSON(g.t, &code, args...)
	rawaj(g.t, "site", "enrol", "--data", dir, "--server", cable.URL(), "--code", code.Code)
	return &place{runSite(g.t, dir), cable}
}

// head asks head office; the refusal's code, where it refuses.
func (g *fairground) head(method, route string, in, out any) refusal.Code {
	g.t.Helper()
	return answered(g.t, g.centre, method, route, in, out)
}

// asks asks the site; the refusal's code, where it refuses.
func (p *place) asks(method, route string, in, out any) refusal.Code {
	p.t.Helper()
	return answered(p.t, p.dir, method, route, in, out)
}

// call asks the site, which does not refuse.
func (p *place) call(method, route string, in, out any) {
	p.t.Helper()
	if no := p.asks(method, route, in, out); no != "" {
		p.t.Fatalf("%s %s %v: %s", method, route, in, no)
	}
}

func answered(t *testing.T, dir, method, route string, in, out any) refusal.Code {
	t.Helper()
	if out == nil {
		out = &json.RawMessage{}
	}
	err := localapi.Call(t.Context(), dir, method, route, in, out)
	if err == nil {
		return ""
	}
	no, ok := errors.AsType[*refusal.Error](err)
	if !ok {
		t.Fatalf("%s: %v", route, err)
	}
	return no.Code
}

// offline pulls the cable; syncs puts it back and brings over what waits.
// made posts and gives the id of what was made.
func (p *place) made(route string, body m) string {
	p.t.Helper()
	var made madeOne
	p.call("POST", route, body, &made)
	return made.ID
}

func (p *place) offline() { p.cable.Refuse(true) }

func (p *place) syncs() {
	p.t.Helper()
	p.cable.Refuse(false)
	rawaj(p.t, "site", "sync", "--data", p.dir)
}

type fairMade struct {
	ID    string   `json:"id"`
	State string   `json:"state"`
	Lacks []string `json:"lacks"`

	Participations map[string]int `json:"participations"`
}

// plans plans a fair of the year 2018.
func (g *fairground) plans(name, class, organiser, venue string) string {
	g.t.Helper()
	var made fairMade
	if no := g.head("POST", "/api/fairs", m{"name_en": name, "class": class, "organiser": organiser, "venue": venue, "starts_on": "2018-03-01", "ends_on": "2018-03-03"}, &made); no != "" || made.State != "planned" {
		g.t.Fatalf("planning %s: %q, %+v", name, no, made)
	}
	return made.ID
}

func (g *fairground) steps(fair string, states ...string) {
	g.t.Helper()
	for _, state := range states {
		if no := g.head("POST", "/api/fairs/"+fair+"/state", m{"state": state}, nil); no != "" {
			g.t.Fatalf("%s: %s", state, no)
		}
	}
}

// year is the report of 2018, as the command prints it.
func (g *fairground) year() (a report.Annual, of map[string]report.AnnualFigure) {
	g.t.Helper()
	rawajJSON(g.t, &a, "report", "annual", "--year", "2018", "--data", g.centre)
	of = map[string]report.AnnualFigure{}
	for _, f := range a.Figures {
		of[f.ID] = f
		if f.ID == "F11" || f.ID == "F12" {
			continue
		}
		if rows := g.rows(f.ID); int64(len(rows)) != f.Value {
			g.t.Errorf("%s is %d and opens %d rows", f.ID, f.Value, len(rows))
		}
	}
	return a, of
}

func (g *fairground) rows(figure string) (rows []report.AnnualRow) {
	g.t.Helper()
	rawajJSON(g.t, &rows, "report", "annual", "--year", "2018", "--rows", figure, "--data", g.centre)
	return rows
}

// figuresAre fails unless figures have values.
func figuresAre(t *testing.T, of map[string]report.AnnualFigure, want map[string]int64) {
	t.Helper()
	for id, value := range want {
		if of[id].Value != value {
			t.Errorf("%s is %d, want %d: %+v", id, of[id].Value, value, of[id])
		}
	}
}

// family is a family whose goods a site has sold before, so that it is known by its name.
func (p *place) family(name string) string {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "till.csv")
	if err := os.WriteFile(file, []byte("receipt,date,item\n"+name+",2017-05-05,Basket of "+name+"\n"), 0o600); err != nil {
		p.t.Fatal(err)
	}
	rawaj(p.t, "site", "import", "sales", file, "--data", p.dir, "--map", "receipt=receipt,date=date,item=item", "--family", name, "--currency", "AED")
	var products []struct {
		Family string `json:"family"`
		Name   string `json:"family_name"`
	}
	p.call("GET", "/api/products", nil, &products)
	for _, product := range products {
		if product.Name == name {
			return product.Family
		}
	}
	p.t.Fatalf("no family %s among %v", name, products)
	return ""
}
