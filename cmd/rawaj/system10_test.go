package main

import (
	"slices"
	"testing"

	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
)

// planned plans a fair of the year 2018 by the command, announces and opens it.
func (g *fairground) planned(name, class, venue string) (id string) {
	g.t.Helper()
	var f fairMade
	rawajJSON(g.t, &f, "admin", "fair", "plan", "--data", g.centre, "--name-en", name, "--class", class, "--organiser", "own", "--venue", venue, "--from", "2018-03-01", "--to", "2018-03-01")
	if slices.Contains(f.Lacks, "coordination") {
		rawaj(g.t, "admin", "fair", "coordinate", name, "--with", "A made-up body", "--by", "Mariam", "--on", "2018-02-01", "--data", g.centre)
	}
	rawaj(g.t, "admin", "fair", "announce", name, "--data", g.centre)
	rawaj(g.t, "admin", "fair", "open", f.ID, "--data", g.centre)
	return f.ID
}

// TestSystem10FoodEvents sells food to the staff of another government body with the cable
// pulled: the till asks once which body it is, labels show ingredients, what nobody bought
// is written off with a reason, and the day counts as a food event and as nothing else.
func TestSystem10FoodEvents(t *testing.T) {
	t.Parallel()
	g := newFairground(t)
	fair := g.planned("Atayeb", "atayeb", "government")
	stall := g.site("Stall 1", "stall", "Atayeb")
	stall.syncs()
	stall.offline()

	family := stall.made("/api/families", m{"name": "Umm Salim"})
	harees := stall.made("/api/products", m{"name": "Harees", "family": family, "food": true, "ingredients": "wheat, lamb, ghee (milk)", "unit": "250 g", "amount_minor": 1500, "currency": "AED"})
	var goods []struct {
		ID          string
		Food        bool
		Ingredients string
		Unit        string
	}
	if stall.call("GET", "/api/products", nil, &goods); len(goods) != 1 || !goods[0].Food || goods[0].Ingredients != "wheat, lamb, ghee (milk)" || goods[0].Unit != "250 g" {
		t.Errorf("its label is made of %+v", goods)
	}
	stall.made("/api/consignments", m{"product": harees, "fair": fair, "quantity": 30, "receiver": "Noura"})

	till := stall.made("/api/tills", m{"fair": fair, "currency": "AED", "float_minor": 10000})
	asks := func() bool {
		t.Helper()
		var shown struct {
			ID        string
			NeedsHost bool `json:"needs_host"`
		}
		if stall.call("GET", "/api/till", nil, &shown); shown.ID != till {
			t.Fatalf("the till is %+v", shown)
		}
		return shown.NeedsHost
	}
	if !asks() {
		t.Error("the till does not ask which body hosts the day")
	}
	stall.call("POST", "/api/tills/"+till+"/host", m{"host_kind": "government", "host": "A made-up municipality"}, nil)
	if asks() {
		t.Error("the till asks again")
	}
	stall.call("POST", "/api/tills/"+till+"/host", m{"host_kind": "government", "host": "A made-up municipality"}, nil)
	if no := stall.asks("POST", "/api/tills/"+till+"/host", m{"host_kind": "government", "host": "Another"}, nil); no != refusal.FirstStands {
		t.Errorf("another host: %q", no)
	}
	for range 11 {
		stall.made("/api/sales", m{"till": till, "currency": "AED", "buyer": "government_employee", "lines": []m{{"product": harees, "quantity": 2, "unit_price_minor": 1500}}})
	}
	unsold := m{"product": harees, "fair": fair, "quantity": 8, "by": "Noura"}
	if no := stall.asks("POST", "/api/write-offs", unsold, nil); no != refusal.Required {
		t.Errorf("written off without a reason: %q", no)
	}
	unsold["reason"] = "stood in the sun"
	stall.made("/api/write-offs", unsold)
	stall.made("/api/movements", m{"kind": "counted", "product": harees, "fair": fair, "quantity": 0, "by": "Noura"})
	stall.call("POST", "/api/tills/"+till+"/close", m{"counted_minor": 10000 + 22*1500}, nil)
	stall.call("POST", "/api/tills/"+till+"/approve", m{"by": "Noura"}, nil)

	_, of := g.year()
	figuresAre(t, of, map[string]int64{"F7": 0})
	stall.syncs()
	rawaj(t, "admin", "fair", "close", "Atayeb", "--data", g.centre)
	rawaj(t, "admin", "fair", "reconcile", "Atayeb", "--data", g.centre)
	_, of = g.year()
	figuresAre(t, of, map[string]int64{"F1": 0, "F2": 0, "F3": 0, "F4": 0, "F5": 0, "F6": 0, "F7": 1})
	if rows := g.rows("F7"); len(rows) != 1 || rows[0].ID.String() != fair || rows[0].Label != "Atayeb" {
		t.Errorf("F7 opens %+v", rows)
	}
	officeSees(t, g.centre, till, func(s *closing.Sheet) bool {
		return s.HostKind == "government" && s.Host == "A made-up municipality" && s.State == "approved" && s.Sales == 11 && s.AmountMinor == 33000
	})
	var lies []report.Shelf
	if g.head("GET", "/api/stock", nil, &lies); len(lies) != 1 || lies[0].OnHand != 0 || lies[0].Missing != 0 || lies[0].Sold != 22 {
		t.Errorf("head office has the shelves %+v", lies)
	}
	stall.p.stop()
	holds(t, stall.dir)
}

// TestAFairIsClosedAlthoughADeviceIsLost declares a till lost whose device does not come
// back, and sees what becomes of it when it comes back after all.
func TestAFairIsClosedAlthoughADeviceIsLost(t *testing.T) {
	t.Parallel()
	g := newFairground(t)
	fair := g.planned("Spring", "exhibition", "department")
	stall := g.site("Stall 1", "stall", "Spring")
	incense := stall.made("/api/products", m{"name": "Incense", "family": stall.made("/api/families", m{"name": "Umm Salim"})})
	till := stall.made("/api/tills", m{"fair": fair, "currency": "AED", "float_minor": 0})
	sells := func() {
		stall.made("/api/sales", m{"till": till, "currency": "AED", "lines": []m{{"product": incense, "quantity": 1, "unit_price_minor": 1500}}})
	}
	sells()
	stall.syncs()
	stall.offline()
	sells()
	step := func(state string) string {
		return string(g.head("POST", "/api/fairs/"+fair+"/state", m{"state": state}, nil))
	}
	if no := step("closed"); no != string(refusal.TillsOpen) {
		t.Errorf("closing with a till open: %q", no)
	}
	if no := g.head("POST", "/api/tills/"+till+"/state", m{"state": "written_off", "reason": "left in a taxi"}, nil); no != refusal.BadStep {
		t.Errorf("giving up what nobody declared lost: %q", no)
	}
	if no := g.head("POST", "/api/tills/"+till+"/state", m{"state": "declared_lost"}, nil); no != refusal.Required {
		t.Errorf("lost without a reason: %q", no)
	}
	if no := g.head("POST", "/api/tills/"+till+"/state", m{"state": "approved", "reason": "left in a taxi"}, nil); no != refusal.UnknownWord {
		t.Errorf("approved by head office: %q", no)
	}
	rawaj(t, "admin", "till", "lost", till, "--reason", "left in a taxi", "--data", g.centre)
	rawaj(t, "admin", "till", "lost", till, "--reason", "left in a taxi", "--data", g.centre)
	tills := func(state string, sales int64) {
		t.Helper()
		var list []server.FairTill
		rawajJSON(t, &list, "admin", "fair", "tills", "Spring", "--data", g.centre)
		if len(list) != 1 || list[0].ID.String() != till || list[0].State != state || list[0].Sales != sales || list[0].SiteName != "Stall 1" || list[0].LastContact == nil {
			t.Errorf("the tills are %+v, want one %s with %d sales", list, state, sales)
		}
	}
	tills("declared_lost", 1)
	if no := step("closed"); no != "" {
		t.Fatalf("closing with its till lost: %q", no)
	}
	if no := step("reconciled"); no != string(refusal.NotCounted) {
		t.Errorf("reconciling before it is given up: %q", no)
	}
	rawaj(t, "admin", "till", "write-off", till, "--reason", "not found", "--data", g.centre)
	tills("written_off", 1)

	// It comes back, has gone on selling, and is closed: its own word stands.
	stall.call("POST", "/api/tills/"+till+"/close", m{"counted_minor": 3000}, nil)
	stall.syncs()
	tills("closed", 2)
	if no := step("reconciled"); no != string(refusal.NotCounted) {
		t.Errorf("reconciling before what came back is approved: %q", no)
	}
	stall.call("POST", "/api/tills/"+till+"/approve", m{"by": "Noura"}, nil)
	stall.syncs()
	tills("approved", 2)
	if no := step("reconciled"); no != "" {
		t.Errorf("reconciling: %q", no)
	}
	if n := counted(t, fileOf(g.centre, fileState), `SELECT count(*) FROM till_sheet WHERE state = 'approved'`); n != 1 {
		t.Errorf("%d sheets are approved, want 1", n)
	}
	if st := statusOf(t, stall.dir); st.Quarantined != 0 {
		t.Errorf("%d are held", st.Quarantined)
	}
}
