package client_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// foodEvent puts a fair into a stall's catalogue, as head office would have planned it.
func (k *counter) foodEvent() (fair syncproto.RecordID) {
	k.t.Helper()
	fair = k.id()
	if err := k.c.Store.Write(context.Background(), func(w *store.Writer) error {
		return w.Transaction(syncproto.RecordID{}, 240, func(d *store.Draft) error {
			return d.Create(schema.Fair, fair,
				syncproto.FieldValue{Field: schema.NameField("Atayeb"), Value: syncproto.TextValue("Atayeb")},
				syncproto.FieldValue{Field: schema.FairClass, Value: syncproto.TextValue(schema.FairAtayeb)})
		})
	}); err != nil {
		k.t.Fatal(err)
	}
	return fair
}

func TestATillOfAFoodEventAsksForItsHostOnce(t *testing.T) {
	k := newCounter(t)
	fair, till := k.foodEvent(), k.id()
	if code := k.do("POST", "/api/tills", object{"id": till, "fair": fair, "currency": "AED"}, nil); code != http.StatusOK {
		t.Fatalf("opening gave %d", code)
	}
	if !k.sheetOf(till).NeedsHost {
		t.Error("it does not ask for its host")
	}
	host := "/api/tills/" + till.String() + "/host"
	k.refuses("no kind", refusal.Required, "POST", host, object{"host": "Municipality of a test"})
	k.refuses("no name", refusal.Required, "POST", host, object{"host_kind": "government"})
	k.refuses("another kind", refusal.UnknownWord, "POST", host, object{"host_kind": "shop", "host": "Municipality of a test"})
	if code := k.do("POST", "/api/tills/"+till.String()+"/close", object{"counted_minor": 0}, nil); code != http.StatusOK {
		t.Fatalf("closing gave %d", code)
	}
	k.refuses("approving without a host", refusal.HostUnknown, "POST", "/api/tills/"+till.String()+"/approve", object{"by": "Supervisor of a test"})
	for range 2 {
		if code := k.do("POST", host, object{"host_kind": "government", "host": "Municipality of a test"}, nil); code != http.StatusOK {
			t.Fatalf("naming the host gave %d", code)
		}
	}
	k.refuses("another host", refusal.FirstStands, "POST", host, object{"host_kind": "department", "host": "Department of a test"})
	if s := k.sheetOf(till); s.NeedsHost || s.HostKind != "government" || s.Host != "Municipality of a test" {
		t.Errorf("the sheet says %+v", s)
	}
	if code := k.do("POST", "/api/tills/"+till.String()+"/approve", object{"by": "Supervisor of a test"}, nil); code != http.StatusOK {
		t.Errorf("approving gave %d", code)
	}
	if s := k.sheetOf(k.till); s.NeedsHost {
		t.Error("a till at no food event asks for a host")
	}
}

func (k *counter) sheetOf(till syncproto.RecordID) (s closing.Sheet) {
	k.t.Helper()
	k.do("GET", "/api/tills/"+till.String()+"/sheet", nil, &s)
	return s
}

func TestFoodShowsItsIngredientsAndIsWrittenOffWithAReason(t *testing.T) {
	k := newCounter(t)
	harees := k.id()
	if code := k.do("POST", "/api/products", object{"id": harees, "name": "Harees", "family": k.family, "food": true, "ingredients": "wheat, lamb, ghee (milk)", "unit": "250 g"}, nil); code != http.StatusOK {
		t.Fatalf("adding gave %d", code)
	}
	var products []client.Product
	k.do("GET", "/api/products", nil, &products)
	i := slices.IndexFunc(products, func(p client.Product) bool { return p.ID == harees })
	if i < 0 || !products[i].Food || products[i].Contents != "wheat, lamb, ghee (milk)" || products[i].Unit != "250 g" {
		t.Errorf("the till shows %+v", products)
	}
	off := func(pieces int, reason string) object {
		return object{"id": k.id(), "product": harees, "quantity": pieces, "reason": reason, "by": "Supervisor of a test"}
	}
	k.refuses("no reason", refusal.Required, "POST", "/api/write-offs", off(3, ""))
	k.refuses("nothing", refusal.OutOfRange, "POST", "/api/write-offs", off(0, "stood in the sun"))
	q := off(3, "stood in the sun")
	for range 2 {
		if code := k.do("POST", "/api/write-offs", q, nil); code != http.StatusOK {
			t.Fatalf("writing off gave %d", code)
		}
	}
	n := 0
	if err := k.c.Store.Read(context.Background(), func(r *store.Reader) error {
		return r.Each(schema.StockMovement, func(row *records.Row) error {
			n++
			if row.Of(schema.MoveQuantity).Int() != 3 || row.Of(schema.MoveFamily).ID() != k.family || row.Of(schema.MoveReason).Text() != "stood in the sun" {
				t.Errorf("it is recorded as %+v", row.Values)
			}
			return nil
		})
	}); err != nil || n != 1 {
		t.Errorf("%d movements, %v; want 1", n, err)
	}
}
