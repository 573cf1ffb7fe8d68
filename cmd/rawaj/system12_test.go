package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
)

// dayOf is a civil day at the outlet, so many days from now.
func dayOf(t *testing.T, days int) string {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Dubai")
	if err != nil {
		t.Fatal(err)
	}
	return time.Now().In(zone).AddDate(0, 0, days).Format(time.DateOnly)
}

// shelf is the only shelf of a list.
func shelf(t *testing.T, list []report.Shelf) report.Shelf {
	t.Helper()
	if len(list) != 1 {
		t.Fatalf("the shelves are %+v, want one", list)
	}
	return list[0]
}

// TestSystem12DistributionOutlets has a family's goods go over a branch to an outlet, which
// receives, sells and counts them with the cable pulled: what is missing is seen and nothing
// refused, the share is the agreement's, and what is sold after its end is flagged.
func TestSystem12DistributionOutlets(t *testing.T) {
	t.Parallel()
	const dayMS = 24 * 60 * 60 * 1000
	g := newFairground(t)
	branch, outlet := g.site("Kalba", "branch"), g.site("Corner shop", "outlet")
	var me struct{ Site string }
	outlet.call("GET", "/api/me", nil, &me)

	// The agreement ended three days ago, as head office knows from the start.
	agreed, paper := report.Outlets{}, filepath.Join(t.TempDir(), "agreement.pdf")
	if err := os.WriteFile(paper, []byte("%PDF-1.4 made up for a test"), 0o600); err != nil {
		t.Fatal(err)
	}
	rawajJSON(t, &agreed, "admin", "agreement", "make", "--data", g.centre, "--outlet", "corner shop", "--operator", "A made-up trader",
		"--from", dayOf(t, -30), "--to", dayOf(t, -3), "--share", "12.5", "--period", "month", "--document", paper)
	if len(agreed.Agreements) != 1 || agreed.Agreements[0].Share != 1250 || agreed.Agreements[0].InForce {
		t.Fatalf("agreed is %+v", agreed)
	}
	agreement := agreed.Agreements[0].ID.String()
	if no := g.head("POST", "/api/agreements", m{"outlet": "Kalba", "operator": "A made-up trader", "from_day": dayOf(t, 0), "to_day": dayOf(t, 1), "share": 100, "period": "week"}, nil); no != refusal.KindDiffers {
		t.Errorf("an agreement with a branch: %q", no)
	}
	outlet.syncs()
	var known report.Outlets
	if outlet.call("GET", "/api/agreements", nil, &known); len(known.Agreements) != 1 || known.Agreements[0].Document == nil {
		t.Fatalf("the outlet knows %+v", known)
	}
	if status, got := asks(t, outlet.dir, "GET", "/api/attachments/"+*known.Agreements[0].Document, "", nil); status != 200 || string(got) != "%PDF-1.4 made up for a test" {
		t.Errorf("what was signed is at the outlet %d %q", status, got)
	}
	outlet.offline()
	branch.offline()

	// Without a line the branch takes 20 pieces in, with the family's signature, and sends them on.
	family := branch.made("/api/families", m{"name": "Umm Salim"})
	incense := branch.made("/api/products", m{"name": "Incense", "family": family, "amount_minor": 1001, "currency": "AED"})
	status, answer := asks(t, branch.dir, "POST", "/api/attachments", "image/png", bytes.Repeat([]byte("a signature of a test "), 90))
	var drawing struct{ Attachment string }
	if err := json.Unmarshal(answer, &drawing); err != nil || status != 200 {
		t.Fatalf("keeping a signature: %d %s", status, answer)
	}
	lot := branch.made("/api/consignments", m{"product": incense, "quantity": 20, "signature": drawing.Attachment})
	steps := "/api/consignments/" + lot + "/steps"
	if no := branch.asks("POST", steps, m{"step": "moved", "quantity": 20, "to": me.Site}, nil); no != refusal.BadStep {
		t.Errorf("sending on what nobody has counted: %q", no)
	}
	branch.call("POST", steps, m{"step": "received", "by": "Noura"}, nil)
	branch.syncs()
	branch.call("POST", steps, m{"step": "moved", "quantity": 20, "to": me.Site, "by": "Noura"}, nil)
	branch.syncs()
	outlet.syncs()
	outlet.offline()

	outlet.call("POST", steps, m{"step": "received", "by": "Salem"}, nil)
	till := outlet.made("/api/tills", m{"currency": "AED", "float_minor": 0})
	sells := func(pieces int64, daysAgo int) string {
		return outlet.made("/api/sales", m{"till": till, "currency": "AED", "waited_ms": daysAgo * dayMS,
			"lines": []m{{"product": incense, "quantity": pieces, "unit_price_minor": 1001}}})
	}
	inTime := sells(13, 4)
	outlet.call("POST", "/api/movements", m{"kind": "counted", "product": incense, "quantity": 5, "by": "Salem"}, nil)
	var here []report.Shelf
	outlet.call("GET", "/api/stock?noted=true", nil, &here)
	if s := shelf(t, here); s.OnHand != 5 || s.Sold != 13 || s.Missing != 2 || s.Short != 0 || s.Name != "Incense" || s.Owner != "Umm Salim" {
		t.Errorf("with 13 of 20 sold and 5 counted the outlet has %+v", s)
	}

	// More than lies there, and after the agreement's end: the customer is served.
	late := sells(6, 0)
	outlet.call("GET", "/api/stock?noted=true", nil, &here)
	if s := shelf(t, here); s.OnHand != -1 || s.Short != 1 || s.Missing != 2 {
		t.Errorf("with one more sold than lay there the outlet has %+v", s)
	}
	var sold struct {
		Outside bool `json:"outside_agreement"`
		Lines   []struct {
			Share     *int64
			Agreement *string
		}
	}
	if outlet.call("GET", "/api/sales/"+inTime, nil, &sold); sold.Outside || len(sold.Lines) != 1 || sold.Lines[0].Share == nil || *sold.Lines[0].Share != 1250 || *sold.Lines[0].Agreement != agreement {
		t.Errorf("what was sold in time is %+v", sold)
	}
	sold.Lines = nil
	if outlet.call("GET", "/api/sales/"+late, nil, &sold); !sold.Outside || len(sold.Lines) != 1 || sold.Lines[0].Share != nil || sold.Lines[0].Agreement != nil {
		t.Errorf("what was sold after the end is %+v", sold)
	}
	outlet.call("POST", "/api/movements", m{"kind": "damaged", "product": incense, "quantity": 1, "by": "Salem", "reason": "fell"}, nil)
	outlet.call("POST", steps, m{"step": "returned", "quantity": 1, "rest": true, "by": "Salem"}, nil)
	outlet.syncs()

	var all []report.Shelf
	if no := g.head("GET", "/api/stock?site="+me.Site, nil, &all); no != "" {
		t.Fatal(no)
	}
	if s := shelf(t, all); s.OnHand != -3 || s.Short != 3 || s.Missing != 2 || s.Sold != 19 || s.SiteName != "Corner shop" {
		t.Errorf("head office has %+v", s)
	}
	if rawajJSON(t, &all, "report", "stock", "--noted", "--data", g.centre); shelf(t, all).SiteName != "Corner shop" {
		t.Errorf("head office notes %+v", all)
	}
	if g.head("GET", "/api/stock", nil, &all); len(all) != 2 || all[1].SiteName != "Kalba" || all[1].OnHand != 0 || all[1].Missing != 0 {
		t.Errorf("head office has the shelves %+v", all)
	}
	var lots []struct {
		ID, State string
		Pieces    int64
		Signature *string
	}
	if outlet.call("GET", "/api/consignments", nil, &lots); len(lots) != 1 || lots[0].ID != lot || lots[0].State != "returned" || lots[0].Pieces != 19 || lots[0].Signature == nil {
		t.Errorf("the outlet has the consignments %+v", lots)
	}
	if branch.call("GET", "/api/consignments", nil, &lots); len(lots) != 0 {
		t.Errorf("the branch still has %+v", lots)
	}
	flagged := func(want ...string) {
		t.Helper()
		var out report.Outlets
		rawajJSON(t, &out, "admin", "agreement", "ls", "--data", g.centre)
		if len(out.Outside) != len(want) || out.OutsideCount != int64(len(want)) {
			t.Fatalf("flagged are %+v", out.Outside)
		}
		for i, l := range out.Outside {
			if l.Sale.String() != want[i] || l.SiteName != "Corner shop" || l.Name != "Incense" {
				t.Errorf("flagged is %+v", l)
			}
		}
		a := out.Agreements[0]
		if a.Pieces != 13 || a.Amount["AED"] != 13013 || a.Kept["AED"] != 1626 { // 12.5 % of 130.13 is 16.26 and a part, which is the family's
			t.Errorf("under the agreement was sold %+v", a)
		}
	}
	flagged(late)

	// Ended before its time, of which the outlet had not heard when it sold.
	rawaj(t, "admin", "agreement", "end", agreement, "--on", dayOf(t, -10), "--reason", "the shop was closed", "--data", g.centre)
	flagged(late, inTime)
	for _, p := range []*place{branch, outlet} {
		if st := statusOf(t, p.dir); st.Quarantined != 0 {
			t.Errorf("%d are held", st.Quarantined)
		}
		p.p.stop()
		holds(t, p.dir)
	}
	if rawajJSON(t, &here, "report", "stock", "--data", outlet.dir); shelf(t, here).Short != 3 {
		t.Errorf("the outlet has %+v", here)
	}
}
