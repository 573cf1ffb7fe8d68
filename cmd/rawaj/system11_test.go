//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"
)

// listed is a product as a till shows it.
type listed struct {
	ID       string
	Name     string `json:"name_en"`
	Category string
	Photo    *string
	Price    *struct {
		AmountMinor int64 `json:"amount_minor"`
	}
}

func (k *counter) listed(product string) (p listed, known bool) {
	k.t.Helper()
	var list []listed
	k.call("GET", "/api/products", nil, &list)
	i := slices.IndexFunc(list, func(p listed) bool { return p.ID == product })
	if i < 0 {
		return p, false
	}
	return list[i], true
}

// TestSystem11CatalogueAndPrices adds a product with photo and price with the cable pulled,
// sells it at once, and changes its price: what was sold before keeps the old one.
func TestSystem11CatalogueAndPrices(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	centre := filepath.Join(dir, "centre")
	office, at := serving(t, centre)
	one := atFair(t, centre, filepath.Join(dir, "one"), "Stall one", "Autumn fair", at)
	two := atFair(t, centre, filepath.Join(dir, "two"), "Stall two", "Autumn fair", at)
	one.hears()
	two.hears()
	office.stop()

	photo := bytes.Repeat([]byte("a picture of a test "), 500)
	status, answer := asks(t, one.dir, "POST", "/api/attachments", "image/png", photo)
	var kept struct{ Attachment string }
	if err := json.Unmarshal(answer, &kept); err != nil || status != 200 {
		t.Fatalf("keeping a photo: %d %s", status, answer)
	}
	family, category := one.makes("/api/families", m{"name": "Umm Salim"}), one.makes("/api/categories", m{"name": "Incense burners"})
	if again := two.makes("/api/categories", m{"name": "incense  BURNERS"}); again != category {
		t.Errorf("one category that two stalls add apart is %s and %s", category, again)
	}
	burner := one.makes("/api/products", m{"id": one.id(), "name": "Incense burner, hand-made", "family": family, "category": category, "photo": kept.Attachment, "amount_minor": 8500, "currency": "AED"})
	one.till = one.makes("/api/tills", m{"currency": "AED", "float_minor": 0})
	sells := func() (sale string) {
		t.Helper()
		p, known := one.listed(burner)
		if !known || p.Price == nil || p.Photo == nil || p.Category != category {
			t.Fatalf("the till shows %+v", p)
		}
		return one.makes("/api/sales", m{"till": one.till, "currency": "AED", "lines": []m{{"product": burner, "quantity": 2, "unit_price_minor": p.Price.AmountMinor}}})
	}
	before := sells()
	one.call("POST", "/api/prices", m{"product": burner, "amount_minor": 9900, "currency": "AED", "by": "Maryam", "reason": "clay is dearer"}, new(any))
	after := sells()
	want := func(sale string, amount int64) {
		t.Helper()
		if s := one.whole(sale); s.AmountMinor["AED"] != amount || s.Lines[0].Amount != amount {
			t.Errorf("the receipt says %+v, want %d", s, amount)
		}
	}
	want(before, 17000)
	want(after, 19800)

	_, at = serving(t, centre)
	one.moved(at)
	two.moved(at)
	one.arrives()
	until(t, "the other stall has the product with its photo", func() bool {
		two.hears()
		p, known := two.listed(burner)
		if !known || p.Photo == nil || p.Price == nil || p.Price.AmountMinor != 9900 {
			return false
		}
		status, got := asks(t, two.dir, "GET", "/api/attachments/"+*p.Photo, "", nil)
		return status == 200 && bytes.Equal(got, photo)
	})
	var prices []struct {
		AmountMinor int64 `json:"amount_minor"`
		By, Reason  string
	}
	two.call("GET", "/api/products/"+burner+"/prices", nil, &prices)
	if len(prices) != 2 || prices[0].AmountMinor != 9900 || prices[0].By != "Maryam" || prices[0].Reason != "clay is dearer" || prices[1].AmountMinor != 8500 {
		t.Errorf("the other stall knows the prices %+v", prices)
	}
	want(before, 17000)
	if got := salesOf(t, centre, "product").Total; got.AmountMinor["AED"] != 36800 || got.Pieces != 4 {
		t.Errorf("head office has %+v", got)
	}
	for _, k := range []*counter{one, two} {
		k.p.stop()
		holds(t, k.dir)
	}
}
