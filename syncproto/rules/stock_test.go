package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
)

var stall, outlet, incense = syncproto.RecordID{1}, syncproto.RecordID{2}, syncproto.RecordID{3}

func moved(kind string, from, to syncproto.RecordID, pieces, at int64) rules.Moved {
	return rules.Moved{ID: syncproto.RecordID{byte(at), byte(pieces)}, Kind: kind, Product: incense, From: from, To: to, Quantity: pieces, At: at}
}

func TestStockIsDerivedFromWhatCameAndWent(t *testing.T) {
	none := syncproto.RecordID{}
	delivered := moved("delivered", none, outlet, 20, 1)
	sold := func(pieces, at int64) rules.SoldOf {
		return rules.SoldOf{Product: incense, Site: outlet, Quantity: pieces, At: at}
	}
	for _, c := range []struct {
		name  string
		moves []rules.Moved
		sales []rules.SoldOf
		want  rules.Lies
		short int64
	}{
		{"delivered", []rules.Moved{delivered}, nil, rules.Lies{OnHand: 20}, 0},
		{"20 delivered, 13 sold, 5 counted: 2 are missing", []rules.Moved{delivered, moved("counted", outlet, none, 5, 9)}, []rules.SoldOf{sold(13, 5)}, rules.Lies{OnHand: 5, Sold: 13, Counted: true, Missing: 2}, 0},
		{"a sale before the count is heard of later", []rules.Moved{delivered, moved("counted", outlet, none, 5, 9)}, []rules.SoldOf{sold(13, 5), sold(1, 8)}, rules.Lies{OnHand: 5, Sold: 14, Counted: true, Missing: 1}, 0},
		{"a sale at the time of the count was before it", []rules.Moved{delivered, moved("counted", outlet, none, 19, 9)}, []rules.SoldOf{sold(1, 9)}, rules.Lies{OnHand: 19, Sold: 1, Counted: true}, 0},
		{"a sale after the count", []rules.Moved{delivered, moved("counted", outlet, none, 20, 9)}, []rules.SoldOf{sold(1, 10)}, rules.Lies{OnHand: 19, Sold: 1, Counted: true}, 0},
		{"more sold than came: below zero, and noted", []rules.Moved{delivered}, []rules.SoldOf{sold(23, 5)}, rules.Lies{OnHand: -3, Sold: 23}, 3},
		{"sold before it was delivered on paper", []rules.Moved{delivered}, []rules.SoldOf{sold(20, 0)}, rules.Lies{Sold: 20}, 0},
		{"a return by a customer", []rules.Moved{delivered}, []rules.SoldOf{sold(2, 3), sold(-1, 4)}, rules.Lies{OnHand: 19, Sold: 1}, 0},
		{"back to the family, broken, given away, written off", []rules.Moved{delivered, moved("returned", outlet, none, 4, 2), moved("damaged", outlet, none, 3, 3), moved("sample", outlet, none, 2, 4), moved("written_off", outlet, none, 1, 5)}, nil, rules.Lies{OnHand: 10}, 0},
		{"sent on", []rules.Moved{delivered, moved("moved", outlet, stall, 4, 2)}, nil, rules.Lies{OnHand: 16}, 0},
		{"more counted than expected", []rules.Moved{delivered, moved("counted", outlet, none, 22, 9)}, nil, rules.Lies{OnHand: 22, Counted: true, Missing: -2}, 0},
		{"counted twice", []rules.Moved{delivered, moved("counted", outlet, none, 18, 9), moved("counted", outlet, none, 17, 12)}, []rules.SoldOf{sold(1, 10)}, rules.Lies{OnHand: 17, Sold: 1, Counted: true}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := rules.Stock(c.moves, c.sales)[rules.Shelf{Site: outlet, Product: incense}]
			if d := cmp.Diff(c.want, got); d != "" || got.Short() != c.short {
				t.Errorf("short %d\n%s", got.Short(), d)
			}
		})
	}
	if got := rules.Stock([]rules.Moved{delivered, moved("moved", outlet, stall, 4, 2)}, nil)[rules.Shelf{Site: stall, Product: incense}]; got.OnHand != 4 {
		t.Errorf("%d pieces arrived at the stall", got.OnHand)
	}
}

func TestStockDoesNotDependOnTheOrderInWhichItIsHeardOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.Int64Range(0, 9)
		moves := rapid.SliceOf(rapid.Custom(func(t *rapid.T) rules.Moved {
			kind := rapid.SampledFrom([]string{"delivered", "moved", "damaged", "counted"}).Draw(t, "kind")
			m := rules.Moved{ID: syncproto.RecordID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")), Kind: kind, Product: incense, Quantity: rapid.Int64Range(0, 9).Draw(t, "pieces"), At: at.Draw(t, "at")}
			if kind != "delivered" {
				m.From = outlet
			}
			if kind == "delivered" || kind == "moved" {
				m.To = stall
			}
			return m
		})).Draw(t, "moves")
		for i := range moves { // each is one record
			moves[i].ID[0], moves[i].ID[1] = byte(i), byte(i>>8)
		}
		sales := rapid.SliceOf(rapid.Custom(func(t *rapid.T) rules.SoldOf {
			return rules.SoldOf{Product: incense, Site: rapid.SampledFrom([]syncproto.RecordID{stall, outlet}).Draw(t, "site"), Quantity: rapid.Int64Range(-3, 3).Draw(t, "pieces"), At: at.Draw(t, "at")}
		})).Draw(t, "sales")
		if d := cmp.Diff(rules.Stock(moves, sales), rules.Stock(rapid.Permutation(moves).Draw(t, "order"), rapid.Permutation(sales).Draw(t, "order of sales"))); d != "" {
			t.Error(d)
		}
	})
}
