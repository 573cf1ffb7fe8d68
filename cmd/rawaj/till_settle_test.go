package main

import (
	"encoding/csv"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/server"
)

// tillLine is a line of another till's file.
type tillLine struct {
	receipt, day, clock, sku, item, category string
	pieces, price                            int64 // minor units
}

// linesOf reads such a file; its prices have two digits at most.
func linesOf(t *testing.T, till *till) (lines []tillLine) {
	t.Helper()
	f, err := os.Open(till.file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	heading, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	for {
		record, err := r.Read()
		if err == io.EOF {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		of := func(name string) string { return record[slices.Index(heading, name)] }
		l := tillLine{receipt: of("receipt"), day: of("date"), clock: of("time"), sku: of("sku"), item: of("item"), category: of("category")}
		whole, cents, _ := strings.Cut(of("unit_price"), ".")
		n, err := strconv.ParseInt(of("quantity"), 10, 64)
		m, merr := strconv.ParseInt(whole+(cents + "00")[:2], 10, 64)
		if err != nil || merr != nil {
			t.Fatalf("%v: %v %v", record, err, merr)
		}
		l.pieces, l.price = n, m
		lines = append(lines, l)
	}
}

// A year of another till's receipts, each category a family's, goes through an import and
// its closings, its last two days over a till that is opened, sold at and closed, and all of
// it through a settlement and its payouts: each sum on the way is the file's (R16, R44).
func TestTheSumsOfATillAreThoseOfItsClosingsStatementsAndPayouts(t *testing.T) {
	t.Parallel()
	till := foodTill(t)
	lines := linesOf(t, till)
	days := map[string]bool{}
	for _, l := range lines {
		days[l.day] = true
	}
	last := slices.Sorted(maps.Keys(days))[len(days)-2:]
	live := func(l *tillLine) bool { return slices.Contains(last, l.day) }

	g := newFairground(t)
	branch, stall := g.site("Kalba", "branch"), g.site("Food counter", "stall")
	families := map[string]string{}
	for category := range till.rows {
		families[category] = stall.importsOf(t, lines, category, live)
	}
	for day := range days {
		if !slices.Contains(last, day) {
			stall.call("POST", "/api/closings", m{"day": day}, nil)
		}
	}
	atTill := stall.sellsLive(lines, live)
	stall.syncs()
	branch.syncs()

	var closed int64
	until(t, "head office confirms every closing", func() bool {
		var list closing.Statements
		rawajJSON(t, &list, "admin", "closings", "--data", g.centre)
		closed = 0
		for _, c := range list.Closings {
			if c.State == closing.Differs || c.State == closing.Unsound {
				t.Fatalf("a closing is %+v", c)
			}
			if c.State == closing.Equal {
				closed += c.AmountMinor["USD"]
			}
		}
		return len(list.Closings) == len(days)-len(last)+1 && !slices.ContainsFunc(list.Closings, func(c closing.Statement) bool { return c.State != closing.Equal })
	})
	if all := till.want.AmountMinor["USD"]; closed != all || atTill <= 0 {
		t.Errorf("closings come to %d, of it %d at the till; the file to %d", closed, atTill, all)
	}
	got := salesOf(t, g.centre, "category")
	if w := till.want; got.Total.Pieces != w.Pieces || got.Total.Lines != w.Lines || !sameMoney(got.Total.AmountMinor, w.AmountMinor) {
		t.Errorf("head office has %+v, want %+v", got.Total, w)
	}

	var me struct{ Site string }
	branch.call("GET", "/api/me", nil, &me)
	var done, again server.Settled
	rawajJSON(t, &done, "admin", "settle", "approve", "--to", tomorrow(), "--by", "Mariam", "--branch", me.Site, "--data", g.centre)
	if rawajJSON(t, &again, "admin", "settle", "approve", "--to", tomorrow(), "--by", "Mariam", "--branch", me.Site, "--data", g.centre); len(again.Approved)+len(again.Waiting) != 0 {
		t.Errorf("run again, it approves %+v", again)
	}
	branch.syncs()
	signed := branch.signature()
	branch.offline()
	net, count := map[string]int64{}, 0
	for _, s := range done.Approved {
		branch.call("POST", "/api/statements/"+s.ID.String()+"/payout", m{"by": "Noura", "signature": signed}, nil)
		net[s.Family.String()] += s.NetMinor
		count += s.Count
	}
	if int64(count) != till.want.Lines {
		t.Errorf("statements hold %d lines, the file has %d", count, till.want.Lines)
	}
	for category, row := range till.rows {
		if want := row.AmountMinor["USD"]; net[families[category]] != want {
			t.Errorf("the family of %s is owed %d, its sales come to %d", category, net[families[category]], want)
		}
	}
	branch.syncs()
	var paid int64
	var list []settle.Statement
	g.head("GET", "/api/statements", nil, &list)
	for _, s := range list {
		if s.State != "paid" {
			t.Errorf("statement %s is %s", s.Number, s.State)
			continue
		}
		paid += s.Payout.AmountMinor
	}
	if paid != till.want.AmountMinor["USD"] {
		t.Errorf("%d was paid, the file comes to %d", paid, till.want.AmountMinor["USD"])
	}
}

// importsOf imports the lines of a category, which a family made, without those that are
// sold live, and gives the family.
func (p *place) importsOf(t *testing.T, lines []tillLine, category string, live func(*tillLine) bool) (family string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "part.csv")
	file := writeCSV(t, path, "receipt", "date", "time", "sku", "item", "category", "quantity", "unit_price")
	for _, l := range lines {
		if l.category == category && !live(&l) { // a receipt of several families is one a family
			file(l.receipt+"/"+category, l.day, l.clock, l.sku, l.item, l.category, strconv.FormatInt(l.pieces, 10), settle.Money(l.price, "USD"))
		}
	}
	file()
	name := "Family of " + category
	rawaj(t, "site", "import", "sales", path, "--data", p.dir, "--map", foodMapping, "--family", name, "--currency", "USD")
	var list []struct {
		ID   string
		Name string `json:"name_en"`
	}
	p.call("GET", "/api/families", nil, &list)
	for _, f := range list {
		if f.Name == name {
			return f.ID
		}
	}
	t.Fatalf("no %s among %v", name, list)
	return ""
}

// sellsLive sells the lines that are live at a till, receipt by receipt, closes it with what was
// paid, and gives that.
func (p *place) sellsLive(lines []tillLine, live func(*tillLine) bool) (all int64) {
	p.t.Helper()
	var list []struct {
		ID     string
		Name   string `json:"name_en"`
		Family string `json:"family_name"`
	}
	p.call("GET", "/api/products", nil, &list)
	products := map[string]string{}
	for _, product := range list {
		products[product.Name+product.Family] = product.ID
	}
	till := p.made("/api/tills", m{"currency": "USD", "float_minor": 0})
	var receipt []m
	for i, l := range lines {
		if !live(&l) {
			continue
		}
		product := products[l.item+"Family of "+l.category]
		if product == "" {
			p.t.Fatalf("no product %q of the family of %s", l.item, l.category)
		}
		all += l.pieces * l.price
		receipt = append(receipt, m{"product": product, "quantity": l.pieces, "unit_price_minor": l.price})
		if i+1 == len(lines) || lines[i+1].receipt != l.receipt {
			p.call("POST", "/api/sales", m{"till": till, "currency": "USD", "lines": receipt}, nil)
			receipt = nil
		}
	}
	p.call("POST", "/api/tills/"+till+"/close", m{"counted_minor": all}, nil)
	return all
}
