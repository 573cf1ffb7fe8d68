package simtest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// sent is a centre that has sent a referral to a desk, which has heard of it.
func sent(t *testing.T) (centre, desk *simtest.Site, referral syncproto.RecordID) {
	c := simtest.NewCentre(t)
	centre, desk = c.NewSite("Centre", schema.KindRooyesh), c.NewSite("Desk", schema.KindDesk)
	c.NewSite("Other desk", schema.KindDesk)
	centre.Sync()
	referral, err := centre.Client.Refer(context.Background(), client.NewReferral{To: desk.Store.Identity().Site, Purpose: "job"})
	must(t, err)
	centre.Sync()
	desk.Sync()
	return centre, desk, referral
}

func fieldOf(t *testing.T, s *simtest.Site, referral syncproto.RecordID, field syncproto.FieldID) (v syncproto.Value) {
	t.Helper()
	must(t, s.Store.Read(context.Background(), func(r *store.Reader) error {
		row, err := r.Get(schema.Referral, referral)
		if err == nil {
			v = row.Of(field)
		}
		return err
	}))
	return v
}

func wantRefusal(t *testing.T, err error, code refusal.Code, field string) {
	t.Helper()
	if e := refusal.Of(err); err == nil || e.Code != code || e.Field != field {
		t.Errorf("got %v, want %s on %q", err, code, field)
	}
}

func TestADeskAsksForMoreAndIsAnswered(t *testing.T) {
	ctx := context.Background()
	centre, desk, referral := sent(t)
	wantRefusal(t, desk.Client.Answer(ctx, referral, schema.ReferralMoreNeeded, "", ""), refusal.Required, "reason")
	must(t, desk.Client.Answer(ctx, referral, schema.ReferralMoreNeeded, "which skill?", ""))
	wantRefusal(t, desk.Client.Reply(ctx, referral, "kilim"), refusal.OtherDesk, "state")
	desk.Sync()
	centre.Sync()
	wantReferral(t, centre, referral, schema.ReferralMoreNeeded)
	if q := fieldOf(t, centre, referral, schema.ReferralQuestion).Text(); q != "which skill?" {
		t.Errorf("the sender reads %q", q)
	}
	wantRefusal(t, centre.Client.Reply(ctx, referral, ""), refusal.Required, "reply")
	for range 2 {
		must(t, centre.Client.Reply(ctx, referral, "kilim weaving"))
	}
	centre.Sync()
	desk.Sync()
	wantReferral(t, desk, referral, schema.ReferralReceived)
	if reply, asked := fieldOf(t, desk, referral, schema.ReferralReply).Text(), fieldOf(t, desk, referral, schema.ReferralQuestion).Text(); reply != "kilim weaving" || asked != "which skill?" {
		t.Errorf("the desk reads %q to %q", reply, asked)
	}
	must(t, desk.Client.Answer(ctx, referral, schema.ReferralAccepted, "", ""))
	wantRefusal(t, desk.Client.Answer(ctx, referral, schema.ReferralMoreNeeded, "again?", ""), refusal.BadStep, "state")
}

func TestADeskNamesAnotherAndTheSenderSendsItThere(t *testing.T) {
	ctx := context.Background()
	centre, desk, referral := sent(t)
	var other syncproto.RecordID
	must(t, desk.Store.Read(ctx, func(r *store.Reader) error {
		row, err := r.Named(schema.Site, "Other desk")
		if err == nil && row == nil {
			err = errors.New("the desk does not know the other one")
		}
		if err == nil {
			other = row.ID
		}
		return err
	}))
	me := desk.Store.Identity().Site
	wantRefusal(t, desk.Client.Answer(ctx, referral, schema.ReferralRedirected, "not ours", ""), refusal.Required, "redirect_to")
	wantRefusal(t, desk.Client.Redirect(ctx, referral, me, "not ours"), refusal.Reference, "redirect_to")
	wantRefusal(t, centre.Client.Redirect(ctx, referral, other, "not ours"), refusal.OtherDesk, "state")
	must(t, desk.Client.Redirect(ctx, referral, other, "not ours"))
	desk.Sync()
	centre.Sync()
	wantReferral(t, centre, referral, schema.ReferralRedirected)
	if to := fieldOf(t, centre, referral, schema.ReferralRedirect).ID(); to != other {
		t.Errorf("the sender is told of %v, want %v", to, other)
	}
	_, err := centre.Client.Refer(ctx, client.NewReferral{To: other, Purpose: "job"})
	must(t, err)
	must(t, centre.Client.Answer(ctx, referral, schema.ReferralSeen, "", ""))
	if r := centre.Sync(); r.Quarantined != 0 {
		t.Errorf("held: %+v", r)
	}
	desk.Sync()
	wantReferral(t, desk, referral, schema.ReferralSeen)
}

func TestAnAnswerAgainstWithdrawEndsAlikeInBothOrders(t *testing.T) {
	ctx := context.Background()
	for state, ends := range map[string]string{schema.ReferralMoreNeeded: schema.ReferralWithdrawn, schema.ReferralRedirected: schema.ReferralWithdrawn} {
		for _, withdrawFirst := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, withdrawn first %v", state, withdrawFirst), func(t *testing.T) {
				centre, desk, referral := sent(t)
				if state == schema.ReferralRedirected {
					var other syncproto.RecordID
					must(t, desk.Store.Read(ctx, func(r *store.Reader) error {
						row, err := r.Named(schema.Site, "Other desk")
						if err == nil {
							other = row.ID
						}
						return err
					}))
					must(t, desk.Client.Redirect(ctx, referral, other, "r"))
				} else {
					must(t, desk.Client.Answer(ctx, referral, state, "r", ""))
				}
				must(t, centre.Client.Answer(ctx, referral, schema.ReferralWithdrawn, "", ""))
				first, second := desk, centre
				if withdrawFirst {
					first, second = centre, desk
				}
				first.Sync()
				if r := second.Sync(); r.Quarantined != 0 {
					t.Errorf("the second is held: %+v", r)
				}
				first.Sync()
				wantReferral(t, centre, referral, ends)
				wantReferral(t, desk, referral, ends)
			})
		}
	}
}

func TestAReplyAgainstWithdrawIsWithdrawn(t *testing.T) {
	ctx := context.Background()
	for _, withdrawFirst := range []bool{true, false} {
		t.Run(fmt.Sprintf("withdrawn first %v", withdrawFirst), func(t *testing.T) {
			c := simtest.NewCentre(t)
			a, b, desk := c.NewSite("Centre", schema.KindRooyesh), c.NewSite("Centre", schema.KindRooyesh), c.NewSite("Desk", schema.KindDesk)
			a.Sync()
			referral, err := a.Client.Refer(ctx, client.NewReferral{To: desk.Store.Identity().Site, Purpose: "job"})
			must(t, err)
			a.Sync()
			desk.Sync()
			must(t, desk.Client.Answer(ctx, referral, schema.ReferralMoreNeeded, "which?", ""))
			desk.Sync()
			a.Sync()
			b.Sync()
			must(t, a.Client.Reply(ctx, referral, "this one"))
			must(t, b.Client.Answer(ctx, referral, schema.ReferralWithdrawn, "", ""))
			first, second := a, b
			if withdrawFirst {
				first, second = b, a
			}
			first.Sync()
			if r := second.Sync(); r.Quarantined != 0 {
				t.Errorf("the second is held: %+v", r)
			}
			first.Sync()
			desk.Sync()
			for _, s := range []*simtest.Site{a, b, desk} {
				wantReferral(t, s, referral, schema.ReferralWithdrawn)
			}
		})
	}
}
