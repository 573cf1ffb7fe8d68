package client

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewMovement is goods of this site that went, or were counted. What came stands in a
// consignment (Deliver).
type NewMovement struct {
	ID        syncproto.RecordID // as in NewProduct
	Kind      string             // moved, returned, damaged, sample, written_off or counted
	Product   syncproto.RecordID
	Quantity  int64
	To        syncproto.RecordID // site; of moved alone
	Fair      syncproto.RecordID // zero: none
	By        string
	Signature syncproto.Root // of the family; zero: none
	Reason    string
}

// kindsMoved are the kinds that need no consignment.
var kindsMoved = []string{schema.MoveMoved, schema.MoveReturned, schema.MoveDamaged, schema.MoveSample, schema.MoveWritten, schema.MoveCounted}

// Move records a movement of goods. None is refused for what is known of the shelf: who
// moves them has them in his hands (R13).
func (c *Client) Move(ctx context.Context, n NewMovement) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		if !slices.Contains(kindsMoved, n.Kind) {
			return refusal.New(refusal.UnknownWord, "goods are not %q: say one of %v", n.Kind, kindsMoved).On("kind").With("words", kindsMoved)
		}
		product, err := known(d, "product", schema.Product, n.Product)
		if err != nil {
			return err
		}
		m := movement{NewMovement: n, from: d.Identity().Site, family: product.Of(schema.ProductFamily).ID()}
		id, _, err = c.shift(ctx, d, now, &m)
		return err
	})
	return id, err
}

// movement is one as it is recorded.
type movement struct {
	NewMovement
	from   syncproto.RecordID // site; zero: from the family
	family syncproto.RecordID
	lot    syncproto.RecordID
}

// shift records a movement; fresh is false where it had been recorded before.
func (c *Client) shift(ctx context.Context, d *store.Draft, now time.Time, m *movement) (id syncproto.RecordID, fresh bool, err error) {
	if !m.To.IsZero() && m.To != d.Identity().Site {
		if _, err = known(d, "to", schema.Site, m.To); err != nil {
			return id, false, err
		}
	}
	if !m.Fair.IsZero() {
		if _, err = known(d, "fair", schema.Fair, m.Fair); err != nil {
			return id, false, err
		}
	}
	signature, err := c.attached(ctx, "signature", schema.MoveSignature, m.Signature)
	if err != nil {
		return id, false, err
	}
	if id, fresh, err = newID(d, schema.StockMovement, m.ID, field(schema.MoveKind, text(m.Kind)), field(schema.MoveProduct, syncproto.IDValue(m.Product)),
		field(schema.MoveQuantity, syncproto.IntValue(m.Quantity))); err != nil || !fresh {
		return id, fresh, err
	}
	return id, true, refusal.Renamed(d.Create(schema.StockMovement, id,
		field(schema.MoveKind, text(m.Kind)), field(schema.MoveFamily, syncproto.IDValue(m.family)), field(schema.MoveProduct, syncproto.IDValue(m.Product)),
		field(schema.MoveQuantity, syncproto.IntValue(m.Quantity)), field(schema.MoveFrom, syncproto.IDValue(m.from)), field(schema.MoveTo, syncproto.IDValue(m.To)),
		field(schema.MoveFair, syncproto.IDValue(m.Fair)), field(schema.MoveAt, syncproto.IntValue(now.UnixMilli())), field(schema.MoveBy, text(m.By)),
		field(schema.MoveLot, syncproto.IDValue(m.lot)), signature, field(schema.MoveReason, text(m.Reason))), map[string]string{"to_site": "to"})
}

// VoidMovement takes back a movement that was recorded by mistake. Doing it twice is
// harmless.
func (c *Client) VoidMovement(ctx context.Context, id syncproto.RecordID) error {
	return c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		have, err := d.Get(schema.StockMovement, id)
		if err != nil || have == nil {
			return cmp.Or(err, error(store.ErrNoRecord))
		}
		if have.Of(schema.Voided).Bool() {
			return nil
		}
		return d.Update(schema.StockMovement, id, schema.MoveGroupVoided, field(schema.Voided, syncproto.BoolValue(true)))
	})
}
