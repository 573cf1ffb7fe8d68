package simtest_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// form is a page of a site that somebody has open.
type form struct {
	t      *testing.T
	url    string
	loaded string // what the answer that it shows was loaded from
}

func openForm(t *testing.T, s *simtest.Site) *form {
	t.Helper()
	local := httptest.NewServer(s.Client.Handler(localapi.NewGate("token of a test"), http.NotFoundHandler()))
	t.Cleanup(local.Close)
	f := &form{t: t, url: local.URL}
	r := f.ask("GET", "/api/products", nil)
	f.loaded = r.Header.Get("Rawaj-Loaded")
	if f.loaded == "" || r.StatusCode != http.StatusOK {
		t.Fatalf("products: %s, loaded from %q", r.Status, f.loaded)
	}
	return f
}

func (f *form) ask(method, path string, body any) *http.Response {
	f.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		f.t.Fatal(err)
	}
	q, err := http.NewRequest(method, f.url+path, bytes.NewReader(b))
	if err != nil {
		f.t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer token of a test")
	q.Header.Set("Content-Type", "application/json")
	if f.loaded != "" {
		q.Header.Set("Rawaj-Loaded", f.loaded)
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		f.t.Fatal(err)
	}
	r.Body.Close()
	return r
}

// saves sets the price that was typed into the form.
func (f *form) saves(product syncproto.RecordID, amount int64) {
	f.t.Helper()
	if r := f.ask("POST", "/api/prices", map[string]any{"product": product, "amount_minor": amount, "currency": "AED"}); r.StatusCode != http.StatusOK {
		f.t.Fatalf("save: %s", r.Status)
	}
}

// A price form is open while the site syncs. Who opened it before has not seen what came;
// who opened it afterwards has.
func TestAFormOpenedBeforeASyncAndSavedAfterItIsAConflict(t *testing.T) {
	for _, test := range []struct {
		name      string
		reopened  bool // after the sync
		ownBefore bool // the site set a price, after the sync and before the save
		conflicts int
	}{
		{"opened before", false, false, 1},
		// Who set the own price had seen the other site's, and one device goes over its own.
		{"opened before, with an own price unsent", false, true, 0},
		{"opened after", true, false, 0},
		{"opened after, with an own price unsent", true, true, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := simtest.NewCentre(t)
			a, b := c.NewSite("Branch 1", schema.KindBranch), c.NewSite("Branch 2", schema.KindBranch)
			product, err := a.Client.AddProduct(ctx, client.NewProduct{Name: "Incense", PriceMinor: 1000, Currency: "AED"})
			if err != nil {
				t.Fatal(err)
			}
			a.Sync()
			b.Sync()
			f := openForm(t, a)
			if err := b.Client.SetPrice(ctx, product, false, 1100, "AED"); err != nil {
				t.Fatal(err)
			}
			b.Sync()
			a.Sync()
			if test.reopened {
				f = openForm(t, a)
			}
			if test.ownBefore {
				if err := a.Client.SetPrice(ctx, product, false, 1150, "AED"); err != nil {
					t.Fatal(err)
				}
			}
			f.saves(product, 1200)
			a.Sync()
			b.Sync()

			price := schema.PriceID(product, syncproto.RecordID{})
			if got := amount(centreRecord(t, c, schema.Price, price)); got != 1200 {
				t.Errorf("the price is %d, want 1200", got)
			}
			ledger, err := c.Server.Conflicts(ctx)
			if err != nil || len(ledger) != test.conflicts {
				t.Fatalf("the ledger has %+v, want %d lines: %v", ledger, test.conflicts, err)
			}
			for _, line := range ledger {
				everySideHears(t, []*simtest.Site{a, b}, line)
			}
			a.Sound()
		})
	}
}

func TestAPageThatSaysItWasLoadedFromNonsenseIsRefused(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Branch 1", schema.KindBranch)
	s.Sync()
	f := openForm(t, s)
	for _, f.loaded = range []string{"nonsense", "1", "-1-0011223344556677", "1-00112233445566", "99999999999999999999-0011223344556677"} {
		if r := f.ask("POST", "/api/prices", map[string]any{}); r.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %s, want 400", f.loaded, r.Status)
		}
	}
}
