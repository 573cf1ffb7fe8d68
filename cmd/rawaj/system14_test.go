package main

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
)

// refuses asks and wants a refusal.
func (r *running) refuses(code refusal.Code, method, route string, body any) {
	r.t.Helper()
	err := localapi.Call(r.t.Context(), r.dir, method, route, body, new(any))
	if !errors.Is(err, &refusal.Error{Code: code}) {
		r.t.Errorf("%s: %v, want %s", route, err, code)
	}
}

func (r *running) sheet(till string) (s closing.Sheet) {
	r.t.Helper()
	r.call("GET", "/api/tills/"+till+"/sheet", nil, &s)
	return s
}

// TestSystem14TillOpeningAndClosing opens and closes tills with the cable pulled, has a
// difference signed by two, and finds a sale of a third device beside the signed total.
func TestSystem14TillOpeningAndClosing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	centre := filepath.Join(dir, "centre")
	office, at := serving(t, centre)
	one := atFair(t, centre, filepath.Join(dir, "one"), "Stall one", "Autumn fair", at)
	third := atFair(t, centre, filepath.Join(dir, "third"), "Stall one", "Autumn fair", at) // another tablet of the same stall
	family := one.makes("/api/families", m{"name": "Umm Salim"})
	incense := one.makes("/api/products", m{"name": "Incense", "family": family})
	sells := func(k *counter, till string, price int64) (sale wholeSale) {
		t.Helper()
		id := k.makes("/api/sales", m{"till": till, "currency": "AED", "lines": []m{{"product": incense, "quantity": 1, "unit_price_minor": price}}})
		k.call("GET", "/api/sales/"+id, nil, &sale)
		return sale
	}
	// trade sells for 815.50 in cash and gives 40 back.
	trade := func(till string) {
		t.Helper()
		sells(one, till, 77550)
		given := sells(one, till, 4000)
		one.call("POST", "/api/sales/"+given.ID+"/refund", m{"till": till, "lines": []m{{"line": given.Lines[0].ID, "pieces": 1}}}, new(any))
	}
	opens := m{"currency": "AED", "float_minor": 20000}
	exact := one.makes("/api/tills", opens)
	short := one.makes("/api/tills", opens)
	one.arrives()
	third.hears()
	office.stop()

	trade(exact)
	if s := one.sheet(exact); s.State != "selling" || s.DrawerMinor != 97550 || s.VarianceMinor != nil {
		t.Errorf("while it is open the sheet is %+v", s)
	}
	one.refuses(refusal.TillOpen, "POST", "/api/tills/"+exact+"/approve", m{"by": "Maryam"})
	one.call("POST", "/api/tills/"+exact+"/count", m{"by": "Maryam", "pieces": []m{{"minor": 20000, "pieces": 4}}}, new(any))
	if s := one.sheet(exact); s.State != "counting" {
		t.Errorf("counted and not closed, the sheet is %+v", s)
	}
	one.call("POST", "/api/tills/"+exact+"/close", m{"by": "Maryam", "pieces": []m{{"minor": 20000, "pieces": 4}, {"minor": 10000, "pieces": 1}, {"minor": 5000, "pieces": 1}, {"minor": 500, "pieces": 5}, {"minor": 50, "pieces": 1}}}, new(any))
	if s := one.sheet(exact); s.State != "closed" || s.VarianceMinor == nil || *s.VarianceMinor != 0 || s.NeedsSecond || len(s.Counts) != 2 {
		t.Errorf("counted with 975.50 the sheet is %+v", s)
	}
	one.call("POST", "/api/tills/"+exact+"/approve", m{"by": "Maryam"}, new(any))
	one.refuses(refusal.NothingToSign, "POST", "/api/tills/"+exact+"/approve", m{"by": "Maryam"})
	if s := one.sheet(exact); s.State != "approved" || len(s.Approvals) != 1 || s.Approvals[0].Kind != closing.ApproveCount {
		t.Errorf("approved, the sheet is %+v", s)
	}

	trade(short)
	bowl := one.makes("/api/products", m{"name": "Bowl"})
	nobodys := one.makes("/api/sales", m{"till": short, "currency": "AED", "method": "card", "lines": []m{{"product": bowl, "quantity": 1, "unit_price_minor": 100}}})
	one.call("POST", "/api/tills/"+short+"/close", m{"counted_minor": 97000}, new(any))
	if s := one.sheet(short); s.State != "variance_review" || *s.VarianceMinor != -550 || !s.NeedsSecond || s.ToAssign != 1 {
		t.Errorf("counted with 970 the sheet is %+v", s)
	}
	approve := "/api/tills/" + short + "/approve"
	one.refuses(refusal.LinesToAssign, "POST", approve, m{"by": "Maryam", "second": "Salim", "reason": "change given twice"})
	one.call("POST", "/api/sale-lines/"+one.whole(nobodys).Lines[0].ID+"/owner", m{"family": family, "by": "Maryam"}, new(any))
	one.refuses(refusal.NeedsSecond, "POST", approve, m{"by": "Maryam", "reason": "change given twice"})
	one.refuses(refusal.NeedsSecond, "POST", approve, m{"by": "Maryam", "second": " maryam", "reason": "change given twice"})
	one.refuses(refusal.NeedsSecond, "POST", approve, m{"by": "Maryam", "second": "Salim"})
	one.call("POST", approve, m{"by": "Maryam", "second": "Salim", "reason": "change given twice"}, new(any))
	signed := one.sheet(short)
	if signed.State != "approved" || signed.Sales != 4 || signed.AmountMinor != 77650 || signed.Late.Sales != 0 {
		t.Errorf("signed by two, the sheet is %+v", signed)
	}

	sells(third, short, 2500) // it has not heard that the till is closed
	_, at = serving(t, centre)
	for _, k := range []*counter{one, third} {
		k.moved(at)
	}
	third.arrives()
	until(t, "the late sale is at the stall", func() bool {
		one.hears()
		return one.sheet(short).Late.Sales == 1
	})
	late := one.sheet(short)
	if late.State != "late_sales" || late.Late.AmountMinor != 2500 || late.Unsigned != 2500 || !slices.Equal(late.Late.Payments, []closing.Paid{{Method: "cash", Currency: "AED", AmountMinor: 2500}}) {
		t.Errorf("with the late sale the sheet is %+v", late)
	}
	if late.Sales != signed.Sales || late.AmountMinor != signed.AmountMinor || *late.VarianceMinor != *signed.VarianceMinor || !slices.Equal(late.Payments, signed.Payments) {
		t.Errorf("what was signed is now %+v, it was %+v", late, signed)
	}
	one.call("POST", approve, m{"by": "Salim"}, new(any))
	one.arrives()
	officeSees(t, centre, short, func(s *closing.Sheet) bool {
		return s.State == "approved" && s.AmountMinor == signed.AmountMinor && s.Late.AmountMinor == 2500 && s.Unsigned == 0 && len(s.Approvals) == 2 && s.Approvals[1].Kind == closing.ApproveLate
	})
	until(t, "the third device sees it approved", func() bool {
		third.hears()
		return third.sheet(short).State == "approved"
	})
	if n := counted(t, fileOf(centre, fileState), `SELECT count(*) FROM till_sheet WHERE state = 'approved'`); n != 2 {
		t.Errorf("%d tills are approved at head office, want 2", n)
	}
	if st := statusOf(t, one.dir); st.Quarantined != 0 {
		t.Errorf("%d are held", st.Quarantined)
	}
	for _, k := range []*counter{one, third} {
		k.p.stop()
		holds(t, k.dir)
	}
}

// officeSees waits until head office has a till as it should be.
func officeSees(t *testing.T, centre, till string, want func(*closing.Sheet) bool) {
	t.Helper()
	var s closing.Sheet
	until(t, "head office has the till as it is", func() bool {
		s = closing.Sheet{}
		if err := localapi.Call(t.Context(), centre, "GET", "/api/tills/"+till+"/sheet", nil, &s); err != nil {
			t.Fatal(err)
		}
		return want(&s)
	})
}
