package client

import (
	"cmp"
	"context"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// What a branch does about what its families are owed. Statements are head office's.

// Statements are those that this branch pays, of a family or of all where it is zero, the
// newest first, without their lines.
func (c *Client) Statements(ctx context.Context, family syncproto.RecordID) (list []settle.Statement, err error) {
	return list, c.Store.Read(ctx, func(r *store.Reader) error {
		list, err = settle.Statements(r, false, func(row *records.Row) bool { return family.IsZero() || row.Of(schema.StatementFamily).ID() == family })
		return err
	})
}

// Statement is one with all its lines.
func (c *Client) Statement(ctx context.Context, id syncproto.RecordID) (one settle.Statement, err error) {
	return one, c.Store.Read(ctx, func(r *store.Reader) error {
		one, err = statementOf(r, id)
		return err
	})
}

func statementOf(r settle.Reader, id syncproto.RecordID) (settle.Statement, error) {
	list, err := settle.Statements(r, true, func(row *records.Row) bool { return row.ID == id })
	if err == nil && len(list) == 0 {
		err = store.ErrNoRecord
	}
	if err != nil {
		return settle.Statement{}, err
	}
	return list[0], nil
}

// NewPayout is what is handed over for a statement.
type NewPayout struct {
	Statement syncproto.RecordID
	Method    string         // cash, transfer or voucher; cash where empty
	By        string         // who hands it over
	Signature syncproto.Root // of who received it: of what is handed over by hand
}

// Pay records that a statement was paid, all of it, with a receipt of this device. Asked
// again it gives the same receipt: a statement is paid once.
func (c *Client) Pay(ctx context.Context, n NewPayout) (receipt string, err error) {
	n.Method = cmp.Or(n.Method, "cash")
	switch {
	case n.By == "":
		return "", refusal.New(refusal.Required, "say who hands it over").On("by")
	case n.Signature.IsZero() && n.Method != "transfer":
		return "", refusal.New(refusal.Required, "who received it signs").On("signature")
	}
	err = c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		s, err := statementOf(d.Reader(), n.Statement)
		if err != nil {
			return err
		}
		if s.ApprovedAt == 0 {
			return refusal.New(refusal.BadStep, "the statement is not approved").On("statement").With("from", schema.StatementDraft).With("to", schema.PayoutPaid)
		}
		signature, err := c.attached(ctx, "signature", schema.PayoutSignature, n.Signature)
		if err != nil {
			return err
		}
		id := schema.PayoutID(n.Statement)
		have, err := d.Get(schema.Payout, id)
		switch {
		case err != nil:
			return err
		case have != nil && !have.Of(schema.PayoutPaidAt).IsNull():
			receipt = have.Of(schema.PayoutReceiptNo).Text()
			if have.Of(schema.PayoutMethod).Text() != n.Method || have.Of(schema.PayoutBy).Text() != n.By || have.Of(schema.PayoutSignature) != signature.Value {
				return refusal.New(refusal.AlreadyPaid, "this statement was paid with receipt %s", receipt).With("receipt_no", receipt)
			}
			return nil
		}
		// A number of its own, whatever becomes of the record here or of the statement there.
		receipt = d.Identity().Prefix + "-" + s.Number + "-" + n.Statement.Letters()
		paid := []store.Field{
			field(schema.PayoutPaidAt, syncproto.IntValue(now.UnixMilli())), field(schema.PayoutAmount, syncproto.IntValue(s.NetMinor)), field(schema.PayoutCurrency, text(s.Currency)),
			field(schema.PayoutMethod, text(n.Method)), field(schema.PayoutReceiptNo, text(receipt)), field(schema.PayoutBy, text(n.By)),
		}
		if have == nil {
			return d.Create(schema.Payout, id, append(paid, signature, field(schema.PayoutStatement, syncproto.IDValue(n.Statement)),
				field(schema.PayoutBranch, syncproto.IDValue(s.Branch)), field(schema.PayoutState, text(schema.PayoutPaid)))...)
		}
		if err := d.Update(schema.Payout, id, schema.PayoutGroupPaid, paid...); err != nil {
			return err
		}
		if !n.Signature.IsZero() {
			if err := d.Update(schema.Payout, id, schema.PayoutGroupSignature, signature); err != nil {
				return err
			}
		}
		return d.Update(schema.Payout, id, schema.PayoutGroupState, field(schema.PayoutState, text(schema.PayoutPaid)))
	})
	return receipt, err
}

// Dispute records what a family says against a statement, paid or not. Head office answers
// with an adjustment.
func (c *Client) Dispute(ctx context.Context, statement syncproto.RecordID, says string) error {
	if says == "" {
		return refusal.New(refusal.Required, "what does the family say?").On("dispute")
	}
	return c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		of, err := d.Get(schema.Statement, statement)
		if err != nil || of == nil {
			return cmp.Or(err, error(store.ErrNoRecord))
		}
		id := schema.PayoutID(statement)
		have, err := d.Get(schema.Payout, id)
		if err != nil {
			return err
		}
		if have == nil {
			return d.Create(schema.Payout, id, field(schema.PayoutStatement, syncproto.IDValue(statement)), field(schema.PayoutBranch, of.Of(schema.StatementBranch)),
				field(schema.PayoutState, text(schema.PayoutDisputed)), field(schema.PayoutDispute, text(says)))
		}
		if have.Of(schema.PayoutDispute).Text() != says {
			if err := d.Update(schema.Payout, id, schema.PayoutGroupDispute, field(schema.PayoutDispute, text(says))); err != nil {
				return err
			}
		}
		if have.Of(schema.PayoutState).Text() == schema.PayoutDisputed {
			return nil
		}
		return d.Update(schema.Payout, id, schema.PayoutGroupState, field(schema.PayoutState, text(schema.PayoutDisputed)))
	})
}
