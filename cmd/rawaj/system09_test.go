package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/internal/closing"
)

// sums are what a test adds up by itself of what it sold.
type sums struct {
	all      int64
	by       map[string]int64 // method of payment
	families map[string]int64 // by name
	voided   int64
	lines    int64
}

// TestSystem09SellingAtAStall sells for eight hours at two stalls of a fair with the cable
// pulled, kills one of them twice, and finds every sale at head office once.
func TestSystem09SellingAtAStall(t *testing.T) {
	t.Parallel()
	const each = 100
	dir := t.TempDir()
	centre := filepath.Join(dir, "centre")
	office, at := serving(t, centre)
	one := atFair(t, centre, filepath.Join(dir, "one"), "Stall one", "Autumn fair", at)
	two := atFair(t, centre, filepath.Join(dir, "two"), "Stall two", "Autumn fair", at)
	goods := []good{{"Incense", "Umm Salim", 1250}, {"Burner", "Umm Salim", 8999}, {"Spices", "Umm Rashid", 333}, {"Bowl", "", 2050}}
	products, families := map[string]string{}, map[string]string{}
	for _, g := range goods {
		product := m{"name": g.name, "amount_minor": g.price, "currency": "AED"}
		if g.family != "" {
			if families[g.family] == "" {
				families[g.family] = one.makes("/api/families", m{"name": g.family})
			}
			product["family"] = families[g.family]
		}
		products[g.name] = one.makes("/api/products", product)
	}
	one.arrives()
	two.hears()
	office.stop()

	want := sums{by: map[string]int64{}, families: map[string]int64{}}
	receipts := map[string]bool{}
	for n, k := range []*counter{one, two} {
		k.till = k.makes("/api/tills", m{"currency": "AED", "float_minor": 20000})
		day := &sellingDay{counter: k, goods: goods, products: products, want: &want, receipts: receipts, of: each, luck: rand.New(rand.NewPCG(9, uint64(n)))}
		if n == 0 {
			day.kills = map[int]bool{33: true, 77: true}
		}
		for i := range each {
			day.sells(i)
		}
		day.assigns(families[assignedTo])
		k.call("POST", "/api/tills/"+k.till+"/close", m{"counted_minor": 0}, new(any))
	}
	if len(receipts) != 2*each {
		t.Errorf("%d receipt numbers for %d sales", len(receipts), 2*each)
	}

	office, at = serving(t, centre)
	for _, k := range []*counter{one, two} {
		k.moved(at)
		k.arrives()
	}
	got := salesOf(t, centre, "site")
	if got.Total.Receipts != 2*each-want.voided || got.Total.Lines != want.lines || !sameMoney(got.Total.AmountMinor, map[string]int64{"AED": want.all}) {
		t.Errorf("head office has %+v, sold were %+v", got.Total, want)
	}
	state := fileOf(centre, fileState)
	if n := counted(t, state, `SELECT count(*) FROM sale`); n != 2*each {
		t.Errorf("head office has %d sales, want %d", n, 2*each)
	}
	if n := counted(t, state, `SELECT count(DISTINCT receipt_no) FROM sale`); n != 2*each {
		t.Errorf("head office has %d receipt numbers, want %d", n, 2*each)
	}
	if n := counted(t, state, `SELECT count(*) FROM sale_line l JOIN sale s ON s.id = l.sale WHERE NOT coalesce(s.voided, 0) AND l.family IS NULL
		AND NOT EXISTS (SELECT 1 FROM line_owner o WHERE o.line = l.id)`); n != 0 {
		t.Errorf("of %d lines nobody knows whose they were", n)
	}
	for family, amount := range want.families {
		if n := counted(t, state, fmt.Sprintf(`SELECT sum(l.quantity * l.unit_price_minor - coalesce(l.discount_minor, 0)) FROM sale_line l JOIN sale s ON s.id = l.sale
			LEFT JOIN line_owner o ON o.line = l.id JOIN family f ON f.id = coalesce(l.family, o.family) WHERE NOT coalesce(s.voided, 0) AND f.name_en = '%s'`, family)); n != amount {
			t.Errorf("head office counts %d for %s, sold were %d", n, family, amount)
		}
	}
	until(t, "head office confirms both closings", func() bool {
		var list closing.Statements
		rawajJSON(t, &list, "admin", "closings", "--data", centre)
		if len(list.Closings) != 2 || list.Closings[0].State != closing.Equal || list.Closings[1].State != closing.Equal {
			return false
		}
		by := map[string]int64{}
		for _, c := range list.Closings {
			for _, p := range c.Payments {
				by[p.Method] += p.AmountMinor
			}
			if c.Sales+c.Voided != each {
				t.Errorf("a closing counts %d and %d voided, want %d", c.Sales, c.Voided, each)
			}
		}
		if !maps.Equal(by, want.by) {
			t.Errorf("by method head office counts %v, paid were %v", by, want.by)
		}
		return true
	})
	if list := one.unassigned(); len(list) != 0 {
		t.Errorf("to be assigned at a stall are %v", list)
	}
	for _, k := range []*counter{one, two} {
		k.p.stop()
		holds(t, k.dir)
	}
	office.stop()
	holds(t, centre)
}

type good struct {
	name, family string // family empty: nobody knows whose it is
	price        int64
}

// sellingDay is what happens at one stall.
type sellingDay struct {
	*counter
	goods    []good
	products map[string]string
	want     *sums
	receipts map[string]bool
	of       int
	kills    map[int]bool // sales in the midst of which the power fails
	luck     *rand.Rand
	last     wholeSale // that something may be given back of
}

type wholeSale struct {
	ID          string
	ReceiptNo   string           `json:"receipt_no"`
	AmountMinor map[string]int64 `json:"amount_minor"`
	Voided      bool
	Lines       []struct {
		ID         string
		Owner      string `json:"family_name"`
		Quantity   int64
		Amount     int64 `json:"amount_minor"`
		Refundable int64
	}
	Payments []struct {
		Method      string
		AmountMinor int64 `json:"amount_minor"`
	}
}

// assignedTo is who owned the bowls, as turns out in the evening.
const assignedTo = "Umm Rashid"

// sells is one of the day's sales: a refund, one that is taken back, one paid in two ways,
// or a plain one.
func (d *sellingDay) sells(i int) {
	d.t.Helper()
	route, body := "/api/sales", m{"id": d.id(), "till": d.till, "currency": "AED", "waited_ms": (8 * 60 * 60 * 1000) * (d.of - i) / d.of}
	refund := i%15 == 14
	var worth int64
	if refund {
		route = "/api/sales/" + d.last.ID + "/refund"
		delete(body, "currency")
		body["lines"] = []m{{"line": d.last.Lines[0].ID, "pieces": 1}}
	} else {
		var lines []m
		for range 1 + d.luck.IntN(3) {
			g := d.goods[d.luck.IntN(len(d.goods))]
			pieces, discount := 1+d.luck.Int64N(3), d.luck.Int64N(2)*d.luck.Int64N(200)
			lines = append(lines, m{"product": d.products[g.name], "quantity": pieces, "unit_price_minor": g.price, "discount_minor": discount})
			worth += pieces*g.price - discount
		}
		body["lines"] = lines
		if body["method"] = []string{"cash", "cash", "card", "transfer"}[d.luck.IntN(4)]; i%7 == 3 {
			body["payments"] = []m{{"method": "cash", "amount_minor": worth / 3}, {"method": "card", "amount_minor": worth - worth/3, "external_ref": fmt.Sprintf("T-%d", i)}}
		}
	}
	if d.kills[i] {
		d.cutOff("POST", route, body)
	}
	var sold struct {
		ID        string
		ReceiptNo string `json:"receipt_no"`
	}
	d.call("POST", route, body, &sold) // after a cut, again: it is recorded once
	d.receipts[sold.ReceiptNo] = true
	if i%20 == 11 {
		d.call("POST", "/api/sales/"+sold.ID+"/void", m{"reason": "typed wrongly"}, new(any))
	}
	sale := d.whole(sold.ID)
	if d.adds(&sale); !refund && sale.AmountMinor["AED"] != worth {
		d.t.Errorf("%d were sold as %v", worth, sale.AmountMinor)
	}
	if !refund && !sale.Voided {
		d.last = sale
	}
}

// whole is a sale as the API shows it.
func (k *counter) whole(id string) (sale wholeSale) {
	k.t.Helper()
	k.call("GET", "/api/sales/"+id, nil, &sale)
	return sale
}

// adds counts a sale as it was answered, and holds it against what was asked for.
func (d *sellingDay) adds(sale *wholeSale) {
	d.t.Helper()
	var lines, paid int64
	for _, l := range sale.Lines {
		lines += l.Amount
		if !sale.Voided {
			owner := l.Owner
			if owner == "" {
				owner = assignedTo
			}
			d.want.families[owner] += l.Amount
			d.want.lines++
		}
	}
	for _, p := range sale.Payments {
		paid += p.AmountMinor
		if !sale.Voided {
			d.want.by[p.Method] += p.AmountMinor
		}
	}
	if lines != paid || sale.AmountMinor["AED"] != lines {
		b, _ := json.Marshal(sale)
		d.t.Errorf("a sale does not add up: %s", b)
	}
	if sale.Voided {
		d.want.voided++
		return
	}
	d.want.all += lines
}

// unassigned are the lines that wait for their owner here.
func (k *counter) unassigned() (ids []string) {
	k.t.Helper()
	for cursor := ""; ; {
		var list struct {
			Items []madeOne
			Next  string
		}
		k.call("GET", "/api/sale-lines/unassigned?"+url.Values{"cursor": {cursor}, "limit": {"7"}}.Encode(), nil, &list)
		for _, l := range list.Items {
			ids = append(ids, l.ID)
		}
		if cursor = list.Next; cursor == "" {
			return ids
		}
	}
}

// assigns says whose the lines were that were sold without an owner.
func (d *sellingDay) assigns(family string) {
	d.t.Helper()
	list := d.unassigned()
	if len(list) == 0 {
		d.t.Error("nothing was sold without an owner")
	}
	for _, line := range list {
		d.call("POST", "/api/sale-lines/"+line+"/owner", m{"family": family, "by": "Supervisor of a test"}, new(any))
	}
}
