package simtest_test

import (
	"context"
	"slices"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestHeadOfficeSettlesWhatIsHeldOnce(t *testing.T) {
	ctx := context.Background()
	c := simtest.NewCentre(t)
	stall := c.NewSite("Stall", schema.KindStall)
	released, err := stall.Client.AddPerson(ctx, client.NewPerson{Name: "one made-up person"})
	must(t, err)
	withdrawn, err := stall.Client.AddPerson(ctx, client.NewPerson{Name: "another made-up person"})
	must(t, err)
	if r := stall.Sync(); r.Quarantined != 2 {
		t.Fatalf("sync gave %+v, want both held", r)
	}
	list, err := c.Server.Quarantine(ctx)
	must(t, err)
	slices.SortFunc(list, func(a, b server.Verdict) int { return int(a.Seq - b.Seq) })
	if len(list) != 2 || list[0].Code != "not_granted" {
		t.Fatalf("held are %+v", list)
	}
	if v, err := c.Server.Decide(ctx, list[0].Hash, server.Decide{Action: schema.DecisionRelease}); err != nil || v.State != schema.VerdictHeld {
		t.Errorf("judged again without a waiver it is %+v, %v; want it held still", v, err)
	}
	v, err := c.Server.Decide(ctx, list[0].Hash, server.Decide{Action: schema.DecisionRelease, Waive: true, Reason: "seen"})
	if err != nil || v.State != schema.VerdictReleased {
		t.Errorf("released it is %+v, %v", v, err)
	}
	v, err = c.Server.Decide(ctx, list[1].Hash, server.Decide{Action: schema.DecisionWithdraw})
	if err != nil || v.State != schema.VerdictWithdrawn {
		t.Errorf("withdrawn it is %+v, %v", v, err)
	}
	for _, v := range list {
		if _, err := c.Server.Decide(ctx, v.Hash, server.Decide{Action: schema.DecisionWithdraw}); err == nil {
			t.Errorf("%s was settled twice", v.Hash)
		}
	}
	person := func(id syncproto.RecordID) (row *records.Row) {
		must(t, c.State.Read(ctx, func(r *state.Reader) error {
			var err error
			row, err = r.Get(schema.Person, id)
			return err
		}))
		return row
	}
	if person(released) == nil || person(withdrawn) != nil {
		t.Error("head office has not exactly the one that was released")
	}
	if r := stall.Sync(); r.Quarantined != 0 {
		t.Errorf("after the decisions %d are held", r.Quarantined)
	}
	must(t, stall.Store.Read(ctx, func(r *store.Reader) error {
		row, err := r.Get(schema.Person, withdrawn)
		if row != nil {
			t.Error("what was withdrawn still stands at its author")
		}
		return err
	}))
}

func TestAnEditThatNamesAPersonWithoutConsentIsNotRecorded(t *testing.T) {
	ctx := context.Background()
	c := simtest.NewCentre(t)
	centre, desk := c.NewSite("Centre", schema.KindRooyesh), c.NewSite("Desk", schema.KindDesk)
	centre.Sync()
	referral, err := centre.Client.Refer(ctx, client.NewReferral{To: desk.Store.Identity().Site, Purpose: "job"})
	must(t, err)
	centre.Sync()
	err = centre.Store.Write(ctx, func(w *store.Writer) error {
		return w.Transaction(syncproto.RecordID{}, 0, func(d *store.Draft) error {
			return d.Update(schema.Referral, referral, schema.ReferralGroupWhat, store.Field{Field: schema.ReferralName, Value: syncproto.TextValue("a made-up name")})
		})
	})
	if err == nil {
		t.Error("a name was added without consent")
	}
}

func TestAnAuthorTakesBackWhatIsHeld(t *testing.T) {
	c := simtest.NewCentre(t)
	stall := c.NewSite("Stall", schema.KindStall)
	person, err := stall.Client.AddPerson(ctx, client.NewPerson{Name: "a made-up person"})
	must(t, err)
	other, err := stall.Client.AddPerson(ctx, client.NewPerson{Name: "another made-up person"})
	must(t, err)
	stall.Sync()
	list, err := stall.Client.Quarantine(ctx)
	must(t, err)
	byRecord := map[string]string{}
	for _, v := range list {
		byRecord[v.Record] = v.Hash
	}
	recorded := stall.Store.Transactions()
	for range 3 {
		must(t, stall.Client.Withdraw(ctx, byRecord[person.String()]))
	}
	if n := stall.Store.Transactions() - recorded; n != 1 {
		t.Errorf("asking three times recorded %d transactions", n)
	}
	if r := stall.Sync(); r.Quarantined != 1 {
		t.Errorf("%d are held after one of two was taken back", r.Quarantined)
	}
	stall.Sound()
	must(t, stall.Store.Read(ctx, func(r *store.Reader) error {
		row, err := r.Get(schema.Person, person)
		if row != nil {
			t.Error("what was taken back still stands at its author")
		}
		return err
	}))
	states := map[string]string{}
	verdicts, err := c.Server.Quarantine(ctx)
	must(t, err)
	for _, v := range verdicts {
		states[v.Hash] = v.State
	}
	if states[byRecord[person.String()]] != schema.VerdictWithdrawn || states[byRecord[other.String()]] != schema.VerdictHeld {
		t.Errorf("the verdicts are %v", states)
	}
	if err := stall.Client.Withdraw(ctx, byRecord[person.String()]); err == nil {
		t.Error("what was taken back was taken back again")
	}
	// Head office was faster: what it decided stands.
	must(t, stall.Client.Withdraw(ctx, byRecord[other.String()]))
	_, err = c.Server.Decide(ctx, byRecord[other.String()], server.Decide{Action: schema.DecisionRelease, Waive: true})
	must(t, err)
	stall.Sync()
	if n := count(t, c, schema.Person); n != 1 {
		t.Errorf("head office has %d people, want the one that it released", n)
	}
	stall.Sound()
	if _, err := stall.Client.Quarantine(ctx); err != nil { // a withdrawal that came too late has no content to show
		t.Error(err)
	}
}
