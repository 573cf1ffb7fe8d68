package client_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/client"
)

// Names are made up.
func TestASearchFindsWhatIsWrittenOtherwise(t *testing.T) {
	c := newStall(t)
	a := newAPI(t, c)
	for name, card := range map[string]string{"أحمد آل فلان": "K12", "مُحَمَّد الفـلانـي": "", "كريمة يكتا": "", "زهرا کم\u200cبرخوردار": "", "Noor Salem": ""} {
		_, err := c.AddPerson(t.Context(), client.NewPerson{Name: name, Card: card})
		ok(t, err)
		_, err = c.AddFamily(t.Context(), client.NewFamily{Name: name, Code: card})
		ok(t, err)
		_, err = c.AddProduct(t.Context(), client.NewProduct{Name: name, Sku: card, PriceMinor: 100, Currency: "AED"})
		ok(t, err)
	}
	for _, s := range []struct{ name, q, want string }{
		{"alef without its hamza", "احمد ال", "أحمد آل فلان"},
		{"hamza where there is none", "أحمد إل", "أحمد آل فلان"},
		{"digits of another script", "K۱۲", "أحمد آل فلان"},
		{"digits of a third", "k١٢", "أحمد آل فلان"},
		{"no vowels and no tatweel", "محمد الفلاني", "مُحَمَّد الفـلانـي"},
		{"Persian yeh, kaf and heh", "کریمه یکتا", "كريمة يكتا"},
		{"alef maqsura", "كريمة ىكتا", "كريمة يكتا"},
		{"without the half-space", "کمبرخوردار", "زهرا کم\u200cبرخوردار"},
		{"words in another order", "salem NOOR", "Noor Salem"},
		{"parts of words, and space around them", "  ale  oor ", "Noor Salem"},
		{"one word that is not there", "Noor Omar", ""},
		{"no text", "\xff", ""},
		{"what SQL and LIKE would take", "%'_", ""},
		{"only what is dropped", "ـ", "all"},
		{"more words than count", strings.Repeat("noor ", 8) + "omar", "Noor Salem"},
	} {
		for _, path := range []string{"/api/persons", "/api/families", "/api/products"} {
			var list []map[string]any
			a.do("GET", path+"?q="+url.QueryEscape(s.q), nil, &list)
			switch {
			case s.want == "all":
				if len(list) != 5 {
					t.Errorf("%s in %s: %d are found, want all", s.name, path, len(list))
				}
			case s.want == "" && len(list) != 0, s.want != "" && len(list) != 1:
				t.Errorf("%s in %s: %+v are found, want %q", s.name, path, list, s.want)
			}
		}
		var people []client.PersonShown
		a.do("GET", "/api/persons?q="+url.QueryEscape(s.q), nil, &people)
		if s.want != "" && s.want != "all" && !slices.ContainsFunc(people, func(p client.PersonShown) bool { return p.Name == s.want }) {
			t.Errorf("%s: %+v, want %s", s.name, people, s.want)
		}
	}
}
