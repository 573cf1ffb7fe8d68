package client

import (
	"context"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// MergePersons says that two records are one person, which is read as as from now on.
// Nothing is moved, so PartPerson undoes it.
func (c *Client) MergePersons(ctx context.Context, n members.NewMerge) (as syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		id, who, fields, err := n.Fields(d.Reader(), now.UnixMilli())
		if as = who; err != nil || fields == nil {
			return err
		}
		have, err := d.Get(schema.PersonAlias, id)
		if err != nil {
			return err
		}
		if have == nil {
			return d.Create(schema.PersonAlias, id, fields...)
		}
		if sites := fields[1:3]; !says(have, sites) {
			if err := d.Update(schema.PersonAlias, id, schema.AliasGroupSites, sites...); err != nil {
				return err
			}
		}
		return d.Update(schema.PersonAlias, id, schema.AliasGroupOf, fields[3:]...)
	})
	return as, err
}

// PartPerson undoes the merges by which a record of a person is read as another: it stands
// by itself again, with what was merged into it.
func (c *Client) PartPerson(ctx context.Context, person syncproto.RecordID, by string) error {
	if by == "" {
		return refusal.New(refusal.Required, "say who undoes it").On("by")
	}
	return c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		list, err := members.Parting(d.Reader(), person)
		if err != nil {
			return err
		}
		for _, id := range list {
			if err := d.Update(schema.PersonAlias, id, schema.AliasGroupOf, members.Parted(by, now.UnixMilli())...); err != nil {
				return err
			}
		}
		return nil
	})
}

// LikelyPersons lists who is likely the same as a person of this site, by what is here.
func (c *Client) LikelyPersons(ctx context.Context, id syncproto.RecordID) (list []members.Likely, err error) {
	err = c.Store.Read(ctx, func(r *store.Reader) error {
		person, err := r.Get(schema.Person, id)
		if err != nil || person == nil {
			return err
		}
		aliases, err := members.Aliases(r)
		if err != nil {
			return err
		}
		others := map[syncproto.RecordID]*records.Row{}
		for _, key := range rules.Keys(person.Of(schema.PersonName).Text(), person.Of(schema.PersonCard).Text()) {
			var some []*records.Row
			if err := r.Search(schema.Person, key, rules.MaxBucket+1, func(row *records.Row) error {
				some = append(some, row)
				return nil
			}); err != nil {
				return err
			}
			if len(some) > rules.MaxBucket {
				continue
			}
			for _, row := range some {
				others[row.ID] = row
			}
		}
		list = members.LikelyOf(aliases, person, others)
		return nil
	})
	return list, err
}
