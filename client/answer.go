package client

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Answer moves a referral along its machine: a receiver accepts, declines, asks for more
// or ends, a sender withdraws or closes. reason is for a decline and for what more is
// needed; outcome for the end.
func (c *Client) Answer(ctx context.Context, referral syncproto.RecordID, state, reason, outcome string) error {
	switch {
	case state == schema.ReferralRedirected:
		return refusal.New(refusal.Required, "name the desk that it should go to").On("redirect_to")
	case (state == schema.ReferralDeclined || state == schema.ReferralMoreNeeded) && reason == "":
		return refusal.New(refusal.Required, "give the reason, or say what more is needed").On("reason")
	case state == schema.ReferralCompleted && outcome == "":
		return refusal.New(refusal.Required, "say what came of it").On("outcome")
	}
	return c.move(ctx, referral, state, func(d *store.Draft, _ *records.Row) error {
		answer := []store.Field{field(schema.ReferralReason, text(reason)), field(schema.ReferralOutcome, text(outcome))}
		switch {
		case state == schema.ReferralMoreNeeded:
			answer = []store.Field{field(schema.ReferralQuestion, text(reason))}
		case reason == "" && outcome == "":
			return nil
		}
		return refusal.Renamed(d.Update(schema.Referral, referral, schema.ReferralGroupAnswer, answer...), map[string]string{"question": "reason"})
	})
}

// Redirect gives a referral back to its sender with the desk that it should go to, which
// sends it there itself: consent was given to the sender, and may have to be asked anew.
func (c *Client) Redirect(ctx context.Context, referral, to syncproto.RecordID, reason string) error {
	return c.move(ctx, referral, schema.ReferralRedirected, func(d *store.Draft, r *records.Row) error {
		site, err := d.Get(schema.Site, to)
		if err != nil || site == nil || to == r.Of(schema.ReferralTo).ID() || to == r.Of(schema.ReferralFrom).ID() {
			return cmp.Or(err, reference("redirect_to", to))
		}
		return d.Update(schema.Referral, referral, schema.ReferralGroupAnswer, field(schema.ReferralRedirect, syncproto.IDValue(to)), field(schema.ReferralReason, text(reason)))
	})
}

// Reply answers what a receiver asked: the referral waits for it again.
func (c *Client) Reply(ctx context.Context, referral syncproto.RecordID, reply string) error {
	if reply == "" {
		return refusal.New(refusal.Required, "write what was asked for").On("reply")
	}
	return c.move(ctx, referral, schema.ReferralReceived, func(d *store.Draft, _ *records.Row) error {
		return d.Update(schema.Referral, referral, schema.ReferralGroupReply, field(schema.ReferralReply, text(reply)))
	})
}

// move takes a referral from the state it is in here to another, and records what goes
// with that. A referral that is there already is left as it is.
func (c *Client) move(ctx context.Context, referral syncproto.RecordID, state string, with func(*store.Draft, *records.Row) error) error {
	return c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		r, err := d.Get(schema.Referral, referral)
		if err != nil || r == nil {
			return cmp.Or(err, error(store.ErrNoRecord))
		}
		present := r.Of(schema.ReferralState).Text()
		if present == state {
			return nil
		}
		if _, ok := r.Table.Group(schema.ReferralGroupState).Machine.Decide(present, state, present); !ok {
			return refusal.New(refusal.BadStep, "a referral that is %s cannot become %s", present, state).On("state").With("from", present).With("to", state)
		}
		if turn := sideOf(present, state); d.Identity().Site != r.Of(turn).ID() {
			return refusal.New(refusal.OtherDesk, "from %s to %s is a step of the other desk", present, state).On("state")
		}
		if err := d.Update(schema.Referral, referral, schema.ReferralGroupState, field(schema.ReferralState, text(state))); err != nil {
			return err
		}
		return with(d, r)
	})
}

// sideOf is the field with the site whose step it is: the sender takes back, replies and
// closes, all else is the receiver's (domain: referral).
func sideOf(present, state string) syncproto.FieldID {
	if slices.Contains([]string{schema.ReferralWithdrawn, schema.ReferralSeen}, state) || present == schema.ReferralMoreNeeded {
		return schema.ReferralFrom
	}
	return schema.ReferralTo
}
