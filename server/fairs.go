package server

import (
	"cmp"
	"context"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// PlanFair is a fair as head office plans it, or plans it otherwise: who organises it and
// what kind of place it is held at are two questions (R9).
type PlanFair struct {
	ID            *syncproto.RecordID `json:"id"` // made by the caller, so that asking twice is harmless; null: made here
	NameAr        string              `json:"name_ar"`
	NameFa        string              `json:"name_fa"`
	NameEn        string              `json:"name_en"`
	Class         string              `json:"class"`     // exhibition, event or atayeb
	Organiser     string              `json:"organiser"` // own or other
	Venue         string              `json:"venue"`     // department, branch, partner, government or other
	StartsOn      string              `json:"starts_on"`
	EndsOn        string              `json:"ends_on"`
	OrganiserName string              `json:"organiser_name"`
	VenueName     string              `json:"venue_name"`
	Address       string              `json:"address"`
	OpensAt       string              `json:"opens_at"` // 16:00, each day
	ClosesAt      string              `json:"closes_at"`
	Stalls        int64               `json:"stalls"`       // 0: not known
	Connectivity  string              `json:"connectivity"` // none, weak or good
	Provisional   bool                `json:"provisional"`  // families whose member is provisional may join (R2)
}

func (q *PlanFair) fair() []syncproto.FieldValue {
	return []syncproto.FieldValue{
		typed(schema.NameAr, q.NameAr), typed(schema.NameFa, q.NameFa), typed(schema.NameEn, q.NameEn),
		typed(schema.FairClass, q.Class), typed(schema.FairOrganiser, q.Organiser), typed(schema.FairVenue, q.Venue),
		typed(schema.FairStartsOn, q.StartsOn), typed(schema.FairEndsOn, q.EndsOn),
	}
}

func (q *PlanFair) plan() []syncproto.FieldValue {
	stalls := syncproto.FieldValue{Field: schema.PlanStalls}
	if q.Stalls != 0 {
		stalls.Value = syncproto.IntValue(q.Stalls)
	}
	return []syncproto.FieldValue{
		typed(schema.PlanOrganiserName, q.OrganiserName), typed(schema.PlanVenueName, q.VenueName), typed(schema.PlanAddress, q.Address),
		typed(schema.PlanOpensAt, q.OpensAt), typed(schema.PlanClosesAt, q.ClosesAt), stalls, typed(schema.PlanConnectivity, q.Connectivity),
		set(schema.PlanProvisional, syncproto.BoolValue(q.Provisional)),
	}
}

// PlanFair plans a fair, or changes the plan of the one with the id.
func (s *Server) PlanFair(ctx context.Context, q PlanFair) (FairShown, error) {
	if q.StartsOn != "" && q.EndsOn != "" && q.EndsOn < q.StartsOn {
		return FairShown{}, refusal.New(refusal.EndsBeforeStart, "the fair ends on %s, before it begins on %s", q.EndsOn, q.StartsOn).On("ends_on")
	}
	end, err := s.decides(ctx, &s.fairs)
	if err != nil {
		return FairShown{}, err
	}
	defer end()
	id, err := s.idOf(q.ID)
	if err != nil {
		return FairShown{}, err
	}
	var fair, plan []syncproto.Change
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		if fair, err = put(r, schema.Fair, id, q.fair()...); err != nil {
			return err
		}
		fields := q.plan()
		if have, err := r.Get(schema.FairPlan, id); err != nil {
			return err
		} else if have == nil {
			fields = append(fields, typed(schema.PlanState, schema.FairPlanned))
		}
		plan, err = put(r, schema.FairPlan, id, fields...)
		return err
	}); err != nil {
		return FairShown{}, err
	}
	// Who takes part in a fair hangs on it, so a fair is of the lane that everybody holds.
	for _, w := range []struct {
		lane    ownLane
		changes []syncproto.Change
	}{{control, fair}, {decisions, plan}} {
		if len(w.changes) > 0 {
			if err := s.record(ctx, w.lane, w.changes...); err != nil {
				return FairShown{}, err
			}
		}
	}
	return s.Fair(ctx, id)
}

// idOf is the id that a caller made, or a new one.
func (s *Server) idOf(given *syncproto.RecordID) (syncproto.RecordID, error) {
	if given == nil || given.IsZero() {
		return s.own.ids.Record()
	}
	return *given, nil
}

// NewCoordination says who agreed with whom that a fair is held on somebody else's
// premises, or run by others (R8).
type NewCoordination struct {
	ID    *syncproto.RecordID `json:"id"` // as in PlanFair
	With  string              `json:"with_whom"`
	By    string              `json:"by"`
	OnDay string              `json:"on_day"`
	Note  string              `json:"note"`
}

// Coordinate records what head office agreed about a fair, which is coordinated by it.
func (s *Server) Coordinate(ctx context.Context, fair syncproto.RecordID, q NewCoordination) (FairShown, error) {
	end, err := s.decides(ctx, &s.fairs)
	if err != nil {
		return FairShown{}, err
	}
	defer end()
	id, err := s.idOf(q.ID)
	if err != nil {
		return FairShown{}, err
	}
	var changes []syncproto.Change
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		plan, err := planOf(r, fair)
		if err != nil {
			return err
		}
		if changes, err = put(r, schema.Coordination, id, set(schema.CoordinationFair, syncproto.IDValue(fair)), typed(schema.CoordinationWith, q.With),
			typed(schema.CoordinationBy, q.By), typed(schema.CoordinationOn, q.OnDay), typed(schema.CoordinationNote, q.Note)); err != nil {
			return err
		}
		if plan.Of(schema.PlanState).Text() == schema.FairPlanned {
			moved, err := put(r, schema.FairPlan, fair, typed(schema.PlanState, schema.FairCoordinated))
			changes = append(changes, moved...)
			return err
		}
		return nil
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

// planOf is the plan of a fair, refused where there is none.
func planOf(r *state.Reader, fair syncproto.RecordID) (*records.Row, error) {
	plan, err := r.Get(schema.FairPlan, fair)
	if plan == nil {
		err = cmp.Or(err, error(refusal.New(refusal.NoRecord, "fair %v is not planned here", fair)))
	}
	return plan, err
}

// nameOf is the name people know a record by; empty where it is not here.
func nameOf(r *state.Reader, table syncproto.TableID, id syncproto.RecordID) (string, error) {
	row, err := r.Get(table, id)
	if row == nil {
		return "", err
	}
	return report.Name(row.Table, row.Values), err
}
