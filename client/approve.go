package client

import (
	"context"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Approving a till: somebody signs what it was closed with, two do where the difference is
// over the limit, and what comes late is signed as an addendum beside it (R15).

// NewApproval is who signs a till.
type NewApproval struct {
	Till   syncproto.RecordID
	By     string
	Second string // where a difference is over the limit
	Reason string
}

// Sheet is a till from its opening to its approval.
func (c *Client) Sheet(ctx context.Context, till syncproto.RecordID) (s closing.Sheet, err error) {
	err = c.Store.Read(ctx, func(r *store.Reader) error {
		s, err = r.Sheet(till)
		return err
	})
	return s, err
}

// ApproveTill signs what waits to be signed of a till that is closed.
func (c *Client) ApproveTill(ctx context.Context, n NewApproval) error {
	return c.recordThen(ctx, 0, nil, func(w *store.Writer, zone int) error {
		s, err := w.Reader().Sheet(n.Till)
		if err != nil {
			return err
		}
		kinds, err := n.kinds(&s)
		if err != nil {
			return err
		}
		tx := func(f func(*store.Draft) error) error { return w.Transaction(syncproto.RecordID{}, zone, f) }
		for _, k := range kinds {
			if err := tx(func(d *store.Draft) error { return c.approve(d, &n, &s, k) }); err != nil {
				return err
			}
		}
		return moveSheet(tx, &s, kinds)
	})
}

// kinds are what there is to sign.
func (n *NewApproval) kinds(s *closing.Sheet) (kinds []string, err error) {
	if s.ClosedAt == nil {
		return nil, refusal.New(refusal.TillOpen, "the till is open: close it first")
	}
	if s.ToAssign > 0 {
		return nil, refusal.New(refusal.LinesToAssign, "%d lines have no owner: say whose they were", s.ToAssign).With("count", s.ToAssign)
	}
	if s.NeedsHost {
		return nil, refusal.New(refusal.HostUnknown, "nobody has said which body hosts this food event")
	}
	switch {
	case s.Signed():
	case !s.NeedsSecond:
		kinds = append(kinds, closing.ApproveCount)
	case n.Second == "" || schema.Fold(n.Second) == schema.Fold(n.By) || n.Reason == "":
		return nil, refusal.New(refusal.NeedsSecond, "the difference is %d, over the limit of %d: a second person signs, with a reason", *s.VarianceMinor, s.LimitMinor).
			On("second").With("variance_minor", *s.VarianceMinor).With("limit_minor", s.LimitMinor)
	default:
		kinds = append(kinds, closing.ApproveVariance)
	}
	if s.Unsigned != 0 {
		kinds = append(kinds, closing.ApproveLate)
	}
	if len(kinds) == 0 {
		return nil, refusal.New(refusal.NothingToSign, "it is signed, and nothing came since")
	}
	return kinds, nil
}

func (c *Client) approve(d *store.Draft, n *NewApproval, s *closing.Sheet, kind string) error {
	id, err := d.NewID()
	if err != nil {
		return err
	}
	amount := *s.VarianceMinor
	if kind == closing.ApproveLate {
		amount = s.Unsigned
	}
	var fair syncproto.Value
	if s.Fair != nil {
		fair = syncproto.IDValue(*s.Fair)
	}
	return d.Create(schema.TillApproval, id,
		field(schema.ApprovalTill, syncproto.IDValue(s.Till)), field(schema.ApprovalSite, syncproto.IDValue(s.Site)), field(schema.ApprovalFair, fair),
		field(schema.ApprovalKind, text(kind)), field(schema.ApprovalAmount, syncproto.IntValue(amount)), field(schema.ApprovalCurrency, text(s.Currency)),
		field(schema.ApprovalBy, text(n.By)), field(schema.ApprovalSecond, text(n.Second)), field(schema.ApprovalReason, text(n.Reason)),
		field(schema.ApprovalAt, syncproto.IntValue(c.Now().UnixMilli())))
}

// moveSheet moves the till's state to approved by the steps that it took. Each is a
// transaction: the next one leaves the state that it made.
func moveSheet(tx func(func(*store.Draft) error) error, s *closing.Sheet, kinds []string) error {
	steps := []string{schema.TillOpened, schema.TillBack, schema.TillCounting, schema.TillClosed} // back: head office had declared the device lost
	for _, k := range kinds {
		switch k {
		case closing.ApproveVariance:
			steps = append(steps, schema.TillVariance)
		case closing.ApproveLate:
			steps = append(steps, schema.TillLate)
		}
	}
	for _, to := range append(steps, schema.TillApproved) {
		if err := tx(func(d *store.Draft) error { return stepSheet(d, s, to) }); err != nil {
			return err
		}
	}
	return nil
}

// stepSheet makes the sheet, or moves it one step on where there is such a step from where
// it stands.
func stepSheet(d *store.Draft, s *closing.Sheet, to string) error {
	have, err := d.Get(schema.TillSheet, s.Till)
	if err != nil {
		return err
	}
	if have != nil {
		from := have.Of(schema.SheetState).Text()
		if from == to || from == schema.TillApproved && to != schema.TillLate || !schema.TillMayGo(from, to) {
			return nil
		}
		return d.Update(schema.TillSheet, s.Till, schema.SheetGroupState, field(schema.SheetState, text(to)))
	}
	var fair syncproto.Value
	if s.Fair != nil {
		fair = syncproto.IDValue(*s.Fair)
	}
	return d.Create(schema.TillSheet, s.Till, field(schema.SheetSite, syncproto.IDValue(s.Site)), field(schema.SheetFair, fair), field(schema.SheetState, text(schema.TillOpened)))
}
