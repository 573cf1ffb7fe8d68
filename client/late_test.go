package client_test

import (
	"bytes"
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/syncproto"
)

func TestWhatWaitedInAPageCountsFromWhenItWasDone(t *testing.T) {
	ctx := context.Background()
	c, id := newStall(t), newIDs(t)
	now := time.Date(2026, 11, 21, 20, 30, 0, 0, time.UTC) // half past midnight on the 22nd in Dubai
	c.Now = func() time.Time { return now }
	product, err := c.AddProduct(ctx, client.NewProduct{Name: "Incense", PriceMinor: 1250, Currency: "AED"})
	if err != nil {
		t.Fatal(err)
	}
	till, err := c.OpenTill(ctx, client.NewTill{Currency: "AED"})
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	if err := c.CloseTill(ctx, till, 1250); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	a := newAPI(t, c)
	type object map[string]any
	sell := func(sale syncproto.RecordID, waited time.Duration) int {
		return a.do("POST", "/api/sales", object{"id": sale, "till": till, "currency": "AED", "waited_ms": waited.Milliseconds(),
			"lines": []object{{"product": product, "quantity": 1, "unit_price_minor": 1250}}}, nil)
	}
	for name, waited := range map[string]time.Duration{"after the till closed": 30 * time.Minute, "by a clock that jumped": 50 * 365 * 24 * time.Hour, "in the time to come": -3 * time.Hour} {
		if code := sell(id(), waited); code != http.StatusUnprocessableEntity {
			t.Errorf("a sale %s gave %d", name, code)
		}
	}
	sale := id()
	if code := sell(sale, 90*time.Minute); code != 200 {
		t.Fatalf("a sale from before the till closed gave %d", code)
	}
	var sales struct{ Items []client.SaleShown }
	a.do("GET", "/api/sales", nil, &sales)
	if want := now.Add(-90 * time.Minute).UnixMilli(); len(sales.Items) != 1 || sales.Items[0].SoldAt != want {
		t.Errorf("sales are %+v, want one sold at %d", sales.Items, want)
	}
	before, err := c.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if code := a.do("POST", "/api/sales/"+sale.String()+"/void", object{"reason": "typed wrongly"}, nil); code != 200 {
			t.Errorf("void gave %d", code)
		}
	}
	if after, err := c.Status(ctx); err != nil || after.Transactions != before.Transactions+1 {
		t.Errorf("taken back twice: %d transactions more, %v", after.Transactions-before.Transactions, err)
	}
}

func TestMinutesAreCreditedByWhenACardWasRead(t *testing.T) {
	ctx := context.Background()
	c, id := newStall(t), newIDs(t)
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	c.Now = func() time.Time { return now }
	workshop, err := c.AddWorkshop(ctx, client.NewWorkshop{Name: "Kilim", Kind: "practical", Minutes: 120})
	if err != nil {
		t.Fatal(err)
	}
	session, err := c.PlanSession(ctx, client.NewSession{Workshop: workshop, Starts: now, Ends: now.Add(2 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	person, err := c.AddPerson(ctx, client.NewPerson{Name: "زهرا"})
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(5 * time.Hour)
	a := newAPI(t, c)
	for kind, waited := range map[string]time.Duration{"in": 5 * time.Hour, "out": 4 * time.Hour} {
		if code := a.do("POST", "/api/scans", map[string]any{"id": id(), "session": session, "person": person, "kind": kind, "source": "list", "waited_ms": waited.Milliseconds()}, nil); code != 200 {
			t.Fatalf("%s gave %d", kind, code)
		}
	}
	var roster []client.RosterLine
	a.do("GET", "/api/sessions/"+session.String()+"/roster", nil, &roster)
	if len(roster) != 1 || roster[0].Credited != 60 || roster[0].OutAt-roster[0].InAt != time.Hour.Milliseconds() {
		t.Errorf("the roster is %+v, want 60 minutes", roster)
	}
}

func TestAPageOfAnotherSiteRecordsNothingHere(t *testing.T) {
	c := newStall(t)
	a := newAPI(t, c)
	post := func(site string) int {
		r, err := http.NewRequest("POST", a.url+"/api/tills", bytes.NewReader([]byte(`{"currency":"AED"}`)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer token of a test")
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(client.SiteHeader, site)
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		w.Body.Close()
		return w.StatusCode
	}
	if code := post(syncproto.RecordID{9}.String()); code != http.StatusPreconditionFailed {
		t.Errorf("for another site it is %d", code)
	}
	if st, err := c.Status(context.Background()); err != nil || st.Transactions != 0 {
		t.Errorf("%d transactions, %v; want none", st.Transactions, err)
	}
	if code := post(syncproto.RecordID{3}.String()); code != 200 {
		t.Errorf("for this site it is %d", code)
	}
}
