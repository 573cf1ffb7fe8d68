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

// NewLot is goods that a family gives to be sold at this site: a consignment.
type NewLot struct {
	ID        syncproto.RecordID // as in NewProduct
	Product   syncproto.RecordID
	Family    syncproto.RecordID // zero: the product's
	Quantity  int64
	Fair      syncproto.RecordID // zero: none
	Receiver  string             // who counted it; empty: it was left here and waits to be counted
	Signature syncproto.Root     // of the family; zero: none
}

// Deliver records goods that a family brought. They lie here once somebody has counted them.
func (c *Client) Deliver(ctx context.Context, n NewLot) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, now time.Time, day string) error {
		product, err := known(d, "product", schema.Product, n.Product)
		if err != nil {
			return err
		}
		if n.Family.IsZero() {
			n.Family = product.Of(schema.ProductFamily).ID()
		} else if _, err := known(d, "family", schema.Family, n.Family); err != nil {
			return err
		}
		if n.Family.IsZero() {
			return refusal.New(refusal.Required, "whose goods are they? The product is nobody's").On("family")
		}
		if !n.Fair.IsZero() {
			if _, err := known(d, "fair", schema.Fair, n.Fair); err != nil {
				return err
			}
		}
		signature, err := c.attached(ctx, "signature", schema.LotSignature, n.Signature)
		if err != nil {
			return err
		}
		var fresh bool
		if id, fresh, err = newID(d, schema.Consignment, n.ID, field(schema.LotProduct, syncproto.IDValue(n.Product)), field(schema.LotQuantity, syncproto.IntValue(n.Quantity))); err != nil || !fresh {
			return err
		}
		state := schema.LotDelivered
		if n.Receiver != "" {
			state = schema.LotAtPlace
		}
		if err := d.Create(schema.Consignment, id,
			field(schema.LotFamily, syncproto.IDValue(n.Family)), field(schema.LotProduct, syncproto.IDValue(n.Product)), field(schema.LotQuantity, syncproto.IntValue(n.Quantity)),
			field(schema.LotSite, syncproto.IDValue(d.Identity().Site)), field(schema.LotFair, syncproto.IDValue(n.Fair)), field(schema.LotDay, text(day)),
			field(schema.LotReceiver, text(n.Receiver)), signature, field(schema.LotState, text(state))); err != nil || n.Receiver == "" {
			return err
		}
		lot, err := d.Get(schema.Consignment, id)
		if err != nil {
			return err
		}
		_, _, err = c.moveLot(ctx, d, now, lot, NewMovement{Kind: schema.MoveDelivered, Quantity: n.Quantity, By: n.Receiver})
		return err
	})
	return id, err
}

// Steps of a consignment, by what becomes of it.
const (
	StepReceived = "received" // counted here, whoever brought it
	StepReturned = "returned" // to the family
	StepDamaged  = "damaged"
	StepMoved    = "moved" // to another site, whose it is from then on
	StepSold     = "sold"  // nothing of it is left, and what did not go otherwise was sold
)

var lotSteps = []string{StepReceived, StepReturned, StepDamaged, StepMoved, StepSold}

// LotStep is something that happens to a consignment that lies here.
type LotStep struct {
	ID        syncproto.RecordID // of its movement, as in NewProduct
	Lot       syncproto.RecordID
	Step      string
	Quantity  int64              // pieces; where it was received from the family 0 is all that it brought
	Rest      bool               // nothing of it lies here afterwards: of returned and damaged
	To        syncproto.RecordID // site; of moved
	By        string
	Signature syncproto.Root // of the family
	Reason    string
}

// StepLot records it. Pieces are not held against what is known to lie here: who returns
// them has them in his hands.
func (c *Client) StepLot(ctx context.Context, n LotStep) error {
	return c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		if done, err := n.done(d); done || err != nil {
			return err
		}
		lot, err := d.Get(schema.Consignment, n.Lot)
		if err != nil || lot == nil || lot.Of(schema.LotSite).ID() != d.Identity().Site {
			return cmp.Or(err, error(store.ErrNoRecord))
		}
		present := lot.Of(schema.LotState).Text()
		if present == schema.LotSold && n.Step == StepSold || present == schema.LotAtPlace && n.Step == StepReceived {
			return nil
		}
		to, err := n.state(present)
		if err != nil {
			return err
		}
		if kind := n.kind(present); kind != "" {
			m := NewMovement{ID: n.ID, Kind: kind, Quantity: n.Quantity, To: n.To, By: n.By, Signature: n.Signature, Reason: n.Reason}
			if kind == schema.MoveDelivered && m.Quantity == 0 {
				m.Quantity = lot.Of(schema.LotQuantity).Int()
			}
			if _, _, err := c.moveLot(ctx, d, now, lot, m); err != nil {
				return err
			}
		}
		if to != present {
			if err := d.Update(schema.Consignment, n.Lot, schema.LotGroupState, field(schema.LotState, text(to))); err != nil {
				return err
			}
		}
		if n.Step != StepMoved {
			return nil
		}
		return d.Update(schema.Consignment, n.Lot, schema.LotGroupPlace, field(schema.LotSite, syncproto.IDValue(n.To)), field(schema.LotFair, syncproto.Value{}))
	})
}

// done says whether its movement was recorded before.
func (n *LotStep) done(d *store.Draft) (bool, error) {
	if !slices.Contains(lotSteps, n.Step) {
		return false, refusal.New(refusal.UnknownWord, "a consignment is not %q: say one of %v", n.Step, lotSteps).On("step").With("words", lotSteps)
	}
	if n.ID.IsZero() {
		return false, nil
	}
	have, err := d.Get(schema.StockMovement, n.ID)
	if err == nil && have != nil && have.Of(schema.MoveLot).ID() != n.Lot {
		err = idUsed(n.ID)
	}
	return have != nil, err
}

// state is how far the lot has come with the step, by an arrow of its machine.
func (n *LotStep) state(present string) (string, error) {
	to := map[string]string{StepReceived: schema.LotAtPlace, StepReturned: schema.LotReturned, StepDamaged: schema.LotDamaged, StepMoved: schema.LotMoved, StepSold: schema.LotSold}[n.Step]
	m := schema.Lookup(schema.Consignment).Group(schema.LotGroupState).Machine
	if _, ok := m.Decide(present, to, present); !ok || present == to {
		return "", refusal.New(refusal.BadStep, "a consignment that is %s cannot become %s", present, to).On("step").With("from", present).With("to", to)
	}
	if (n.Step == StepReturned || n.Step == StepDamaged) && !n.Rest && present != schema.LotDelivered {
		return present, nil
	}
	return to, nil
}

// kind is that of the movement which the step is; empty: none.
func (n *LotStep) kind(present string) string {
	switch {
	case n.Step == StepReceived && present == schema.LotDelivered:
		return schema.MoveDelivered
	case n.Step == StepReturned && present != schema.LotDelivered: // never counted here: it never lay here
		return schema.MoveReturned
	case n.Step == StepDamaged:
		return schema.MoveDamaged
	case n.Step == StepMoved:
		return schema.MoveMoved
	}
	return ""
}

// moveLot records a movement of pieces of a lot that is here.
func (c *Client) moveLot(ctx context.Context, d *store.Draft, now time.Time, lot *records.Row, n NewMovement) (syncproto.RecordID, bool, error) {
	m := movement{NewMovement: n, from: d.Identity().Site, family: lot.Of(schema.LotFamily).ID(), lot: lot.ID}
	m.Product, m.Fair = lot.Of(schema.LotProduct).ID(), lot.Of(schema.LotFair).ID()
	if n.Kind == schema.MoveDelivered {
		m.from, m.To = syncproto.RecordID{}, d.Identity().Site
	}
	return c.shift(ctx, d, now, &m)
}
