package server

import (
	"context"
	"strings"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// FairStep is how far a fair has come.
type FairStep struct {
	State  string `json:"state"`  // coordinated, announced, open, closed, reconciled or cancelled
	Reason string `json:"reason"` // of a cancellation
}

// StepFair moves a fair on: it is announced with all that it has to have (R8, R9), closed
// once its tills are, and reconciled when late sales are in and its goods were counted.
func (s *Server) StepFair(ctx context.Context, fair syncproto.RecordID, q FairStep) (FairShown, error) {
	end, err := s.decides(ctx, &s.fairs)
	if err != nil {
		return FairShown{}, err
	}
	defer end()
	var changes []syncproto.Change
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		plan, err := planOf(r, fair)
		if err != nil {
			return err
		}
		if plan.Of(schema.PlanState).Text() == q.State {
			return nil
		}
		fields := []syncproto.FieldValue{typed(schema.PlanState, q.State)}
		if q.State == schema.FairCancelled {
			fields = append(fields, typed(schema.PlanReason, q.Reason))
		}
		if changes, err = put(r, schema.FairPlan, fair, fields...); err != nil {
			return err
		}
		return mayStep(r, fair, q.State)
	}); err != nil {
		return FairShown{}, err
	}
	if len(changes) > 0 {
		if err := s.record(ctx, decisions, changes...); err != nil {
			return FairShown{}, err
		}
	}
	return s.Fair(ctx, fair)
}

// mayStep asks the rules whether a fair may come so far.
func mayStep(r *state.Reader, fair syncproto.RecordID, state string) error {
	switch state {
	case schema.FairCoordinated, schema.FairAnnounced:
		of, err := fairOf(r, fair)
		if err != nil {
			return err
		}
		lacks := of.LacksForAnnouncing()
		if state == schema.FairCoordinated {
			lacks = nil
			if !of.Coordinated {
				lacks = []string{"coordination"}
			}
		}
		if len(lacks) > 0 {
			return refusal.New(refusal.Lacks, "the fair lacks: %s", strings.Join(lacks, ", ")).On("state").With("lacks", lacks)
		}
	case schema.FairClosed, schema.FairReconciled:
		tills, err := tillsOf(r, fair)
		if err != nil {
			return err
		}
		if !rules.MayClose(tills) {
			return refusal.New(refusal.TillsOpen, "tills of the fair are neither closed nor declared lost").On("state")
		}
		if state == schema.FairClosed {
			return nil
		}
		counted, err := goodsCounted(r, fair)
		if err == nil && !rules.MayReconcile(tills, counted) {
			err = refusal.New(refusal.NotCounted, "a till of the fair is not approved, or its goods were not counted").On("state")
		}
		return err
	}
	return nil
}

// fairOf is a fair as its rules take it.
func fairOf(r *state.Reader, id syncproto.RecordID) (of rules.FairOf, err error) {
	row, err := r.Get(schema.Fair, id)
	if err != nil || row == nil {
		return of, err
	}
	of = ruled(row)
	return of, r.EachOf(schema.Coordination, schema.CoordinationFair, id, func(c *records.Row) error {
		of.Coordinated = of.Coordinated || !c.Of(schema.Voided).Bool()
		return nil
	})
}

func ruled(row *records.Row) rules.FairOf {
	return rules.FairOf{Class: row.Of(schema.FairClass).Text(), Organiser: row.Of(schema.FairOrganiser).Text(), Venue: row.Of(schema.FairVenue).Text(),
		StartsOn: row.Of(schema.FairStartsOn).Text(), EndsOn: row.Of(schema.FairEndsOn).Text()}
}

// tillsOf lists the states of the tills of a fair.
func tillsOf(r *state.Reader, fair syncproto.RecordID) (states []string, err error) {
	sheets, err := sheetsOf(r, fair)
	for i := range sheets {
		states = append(states, sheets[i].State)
	}
	return states, err
}

// goodsCounted says whether what a fair had in stock was counted there; nothing there needs
// no count.
func goodsCounted(r *state.Reader, fair syncproto.RecordID) (bool, error) {
	moved, counted := false, false
	err := r.EachOf(schema.StockMovement, schema.MoveFair, fair, func(m *records.Row) error {
		if !m.Of(schema.Voided).Bool() {
			moved = true
			counted = counted || m.Of(schema.MoveKind).Text() == schema.MoveCounted
		}
		return nil
	})
	return counted || !moved, err
}
