package client_test

import (
	"net/http"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
)

func (k *counter) lots() (list []client.LotShown) {
	k.t.Helper()
	k.do("GET", "/api/consignments", nil, &list)
	return list
}

func (k *counter) shelves() (list []report.Shelf) {
	k.t.Helper()
	k.do("GET", "/api/stock", nil, &list)
	return list
}

// done asks, and does not want a refusal.
func (k *counter) done(route string, body object) {
	k.t.Helper()
	if code := k.do("POST", route, body, nil); code != http.StatusOK {
		k.t.Errorf("%s %v gave %d", route, body, code)
	}
}

func TestAConsignmentGoesByTheArrowsOfItsMachine(t *testing.T) {
	for _, c := range []struct {
		name   string
		steps  []object
		refuse refusal.Code // of the last
		state  string
		pieces int64
	}{
		{"counted when it came", nil, "", "at_place", 20},
		{"part of it goes back", []object{{"step": "returned", "quantity": 3}}, "", "at_place", 17},
		{"the rest goes back", []object{{"step": "returned", "quantity": 3}, {"step": "returned", "quantity": 17, "rest": true}}, "", "returned", 0},
		{"more goes back than came: nothing is refused", []object{{"step": "returned", "quantity": 21, "rest": true}}, "", "returned", -1},
		{"broken", []object{{"step": "damaged", "quantity": 20, "rest": true, "reason": "fell"}}, "", "damaged", 0},
		{"all sold", []object{{"step": "sold"}, {"step": "sold"}}, "", "sold", 20},
		{"received twice", []object{{"step": "received"}}, "", "at_place", 20},
		{"returned after it was sold", []object{{"step": "sold"}, {"step": "returned", "quantity": 1}}, refusal.BadStep, "sold", 20},
		{"nothing goes back", []object{{"step": "returned", "quantity": 0}}, refusal.OutOfRange, "at_place", 20},
		{"moved nowhere", []object{{"step": "moved", "quantity": 20}}, refusal.Required, "at_place", 20},
		{"moved to a place that is not known", []object{{"step": "moved", "quantity": 20, "to": syncproto.RecordID{9}}}, refusal.Reference, "at_place", 20},
		{"eaten", []object{{"step": "eaten"}}, refusal.UnknownWord, "at_place", 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newCounter(t)
			lot := k.id()
			k.done("/api/consignments", object{"id": lot, "product": k.incense, "quantity": 20, "receiver": "Noura of a test"})
			route := "/api/consignments/" + lot.String() + "/steps"
			for i, s := range c.steps {
				s["id"], s["by"] = k.id(), "Noura of a test"
				for range 2 { // asking again changes nothing
					if c.refuse != "" && i == len(c.steps)-1 {
						k.refuses(c.name, c.refuse, "POST", route, s)
					} else {
						k.done(route, s)
					}
				}
			}
			list := k.lots()
			if len(list) != 1 || list[0].State != c.state || list[0].Pieces != c.pieces || list[0].Quantity != 20 || list[0].Owner != "Family of a test" {
				t.Errorf("the consignments are %+v", list)
			}
			if s := k.shelves(); len(s) != 1 || s[0].OnHand != c.pieces || s[0].Short != max(-c.pieces, 0) {
				t.Errorf("the shelves are %+v", s)
			}
		})
	}
}

func TestGoodsLieHereOnceSomebodyHasCountedThem(t *testing.T) {
	k := newCounter(t)
	left, back, lent := k.id(), k.id(), k.id()
	for _, lot := range []syncproto.RecordID{left, back} {
		k.done("/api/consignments", object{"id": lot, "product": k.incense, "quantity": 20})
	}
	if s := k.shelves(); len(s) != 0 {
		t.Errorf("before they were counted the shelves are %+v", s)
	}
	k.done("/api/consignments/"+left.String()+"/steps", object{"id": k.id(), "step": "received", "quantity": 18, "by": "Noura of a test"})
	k.done("/api/consignments/"+back.String()+"/steps", object{"id": k.id(), "step": "returned", "quantity": 20})
	if s := k.shelves(); len(s) != 1 || s[0].OnHand != 18 {
		t.Errorf("with 18 counted the shelves are %+v", s)
	}
	k.refuses("a bowl of nobody's", refusal.Required, "POST", "/api/consignments", object{"id": lent, "product": k.bowl, "quantity": 1})
	k.done("/api/consignments", object{"id": lent, "product": k.bowl, "family": k.family, "quantity": 1})
	k.refuses("a consignment that is not here", refusal.NoRecord, "POST", "/api/consignments/"+k.id().String()+"/steps", object{"step": "sold"})
}

func TestAMovementIsTakenBackAndCountsNoMore(t *testing.T) {
	k := newCounter(t)
	k.done("/api/consignments", object{"product": k.incense, "quantity": 20, "receiver": "Noura of a test"})
	count := k.id()
	k.done("/api/movements", object{"id": count, "kind": "counted", "product": k.incense, "quantity": 2})
	k.refuses("another kind", refusal.UnknownWord, "POST", "/api/movements", object{"kind": "delivered", "product": k.incense, "quantity": 2})
	k.refuses("no such product", refusal.Reference, "POST", "/api/movements", object{"kind": "sample", "product": k.id(), "quantity": 2})
	k.refuses("the id of a count", refusal.IDUsed, "POST", "/api/movements", object{"id": count, "kind": "sample", "product": k.incense, "quantity": 2})
	if s := k.shelves(); s[0].OnHand != 2 || s[0].Missing != 18 || !s[0].Noted() {
		t.Errorf("counted, the shelf is %+v", s)
	}
	for range 2 {
		k.done("/api/movements/"+count.String()+"/void", nil)
	}
	if s := k.shelves(); s[0].OnHand != 20 || s[0].Missing != 0 || s[0].Counted || s[0].Noted() {
		t.Errorf("taken back, the shelf is %+v", s)
	}
	k.refuses("a movement that is not here", refusal.NoRecord, "POST", "/api/movements/"+k.id().String()+"/void", nil)
}
