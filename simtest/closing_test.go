package simtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// sellAt sells one thing at the last till of a site.
func sellAt(t *testing.T, s *simtest.Site, waited time.Duration, method string) syncproto.RecordID {
	t.Helper()
	sold, err := s.Client.Sell(ctx, client.NewSale{Till: tillOf(t, s), Currency: "AED", Method: method, Waited: waited, Lines: []client.Line{{Product: firstProduct(t, s), Quantity: 2, PriceMinor: 1250}}})
	must(t, err)
	return sold.Sale
}

// here and there are what a site and head office show, newest first.
func here(t *testing.T, s *simtest.Site) []closing.Statement {
	t.Helper()
	list, err := s.Client.Closings(ctx, report.Span{}, true)
	must(t, err)
	return list.Closings
}

func there(t *testing.T, c *simtest.Centre) []closing.Statement {
	t.Helper()
	list, err := c.Server.Closings(ctx, report.Span{}, syncproto.RecordID{}, true)
	must(t, err)
	return list.Closings
}

// answered waits until head office shows so many statements, each in the state wanted.
func answered(t *testing.T, c *simtest.Centre, states ...string) []closing.Statement {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		view := c.Server.Live().View()
		view.Head()
		list := there(t, c)
		found := len(list) == len(states)
		for i := range list {
			found = found && list[i].State == states[i]
		}
		if found {
			c.Folded()
			return list
		}
		if err := view.Wait(ctx); err != nil {
			t.Fatalf("head office shows %+v, want %v: %v", list, states, err)
		}
	}
}

func proofHolds(t *testing.T, c *simtest.Centre, v closing.Statement) {
	t.Helper()
	head := c.State.Head()
	if _, _, err := v.Proof.Verify(head.Org, head.OrgKey); err != nil {
		t.Errorf("statement %d of %s: %v", v.Number, v.Day, err)
	}
}

func TestAClosingIsSignedByDeviceAndServer(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 2)
	sellAt(t, s, 0, "card")
	must(t, s.Client.VoidSale(ctx, sellAt(t, s, 0, "cash"), "a made-up mistake"))
	must(t, s.Client.CloseTill(ctx, tillOf(t, s), 15000))
	must(t, s.Client.CloseTill(ctx, tillOf(t, s), 15000)) // asked twice
	v := here(t, s)
	if len(v) != 1 || v[0].State != closing.Waiting || v[0].Sales != 3 || v[0].Voided != 1 || v[0].AmountMinor["AED"] != 7500 || v[0].Day != civilDay() || !v[0].Latest {
		t.Fatalf("with the cable pulled the till shows %+v", v)
	}
	if p := v[0].Payments; len(p) != 2 || p[0] != (closing.Paid{Method: "card", Currency: "AED", AmountMinor: 2500}) || p[1].AmountMinor != 5000 {
		t.Errorf("payments are %+v", p)
	}
	s.Sync()
	list := answered(t, c, closing.Equal)
	s.Sync()
	v = here(t, s)
	if len(v) != 1 || v[0].State != closing.Equal || v[0].Answer.Sales != 3 || v[0].Answer.AmountMinor["AED"] != 7500 || v[0].Late+v[0].VoidedSince != 0 {
		t.Errorf("confirmed, the till shows %+v", v)
	}
	proofHolds(t, c, list[0])
	proofHolds(t, c, v[0])
	head := c.State.Head()
	for name, part := range map[string]*[]byte{"the statement": &v[0].Proof.Statement, "the answer": &v[0].Proof.Answer, "the certificate": &v[0].Proof.Certificate} {
		for _, at := range []int{10, len(*part) / 2, len(*part) - 1} {
			(*part)[at] ^= 1
			if _, _, err := v[0].Proof.Verify(head.Org, head.OrgKey); err == nil {
				t.Errorf("byte %d of %s was changed, and nobody notices", at, name)
			}
			(*part)[at] ^= 1
		}
	}
	s.Sound()

	position := c.State.Head().Position
	c.Stop() // a server that is started again answers no second time
	kept := keep(t, c.Path("state.db"))
	remove(t, c.Path("state.db"))
	c.Start()
	sameAsKept(t, c, kept)
	s.Moved(c)
	s.Sync()
	if now := c.State.Head().Position; now != position {
		t.Errorf("after a restart the log went from position %d to %d", position, now)
	}
}

func TestASaleAfterTheClosingIsStatedBesideIt(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 2)
	must(t, s.Client.CloseTill(ctx, tillOf(t, s), 15000))
	first := here(t, s)[0]
	late := sellAt(t, s, time.Minute, "cash") // a page had kept it
	s.Sync()
	answered(t, c, closing.Equal, closing.Equal)
	must(t, s.Client.VoidSale(ctx, late, "a made-up mistake"))
	must(t, s.Client.VoidSale(ctx, late, "asked twice"))
	s.Sync()
	list := answered(t, c, closing.Equal, closing.Equal, closing.Equal)
	for i, want := range []struct{ number, sales, voided uint64 }{{3, 2, 1}, {2, 3, 0}, {1, 2, 0}} {
		if v := list[i]; v.Number != want.number || v.Sales != want.sales || v.Voided != want.voided || v.Latest != (i == 0) {
			t.Errorf("head office shows %+v, want %+v", v, want)
		}
		proofHolds(t, c, list[i])
	}
	if string(list[2].Proof.Statement) != string(first.Proof.Statement) {
		t.Error("the first statement was changed")
	}
	third, err := syncproto.ReadClosing(list[0].Proof.Statement)
	must(t, err)
	if third.Before != syncproto.ClosingHash(list[1].Proof.Statement) {
		t.Error("the third statement does not name the second")
	}
	s.Sync()
	s.Sound()
}

func TestADayIsStatedOnCommandAndAnewForEachLateSale(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 2)
	day := civilDay()
	for range 2 { // asked twice, it is stated once
		v, err := s.Client.StateDay(ctx, day)
		must(t, err)
		if v.Till != nil || v.Number != 1 || v.Sales != 2 || v.State != closing.Waiting {
			t.Errorf("the day is stated as %+v", v)
		}
	}
	sellAt(t, s, 0, "cash")
	if _, err := s.Client.StateDay(ctx, "2026-2-30"); err == nil {
		t.Error("a day that is none was stated")
	}
	empty, err := s.Client.StateDay(ctx, "2020-01-01")
	must(t, err)
	if empty.Sales != 0 {
		t.Errorf("a day without sales is %+v", empty)
	}
	s.Sync()
	list := answered(t, c, closing.Equal, closing.Equal, closing.Equal)
	if list[0].Day == day && (list[0].Number != 2 || list[0].Sales != 3) {
		t.Errorf("after another sale the day is %+v", list[0])
	}
}

func TestAClosingDiffersWhileASaleIsHeldAndIsConfirmedOnceItIsReleased(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 1)
	s.Sync()
	id := s.Store.Identity()
	must(t, c.Server.Grant(ctx, server.NewGrant{Device: id.Device, Scope: syncproto.OrgScope, Classes: "S"}))
	bad, err := s.Client.AddProduct(ctx, client.NewProduct{Name: "Saffron"}) // that it may not write
	must(t, err)
	_, err = s.Client.Sell(ctx, client.NewSale{Till: tillOf(t, s), Currency: "AED", Lines: []client.Line{{Product: bad, Quantity: 1, PriceMinor: 500}}})
	must(t, err)
	must(t, s.Client.CloseTill(ctx, tillOf(t, s), 13000))
	s.Sync()
	v := answered(t, c, closing.Differs)[0]
	if v.Sales != 2 || v.Answer.Sales != 1 || v.Answer.AmountMinor["AED"] != 2500 || v.Answer.Held != 1 || v.Answer.Late != 0 {
		t.Errorf("with a sale in quarantine head office says %+v, %+v", v, v.Answer)
	}
	proofHolds(t, c, v)
	s.Sync()
	if v := here(t, s)[0]; v.State != closing.Differs || v.Answer.Held != 1 {
		t.Errorf("the till shows %+v", v)
	}
	held, err := s.Client.Quarantine(ctx)
	must(t, err)
	_, err = c.Server.Decide(ctx, held[0].Hash, server.Decide{Action: schema.DecisionRelease, Waive: true})
	must(t, err)
	proofHolds(t, c, answered(t, c, closing.Equal)[0])
	s.Sync()
	if v := here(t, s)[0]; v.State != closing.Equal || v.Answer.Sales != 2 {
		t.Errorf("once it is released the till shows %+v", v)
	}
	s.Sound()
}

func TestAServerThatWasPutBackIsToldTheClosingAgain(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 2)
	s.Sync()
	c.Stop()
	kept := keepAll(t, c)
	c.Start()
	s.Moved(c)
	sellAt(t, s, 0, "cash")
	must(t, s.Client.CloseTill(ctx, tillOf(t, s), 15000))
	s.Sync()
	answered(t, c, closing.Equal)
	s.Sync()
	c.Stop()
	putAllBack(t, c, kept)
	c.Start()
	s.Moved(c)
	s.Sync()
	v := answered(t, c, closing.Equal)[0]
	if v.Sales != 3 || v.Answer.Sales != 3 {
		t.Errorf("head office shows %+v", v)
	}
	proofHolds(t, c, v)
	s.Sync()
	if v := here(t, s)[0]; v.State != closing.Equal {
		t.Errorf("the till shows %+v", v)
	}
	s.Sound()
}

func TestAClosingThatAParcelBringsIsAnswered(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 3)
	must(t, s.Client.CloseTill(ctx, tillOf(t, s), 15000))
	parcels, err := s.Client.MakeParcels(ctx, 1<<20)
	must(t, err)
	carry(t, c, s, parcels)
	answered(t, c, closing.Equal)
	if v := here(t, s)[0]; v.State != closing.Waiting {
		t.Errorf("the till shows %+v, and nobody told it", v)
	}
	s.Sync()
	if v := here(t, s)[0]; v.State != closing.Equal {
		t.Errorf("the till shows %+v", v)
	}
}

// What a copy sold under the same till is late for who could not know of it, and changes
// no statement.
func TestEachOfTwoCopiesStatesWhatItKnows(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 2)
	twin := twinOf(t, s, false)
	sellAt(t, s, 0, "cash")
	sellAt(t, twin, 0, "cash")
	sellAt(t, twin, 0, "cash")
	for _, one := range []*simtest.Site{s, twin} {
		must(t, one.Client.CloseTill(ctx, tillOf(t, one), 15000))
		one.Sync()
	}
	list := answered(t, c, closing.Equal, closing.Equal)
	for _, v := range list {
		if v.Sales+v.Late != 5 {
			t.Errorf("head office shows %+v: of 5 sales some are neither counted nor late", v)
		}
		proofHolds(t, c, v)
	}
	if list[0].Sales == list[1].Sales {
		t.Errorf("both copies counted %d", list[0].Sales)
	}
}

// A device is put back to a backup and closes its till before it has heard what it lost:
// that is late, and no statement changes.
func TestADeviceThatWasPutBackClosesWithWhatItKnows(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 2)
	s.Sync()
	must(t, s.Store.Close())
	backup := keep(t, s.Path("site.db"))
	s.Open()
	for range 3 {
		sellAt(t, s, 0, "cash")
	}
	s.Sync()
	must(t, s.Store.Close())
	putBack(t, s.Path("site.db"), backup)
	s.Open()
	till := tillOf(t, s)
	must(t, s.Client.CloseTill(ctx, till, 15000))
	s.Sync()
	v := answered(t, c, closing.Equal)[0]
	if v.Sales != 2 || v.Answer.Late != 3 || v.Late != 3 {
		t.Errorf("head office shows %+v, %+v", v, v.Answer)
	}
	s.Sync()
	if v := here(t, s)[0]; v.State != closing.Equal || v.Late != 3 {
		t.Errorf("the till shows %+v", v)
	}
}

// A clock that is years off is put right by what was measured; the sum is the same.
func TestAClosingByAWrongClockIsConfirmed(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	s.Now = shifted(until(2099))
	s.Sync()
	sellSome(t, s, 2)
	must(t, s.Client.CloseTill(ctx, tillOf(t, s), 15000))
	s.Sync()
	if v := answered(t, c, closing.Equal)[0]; v.Day != civilDay() || v.Sales != 2 {
		t.Errorf("head office shows %+v", v)
	}
}

// A device signs what another device should have: head office says so, and signs nothing.
func TestAClosingThatItsDeviceDidNotSignIsUnsound(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 1)
	s.Sync()
	other := newKeyOf(t)
	id := s.Store.Identity()
	must(t, s.Store.Write(ctx, func(w *store.Writer) error {
		st := syncproto.Closing{Device: id.Device, Site: id.Site, Day: civilDay(), Number: 1, Head: w.Head(), Heard: w.Heard(), TimeMS: 1}
		return w.Transaction(syncproto.RecordID{}, 0, func(d *store.Draft) error {
			record, err := d.NewID()
			if err != nil {
				return err
			}
			return d.Create(schema.Closing, record,
				store.Field{Field: schema.ClosingSite, Value: syncproto.IDValue(st.Site)}, store.Field{Field: schema.ClosingDevice, Value: syncproto.IDValue(syncproto.RecordID(st.Device))},
				store.Field{Field: schema.ClosingDay, Value: syncproto.TextValue(st.Day)}, store.Field{Field: schema.ClosingNumber, Value: syncproto.IntValue(1)},
				store.Field{Field: schema.ClosingSigned, Value: syncproto.BytesValue(syncproto.SignClosing(other, id.Org, &st))})
		})
	}))
	if found, err := s.Store.Verify(ctx); err != nil || len(found) != 1 || found[0].Where != "closings" {
		t.Errorf("a site that has not heard of it finds %v, %v", found, err)
	}
	s.Sync()
	answered(t, c, closing.Unsound)
	s.Sync()
	if found, err := s.Store.Verify(ctx); err != nil || len(found) != 0 {
		t.Errorf("once head office has called it unsound: %v, %v", found, err)
	}
}
