package simtest_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// owed is a branch that sold for a family, and head office knows.
type owed struct {
	*bubble
	branch    *client.Client
	family    syncproto.RecordID // who sold something
	signature syncproto.Root

	till, product syncproto.RecordID
}

func newOwed(b *bubble) (o *owed, stop func()) {
	o = &owed{bubble: b}
	o.branch, stop = b.siteOf("Branch", schema.KindBranch)
	var err error
	o.family, err = o.branch.AddFamily(ctx, client.NewFamily{Name: "Made-up family"})
	must(b.t, err)
	o.product, err = o.branch.AddProduct(ctx, client.NewProduct{Name: "Incense", Family: o.family})
	must(b.t, err)
	o.till, err = o.branch.OpenTill(ctx, client.NewTill{Currency: "AED"})
	must(b.t, err)
	o.signature, err = o.branch.Attach(ctx, []byte("a made-up drawing"))
	must(b.t, err)
	o.sells(1000)
	return o, stop
}

func (o *owed) sells(amount int64) (sale syncproto.RecordID) {
	o.t.Helper()
	sold, err := o.branch.Sell(ctx, client.NewSale{Till: o.till, Currency: "AED", Lines: []client.Line{{Product: o.product, Quantity: 1, PriceMinor: amount}}})
	must(o.t, err)
	elapse(time.Minute)
	return sold.Sale
}

func (o *owed) approves() (list []settle.Statement) {
	o.t.Helper()
	done, err := o.server.Settle(ctx, server.NewSettlement{To: "2000-12-31", By: "x"})
	must(o.t, err)
	elapse(time.Minute)
	return done.Approved
}

func code(err error) (c refusal.Code, field string) {
	if r, ok := errors.AsType[*refusal.Error](err); ok {
		return r.Code, r.Field
	}
	return "", ""
}

func TestASettlementIsRefusedByRuleAndField(t *testing.T) {
	inBubble(t, func(b *bubble) {
		o, stop := newOwed(b)
		defer stop()
		none, unknown := int64(0), syncproto.RecordID{6: 0x70, 9: 1}
		for _, c := range []struct {
			name  string
			ask   server.NewSettlement
			code  refusal.Code
			field string
		}{
			{"by nobody", server.NewSettlement{To: "2000-12-31"}, refusal.Required, "by"},
			{"up to no day", server.NewSettlement{By: "x"}, refusal.Required, "to"},
			{"up to a day that is none", server.NewSettlement{By: "x", To: "2000-02-30"}, refusal.BadForm, "to"},
			{"of nobody", server.NewSettlement{By: "x", To: "2000-12-31", Family: &unknown}, refusal.Reference, "family"},
			{"a sum of everybody", server.NewSettlement{By: "x", To: "2000-12-31", NetMinor: &none}, refusal.Required, "currency"},
			{"another sum", server.NewSettlement{By: "x", To: "2000-12-31", Family: &o.family, Currency: "AED", NetMinor: &none}, refusal.DraftChanged, "net_minor"},
			{"a sum of the day before", server.NewSettlement{By: "x", To: "1999-12-31", Family: &o.family, Currency: "AED", NetMinor: &none}, refusal.NothingDue, ""},
			{"by a branch that is none", server.NewSettlement{By: "x", To: "2000-12-31", Branch: &unknown}, refusal.Reference, "branch"},
			{"a sum in another currency", server.NewSettlement{By: "x", To: "2000-12-31", Family: &o.family, Currency: "USD", NetMinor: &none}, refusal.NothingDue, ""},
		} {
			_, err := b.server.Settle(ctx, c.ask)
			if got, field := code(err); got != c.code || field != c.field {
				t.Errorf("%s: got %s on %q (%v), want %s on %q", c.name, got, field, err, c.code, c.field)
			}
		}
		for _, c := range []struct {
			name  string
			ask   server.NewAdjustment
			code  refusal.Code
			field string
		}{
			{"of nobody", server.NewAdjustment{Family: unknown}, refusal.Reference, "family"},
			{"of no statement", server.NewAdjustment{Statement: &unknown}, refusal.Reference, "statement"},
			{"by a branch that is none", server.NewAdjustment{Family: o.family, Branch: &unknown, AmountMinor: 1, Currency: "AED", Reason: "r", By: "x"}, refusal.Reference, "branch"},
			{"without a reason", server.NewAdjustment{Family: o.family, AmountMinor: 1, Currency: "AED", By: "x"}, refusal.Required, "reason"},
			{"by nobody", server.NewAdjustment{Family: o.family, AmountMinor: 1, Currency: "AED", Reason: "r"}, refusal.Required, "by"},
			{"without a currency", server.NewAdjustment{Family: o.family, AmountMinor: 1, Reason: "r", By: "x"}, refusal.Required, "currency"},
			{"more than an amount may be", server.NewAdjustment{Family: o.family, AmountMinor: schema.MaxAmount + 1, Currency: "AED", Reason: "r", By: "x"}, refusal.OutOfRange, "amount_minor"},
		} {
			_, err := b.server.Adjust(ctx, c.ask)
			if got, field := code(err); got != c.code || field != c.field {
				t.Errorf("an adjustment %s: got %s on %q (%v), want %s on %q", c.name, got, field, err, c.code, c.field)
			}
		}
		if list := o.approves(); len(list) != 1 || list[0].NetMinor != 1000 {
			t.Errorf("after all that was refused, %+v is approved", list)
		}
	})
}

func TestTwoWhoApproveOneDraftAtOnceMakeOneStatement(t *testing.T) {
	inBubble(t, func(b *bubble) {
		o, stop := newOwed(b)
		defer stop()
		net := int64(1000)
		var errs [2]error
		var wait sync.WaitGroup
		for i := range errs {
			wait.Go(func() {
				_, errs[i] = b.server.Settle(ctx, server.NewSettlement{To: "2000-12-31", By: "x", Family: &o.family, Currency: "AED", NetMinor: &net})
			})
		}
		wait.Wait()
		if errs[0] == nil {
			errs[0], errs[1] = errs[1], errs[0]
		}
		if got, _ := code(errs[0]); got != refusal.AlreadySettled || errs[1] != nil || errs[0].(*refusal.Error).Values["number"] != "S-000001" {
			t.Errorf("one is told %v, the other %v", errs[0], errs[1])
		}
		if list, err := b.server.Statements(ctx, o.family); err != nil || len(list) != 1 || list[0].Count != 1 {
			t.Errorf("statements are %+v (%v)", list, err)
		}
	})
}

// A family disputes before it is paid and after; what head office answers is in its next
// statement, and each statement is paid once.
func TestADisputeIsAnsweredInTheNextStatement(t *testing.T) {
	inBubble(t, func(b *bubble) {
		o, stop := newOwed(b)
		defer stop()
		first := o.approves()[0]
		at := func(state, payout string) {
			t.Helper()
			elapse(time.Minute)
			for where, of := range map[string]func() (settle.Statement, error){
				"the branch":  func() (settle.Statement, error) { return o.branch.Statement(ctx, first.ID) },
				"head office": func() (settle.Statement, error) { return b.server.Statement(ctx, first.ID) },
			} {
				s, err := of()
				must(t, err)
				if s.State != state || (s.Payout == nil) != (payout == "") || s.Payout != nil && s.Payout.State != payout {
					t.Errorf("at %s it is %s, its payout %+v, want %s and %q", where, s.State, s.Payout, state, payout)
				}
			}
		}
		answer := func(amount int64) {
			t.Helper()
			_, err := b.server.Adjust(ctx, server.NewAdjustment{Statement: &first.ID, AmountMinor: amount, Reason: "one piece was not counted", By: "x"})
			must(t, err)
		}
		at("approved", "")
		must(t, o.branch.Dispute(ctx, first.ID, "too little"))
		at("disputed", "disputed")
		answer(250)
		at("disputed", "disputed") // until it is paid
		pay := client.NewPayout{Statement: first.ID, By: "x", Signature: o.signature}
		_, err := o.branch.Pay(ctx, pay)
		must(t, err)
		at("paid", "paid")
		must(t, o.branch.Dispute(ctx, first.ID, "still too little"))
		at("disputed", "disputed")
		answer(0) // with a word
		at("paid", "answered")
		o.sells(500)
		next := o.approves()
		if len(next) != 1 || next[0].NetMinor != 750 || next[0].Count != 3 {
			t.Fatalf("the next statement is %+v", next)
		}
		if list := o.approves(); len(list) != 0 {
			t.Errorf("after that, %+v is approved", list)
		}
	})
}

// Whose a line was is known better after it was settled: what was paid stays paid, and what is
// taken back comes from whoever was paid for it.
func TestALineThatIsSettledStaysWithWhoWasPaidForIt(t *testing.T) {
	inBubble(t, func(b *bubble) {
		o, stop := newOwed(b)
		defer stop()
		stall, stop := b.siteOf("Stall", schema.KindStall)
		defer stop()
		o.approves()
		other, err := o.branch.AddFamily(ctx, client.NewFamily{Name: "Another family"})
		must(t, err)
		nobodys, err := stall.AddProduct(ctx, client.NewProduct{Name: "Basket"})
		must(t, err)
		till, err := stall.OpenTill(ctx, client.NewTill{Currency: "AED"})
		must(t, err)
		elapse(time.Minute)
		sells := func(at *client.Client, till syncproto.RecordID) (sale, line syncproto.RecordID) {
			t.Helper()
			sold, err := at.Sell(ctx, client.NewSale{Till: till, Currency: "AED", Lines: []client.Line{{Product: nobodys, Quantity: 1, PriceMinor: 700}}})
			must(t, err)
			elapse(time.Minute)
			lines, err := b.server.Unassigned(ctx, localapi.Cursor{Limit: 10})
			must(t, err)
			must(t, b.server.AssignOwner(ctx, lines.Items[0].ID, o.family, "x"))
			elapse(time.Minute)
			return sold.Sale, lines.Items[0].ID
		}
		_, here := sells(o.branch, o.till)
		sale, line := sells(stall, till)
		refunded, back := sells(stall, till)
		paid := o.approves()
		for where, err := range map[string]error{"head office": b.server.AssignOwner(ctx, line, other, "x"), "the branch": o.branch.AssignOwner(ctx, here, other, "x")} {
			if !errors.Is(err, refusal.New(refusal.AlreadySettled, "")) {
				t.Errorf("%s assigns what is settled to another: %v", where, err)
			}
		}
		must(t, b.server.AssignOwner(ctx, line, o.family, "x"))
		must(t, stall.AssignOwner(ctx, line, other, "x")) // which reads no statements
		must(t, stall.AssignOwner(ctx, back, other, "x"))
		must(t, stall.VoidSale(ctx, sale, "typed wrongly"))
		_, err = stall.Refund(ctx, client.NewRefund{Till: till, Sale: refunded, Lines: []client.Back{{Line: back, Pieces: 1}}})
		must(t, err)
		elapse(time.Minute)
		due, err := b.server.Due(ctx, "2000-12-31", syncproto.RecordID{})
		must(t, err)
		if len(paid) != 1 || len(due) != 1 || due[0].Family != o.family || due[0].NetMinor != -1400 {
			t.Errorf("of what was paid in %+v, due is %+v", paid, due)
		}
	})
}

func TestALineWithoutAPriceWaitsInOneDraft(t *testing.T) {
	inBubble(t, func(b *bubble) {
		o, stop := newOwed(b)
		defer stop()
		dollars, err := o.branch.OpenTill(ctx, client.NewTill{Currency: "USD"})
		must(t, err)
		_, err = o.branch.Sell(ctx, client.NewSale{Till: dollars, Currency: "USD", Lines: []client.Line{{Product: o.product, Quantity: 1, PriceMinor: 300}}})
		must(t, err)
		_, err = o.branch.Sell(ctx, client.NewSale{Till: o.till, Currency: "AED", Lines: []client.Line{{Product: o.product, Quantity: 1, Unpriced: true}}})
		must(t, err)
		elapse(time.Minute)
		for approved, currencies := range []int{2, 1} {
			if approved == 1 {
				o.approves()
			}
			due, err := b.server.Due(ctx, "2000-12-31", o.family)
			must(t, err)
			waiting := 0
			for _, d := range due {
				waiting += d.Unpriced
			}
			if len(due) != currencies || waiting != 1 {
				t.Errorf("with %d settlements %d lines wait in %+v", approved, waiting, due)
			}
		}
	})
}
