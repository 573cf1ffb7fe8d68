package client_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/syncproto"
)

// api is a site's local API as a program of its machine calls it.
type api struct {
	t   *testing.T
	url string
}

func newAPI(t *testing.T, c *client.Client) *api {
	s := httptest.NewServer(c.Handler(localapi.NewGate("token of a test"), http.NotFoundHandler()))
	t.Cleanup(s.Close)
	return &api{t, s.URL}
}

func (a *api) do(method, path string, body, out any) int {
	a.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		a.t.Fatal(err)
	}
	q, err := http.NewRequest(method, a.url+path, bytes.NewReader(b))
	if err != nil {
		a.t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer token of a test")
	q.Header.Set("Content-Type", "application/json")
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		a.t.Fatal(err)
	}
	defer r.Body.Close()
	if out != nil && r.StatusCode == http.StatusOK {
		if err := json.NewDecoder(r.Body).Decode(out); err != nil {
			a.t.Fatal(err)
		}
	}
	return r.StatusCode
}

func newIDs(t *testing.T) func() syncproto.RecordID {
	ids := syncproto.NewIDs(rand.Reader, time.Now)
	return func() syncproto.RecordID {
		id, err := ids.Record()
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
}

func TestAPageSellsThroughTheLocalAPI(t *testing.T) {
	a, id := newAPI(t, newStall(t)), newIDs(t)
	product, till, sale := id(), id(), id()
	type object map[string]any
	for range 2 { // every answer may be lost and asked for again
		if code := a.do("POST", "/api/products", object{"id": product, "name": "بخور", "amount_minor": 1250, "currency": "AED"}, nil); code != 200 {
			t.Fatalf("product: %d", code)
		}
		if code := a.do("POST", "/api/tills", object{"id": till, "float_minor": 10000, "currency": "AED"}, nil); code != 200 {
			t.Fatalf("till: %d", code)
		}
		var sold struct {
			ReceiptNo   string `json:"receipt_no"`
			AmountMinor int64  `json:"amount_minor"`
		}
		code := a.do("POST", "/api/sales", object{"id": sale, "till": till, "currency": "AED", "lines": []object{{"product": product, "quantity": 3, "unit_price_minor": 1250}}}, &sold)
		if code != 200 || sold.ReceiptNo != "A1-000001" || sold.AmountMinor != 3750 {
			t.Fatalf("sale: %d, %+v", code, sold)
		}
	}
	var products []client.Product
	a.do("GET", "/api/products", nil, &products)
	if len(products) != 1 || products[0].Ar != "بخور" || products[0].Price == nil || products[0].Price.AmountMinor != 1250 {
		t.Errorf("products are %+v", products)
	}
	var sales struct {
		Items []client.SaleShown
		Next  string
	}
	a.do("GET", "/api/sales", nil, &sales)
	if len(sales.Items) != 1 || sales.Items[0].AmountMinor["AED"] != 3750 || sales.Items[0].Arrived || sales.Next != "" {
		t.Errorf("sales are %+v", sales)
	}
	if code := a.do("POST", "/api/sales/"+sale.String()+"/void", object{"reason": "typed wrongly"}, nil); code != 200 {
		t.Errorf("void: %d", code)
	}
	var report struct{ Total struct{ Receipts int } }
	a.do("GET", "/api/report/sales?by=product", nil, &report)
	if report.Total.Receipts != 0 {
		t.Errorf("a voided sale counts: %+v", report)
	}
}

func TestSalesGoInPages(t *testing.T) {
	ctx := context.Background()
	c := newStall(t)
	a, id := newAPI(t, c), newIDs(t)
	product, err := c.AddProduct(ctx, client.NewProduct{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	till, err := c.OpenTill(ctx, client.NewTill{Currency: "AED"})
	if err != nil {
		t.Fatal(err)
	}
	for range 7 {
		if _, err := c.Sell(ctx, client.NewSale{ID: id(), Till: till, Currency: "AED", Lines: []client.Line{{Product: product, Quantity: 1, Unpriced: true}}}); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[syncproto.RecordID]bool{}
	next := ""
	for pages := 0; pages < 10; pages++ {
		var page struct {
			Items []client.SaleShown
			Next  string
		}
		a.do("GET", "/api/sales?limit=3&cursor="+next, nil, &page)
		for _, s := range page.Items {
			if seen[s.ID] {
				t.Errorf("%v comes twice", s.ID)
			}
			seen[s.ID] = true
		}
		if next = page.Next; next == "" {
			break
		}
	}
	if len(seen) != 7 {
		t.Errorf("pages hold %d sales, want 7", len(seen))
	}
	if code := a.do("GET", "/api/sales?limit=100000", nil, nil); code != 400 {
		t.Errorf("a page without a bound gave %d", code)
	}
}

func TestEventsTellOfWhatIsRecorded(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c := newStall(t)
	a := newAPI(t, c)
	q, err := http.NewRequestWithContext(ctx, "GET", a.url+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer token of a test")
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	lines := bufio.NewScanner(r.Body)
	next := func() (st client.Status) {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := json.Unmarshal([]byte(data), &st); err != nil {
					t.Fatal(err)
				}
				return st
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return st
	}
	if st := next(); st.Transactions != 0 {
		t.Errorf("first event is %+v", st)
	}
	if _, err := c.OpenTill(ctx, client.NewTill{Currency: "AED"}); err != nil {
		t.Fatal(err)
	}
	if st := next(); st.Transactions != 1 || st.Pending != 1 {
		t.Errorf("after recording it is %+v", st)
	}
}

func TestPagesStandBehindTheGate(t *testing.T) {
	pages := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" && r.URL.Path != "/assets/a.js" {
			t.Errorf("%s reached the pages", r.URL.Path)
		}
	})
	h := newStall(t).Handler(localapi.NewGate("token of a test"), pages)
	for _, c := range []struct {
		path, token string
		want        int
	}{
		{"/", "", 401},
		{"/assets/a.js", "", 401},
		{"/api/status", "", 401},
		{"/", "Bearer token of a test", 200},
		{"/assets/a.js", "Bearer token of a test", 200},
		{"/api/status", "Bearer token of a test", 200},
		{"/api/nothing", "Bearer token of a test", 404},
	} {
		r := httptest.NewRequest("GET", "http://127.0.0.1:8421"+c.path, nil)
		r.Header.Set("Authorization", c.token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s with %q gave %d, want %d", c.path, c.token, w.Code, c.want)
		}
	}
}
