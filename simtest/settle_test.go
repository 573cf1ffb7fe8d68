package simtest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/ledger"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// twoPrices is a price that two stalls set offline: 1300 of b stands, 1200 of a lost.
func twoPrices(t *testing.T) (c *simtest.Centre, a, b *simtest.Site, price syncproto.RecordID) {
	t.Helper()
	c = simtest.NewCentre(t)
	a, b = c.NewSite("Stall 1", schema.KindStall), c.NewSite("Stall 2", schema.KindStall)
	product, err := a.Client.AddProduct(ctx, client.NewProduct{Name: "Incense", PriceMinor: 1000, Currency: "AED"})
	must(t, err)
	a.Sync()
	b.Sync()
	a.Now = before(time.Hour)
	must(t, a.Client.SetPrice(ctx, product, false, 1200, "AED"))
	a.Now = time.Now
	must(t, b.Client.SetPrice(ctx, product, false, 1300, "AED"))
	a.Sync()
	b.Sync()
	a.Sync()
	return c, a, b, schema.PriceID(product, syncproto.RecordID{})
}

func onlyConflict(t *testing.T, list []ledger.Conflict, err error) ledger.Conflict {
	t.Helper()
	must(t, err)
	if len(list) != 1 {
		t.Fatalf("the ledger has %+v", list)
	}
	return list[0]
}

func TestAConflictIsSettledOfflineAtASiteAndHeadOfficeSeesIt(t *testing.T) {
	c, a, b, price := twoPrices(t)
	list, err := a.Client.Conflicts(ctx)
	open := onlyConflict(t, list, err)
	if open.Settled != nil || !open.Takeable || open.Name != "Incense" || open.Winner.SiteName != "Stall 2" {
		t.Fatalf("the site shows %+v", open)
	}
	must(t, a.Client.Take(ctx, open.ID, schema.ChoiceLoser)) // with the cable pulled
	must(t, a.Client.Take(ctx, open.ID, schema.ChoiceLoser))
	list, err = a.Client.Conflicts(ctx)
	if here := onlyConflict(t, list, err); here.Decided != schema.ChoiceLoser || amount(record(t, a, schema.Price, price)) != 1200 {
		t.Errorf("before it is sent the site shows %+v", here)
	}
	if r := a.Sync(); r.Settled != 1 {
		t.Errorf("taking it twice recorded %d changes", r.Settled)
	}
	c.Folded()
	list, err = c.Server.Conflicts(ctx)
	if seen := onlyConflict(t, list, err); seen.Settled == nil || seen.Settled.Choice != schema.ChoiceLoser || seen.Settled.SiteName != "Stall 1" {
		t.Errorf("head office sees %+v", seen.Settled)
	}
	if o, err := c.Server.Overview(ctx, server.Asked{}); err != nil || o.Conflicts != 0 {
		t.Errorf("the overview counts %d open conflicts, %v", o.Conflicts, err)
	}
	b.Sync()
	list, err = b.Client.Conflicts(ctx)
	if other := onlyConflict(t, list, err); other.Settled == nil || amount(record(t, b, schema.Price, price)) != 1200 {
		t.Errorf("the other side sees %+v", other)
	}
	if err := b.Client.Take(ctx, open.ID, schema.ChoiceWinner); refusal.Of(err).Code != refusal.Settled {
		t.Errorf("settling it the other way gave %v", err)
	}
	a.Sound()
	b.Sound()
}

func TestTwoSitesThatTakeDifferentSidesAreShownToBoth(t *testing.T) {
	c, a, b, _ := twoPrices(t)
	list, err := a.Client.Conflicts(ctx)
	open := onlyConflict(t, list, err)
	must(t, a.Client.Take(ctx, open.ID, schema.ChoiceLoser))
	must(t, b.Client.Take(ctx, open.ID, schema.ChoiceWinner))
	a.Sync()
	b.Sync()
	c.Folded()
	all, err := c.Server.Conflicts(ctx)
	must(t, err)
	still := 0
	for _, l := range all {
		if l.Settled == nil {
			still++
		}
	}
	if len(all) != 2 || still != 1 {
		t.Errorf("of %d conflicts %d are open", len(all), still)
	}
	a.Sync()
	a.Sound()
	b.Sound()
}

func TestHeadOfficeSettlesAConflict(t *testing.T) {
	for _, side := range []string{schema.ChoiceLoser, schema.ChoiceWinner} {
		t.Run(side, func(t *testing.T) {
			c, a, b, price := twoPrices(t)
			list, err := c.Server.Conflicts(ctx)
			open := onlyConflict(t, list, err)
			seen, err := c.Server.Take(ctx, open.ID, server.Take{Side: side})
			must(t, err)
			if seen.Settled == nil || seen.Settled.Choice != side || seen.Settled.SiteName != "" {
				t.Errorf("it is settled %+v", seen.Settled)
			}
			position := c.State.Head().Position
			_, err = c.Server.Take(ctx, open.ID, server.Take{Side: side})
			must(t, err)
			if c.State.Head().Position != position {
				t.Error("taking it twice was recorded twice")
			}
			want := map[string]int64{schema.ChoiceLoser: 1200, schema.ChoiceWinner: 1300}[side]
			for _, s := range []*simtest.Site{a, b} {
				s.Sync()
				s.Sound()
				if got := amount(record(t, s, schema.Price, price)); got != want {
					t.Errorf("a site has the price %d, want %d", got, want)
				}
			}
			c.Stop()
			remove(t, c.Path("state.db")) // the log alone says all of it
			c.Start()
			c.Folded()
			list, err = c.Server.Conflicts(ctx)
			if again := onlyConflict(t, list, err); again.Settled == nil || again.Settled.Choice != side {
				t.Errorf("folded anew it is settled %+v", again.Settled)
			}
		})
	}
}

func TestWhatLostCannotBeTakenWithoutARightToWrite(t *testing.T) {
	c, a, _, _ := twoPrices(t)
	must(t, c.Server.Grant(ctx, server.NewGrant{Device: a.Store.Identity().Device, Scope: syncproto.OrgScope, Classes: "S"}))
	a.Sync()
	list, err := a.Client.Conflicts(ctx)
	open := onlyConflict(t, list, err)
	if open.MaySettle || open.Takeable {
		t.Errorf("a device that may only read is offered %+v", open)
	}
	if err := a.Client.Take(ctx, open.ID, schema.ChoiceLoser); refusal.Of(err).Code != refusal.NotAllowed {
		t.Errorf("it was let take it: %v", err)
	}
}

func TestAHeldSaleIsMendedWithItsReceipt(t *testing.T) {
	c := simtest.NewCentre(t)
	a := c.NewSite("Stall", schema.KindStall)
	sellSome(t, a, 1)
	a.Sync()
	good := firstProduct(t, a)
	// A product that this stall may not write, and a sale of it.
	id := a.Store.Identity()
	must(t, c.Server.Grant(ctx, server.NewGrant{Device: id.Device, Scope: syncproto.OrgScope, Classes: "S"}))
	bad, err := a.Client.AddProduct(ctx, client.NewProduct{Name: "Saffron"})
	must(t, err)
	sold, err := a.Client.Sell(ctx, client.NewSale{Till: tillOf(t, a), Currency: "AED", Lines: []client.Line{{Product: bad, Quantity: 2, PriceMinor: 500}, {Product: good, Quantity: 1, PriceMinor: 100}}})
	must(t, err)
	a.Sync()
	held, err := a.Client.Quarantine(ctx)
	must(t, err)
	if len(held) != 2 || held[0].Mend != nil || held[1].Mend == nil || held[1].Mend.Sale == nil || held[1].WaitsFor != held[0].Hash || held[1].Name != sold.ReceiptNo {
		t.Fatalf("the site shows %+v", held)
	}
	if st, err := a.Client.Status(ctx); err != nil || st.HeldMinor["AED"] != 1100 {
		t.Errorf("the site says that %v are held, %v", st.HeldMinor, err)
	}
	c.Folded()
	if o, err := c.Server.Overview(ctx, server.Asked{}); err != nil || o.HeldMinor["AED"] != 1100 {
		t.Errorf("head office says that %v are held, %v", o.HeldMinor, err)
	}
	m := *held[1].Mend
	m.Sale.Lines[0].Product, m.Sale.Method = good, "cash"
	before, err := a.Client.Status(ctx)
	must(t, err)
	for range 2 { // asked again after a lost answer
		if id, err := a.Client.Replace(ctx, held[1].Hash, m); err != nil || id != sold.Sale {
			t.Fatalf("mending it gave %v, %v", id, err)
		}
	}
	if after, err := a.Client.Status(ctx); err != nil || after.Transactions != before.Transactions+1 {
		t.Errorf("mending it recorded %d changes, %v", after.Transactions-before.Transactions, err)
	}
	a.Sync()
	a.Sound()
	held, err = a.Client.Quarantine(ctx)
	must(t, err)
	if held[1].State != schema.VerdictReplaced {
		t.Fatalf("mended it is %+v", held)
	}
	row := centreRecord(t, c, schema.Sale, sold.Sale)
	if row == nil || row.Of(schema.SaleReceiptNo).Text() != sold.ReceiptNo {
		t.Errorf("head office has %v, want receipt %s", row, sold.ReceiptNo)
	}
	sales, err := c.Server.Sales(ctx, report.Total)
	must(t, err)
	if sales.Total.Receipts != 2 {
		t.Errorf("head office counts %d receipts", sales.Total.Receipts)
	}
	if _, err := a.Client.Replace(ctx, held[1].Hash, m); refusal.Of(err).Code != refusal.Settled {
		t.Errorf("mending what is settled gave %v", err)
	}
	if _, err := a.Client.Replace(ctx, held[0].Hash, client.Mend{}); refusal.Of(err).Code != refusal.OtherKind {
		t.Errorf("mending with nothing gave %v", err)
	}
}

func TestAStepThatCouldNotFollowIsMendedByAnother(t *testing.T) {
	c := simtest.NewCentre(t)
	centre, desk, other := c.NewSite("Centre", schema.KindRooyesh), c.NewSite("Desk", schema.KindDesk), c.NewSite("Desk", schema.KindDesk)
	centre.Sync()
	referral, err := centre.Client.Refer(ctx, client.NewReferral{To: desk.Store.Identity().Site, Purpose: "job"})
	must(t, err)
	centre.Sync()
	desk.Sync()
	other.Sync()
	must(t, desk.Client.Answer(ctx, referral, schema.ReferralAccepted, "", ""))
	must(t, other.Client.Answer(ctx, referral, schema.ReferralDeclined, "not ours", ""))
	desk.Sync()
	other.Sync()
	held, err := other.Client.Quarantine(ctx)
	must(t, err)
	if len(held) != 1 || held[0].Code != "bad_state" || held[0].Mend == nil || held[0].Mend.Step == nil || held[0].Mend.Step.Reason != "not ours" {
		t.Fatalf("the desk shows %+v", held)
	}
	m := *held[0].Mend
	m.Step.State, m.Step.Reason = "in_service", ""
	for range 2 {
		_, err = other.Client.Replace(ctx, held[0].Hash, m)
		must(t, err)
	}
	other.Sync()
	held, err = other.Client.Quarantine(ctx)
	must(t, err)
	if state := centreRecord(t, c, schema.Referral, referral).Of(schema.ReferralState).Text(); len(held) != 1 || held[0].State != schema.VerdictReplaced || state != "in_service" {
		t.Errorf("the referral is %s, and what was held is %+v", state, held)
	}
	other.Sound()
}

func TestARightIsGivenAndTakenByName(t *testing.T) {
	c := simtest.NewCentre(t)
	a := c.NewSite("Stall 1", schema.KindStall)
	c.NewSite("Stall 2", schema.KindStall)
	device := a.Store.Identity().Device
	refused := func(want refusal.Code, err error) {
		t.Helper()
		if err == nil || refusal.Of(err).Code != want {
			t.Errorf("it gave %v, want %s", err, want)
		}
	}
	list, err := c.Server.SetRight(ctx, device, server.SetRight{Scope: "site/stall 2", Classes: "s"})
	must(t, err)
	of := func(list []server.Right) server.Right {
		i := slices.IndexFunc(list, func(r server.Right) bool { return r.ScopeName == "Stall 2" })
		return list[i]
	}
	last := of(list)
	if last.ScopeName != "Stall 2" || last.Classes != "S" || last.Write || last.Ended {
		t.Errorf("the rights are %+v", list)
	}
	list, err = c.Server.EndRight(ctx, device, server.EndRight{Scope: last.Scope, Reason: "a test"})
	must(t, err)
	if r := of(list); !r.Ended || r.Reason != "a test" {
		t.Errorf("ended it is %+v", r)
	}
	ended := of(list).Until
	list, err = c.Server.EndRight(ctx, device, server.EndRight{Scope: last.Scope, Reason: "again"})
	must(t, err)
	if r := of(list); *r.Until != *ended || r.Reason != "a test" {
		t.Errorf("ended twice it is %+v", r)
	}
	end := func(q server.EndRight) error { _, err := c.Server.EndRight(ctx, device, q); return err }
	set := func(q server.SetRight) error { _, err := c.Server.SetRight(ctx, device, q); return err }
	now, before := time.Now(), time.Now().Add(-time.Hour)
	refused(refusal.Required, end(server.EndRight{Scope: "org"}))
	refused(refusal.Reference, end(server.EndRight{Scope: "site/nowhere", Reason: "a test"}))
	refused(refusal.NoRecord, end(server.EndRight{Scope: "desk/Stall 2", Reason: "a test"}))
	refused(refusal.UnknownWord, end(server.EndRight{Scope: "device/" + device.String(), Reason: "a test"}))
	refused(refusal.UnknownWord, set(server.SetRight{Scope: "org", Classes: "Q"}))
	refused(refusal.Required, set(server.SetRight{Scope: "org"}))
	refused(refusal.EndsBeforeStart, set(server.SetRight{Scope: "org", Classes: "S", Until: &now, DeliverUntil: &before}))
	_, err = c.Server.Rights(ctx, syncproto.DeviceID{1})
	refused(refusal.NoRecord, err)
}

func TestHeadOfficeSeesThatARevokedDeviceWasToldToWipe(t *testing.T) {
	c := simtest.NewCentre(t)
	a := c.NewSite("Stall", schema.KindStall)
	sellSome(t, a, 3)
	must(t, c.Server.Revoke(ctx, a.Store.Identity().Device, "a test"))
	wiped := func() bool {
		list, err := c.Server.Devices(ctx)
		must(t, err)
		return list[len(list)-1].Wiped
	}
	if wiped() {
		t.Error("it is said to be wiped before it was heard of")
	}
	_, err := a.Client.Sync(ctx, 5*time.Second, nil)
	if err == nil || a.Store.Identity().WipedAt == 0 {
		t.Fatalf("it is not wiped: %v", err)
	}
	c.Folded()
	if !wiped() {
		t.Error("head office does not see that it has delivered and was told")
	}
}
