package client

import (
	"cmp"
	"context"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// What a branch records of its members (R1): one function and one transaction each. What
// of it makes somebody eligible is computed, never recorded.

// ours reads a person of this site: what eligibility asks for is recorded at home alone.
func ours(d *store.Draft, id syncproto.RecordID) (*records.Row, error) {
	p, err := d.Get(schema.Person, id)
	switch {
	case err != nil:
		return nil, err
	case p == nil:
		return nil, reference("person", id)
	case p.Of(schema.PersonSite).ID() != d.Identity().Site:
		return nil, refusal.New(refusal.NotAllowed, "person %v belongs to another branch: it is recorded there", id).On("person")
	}
	return p, nil
}

// Apply records that a person applies for membership, in a family or not yet in one. For
// somebody who is a member already it sets the family; one who was ended applies anew.
func (c *Client) Apply(ctx context.Context, person, family syncproto.RecordID) error {
	return c.record(ctx, func(d *store.Draft, _ time.Time, day string) error {
		if _, err := ours(d, person); err != nil {
			return err
		}
		in := field(schema.MembershipFamily, syncproto.Value{})
		if !family.IsZero() {
			if f, err := d.Get(schema.Family, family); err != nil || f == nil {
				return cmp.Or(err, reference("family", family))
			}
			in.Value = syncproto.IDValue(family)
		}
		id := schema.MembershipID(person)
		have, err := d.Get(schema.Membership, id)
		if err != nil {
			return err
		}
		if have == nil {
			return d.Create(schema.Membership, id, in,
				field(schema.MembershipSite, syncproto.IDValue(d.Identity().Site)), field(schema.MembershipPerson, syncproto.IDValue(person)),
				field(schema.MembershipSince, text(day)), field(schema.MembershipState, text(schema.MemberApplied)))
		}
		if have.Of(schema.MembershipState).Text() == schema.MemberEnded {
			if err := d.Update(schema.Membership, id, schema.MembershipGroupState, field(schema.MembershipState, text(schema.MemberApplied))); err != nil {
				return err
			}
			if err := d.Update(schema.Membership, id, schema.MembershipGroupSince, field(schema.MembershipSince, text(day))); err != nil {
				return err
			}
		}
		if have.Of(schema.MembershipFamily) == in.Value {
			return nil
		}
		return d.Update(schema.Membership, id, schema.MembershipGroupFamily, in)
	})
}

// EndMembership ends a person's membership for a reason: left, independent or removed. Of
// one whose records were merged all memberships end.
func (c *Client) EndMembership(ctx context.Context, person syncproto.RecordID, reason, note string) error {
	if reason == "" {
		return refusal.New(refusal.Required, "say why the membership ends").On("reason")
	}
	return c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		records, err := members.Records(d.Reader(), person)
		if err != nil {
			return err
		}
		none := true
		for _, id := range records {
			have, err := d.Get(schema.Membership, schema.MembershipID(id))
			if err != nil {
				return err
			}
			if have == nil {
				continue
			}
			none = false
			if err := end(d, have, reason, note); err != nil {
				return err
			}
		}
		if none {
			return store.ErrNoRecord
		}
		return nil
	})
}

func end(d *store.Draft, have *records.Row, reason, note string) error {
	why := []store.Field{field(schema.MembershipReason, text(reason)), field(schema.MembershipNote, text(note))}
	if !says(have, why) {
		if err := refusal.Renamed(d.Update(schema.Membership, have.ID, schema.MembershipGroupReason, why...), map[string]string{"ended_reason": "reason"}); err != nil {
			return err
		}
	}
	if have.Of(schema.MembershipState).Text() == schema.MemberEnded {
		return nil
	}
	return d.Update(schema.Membership, have.ID, schema.MembershipGroupState, field(schema.MembershipState, text(schema.MemberEnded)))
}

// NewGround is why somebody may be a member at all, from a day to a day.
type NewGround struct {
	ID          syncproto.RecordID // as in NewProduct
	Person      syncproto.RecordID
	Kind        string             // schema.GroundBeneficiary or schema.GroundDependant
	DependantOf syncproto.RecordID // person; zero: nobody who is recorded
	From, To    string             // days; To empty: no end known
	ConfirmedBy string             // empty: nobody has
}

// AddGround records a ground, confirmed today where somebody confirms it.
func (c *Client) AddGround(ctx context.Context, n NewGround) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, _ time.Time, day string) error {
		if _, err := ours(d, n.Person); err != nil {
			return err
		}
		var fresh bool
		if id, fresh, err = newID(d, schema.Ground, n.ID, field(schema.GroundPerson, syncproto.IDValue(n.Person))); err != nil || !fresh {
			return err
		}
		fields := []store.Field{
			field(schema.GroundSite, syncproto.IDValue(d.Identity().Site)), field(schema.GroundPerson, syncproto.IDValue(n.Person)),
			field(schema.GroundKind, text(n.Kind)), field(schema.GroundFrom, text(n.From)), field(schema.GroundTo, text(n.To)),
		}
		if !n.DependantOf.IsZero() {
			if p, err := d.Get(schema.Person, n.DependantOf); err != nil || p == nil {
				return cmp.Or(err, reference("dependant_of", n.DependantOf))
			}
			fields = append(fields, field(schema.GroundDependantOf, syncproto.IDValue(n.DependantOf)))
		}
		if n.ConfirmedBy != "" {
			fields = append(fields, field(schema.GroundConfirmedBy, text(n.ConfirmedBy)), field(schema.GroundConfirmedOn, text(day)))
		}
		return refusal.Renamed(d.Create(schema.Ground, id, fields...), groundNames)
	})
	return id, err
}

var groundNames = map[string]string{"from_day": "from", "to_day": "to"}

// SetGroundDates changes when a ground begins and ends.
func (c *Client) SetGroundDates(ctx context.Context, id syncproto.RecordID, from, to string) error {
	return c.set(ctx, schema.Ground, id, schema.GroundGroupDates, groundNames, field(schema.GroundFrom, text(from)), field(schema.GroundTo, text(to)))
}

// VoidRecord takes back a ground or a paper that was recorded by mistake.
func (c *Client) VoidRecord(ctx context.Context, table syncproto.TableID, id syncproto.RecordID) error {
	return c.set(ctx, table, id, schema.GroupVoided, nil, field(schema.Voided, syncproto.BoolValue(true)))
}

// set gives a group of a record other values; nothing where it has them.
func (c *Client) set(ctx context.Context, table syncproto.TableID, id syncproto.RecordID, group syncproto.GroupID, names map[string]string, fields ...store.Field) error {
	return c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		have, err := d.Get(table, id)
		if err != nil || have == nil {
			return cmp.Or(err, error(store.ErrNoRecord))
		}
		if says(have, fields) {
			return nil
		}
		return refusal.Renamed(d.Update(table, id, group, fields...), names)
	})
}
