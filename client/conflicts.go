package client

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/ledger"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Conflicts lists what this device wrote and somebody else wrote too, neither having seen
// the other's value; the newest first.
func (c *Client) Conflicts(ctx context.Context) ([]ledger.Conflict, error) {
	list := []ledger.Conflict{}
	err := c.Store.Read(ctx, func(r *store.Reader) error {
		who, err := ledger.ReadAuthors(r)
		if err != nil {
			return err
		}
		access, err := c.access(r)
		if err != nil {
			return err
		}
		for _, table := range schema.Ledgers {
			if err := r.Each(table, func(row *records.Row) error {
				shown, err := ledger.Of(r, &who, row)
				if err != nil {
					return err
				}
				err = c.here(r, access, row, &shown)
				list = append(list, shown)
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortStableFunc(list, func(a, b ledger.Conflict) int { return slices.Compare(b.ID[:], a.ID[:]) })
	return list, err
}

// here adds what this device may do about a conflict, and what it has done.
func (c *Client) here(r *store.Reader, access *schema.Access, row *records.Row, shown *ledger.Conflict) error {
	t, g := ledger.About(row)
	shown.MaySettle = false
	if t == nil || g == nil {
		return nil
	}
	of, err := r.Get(t.ID, shown.Record)
	if err != nil || of == nil {
		return err
	}
	shown.MaySettle = shown.Settled == nil && access.MayWrite(t, of.Scopes(nil), c.Now().UnixMilli()) == 0
	shown.Takeable = shown.Takeable && shown.MaySettle
	shown.Decided, err = decided(r, row, of, g)
	return err
}

// decided is the side that was taken here and is on its way; "" where none was.
func decided(r *store.Reader, row, of *records.Row, g *schema.Group) (string, error) {
	wrote, err := r.OwnWrite(of, g.ID)
	if err != nil || wrote == nil || !row.Of(schema.ConflictChoice).IsNull() {
		return "", err
	}
	for _, side := range []string{schema.ChoiceWinner, schema.ChoiceLoser} {
		fields, err := ledger.Fields(row, side)
		if err != nil {
			return "", err
		}
		if slices.Equal(fields, wrote) {
			return side, nil
		}
	}
	return "", nil
}

// access is what this device may do, as far as it has heard.
func (c *Client) access(r *store.Reader) (*schema.Access, error) {
	a := &schema.Access{Kind: c.Store.Identity().Kind}
	return a, r.Each(schema.Grant, func(row *records.Row) error {
		a.Permits = append(a.Permits, schema.PermitsOf(row.Values)...)
		return nil
	})
}

// Take says which of two values is right: an ordinary change, by somebody who saw both.
// Taking the same side twice is harmless.
func (c *Client) Take(ctx context.Context, id syncproto.RecordID, side string) error {
	if side != schema.ChoiceWinner && side != schema.ChoiceLoser {
		return refusal.New(refusal.UnknownWord, "side %q is none of winner, loser", side).On("side").With("words", []string{schema.ChoiceWinner, schema.ChoiceLoser})
	}
	return c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		row, err := conflictRow(d, id)
		if err != nil {
			return err
		}
		if choice := row.Of(schema.ConflictChoice).Text(); choice == side {
			return nil
		} else if choice != "" {
			return refusal.New(refusal.Settled, "it is settled already: %s", choice).With("state", choice)
		}
		return c.take(d, row, side, now)
	})
}

func conflictRow(d *store.Draft, id syncproto.RecordID) (*records.Row, error) {
	for _, table := range schema.Ledgers {
		if row, err := d.Get(table, id); err != nil || row != nil {
			return row, err
		}
	}
	return nil, store.ErrNoRecord
}

func (c *Client) take(d *store.Draft, row *records.Row, side string, now time.Time) error {
	t, g := ledger.About(row)
	fields, err := ledger.Fields(row, side)
	if t == nil || g == nil || err != nil {
		return err
	}
	of, err := d.Get(t.ID, row.Of(schema.ConflictRecord).ID())
	if err != nil {
		return err
	}
	if of == nil {
		return store.ErrNoRecord
	}
	access, err := c.access(d.Reader())
	if err != nil {
		return err
	}
	if access.MayWrite(t, of.Scopes(nil), now.UnixMilli()) != 0 {
		return refusal.New(refusal.NotAllowed, "this device may not write a %s: ask head office", t.Name)
	}
	if taken, err := decided(d.Reader(), row, of, g); err != nil || taken == side {
		return err
	}
	if side == schema.ChoiceLoser && !ledger.Takeable(row, of) {
		return refusal.New(refusal.FirstStands, "the rules of %s let that value not be written any more", t.Name).On("side")
	}
	return d.Update(t.ID, of.ID, g.ID, fields...)
}

func (c *Client) apiConflicts(w http.ResponseWriter, r *http.Request) {
	list, err := c.Conflicts(r.Context())
	localapi.Answer(w, list, err)
}

// takeRequest is the body of its route.
type takeRequest struct {
	Side string `json:"side"` // winner or loser
}

func (c *Client) apiTake(w http.ResponseWriter, r *http.Request) {
	var q takeRequest
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = c.Take(r.Context(), id, q.Side)
	}
	localapi.Answer(w, madeAnswer{id}, err)
}
