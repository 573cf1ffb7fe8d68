package server

import (
	"cmp"
	"context"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Statements are those of a family, or of all where it is zero, the newest first, without
// their lines.
func (s *Server) Statements(ctx context.Context, family syncproto.RecordID) (list []settle.Statement, err error) {
	return list, s.State.Read(ctx, func(r *state.Reader) error {
		list, err = settle.Statements(r, false, func(row *records.Row) bool { return family.IsZero() || row.Of(schema.StatementFamily).ID() == family })
		return err
	})
}

// Statement is one with all its lines.
func (s *Server) Statement(ctx context.Context, id syncproto.RecordID) (one settle.Statement, err error) {
	return one, s.State.Read(ctx, func(r *state.Reader) error {
		list, err := settle.Statements(r, true, func(row *records.Row) bool { return row.ID == id })
		if err == nil && len(list) == 0 {
			return refusal.New(refusal.NoRecord, "there is no statement %v", id)
		}
		if err == nil {
			one = list[0]
		}
		return err
	})
}

// NewAdjustment is money that is given to a family or taken from it, with a reason; it is in
// the next statement.
type NewAdjustment struct {
	ID          *syncproto.RecordID `json:"id"` // as in PlanFair
	Family      syncproto.RecordID  `json:"family"`
	Branch      *syncproto.RecordID `json:"branch"` // null: that of the family
	AmountMinor int64               `json:"amount_minor"`
	Currency    string              `json:"currency"`
	Reason      string              `json:"reason"`
	By          string              `json:"by"`
	OnDay       string              `json:"on_day"`    // empty: today at the branch
	Statement   *syncproto.RecordID `json:"statement"` // that was disputed
}

// Adjust records an adjustment. That of a statement whose payout is disputed answers it.
func (s *Server) Adjust(ctx context.Context, q NewAdjustment) (NewAdjustment, error) {
	end, err := s.decides(ctx, &s.settling)
	if err != nil {
		return q, err
	}
	defer end()
	id, err := s.idOf(q.ID)
	if err != nil {
		return q, err
	}
	q.ID = &id
	var changes []syncproto.Change
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		if changes, err = s.adjust(r, id, &q); err != nil || q.Statement == nil {
			return err
		}
		answered, err := answers(r, *q.Statement)
		changes = append(changes, answered...)
		return err
	}); err != nil || len(changes) == 0 {
		return q, err
	}
	return q, s.record(ctx, decisions, changes...)
}

func (s *Server) adjust(r *state.Reader, id syncproto.RecordID, q *NewAdjustment) ([]syncproto.Change, error) {
	if q.Statement != nil {
		of, err := r.Get(schema.Statement, *q.Statement)
		if of == nil {
			return nil, cmp.Or(err, error(refusal.New(refusal.Reference, "there is no statement %v", *q.Statement).On("statement")))
		}
		branch := of.Of(schema.StatementBranch).ID()
		q.Family, q.Branch, q.Currency = of.Of(schema.StatementFamily).ID(), &branch, cmp.Or(q.Currency, of.Of(schema.StatementCurrency).Text())
	}
	family, err := r.Get(schema.Family, q.Family)
	if family == nil {
		return nil, cmp.Or(err, error(refusal.New(refusal.Reference, "family %v is not known here", q.Family).On("family")))
	}
	if err := knownSite(r, q.Branch); err != nil {
		return nil, err
	}
	if q.Branch == nil {
		home, err := settle.Home(r, q.Family)
		if err != nil {
			return nil, err
		}
		if home.IsZero() {
			return nil, refusal.New(refusal.Required, "the family has no branch: say which one pays").On("branch")
		}
		q.Branch = &home
	}
	have, err := r.Get(schema.Adjustment, id)
	if err != nil {
		return nil, err
	}
	if q.OnDay == "" && have != nil { // asked again
		q.OnDay = have.Of(schema.AdjustmentOn).Text()
	}
	if q.OnDay == "" {
		zone, err := zones{}.of(r, *q.Branch)
		if err != nil {
			return nil, err
		}
		q.OnDay = rules.DayIn(s.Now().UnixMilli(), zone)
	}
	return put(r, schema.Adjustment, id, set(schema.AdjustmentFamily, syncproto.IDValue(q.Family)), set(schema.AdjustmentBranch, syncproto.IDValue(*q.Branch)),
		set(schema.AdjustmentAmount, syncproto.IntValue(q.AmountMinor)), typed(schema.AdjustmentCurrency, q.Currency), typed(schema.AdjustmentReason, q.Reason),
		typed(schema.AdjustmentBy, q.By), typed(schema.AdjustmentOn, q.OnDay), set(schema.AdjustmentOf, syncproto.IDValue(orZero(q.Statement))))
}

// answers moves a payout that is disputed on; one that has not been handed over stays
// disputed until it is.
func answers(r *state.Reader, statement syncproto.RecordID) ([]syncproto.Change, error) {
	id := schema.PayoutID(statement)
	have, err := r.Get(schema.Payout, id)
	if err != nil || have == nil || have.Of(schema.PayoutState).Text() != schema.PayoutDisputed || have.Of(schema.PayoutPaidAt).IsNull() {
		return nil, err
	}
	return put(r, schema.Payout, id, typed(schema.PayoutState, schema.PayoutAnswered))
}

func (s *Server) settleRoutes() []localapi.Route {
	return append(settle.Routes(s), []localapi.Route{
		{Method: "POST", Path: "/api/settlements", Summary: "Approve what is due, one statement a family and currency", Request: NewSettlement{}, Response: Settled{}, Handle: asked(s.Settle)},
		{Method: "POST", Path: "/api/adjustments", Summary: "Give a family money or take it, with a reason; that of a statement answers its dispute", Request: NewAdjustment{}, Response: NewAdjustment{}, Handle: asked(s.Adjust)},
	}...)
}
