package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestADrawerIsFloatAndCash(t *testing.T) {
	day := []rules.Paid{{Method: "cash", Amount: 81550}, {Method: "card", Amount: 120000}, {Method: "cash", Amount: -4000}, {Method: "cash", Amount: 9900, Voided: true}}
	drawer := rules.Drawer(20000, day)
	if drawer != 97550 {
		t.Fatalf("the drawer should hold %d", drawer)
	}
	for counted, want := range map[int64]bool{97550: false, 97000: true, 98100: true, 97050: false, 98050: false, 97049: true} {
		if got := rules.NeedsSecond(counted, drawer, 500); got != want {
			t.Errorf("counted %d, second person %v", counted, got)
		}
	}
	counted, ok := schema.ReadCount("20000x4+10000x1+5000x1+500x5+50x1")
	if got := rules.CountTotal(counted); !ok || got != drawer {
		t.Errorf("the count comes to %d, %v", got, ok)
	}
	if d := cmp.Diff(map[string]int64{"cash": 77550, "card": 120000}, rules.ByMethod(day)); d != "" {
		t.Error(d)
	}
}

func TestACountIsOfWhatMayLieInATill(t *testing.T) {
	most := fmt.Sprint(int64(schema.MaxAmount))
	for text, want := range map[string]int64{
		"20000x0": 0, most + "x1": schema.MaxAmount, "100000000x100000": schema.MaxAmount, "1x1+" + most + "x0": 1,
		"": -1, "x": -1, "0x1": -1, "-5x1": -1, "5x-1": -1, "5x100001": -1, "1x1+": -1,
		most + "x2": -1, most + "x100000": -1, most + "x1+1x1": -1, strings.Repeat("1x1+", 40) + "1x1": -1,
	} {
		counted, ok := schema.ReadCount(text)
		if got := rules.CountTotal(counted); ok != (want >= 0) || ok && got != want {
			t.Errorf("%q comes to %d, %v", text, got, ok)
		}
	}
}

func TestWhatIsLateIsLookedAtBeforeADifference(t *testing.T) {
	for _, c := range []struct {
		second bool
		late   int
		want   string
	}{{false, 0, "closed"}, {true, 0, "variance_review"}, {false, 1, "late_sales"}, {true, 2, "late_sales"}} {
		if got := rules.AfterClosing(c.second, c.late); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestASaleIsPaidInFullInHoweverManyWays(t *testing.T) {
	for _, c := range []struct {
		worth int64
		paid  []rules.Paid
		want  bool
	}{
		{2500, []rules.Paid{{Method: "cash", Amount: 1000}, {Method: "card", Amount: 1500}}, true},
		{2500, []rules.Paid{{Method: "cash", Amount: 1000}}, false},
		{2500, []rules.Paid{{Method: "cash", Amount: 3000}}, false},
		{-2500, []rules.Paid{{Method: "cash", Amount: -2500}}, true},
		{0, []rules.Paid{{Method: "cash"}}, true},
		{0, nil, false},
	} {
		if got := rules.PaidInFull(c.worth, c.paid); got != c.want {
			t.Errorf("%d by %v: %v", c.worth, c.paid, got)
		}
	}
}

func TestATillTakesSalesOfItsSiteWhileItIsOpen(t *testing.T) {
	me, other := syncproto.RecordID{1}, syncproto.RecordID{2}
	till := rules.TillOf{Site: me, ClosedAt: 200}
	for _, c := range []struct {
		site syncproto.RecordID
		at   int64
		want bool
	}{{me, 150, true}, {me, 199, true}, {me, 200, false}, {me, 201, false}, {other, 150, false}, {me, 99, true}} { // a clock that was off refuses nothing (R43)
		if got := till.TakesSale(c.site, c.at); got != c.want {
			t.Errorf("at %d: %v", c.at, got)
		}
	}
	till.ClosedAt = 0
	if !till.TakesSale(me, 1000) {
		t.Error("an open till takes no sale")
	}
}

func TestReceiptNumbersHaveNoGaps(t *testing.T) {
	if got := rules.MissingReceipts("A7", []string{"A7-000001", "A7-000003", "B2-000002", "A7-000003", "A7-000006", "A71-000002", "A7-x"}); !cmp.Equal(got, []int64{2, 4, 5}) {
		t.Errorf("missing %v", got)
	}
	if got := rules.MissingReceipts("A7", []string{"A7-9000000000000000000"}); len(got) != 1000 {
		t.Errorf("%d are listed as missing", len(got))
	}
}

func TestAnAgreementHoldsThroughItsLastDay(t *testing.T) {
	all := []rules.Agreement{
		{ID: syncproto.RecordID{1}, Span: rules.Span{From: "2026-01-01", To: "2026-06-30"}, Share: 1000},
		{ID: syncproto.RecordID{2}, Span: rules.Span{From: "2026-06-30", To: "2026-12-31"}, EndedOn: "2026-11-20", Share: 1500},
	}
	for day, want := range map[rules.Day]byte{"2025-12-31": 0, "2026-01-01": 1, "2026-06-29": 1, "2026-06-30": 2, "2026-11-20": 2, "2026-11-21": 0} {
		in, ok := rules.AgreementOn(all, day)
		if ok != (want != 0) || in.ID[0] != want {
			t.Errorf("on %s: %d, %v", day, in.ID[0], ok)
		}
	}
}

func TestWhatIsKeptOfASaleComesBackWithItsRefund(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(-schema.MaxAmount, schema.MaxAmount).Draw(t, "amount")
		share := rapid.Int64Range(0, schema.ShareWhole).Draw(t, "share")
		kept := rules.Kept(amount, share)
		if kept != -rules.Kept(-amount, share) {
			t.Errorf("%d is kept of the sale and %d of its refund", kept, rules.Kept(-amount, share))
		}
		if kept != 0 && (kept < 0) != (amount < 0) || max(kept, -kept) > max(amount, -amount) {
			t.Errorf("%d is kept of %d", kept, amount)
		}
	})
	for _, c := range [][3]int64{{1000, 1500, 150}, {999, 1500, 149}, {-999, 1500, -149}, {schema.MaxAmount, 10000, schema.MaxAmount}, {1000, 0, 0}} {
		if got := rules.Kept(c[0], c[1]); got != c[2] {
			t.Errorf("%d of %d at %d, want %d", got, c[0], c[1], c[2])
		}
	}
}

func TestRefundsOfALineTogetherGiveBackWhatWasPaid(t *testing.T) {
	line := &rules.LineOf{Quantity: 3, Amount: 100, Priced: true}
	for _, c := range []struct {
		refunded, pieces int64
		price, discount  int64
		ok               bool
	}{
		{0, 1, 33, 0, true}, {1, 1, 33, 0, true}, {2, 1, 34, 0, true}, {0, 3, 33, 1, true}, {1, 2, 33, 1, true},
		{3, 1, 0, 0, false}, {2, 2, 0, 0, false}, {0, 4, 0, 0, false}, {0, 0, 0, 0, false}, {0, -1, 0, 0, false}, {5, 1, 0, 0, false},
	} {
		price, discount, ok := rules.Refund(line, c.refunded, c.pieces)
		if price != c.price || discount != c.discount || ok != c.ok {
			t.Errorf("%+v: %d less %d, %v", c, price, discount, ok)
		}
	}
	for _, l := range []*rules.LineOf{{Quantity: 3, Amount: 100, Priced: true, Voided: true}, {Quantity: -3, Amount: -100, Priced: true}, {Quantity: 3}, {Quantity: 3, Amount: -5, Priced: true}} {
		if _, _, ok := rules.Refund(l, 0, 1); ok {
			t.Errorf("%+v is refunded", l)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		l := &rules.LineOf{Quantity: rapid.Int64Range(1, schema.MaxQuantity).Draw(t, "sold"), Amount: rapid.Int64Range(0, schema.MaxAmount).Draw(t, "amount"), Priced: true}
		var refunded, back int64
		for refunded < l.Quantity {
			n := rapid.Int64Range(1, l.Quantity-refunded).Draw(t, "pieces")
			price, discount, ok := rules.Refund(l, refunded, n)
			if !ok || discount < 0 {
				t.Fatalf("%d more: %d less %d, %v", n, price, discount, ok)
			}
			refunded, back = refunded+n, back+n*price+discount // as a line of -n pieces is worth
		}
		if back != l.Amount {
			t.Errorf("%d came back of %d", back, l.Amount)
		}
	})
}

func TestALineWithoutAnOwnerWaitsForOne(t *testing.T) {
	none, a, b := syncproto.RecordID{}, syncproto.RecordID{1}, syncproto.RecordID{2}
	if !rules.ToAssign(none, none) || rules.ToAssign(a, none) || rules.ToAssign(none, b) {
		t.Error("the wrong lines wait")
	}
	if rules.OwnerOf(a, b) != a || rules.OwnerOf(none, b) != b {
		t.Error("what a line was sold as does not stand")
	}
}
