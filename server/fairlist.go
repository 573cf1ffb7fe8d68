package server

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// FairShown is a fair as head office looks at it.
type FairShown struct {
	ID             syncproto.RecordID  `json:"id"`
	NameAr         string              `json:"name_ar"`
	NameFa         string              `json:"name_fa"`
	NameEn         string              `json:"name_en"`
	Class          string              `json:"class"`
	Organiser      string              `json:"organiser"`
	Venue          string              `json:"venue"`
	StartsOn       string              `json:"starts_on"`
	EndsOn         string              `json:"ends_on"`
	State          string              `json:"state"` // empty: not planned, but known from an enrolment or an import
	Reason         string              `json:"reason"`
	OrganiserName  string              `json:"organiser_name"`
	VenueName      string              `json:"venue_name"`
	Address        string              `json:"address"`
	OpensAt        string              `json:"opens_at"`
	ClosesAt       string              `json:"closes_at"`
	Stalls         int64               `json:"stalls"`
	Connectivity   string              `json:"connectivity"`
	Provisional    bool                `json:"provisional"`
	Coordinations  []CoordinationShown `json:"coordinations"`
	Lacks          []string            `json:"lacks"`          // for being announced
	Figure         string              `json:"figure"`         // of the year that it counts in: own, others, atayeb or own_events; empty: in none
	Participations map[string]int      `json:"participations"` // by state
	Admitted       []AdmittedShown     `json:"admitted"`       // against the red card
}

// AdmittedShown is a family that a supervisor admitted for a day against the red card (R6).
type AdmittedShown struct {
	Family string `json:"family"` // its name
	Day    string `json:"day"`
	Site   string `json:"site"` // name of the stall or branch
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// CoordinationShown is who agreed with whom about a fair.
type CoordinationShown struct {
	ID    syncproto.RecordID `json:"id"`
	Site  string             `json:"site"` // name of the branch that agreed; empty: head office
	With  string             `json:"with_whom"`
	By    string             `json:"by"`
	OnDay string             `json:"on_day"`
	Note  string             `json:"note"`
}

// Fairs lists the fairs that begin in a span of days, by their first day.
func (s *Server) Fairs(ctx context.Context, in report.Span) (list []FairShown, err error) {
	err = s.State.Read(ctx, func(r *state.Reader) error {
		list, err = fairsShown(r, syncproto.RecordID{}, in)
		return err
	})
	return list, err
}

// Fair is one of them.
func (s *Server) Fair(ctx context.Context, id syncproto.RecordID) (shown FairShown, err error) {
	err = s.State.Read(ctx, func(r *state.Reader) error {
		list, err := fairsShown(r, id, report.Span{})
		if err == nil && len(list) == 0 {
			return refusal.New(refusal.NoRecord, "fair %v is not known here", id)
		}
		if err == nil {
			shown = list[0]
		}
		return err
	})
	return shown, err
}

// eachOf calls f for the records of a table that name a fair, or for all where it is zero.
func eachOf(r *state.Reader, fair syncproto.RecordID, table syncproto.TableID, field syncproto.FieldID, f func(*records.Row) error) error {
	if fair.IsZero() {
		return r.Each(table, f)
	}
	return r.EachOf(table, field, fair, f)
}

// fairsShown shows one fair, or where it is zero all that begin in a span of days.
func fairsShown(r *state.Reader, fair syncproto.RecordID, in report.Span) ([]FairShown, error) {
	parts := map[syncproto.RecordID]map[string]int{}
	if err := eachOf(r, fair, schema.Participation, schema.PartFair, func(row *records.Row) error {
		fair := row.Of(schema.PartFair).ID()
		if parts[fair] == nil {
			parts[fair] = map[string]int{}
		}
		parts[fair][row.Of(schema.PartState).Text()]++
		return nil
	}); err != nil {
		return nil, err
	}
	agreed := map[syncproto.RecordID][]CoordinationShown{}
	if err := eachOf(r, fair, schema.Coordination, schema.CoordinationFair, func(row *records.Row) error {
		if row.Of(schema.Voided).Bool() {
			return nil
		}
		site, err := nameOf(r, schema.Site, row.Of(schema.CoordinationSite).ID())
		fair := row.Of(schema.CoordinationFair).ID()
		agreed[fair] = append(agreed[fair], CoordinationShown{row.ID, site, row.Of(schema.CoordinationWith).Text(), row.Of(schema.CoordinationBy).Text(),
			row.Of(schema.CoordinationOn).Text(), row.Of(schema.CoordinationNote).Text()})
		return err
	}); err != nil {
		return nil, err
	}
	admitted, err := admissions(r, fair)
	if err != nil {
		return nil, err
	}
	list := []FairShown{}
	show := func(row *records.Row) error {
		if row.Of(schema.Voided).Bool() || !in.Holds(row.Of(schema.FairStartsOn).Text()) {
			return nil
		}
		plan, err := r.Get(schema.FairPlan, row.ID)
		if plan == nil {
			plan = records.New(schema.Lookup(schema.FairPlan), row.ID)
		}
		of := ruled(row)
		of.Coordinated, of.State = len(agreed[row.ID]) > 0, plan.Of(schema.PlanState).Text()
		shown := FairShown{
			ID: row.ID, NameAr: row.Of(schema.NameAr).Text(), NameFa: row.Of(schema.NameFa).Text(), NameEn: row.Of(schema.NameEn).Text(),
			Class: of.Class, Organiser: of.Organiser, Venue: of.Venue, StartsOn: of.StartsOn, EndsOn: of.EndsOn, State: of.State, Reason: plan.Of(schema.PlanReason).Text(),
			OrganiserName: plan.Of(schema.PlanOrganiserName).Text(), VenueName: plan.Of(schema.PlanVenueName).Text(), Address: plan.Of(schema.PlanAddress).Text(),
			OpensAt: plan.Of(schema.PlanOpensAt).Text(), ClosesAt: plan.Of(schema.PlanClosesAt).Text(), Stalls: plan.Of(schema.PlanStalls).Int(),
			Connectivity: plan.Of(schema.PlanConnectivity).Text(), Provisional: plan.Of(schema.PlanProvisional).Bool(),
			Figure: of.Figure(), Participations: parts[row.ID],
		}
		shown.Coordinations = append([]CoordinationShown{}, agreed[row.ID]...)
		shown.Lacks, shown.Admitted = append([]string{}, of.LacksForAnnouncing()...), append([]AdmittedShown{}, admitted[row.ID]...)
		if shown.Participations == nil {
			shown.Participations = map[string]int{}
		}
		list = append(list, shown)
		return err
	}
	if fair.IsZero() {
		err = r.Each(schema.Fair, show)
	} else if row, gerr := r.Get(schema.Fair, fair); gerr != nil || row == nil {
		err = gerr
	} else {
		err = show(row)
	}
	slices.SortStableFunc(list, func(a, b FairShown) int { return strings.Compare(a.StartsOn, b.StartsOn) })
	return list, err
}

// admissions lists who was admitted against the red card, by fair.
func admissions(r *state.Reader, fair syncproto.RecordID) (map[syncproto.RecordID][]AdmittedShown, error) {
	list := map[syncproto.RecordID][]AdmittedShown{}
	return list, eachOf(r, fair, schema.CheckIn, schema.CheckInFair, func(row *records.Row) error {
		if row.Of(schema.CheckInReason).IsNull() || row.Of(schema.Voided).Bool() {
			return nil
		}
		family, err := nameOf(r, schema.Family, row.Of(schema.CheckInFamily).ID())
		if err != nil {
			return err
		}
		site, err := nameOf(r, schema.Site, row.Of(schema.CheckInSite).ID())
		fair := row.Of(schema.CheckInFair).ID()
		list[fair] = append(list[fair], AdmittedShown{family, row.Of(schema.CheckInDay).Text(), site, row.Of(schema.CheckInBy).Text(), row.Of(schema.CheckInReason).Text()})
		return err
	})
}

func (s *Server) fairRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/fairs", Summary: "Fairs that begin in a span of days", Query: []string{"from", "to"}, Response: []FairShown{}, Handle: s.apiFairs},
		{Method: "POST", Path: "/api/fairs", Summary: "Plan a fair, or change its plan", Request: PlanFair{}, Response: FairShown{}, Handle: asked(s.PlanFair)},
		{Method: "POST", Path: "/api/fairs/{id}/state", Summary: "Announce, open, close, reconcile or cancel a fair", Request: FairStep{}, Response: FairShown{}, Handle: about(s.StepFair)},
		{Method: "POST", Path: "/api/fairs/{id}/coordinations", Summary: "Record who agreed with whom about a fair", Request: NewCoordination{}, Response: FairShown{}, Handle: about(s.Coordinate)},
		{Method: "GET", Path: "/api/fairs/{id}/tills", Summary: "The tills of a fair, and when their devices were last heard of", Response: []FairTill{}, Handle: s.apiTillsOf},
		{Method: "POST", Path: "/api/tills/{id}/state", Summary: "Declare the device of a till lost, found, or given up", Request: TillStep{}, Response: closing.Sheet{}, Handle: about(s.StepTill)},
	}
}

func (s *Server) apiFairs(w http.ResponseWriter, r *http.Request) {
	in, err := report.ParseSpan(r.URL.Query().Get("from"), r.URL.Query().Get("to"))
	var list []FairShown
	if err == nil {
		list, err = s.Fairs(r.Context(), in)
	}
	localapi.Answer(w, list, err)
}
