package simtest_test

import (
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestTheWaitOfFamiliesForTheirMoneyIsCountedInDaysOfTheirBranch(t *testing.T) {
	inBubble(t, func(b *bubble) {
		o, stop := newOwed(b)
		defer stop()
		counts := func() (p report.PayoutLag) {
			t.Helper()
			all, err := b.server.Payouts(ctx, report.Span{})
			must(t, err)
			if len(all.Branches) != 1 {
				t.Fatalf("branches are %+v", all.Branches)
			}
			p = all.Branches[0]
			p.Branch, p.Name.En = syncproto.RecordID{}, ""
			return p
		}
		pays := func(id syncproto.RecordID) {
			t.Helper()
			signature, err := o.branch.Attach(ctx, []byte("a made-up drawing")) // one that nothing names is not kept for days
			must(t, err)
			_, err = o.branch.Pay(ctx, client.NewPayout{Statement: id, By: "x", Signature: signature})
			must(t, err)
			elapse(time.Minute)
		}
		first := o.approves()[0]
		elapse(2 * 24 * time.Hour)
		if got, want := counts(), (report.PayoutLag{Statements: 1, WaitingDays: 2}); got != want {
			t.Errorf("before it is paid: %+v, want %+v", got, want)
		}
		pays(first.ID)
		o.sells(500)
		second := o.approves()[0]
		elapse(4 * 24 * time.Hour)
		must(t, o.branch.Dispute(ctx, second.ID, "too little"))
		pays(second.ID)
		o.sells(500)
		o.approves()
		if got, want := counts(), (report.PayoutLag{Statements: 3, Paid: 2, MedianDays: 2, LongestDays: 4}); got != want {
			t.Errorf("with two paid: %+v, want %+v", got, want)
		}
		if none, err := b.server.Payouts(ctx, report.Span{To: "1999-12-31"}); err != nil || len(none.Branches) != 0 {
			t.Errorf("of the year before: %+v (%v)", none.Branches, err)
		}
	})
}

func TestWhoTookPartAndSoldNothingIsCounted(t *testing.T) {
	inBubble(t, func(b *bubble) {
		o, stop := newOwed(b)
		defer stop()
		fair, err := b.server.PlanFair(ctx, server.PlanFair{NameEn: "Spring", Class: "exhibition", Organiser: "own", Venue: "department", StartsOn: "2000-01-01", EndsOn: "2000-01-09"})
		must(t, err)
		other, err := o.branch.AddFamily(ctx, client.NewFamily{Name: "Another family"})
		must(t, err)
		absent, err := o.branch.AddFamily(ctx, client.NewFamily{Name: "A family that stayed away"})
		must(t, err)
		elapse(time.Minute)
		for _, family := range []syncproto.RecordID{o.family, other, absent} {
			_, err := o.branch.Participate(ctx, client.NewParticipation{Fair: fair.ID, Family: family, State: "accepted"})
			must(t, err)
			if family != absent {
				_, err = o.branch.CheckInFamily(ctx, client.NewCheckIn{Fair: fair.ID, Family: family, By: "x", Reason: "r"})
				must(t, err)
			}
		}
		till, err := o.branch.OpenTill(ctx, client.NewTill{Currency: "AED", Fair: fair.ID})
		must(t, err)
		o.till = till
		o.sells(700)
		void := o.sells(900)
		must(t, o.branch.VoidSale(ctx, void, "typed wrongly"))
		elapse(time.Minute)
		p, err := b.server.Participations(ctx, report.Span{From: "2000-01-01", To: "2000-12-31"})
		must(t, err)
		if p.Count != 2 || p.WithoutSale != 1 || p.AmountMinor["AED"] != 700 || len(p.Rows) != 2 || p.Rows[1].FamilyName.En != "Made-up family" || p.Rows[1].Pieces != 1 {
			t.Errorf("participations are %+v", p)
		}
		if p, err := b.server.Participations(ctx, report.Span{From: "2000-01-02"}); err != nil || p.Count != 0 {
			t.Errorf("of fairs that begin later: %+v (%v)", p, err)
		}
	})
}

// What one of two devices paid in vain keeps the number that stands on its paper.
func TestANumberOfAPayoutThatIsHeldIsNotGivenAgain(t *testing.T) {
	c := simtest.NewCentre(t)
	sites := [2]*simtest.Site{c.NewSite("Branch", schema.KindBranch), c.NewSite("Branch", schema.KindBranch)}
	one, two := sites[0].Client, sites[1].Client
	sync := func() {
		for _, s := range []*simtest.Site{sites[0], sites[1], sites[0]} {
			s.Sync()
		}
		c.Folded()
	}
	family, err := one.AddFamily(ctx, client.NewFamily{Name: "Made-up family"})
	must(t, err)
	product, err := one.AddProduct(ctx, client.NewProduct{Name: "Incense", Family: family})
	must(t, err)
	till, err := one.OpenTill(ctx, client.NewTill{Currency: "AED"})
	must(t, err)
	owes := func() (statement syncproto.RecordID) {
		t.Helper()
		_, err := one.Sell(ctx, client.NewSale{Till: till, Currency: "AED", Lines: []client.Line{{Product: product, Quantity: 1, PriceMinor: 1000}}})
		must(t, err)
		sync()
		done, err := c.Server.Settle(ctx, server.NewSettlement{To: "2099-12-31", By: "x"})
		must(t, err)
		sync()
		return done.Approved[0].ID
	}
	pays := func(at *client.Client, statement syncproto.RecordID) string {
		t.Helper()
		number, err := at.Pay(ctx, client.NewPayout{Statement: statement, Method: "transfer", By: "x"})
		must(t, err)
		return number
	}
	first := owes()
	pays(one, first)
	held := pays(two, first)
	sync()
	if again := pays(two, owes()); again == held {
		t.Errorf("%s stands on two papers", again)
	}
}

func TestASaleRefundedAtOneTillAndVoidedAtAnotherIsTakenFromTheFamilyOnce(t *testing.T) {
	for name, paid := range map[string]bool{"before its statement": false, "after it": true} {
		t.Run(name, func(t *testing.T) {
			c := simtest.NewCentre(t)
			one := c.NewSite("Branch", schema.KindBranch)
			family, err := one.Client.AddFamily(ctx, client.NewFamily{Name: "Made-up family"})
			must(t, err)
			product, err := one.Client.AddProduct(ctx, client.NewProduct{Name: "Incense", Family: family})
			must(t, err)
			till, err := one.Client.OpenTill(ctx, client.NewTill{Currency: "AED"})
			must(t, err)
			sold, err := one.Client.Sell(ctx, client.NewSale{Till: till, Currency: "AED", Lines: []client.Line{{Product: product, Quantity: 2, PriceMinor: 500}}})
			must(t, err)
			one.Sync()
			c.Folded()
			want := int64(0)
			if paid {
				done, err := c.Server.Settle(ctx, server.NewSettlement{To: "2099-12-31", By: "x"})
				must(t, err)
				want = -done.Approved[0].NetMinor
				one.Sync()
			}
			two := twinOf(t, one, false) // two tablets, of which neither hears of the other
			must(t, one.Client.VoidSale(ctx, sold.Sale, "a mistake"))
			_, err = two.Client.Refund(ctx, client.NewRefund{Sale: sold.Sale, Till: till, Lines: []client.Back{{Line: sold.Sale.Child(1), Pieces: 2}}})
			must(t, err)
			for _, s := range []*simtest.Site{two, one, two, one} {
				s.Sync()
			}
			c.Folded()
			due, err := c.Server.Due(ctx, "2099-12-31", family)
			must(t, err)
			got := int64(0)
			for _, d := range due {
				got += d.NetMinor
			}
			if got != want {
				t.Errorf("%d is due to the family, want %d", got, want)
			}
		})
	}
}
