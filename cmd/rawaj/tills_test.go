package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
)

// Head office sees tills and the lines that wait for their owners, says whose one was, and
// counts it as that family's, with the server running and without. All names are made up.
func TestHeadOfficeListsTillsAndAssignsLinesThatWaitForTheirOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	centre := filepath.Join(dir, "centre")
	office, at := serving(t, centre)
	stall := atFair(t, centre, filepath.Join(dir, "stall"), "Stall one", "Autumn fair", at)
	family, namesake := stall.makes("/api/families", m{"name": "Umm Salim", "code": "F-1"}), stall.makes("/api/families", m{"name": "Umm Salim", "code": "F-2"})
	incense, bowl := stall.makes("/api/products", m{"name": "Incense", "family": family}), stall.makes("/api/products", m{"name": "Bowl"})
	first, till := stall.makes("/api/tills", m{"currency": "AED", "float_minor": 20000}), stall.makes("/api/tills", m{"currency": "AED"})
	sells := func(product string, pieces int) string {
		return stall.makes("/api/sales", m{"till": till, "currency": "AED", "lines": []m{{"product": product, "quantity": pieces, "unit_price_minor": 500}}})
	}
	owned := sells(incense, 2)
	one, other := sells(bowl, 3), sells(bowl, 5)
	line := stall.whole(one).Lines[0].ID
	stall.call("POST", "/api/sales/"+one+"/refund", m{"till": till, "lines": []m{{"line": line, "pieces": 1}}}, new(any))
	stall.call("POST", "/api/tills/"+first+"/close", m{"counted_minor": 19000}, new(any))
	stall.arrives()

	var tills []server.TillShown
	var waiting []server.UnassignedLine
	lists := func() {
		t.Helper()
		tills, waiting = nil, nil
		rawajJSON(t, &tills, "report", "tills", "--data", centre)
		rawajJSON(t, &waiting, "report", "unassigned", "--data", centre)
	}
	lists()
	if len(tills) != 2 || tills[0].Till.String() != till || tills[0].SiteName != "Stall one" || tills[0].State != "selling" || tills[0].ToAssign != 3 || tills[0].AmountMinor != 4500 ||
		tills[1].Till.String() != first || tills[1].VarianceMinor == nil || *tills[1].VarianceMinor != -1000 || tills[1].FloatMinor != 20000 {
		t.Fatalf("tills are %+v", tills)
	}
	if len(waiting) != 3 || waiting[0].Quantity != -1 || waiting[1].Sale.String() != other || waiting[1].AmountMinor != 2500 || waiting[2].ID.String() != line || waiting[2].ProductName != "Bowl" || waiting[2].SiteName != "Stall one" || waiting[2].ReceiptNo == "" {
		t.Fatalf("lines that wait are %+v", waiting)
	}
	var newest []server.UnassignedLine
	rawajJSON(t, &newest, "report", "unassigned", "--data", centre, "--limit", "1")
	if len(newest) != 1 || newest[0].ID != waiting[0].ID {
		t.Errorf("the newest is %+v", newest)
	}
	if out := rawaj(t, "report", "tills", "--data", centre); !strings.Contains(out, "Stall one") || !strings.Contains(out, "-10.00") {
		t.Errorf("tills are printed as\n%s", out)
	}
	owner := "/api/sale-lines/" + line + "/owner"
	for _, x := range []struct {
		name, route string
		in          m
		no          refusal.Code
	}{
		{"a line that is not there", "/api/sale-lines/" + family + "/owner", m{"family": family, "by": "Mariam"}, refusal.NoRecord},
		{"a family that is not there", owner, m{"family": line, "by": "Mariam"}, refusal.Reference},
		{"a line that was sold as a family's", "/api/sale-lines/" + stall.whole(owned).Lines[0].ID + "/owner", m{"family": namesake, "by": "Mariam"}, refusal.OwnerKnown},
	} {
		if no := answered(t, centre, "POST", x.route, x.in, nil); no != x.no {
			t.Errorf("%s: %q, want %q", x.name, no, x.no)
		}
	}
	for range 2 { // asking twice is harmless
		rawaj(t, "admin", "assign", "--data", centre, "--line", line, "--family", namesake, "--by", "Mariam")
	}
	byFamily := func(data string) (labels map[string]int64) {
		t.Helper()
		var sales report.Sales
		rawajJSON(t, &sales, "report", "sales", "--by", "family", "--data", data)
		labels = map[string]int64{}
		for _, r := range sales.Rows {
			labels[r.Label] = r.Pieces
		}
		return labels
	}
	fits := func(labels map[string]int64, nobodys, f1, f2 int64) bool {
		return len(labels) == 3-map[bool]int{true: 1}[nobodys == 0] && labels[""] == nobodys && labels["Umm Salim (F-1)"] == f1 && labels["Umm Salim (F-2)"] == f2
	}
	if got := byFamily(centre); !fits(got, 5, 2, 2) {
		t.Errorf("head office counts %v", got)
	}
	stall.hears()
	if got := byFamily(stall.dir); !fits(got, 5, 2, 2) {
		t.Errorf("the stall counts %v", got)
	}
	if got := stall.unassigned(); !slices.Equal(got, []string{waiting[1].ID.String()}) {
		t.Errorf("at the stall %v wait", got)
	}

	office.stop()
	rawaj(t, "admin", "assign", "--data", centre, "--line", waiting[1].ID.String(), "--family", family, "--by", "Mariam")
	lists()
	if len(tills) != 2 || tills[0].ToAssign != 0 || len(waiting) != 0 {
		t.Errorf("with all assigned %d wait, and tills are %+v", len(waiting), tills)
	}
	if got := byFamily(centre); !fits(got, 0, 7, 2) {
		t.Errorf("head office counts %v", got)
	}
	rawaj(t, "verify", "--data", centre)
	stall.p.stop()
	holds(t, stall.dir)
}
