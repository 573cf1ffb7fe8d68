package client

import (
	"context"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// AssignOwner says whose a line was that was sold without an owner, and by whom that is
// known. What was given back of it was the same family's. The line stays as it was sold, and
// where a statement that is here has it, with who that says.
func (c *Client) AssignOwner(ctx context.Context, line, family syncproto.RecordID, by string) error {
	return c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		row, err := d.Get(schema.SaleLine, line)
		if err != nil {
			return err
		}
		if row == nil {
			return store.ErrNoRecord
		}
		if !row.Of(schema.LineFamily).IsNull() {
			return refusal.New(refusal.OwnerKnown, "this line was sold as a family's: take its sale back, and sell again")
		}
		if have, err := d.Get(schema.Family, family); err != nil || have == nil {
			if err == nil {
				err = reference("family", family)
			}
			return err
		}
		if err := assign(d, row, family, by, now); err != nil {
			return err
		}
		return d.Reader().RefundsOf(line, func(back *records.Row) error { return assign(d, back, family, by, now) })
	})
}

func assign(d *store.Draft, line *records.Row, family syncproto.RecordID, by string, now time.Time) error {
	id := schema.LineOwnerID(line.ID)
	owner := []store.Field{field(schema.OwnerFamily, syncproto.IDValue(family)), field(schema.OwnerBy, text(by)), field(schema.OwnerAt, syncproto.IntValue(now.UnixMilli()))}
	have, err := d.Get(schema.LineOwner, id)
	switch {
	case err != nil:
		return err
	case have == nil:
		return d.Create(schema.LineOwner, id, append(owner,
			field(schema.OwnerLine, syncproto.IDValue(line.ID)), field(schema.OwnerSite, line.Of(schema.LineSite)), field(schema.OwnerFair, line.Of(schema.LineFair)))...)
	case have.Of(schema.OwnerFamily).ID() == family:
		return nil
	}
	if err := settle.Free(d.Reader(), schema.StatementLineID(line.ID, schema.SettledSale)); err != nil {
		return err
	}
	return d.Update(schema.LineOwner, id, schema.OwnerGroupFamily, owner...)
}

// ownerOf is whose a line was; zero while it is to be assigned.
func ownerOf(r *store.Reader, line *records.Row) (syncproto.RecordID, error) {
	family := line.Of(schema.LineFamily).ID()
	if !family.IsZero() {
		return family, nil
	}
	owner, err := r.Get(schema.LineOwner, schema.LineOwnerID(line.ID))
	if err != nil || owner == nil {
		return family, err
	}
	return rules.OwnerOf(family, owner.Of(schema.OwnerFamily).ID()), nil
}
