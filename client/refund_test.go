package client_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// counter is a stall with a till open and made-up goods: incense of a family, and a bowl
// that nobody knows whose it is.
type counter struct {
	*api
	c                           *client.Client
	id                          func() syncproto.RecordID
	till, family, incense, bowl syncproto.RecordID
}

type object = map[string]any

func newCounter(t *testing.T) *counter {
	ctx := context.Background()
	c := newStall(t)
	k := &counter{api: newAPI(t, c), c: c, id: newIDs(t)}
	var err error
	must := func() {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	k.family, err = c.AddFamily(ctx, client.NewFamily{Name: "Family of a test"})
	must()
	k.incense, err = c.AddProduct(ctx, client.NewProduct{Name: "Incense", Family: k.family, PriceMinor: 1000, Currency: "AED"})
	must()
	k.bowl, err = c.AddProduct(ctx, client.NewProduct{Name: "Bowl", PriceMinor: 700, Currency: "AED"})
	must()
	k.till, err = c.OpenTill(ctx, client.NewTill{FloatMinor: 20000, Currency: "AED"})
	must()
	return k
}

// sells sells and gives the sale.
func (k *counter) sells(more object, lines ...object) (sale client.SaleWhole) {
	k.t.Helper()
	q := object{"id": k.id(), "till": k.till, "currency": "AED", "lines": lines}
	for name, v := range more {
		q[name] = v
	}
	if code := k.do("POST", "/api/sales", q, nil); code != http.StatusOK {
		k.t.Fatalf("a sale gave %d", code)
	}
	return k.sale(q["id"].(syncproto.RecordID))
}

func (k *counter) sale(id syncproto.RecordID) (sale client.SaleWhole) {
	k.t.Helper()
	if code := k.do("GET", "/api/sales/"+id.String(), nil, &sale); code != http.StatusOK {
		k.t.Fatalf("the sale gave %d", code)
	}
	return sale
}

// refuses asks and wants a refusal.
func (k *counter) refuses(what string, code refusal.Code, method, path string, body any) {
	k.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		k.t.Fatal(err)
	}
	if status, e := k.refused(method, path, "application/json", string(b)); e.Code != code {
		k.t.Errorf("%s gave %d %q, want %q: %s", what, status, e.Code, code, e.Message)
	}
}

func TestARefundGivesBackWhatWasPaidAndNoMorePieces(t *testing.T) {
	k := newCounter(t)
	// Three for 29.99: a third is no whole number of fils.
	sale := k.sells(nil, object{"product": k.incense, "quantity": 3, "unit_price_minor": 1000, "discount_minor": 1})
	refund := "/api/sales/" + sale.ID.String() + "/refund"
	back := func(id syncproto.RecordID, pieces int64) object {
		return object{"id": id, "till": k.till, "lines": []object{{"line": sale.Lines[0].ID, "pieces": pieces}}}
	}
	k.refuses("four of three", refusal.MoreThanSold, "POST", refund, back(k.id(), 4))
	k.refuses("no piece", refusal.MoreThanSold, "POST", refund, back(k.id(), 0))
	twice := back(k.id(), 2)
	twice["lines"] = append(twice["lines"].([]object), twice["lines"].([]object)...)
	k.refuses("two and two of three", refusal.MoreThanSold, "POST", refund, twice)
	var sum int64
	for range 3 {
		id := k.id()
		for range 2 { // the answer may be lost
			var sold struct {
				AmountMinor int64 `json:"amount_minor"`
			}
			if code := k.do("POST", refund, back(id, 1), &sold); code != http.StatusOK || sold.AmountMinor >= 0 {
				t.Fatalf("a refund gave %d, %+v", code, sold)
			}
		}
		sum += k.sale(id).AmountMinor["AED"]
	}
	if sum != -2999 {
		t.Errorf("what was paid as 2999 was given back as %d", sum)
	}
	if l := k.sale(sale.ID).Lines[0]; l.Refundable != 0 {
		t.Errorf("%d pieces may still be given back", l.Refundable)
	}
	k.refuses("a fourth", refusal.MoreThanSold, "POST", refund, back(k.id(), 1))
	k.refuses("taking back what was given back", refusal.Refunded, "POST", "/api/sales/"+sale.ID.String()+"/void", object{"reason": "typed wrongly"})
	other := k.sells(nil, object{"product": k.incense, "quantity": 1, "unit_price_minor": 1000})
	k.refuses("a line of another sale", refusal.Reference, "POST", "/api/sales/"+other.ID.String()+"/refund", back(k.id(), 1))
}

func TestAVoidedRefundGivesNothingBack(t *testing.T) {
	k := newCounter(t)
	sale := k.sells(nil, object{"product": k.incense, "quantity": 2, "unit_price_minor": 1000})
	id := k.id()
	if code := k.do("POST", "/api/sales/"+sale.ID.String()+"/refund", object{"id": id, "till": k.till, "lines": []object{{"line": sale.Lines[0].ID, "pieces": 2}}}, nil); code != http.StatusOK {
		t.Fatalf("the refund gave %d", code)
	}
	for _, of := range []syncproto.RecordID{id, sale.ID} {
		if code := k.do("POST", "/api/sales/"+of.String()+"/void", object{"reason": "typed wrongly"}, nil); code != http.StatusOK {
			t.Fatalf("taking back gave %d", code)
		}
	}
	k.refuses("giving back what was taken back", refusal.MoreThanSold, "POST", "/api/sales/"+sale.ID.String()+"/refund", object{"id": k.id(), "till": k.till, "lines": []object{{"line": sale.Lines[0].ID, "pieces": 1}}})
}

func TestGivingBackWhatHadNoPriceIsPaidInTheCurrencyOfItsTill(t *testing.T) {
	k := newCounter(t)
	sale := k.sells(nil, object{"product": k.bowl, "quantity": 2, "unpriced": true})
	id := k.id()
	if code := k.do("POST", "/api/sales/"+sale.ID.String()+"/refund", object{"id": id, "till": k.till, "lines": []object{{"line": sale.Lines[0].ID, "pieces": 1}}}, nil); code != http.StatusOK {
		t.Fatalf("the refund gave %d", code)
	}
	err := k.c.Store.Read(context.Background(), func(r *store.Reader) error {
		payment, err := r.Get(schema.Payment, id.Child(1))
		if err == nil && (payment.Of(schema.PaymentCurrency).Text() != "AED" || payment.Of(schema.PaymentAmount).Int() != 0) {
			t.Errorf("the payment is %+v", payment)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPaymentsOfASaleComeToItsWorth(t *testing.T) {
	k := newCounter(t)
	line := object{"product": k.incense, "quantity": 3, "unit_price_minor": 1000, "discount_minor": 250}
	mixed := func(cash, card int64) []object {
		return []object{{"method": "cash", "amount_minor": cash}, {"method": "card", "amount_minor": card, "external_ref": "T-4711"}}
	}
	sell := func(payments any) object {
		return object{"id": k.id(), "till": k.till, "currency": "AED", "lines": []object{line}, "payments": payments}
	}
	k.refuses("a fils too little", refusal.PaymentsDiffer, "POST", "/api/sales", sell(mixed(1000, 1749)))
	k.refuses("an absurd amount", refusal.OutOfRange, "POST", "/api/sales", sell(mixed(1e18, 1)))
	k.refuses("another way", refusal.UnknownWord, "POST", "/api/sales", sell([]object{{"method": "shells", "amount_minor": 2750}}))
	sale := k.sells(object{"payments": mixed(1000, 1750), "buyer": "public"}, line)
	if want := []client.Pay{{"cash", 1000, ""}, {"card", 1750, "T-4711"}}; len(sale.Payments) != 2 || sale.Payments[0] != want[0] || sale.Payments[1] != want[1] || sale.Buyer != "public" {
		t.Errorf("the sale is %+v", sale)
	}
	var found struct{ Items []client.SaleShown }
	if k.do("GET", "/api/sales?receipt="+sale.ReceiptNo, nil, &found); len(found.Items) != 1 || found.Items[0].ID != sale.ID {
		t.Errorf("by its receipt number are found %+v", found.Items)
	}
}

func TestALineWithoutAnOwnerIsAssignedBesideIt(t *testing.T) {
	k := newCounter(t)
	sale := k.sells(nil, object{"product": k.bowl, "quantity": 2, "unit_price_minor": 700}, object{"product": k.incense, "quantity": 1, "unit_price_minor": 1000})
	id := k.id()
	if code := k.do("POST", "/api/sales/"+sale.ID.String()+"/refund", object{"id": id, "till": k.till, "lines": []object{{"line": sale.Lines[0].ID, "pieces": 1}}}, nil); code != http.StatusOK {
		t.Fatalf("the refund gave %d", code)
	}
	waiting := func() (list struct{ Items []client.LineShown }) {
		k.do("GET", "/api/sale-lines/unassigned", nil, &list)
		return list
	}
	if list := waiting().Items; len(list) != 2 || list[0].Sale != id || list[1].Sale != sale.ID {
		t.Fatalf("to be assigned are %+v", list)
	}
	owner := func(line syncproto.RecordID) string { return "/api/sale-lines/" + line.String() + "/owner" }
	k.refuses("a family that is not known", refusal.Reference, "POST", owner(sale.Lines[0].ID), object{"family": k.id()})
	k.refuses("a line with an owner", refusal.OwnerKnown, "POST", owner(sale.Lines[1].ID), object{"family": k.family})
	if code := k.do("POST", owner(sale.Lines[0].ID), object{"family": k.family, "by": "Supervisor of a test"}, nil); code != http.StatusOK {
		t.Fatalf("assigning gave %d", code)
	}
	if list := waiting().Items; len(list) != 0 {
		t.Errorf("still to be assigned are %+v", list)
	}
	if l := k.sale(sale.ID).Lines[0]; l.Family == nil || *l.Family != k.family || l.Owner != "Family of a test" {
		t.Errorf("the line is %+v", l)
	}
}
