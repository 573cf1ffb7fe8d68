package client

import (
	"context"
	"slices"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewCoordination says who agreed with whom that a fair is held on somebody else's
// premises, or run by others (R8).
type NewCoordination struct {
	ID     syncproto.RecordID // as in NewProduct
	Fair   syncproto.RecordID
	With   string
	By     string
	On     rules.Day
	Letter syncproto.Root // zero: none
	Note   string
}

// Coordinate records what this branch agreed about a fair.
func (c *Client) Coordinate(ctx context.Context, n NewCoordination) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		if _, err := known(d, "fair", schema.Fair, n.Fair); err != nil {
			return err
		}
		var fresh bool
		if id, fresh, err = newID(d, schema.Coordination, n.ID, field(schema.CoordinationFair, syncproto.IDValue(n.Fair))); err != nil || !fresh {
			return err
		}
		letter, err := c.attached(ctx, "letter", schema.CoordinationLetter, n.Letter)
		if err != nil {
			return err
		}
		return d.Create(schema.Coordination, id, field(schema.CoordinationFair, syncproto.IDValue(n.Fair)), field(schema.CoordinationSite, syncproto.IDValue(d.Identity().Site)),
			field(schema.CoordinationWith, text(n.With)), field(schema.CoordinationBy, text(n.By)), field(schema.CoordinationOn, text(n.On)),
			letter, field(schema.CoordinationNote, text(n.Note)))
	})
	return id, err
}

// known is a record that a request names in a field.
func known(d *store.Draft, name string, table syncproto.TableID, id syncproto.RecordID) (*records.Row, error) {
	row, err := d.Get(table, id)
	if err == nil && row == nil {
		err = reference(name, id)
	}
	return row, err
}

// NewParticipation registers a family for a fair, or says how far it has come there.
type NewParticipation struct {
	Fair   syncproto.RecordID
	Family syncproto.RecordID
	State  string // applied where empty
	Stall  string // number of its stall; empty: as it was
	Reason string // of a decline or a withdrawal
}

// Registered is how a registration fits the family's eligibility (R6).
type Registered struct {
	ID      syncproto.RecordID
	Already bool        // somebody had registered it before
	Blocked []rules.Day // days on which its card is red, as it is known here: it needs a supervisor then
}

// Participate registers a family for a fair, once (R7), or moves its participation on. Who
// accepts it is told of the days on which it may not come; nothing is refused for them.
func (c *Client) Participate(ctx context.Context, n NewParticipation) (done Registered, err error) {
	done.ID = schema.ParticipationID(n.Fair, n.Family)
	err = c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		fair, err := known(d, "fair", schema.Fair, n.Fair)
		if err != nil {
			return err
		}
		if _, err := known(d, "family", schema.Family, n.Family); err != nil {
			return err
		}
		if done.Blocked, err = blocked(d, fair, n.Family); err != nil {
			return err
		}
		have, err := d.Get(schema.Participation, done.ID)
		if err != nil {
			return err
		}
		if done.Already = have != nil; !done.Already {
			return register(d, &n, now)
		}
		return move(d, have, &n)
	})
	return done, err
}

// register makes a participation by the arrows that lead to the state.
func register(d *store.Draft, n *NewParticipation, now time.Time) error {
	id, state := schema.ParticipationID(n.Fair, n.Family), n.State
	m := schema.Lookup(schema.Participation).Group(schema.PartGroupState).Machine
	first := state
	if !slices.Contains(m.Initial, first) {
		first = schema.ParticipationApplied
	}
	if err := d.Create(schema.Participation, id, field(schema.PartFair, syncproto.IDValue(n.Fair)), field(schema.PartFamily, syncproto.IDValue(n.Family)),
		field(schema.PartState, text(first)), field(schema.PartStall, text(n.Stall)),
		field(schema.PartSite, syncproto.IDValue(d.Identity().Site)), field(schema.PartAt, syncproto.IntValue(now.UnixMilli()))); err != nil {
		return err
	}
	made, err := d.Get(schema.Participation, id)
	if err != nil || state == "" || state == first {
		return err
	}
	return stepped(d, made, state, n.Reason)
}

// move writes what differs of a participation that is there.
func move(d *store.Draft, have *records.Row, n *NewParticipation) error {
	if n.Stall != "" && n.Stall != have.Of(schema.PartStall).Text() {
		if err := d.Update(schema.Participation, have.ID, schema.PartGroupStall, field(schema.PartStall, text(n.Stall))); err != nil {
			return err
		}
	}
	m := schema.Lookup(schema.Participation).Group(schema.PartGroupState).Machine
	present := have.Of(schema.PartState).Text()
	if n.State == "" || n.State == present || slices.Contains(m.Initial, n.State) {
		return nil // registered before: how far it has come since stays
	}
	return stepped(d, have, n.State, n.Reason)
}

// stepped moves a participation by an arrow of its machine.
func stepped(d *store.Draft, have *records.Row, state, reason string) error {
	present := have.Of(schema.PartState).Text()
	m := schema.Lookup(schema.Participation).Group(schema.PartGroupState).Machine
	if _, ok := m.Decide(present, state, present); !ok {
		return refusal.New(refusal.BadStep, "a participation that is %s cannot become %s", present, state).On("state").With("from", present).With("to", state)
	}
	if err := d.Update(schema.Participation, have.ID, schema.PartGroupState, field(schema.PartState, text(state))); err != nil || reason == "" {
		return err
	}
	return d.Update(schema.Participation, have.ID, schema.PartGroupReason, field(schema.PartReason, text(reason)))
}

// blocked lists the days of a fair on which a family's card is red, as it is known here.
func blocked(d *store.Draft, fair *records.Row, family syncproto.RecordID) ([]rules.Day, error) {
	state, until, err := standing(d, family, fair.ID)
	if err != nil {
		return nil, err
	}
	plan, err := d.Get(schema.FairPlan, fair.ID)
	if err != nil {
		return nil, err
	}
	of := rules.FairOf{StartsOn: fair.Of(schema.FairStartsOn).Text(), EndsOn: fair.Of(schema.FairEndsOn).Text()}
	return of.Accept(state, until, plan != nil && plan.Of(schema.PlanProvisional).Bool()).Blocked, nil
}

// getter reads records, drafted or not.
type getter interface {
	Get(syncproto.TableID, syncproto.RecordID) (*records.Row, error)
}

// standing is what is known here of a family's eligibility: as the stalls of the fair have
// it, else as its branch does.
func standing(r getter, family, fair syncproto.RecordID) (state string, until rules.Day, err error) {
	for _, id := range []syncproto.RecordID{schema.StandingID(family, fair), schema.StandingID(family, syncproto.RecordID{})} {
		row, err := r.Get(schema.Standing, id)
		if err != nil {
			return "", "", err
		}
		if row != nil {
			return row.Of(schema.StandingState).Text(), row.Of(schema.StandingEligibleUntil).Text(), nil
		}
	}
	return "", "", nil
}
