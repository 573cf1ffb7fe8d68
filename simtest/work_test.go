package simtest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTwoDevicesScanOnePersonAndItIsOneAttendance(t *testing.T) {
	ctx := context.Background()
	c := simtest.NewCentre(t)
	a := c.NewSite("Branch", schema.KindBranch)
	b := c.NewSite("Branch", schema.KindBranch)
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	a.Now, b.Now = func() time.Time { return now }, func() time.Time { return now }
	person, err := a.Client.AddPerson(ctx, client.NewPerson{Name: "a made-up person", Card: "F-17"})
	must(t, err)
	workshop, err := a.Client.AddWorkshop(ctx, client.NewWorkshop{Name: "صناعة البخور", Kind: "practical", Minutes: 120, Counts: true})
	must(t, err)
	session, err := a.Client.PlanSession(ctx, client.NewSession{Workshop: workshop, Starts: now, Ends: now.Add(2 * time.Hour)})
	must(t, err)
	a.Sync()
	b.Sync()
	for _, s := range []*simtest.Site{a, b} {
		_, err := s.Client.CheckIn(ctx, client.NewScan{Session: session, Person: person})
		must(t, err)
	}
	now = now.Add(100 * time.Minute)
	for _, s := range []*simtest.Site{b, a} {
		_, err := s.Client.CheckOut(ctx, client.NewScan{Session: session, Person: person})
		must(t, err)
	}
	b.Sync()
	a.Sync()
	b.Sync()
	for i, s := range []*simtest.Site{a, b} {
		list, err := s.Client.Attendance(ctx, session)
		must(t, err)
		if len(list) != 1 || list[0].Credited != 100 || list[0].Review {
			t.Errorf("device %d derives %+v, want one person with 100 minutes", i, list)
		}
		scans := 0
		must(t, s.Store.Read(ctx, func(r *store.Reader) error {
			return r.Each(schema.Scan, func(*records.Row) error { scans++; return nil })
		}))
		if scans != 4 {
			t.Errorf("device %d shows %d scans, want all 4", i, scans)
		}
	}
}

func TestAStallHoldsNobodysPersonalRecords(t *testing.T) {
	ctx := context.Background()
	c := simtest.NewCentre(t)
	branch, stall := c.NewSite("Branch", schema.KindBranch), c.NewSite("Stall", schema.KindStall)
	_, err := branch.Client.AddPerson(ctx, client.NewPerson{Name: "a made-up person"})
	must(t, err)
	branch.Sync()
	stall.Sync()
	must(t, stall.Store.Read(ctx, func(r *store.Reader) error {
		return r.Each(schema.Person, func(row *records.Row) error {
			t.Errorf("the stall holds person %v", row.ID)
			return nil
		})
	}))
	if _, err := stall.Client.AddPerson(ctx, client.NewPerson{Name: "another"}); err != nil {
		t.Fatal(err) // it may be tried; the server holds it
	}
	if r := stall.Sync(); r.Quarantined != 1 {
		t.Errorf("a stall's person gave %+v, want it held", r)
	}
}

func TestAReferralSentOfflineIsAnsweredOffline(t *testing.T) {
	ctx := context.Background()
	c := simtest.NewCentre(t)
	centre, desk := c.NewSite("Centre", schema.KindRooyesh), c.NewSite("Desk", schema.KindDesk)
	person, err := centre.Client.AddPerson(ctx, client.NewPerson{Name: "a made-up person", Phone: "050-000"})
	must(t, err)
	centre.Sync() // it hears of the desk
	order := client.NewReferral{To: desk.Store.Identity().Site, Purpose: "loan", Person: person, ShareName: true}
	if _, err := centre.Client.Refer(ctx, order); !errors.Is(err, client.ErrNoConsent) {
		t.Fatalf("without consent it gave %v", err)
	}
	order.ConsentBy = "herself"
	referral, err := centre.Client.Refer(ctx, order)
	must(t, err)
	centre.Sync()
	desk.Sync()
	must(t, desk.Store.Read(ctx, func(r *store.Reader) error {
		row, err := r.Get(schema.Referral, referral)
		if err != nil || row == nil {
			return errors.Join(err, errors.New("the desk does not have it"))
		}
		if row.Of(schema.ReferralName).IsNull() || !row.Of(schema.ReferralPhone).IsNull() {
			t.Error("the desk sees not just what was ticked")
		}
		if p, err := r.Get(schema.Person, person); err != nil || p != nil {
			t.Errorf("the desk has the person's record, %v", err)
		}
		return nil
	}))
	must(t, desk.Client.Answer(ctx, referral, schema.ReferralAccepted, "", ""))
	desk.Sync()
	centre.Sync()
	wantReferral(t, centre, referral, schema.ReferralAccepted)
	wantReferral(t, desk, referral, schema.ReferralAccepted)
}

func TestAcceptAgainstWithdrawEndsAccepted(t *testing.T) {
	for _, acceptFirst := range []bool{true, false} {
		t.Run(fmt.Sprintf("accept first %v", acceptFirst), func(t *testing.T) {
			ctx := context.Background()
			c := simtest.NewCentre(t)
			centre, desk := c.NewSite("Centre", schema.KindRooyesh), c.NewSite("Desk", schema.KindDesk)
			centre.Sync()
			referral, err := centre.Client.Refer(ctx, client.NewReferral{To: desk.Store.Identity().Site, Purpose: "job"})
			must(t, err)
			centre.Sync()
			desk.Sync()
			must(t, desk.Client.Answer(ctx, referral, schema.ReferralAccepted, "", ""))
			must(t, centre.Client.Answer(ctx, referral, schema.ReferralWithdrawn, "", ""))
			first, second := desk, centre
			if !acceptFirst {
				first, second = centre, desk
			}
			first.Sync()
			if r := second.Sync(); r.Quarantined != 0 {
				t.Errorf("the second is held: %+v", r)
			}
			first.Sync()
			wantReferral(t, centre, referral, schema.ReferralAccepted)
			wantReferral(t, desk, referral, schema.ReferralAccepted)
		})
	}
}

func wantReferral(t *testing.T, s *simtest.Site, referral syncproto.RecordID, want string) {
	t.Helper()
	must(t, s.Store.Read(context.Background(), func(r *store.Reader) error {
		row, err := r.Get(schema.Referral, referral)
		if err == nil && row.Of(schema.ReferralState).Text() != want {
			t.Errorf("referral is %s, want %s", row.Of(schema.ReferralState).Text(), want)
		}
		return err
	}))
}
