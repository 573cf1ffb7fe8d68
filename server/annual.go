package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Annual is the report of a year, with the cut-off and the sites that are still out (P13).
func (s *Server) Annual(ctx context.Context, year int) (a report.Annual, err error) {
	err = s.State.Read(ctx, func(r *state.Reader) error {
		if a, err = report.CountAnnual(r, year); err != nil {
			return err
		}
		a.CompleteTo, a.MissingSites, err = completeness(r, s.caughtUp)
		return err
	})
	return a, err
}

// AnnualRows lists the records behind one of its figures.
func (s *Server) AnnualRows(ctx context.Context, year int, figure string) (rows []report.AnnualRow, err error) {
	err = s.State.Read(ctx, func(r *state.Reader) error {
		rows, err = report.AnnualRows(r, year, figure)
		return err
	})
	if rows == nil {
		rows = []report.AnnualRow{}
	}
	return rows, err
}

// NewPublished is a figure as it was published.
type NewPublished struct {
	ID      *syncproto.RecordID `json:"id"` // as in PlanFair
	Figure  string              `json:"figure"`
	Year    int64               `json:"year"`
	Value   int64               `json:"value"`
	Approx  bool                `json:"approx"` // "about"
	Source  string              `json:"source"`
	Wording string              `json:"wording"`
	Assumed bool                `json:"year_assumed"`
}

// KeepPublished keeps a published figure beside the one that is computed (R44).
func (s *Server) KeepPublished(ctx context.Context, q NewPublished) (a report.Annual, err error) {
	if !slices.Contains(report.FigureIDs, q.Figure) {
		return a, unknownWord("figure", q.Figure, report.FigureIDs...)
	}
	err = s.decide(ctx, q.ID, schema.PublishedFigure, typed(schema.PublishedOf, q.Figure), set(schema.PublishedYear, syncproto.IntValue(q.Year)),
		set(schema.PublishedValue, syncproto.IntValue(q.Value)), set(schema.PublishedApprox, syncproto.BoolValue(q.Approx)), typed(schema.PublishedSource, q.Source),
		typed(schema.PublishedWording, q.Wording), set(schema.PublishedAssumed, syncproto.BoolValue(q.Assumed)))
	if err != nil {
		return a, err
	}
	return s.Annual(ctx, int(q.Year))
}

// VoidPublished takes back a published figure that was written down wrongly.
func (s *Server) VoidPublished(ctx context.Context, id syncproto.RecordID) (report.Annual, error) {
	var year int64
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		have, err := r.Get(schema.PublishedFigure, id)
		if have == nil {
			return cmp.Or(err, error(refusal.New(refusal.NoRecord, "no published figure is %v", id)))
		}
		year = have.Of(schema.PublishedYear).Int()
		return err
	}); err != nil {
		return report.Annual{}, err
	}
	if err := s.decide(ctx, &id, schema.PublishedFigure, set(schema.Voided, syncproto.BoolValue(true))); err != nil {
		return report.Annual{}, err
	}
	return s.Annual(ctx, int(year))
}

// decide writes one record of head office's, made by it or changed.
func (s *Server) decide(ctx context.Context, given *syncproto.RecordID, table syncproto.TableID, fields ...syncproto.FieldValue) error {
	id, err := s.idOf(given)
	if err != nil {
		return err
	}
	var changes []syncproto.Change
	err = s.State.Read(ctx, func(r *state.Reader) error {
		changes, err = put(r, table, id, fields...)
		return err
	})
	if err != nil || len(changes) == 0 {
		return err
	}
	lane := decisions
	if schema.OfControl(table) {
		lane = control
	}
	return s.record(ctx, lane, changes...)
}

// Founding says when the organisation was founded.
type Founding struct {
	On string `json:"on"` // 2009-01-01
}

// Found records it.
func (s *Server) Found(ctx context.Context, q Founding) (Founding, error) {
	org := syncproto.RecordID(s.State.Head().Org)
	if q.On == "" {
		return q, refusal.New(refusal.Required, "say when: 2009-01-01").On("on")
	}
	err := s.decide(ctx, &org, schema.Organisation, typed(schema.OrganisationFounded, q.On))
	return q, refusal.Renamed(err, map[string]string{"founded_on": "on"})
}

func (s *Server) annualRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/report/annual", Summary: "The figures of a year, computed, with what was published beside them", Query: []string{"year"}, Response: report.Annual{}, Handle: s.apiAnnual},
		{Method: "GET", Path: "/api/report/annual/rows", Summary: "The records behind a figure of a year", Query: []string{"year", "figure"}, Response: []report.AnnualRow{}, Handle: s.apiAnnualRows},
		{Method: "POST", Path: "/api/published", Summary: "Keep a figure as it was published", Request: NewPublished{}, Response: report.Annual{}, Handle: asked(s.KeepPublished)},
		{Method: "POST", Path: "/api/published/{id}/void", Summary: "Take back a published figure that was written down wrongly", Response: report.Annual{}, Handle: s.apiVoidPublished},
		{Method: "POST", Path: "/api/founded", Summary: "Record when the organisation was founded", Request: Founding{}, Response: Founding{}, Handle: asked(s.Found)},
	}
}

func (s *Server) apiAnnual(w http.ResponseWriter, r *http.Request) {
	var a report.Annual
	year, err := s.yearOf(r)
	if err == nil {
		a, err = s.Annual(r.Context(), year)
	}
	localapi.Answer(w, a, err)
}

func (s *Server) apiAnnualRows(w http.ResponseWriter, r *http.Request) {
	var rows []report.AnnualRow
	year, err := s.yearOf(r)
	if err == nil {
		rows, err = s.AnnualRows(r.Context(), year, r.URL.Query().Get("figure"))
	}
	localapi.Answer(w, rows, err)
}

func (s *Server) apiVoidPublished(w http.ResponseWriter, r *http.Request) {
	var a report.Annual
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		a, err = s.VoidPublished(r.Context(), id)
	}
	localapi.Answer(w, a, err)
}

// yearOf is the year that is asked for, once what devices were told is safe is folded.
func (s *Server) yearOf(r *http.Request) (int, error) {
	year, err := report.ParseYear(r.URL.Query().Get("year"))
	if err != nil {
		return 0, err
	}
	return year, s.current(r.Context())
}

// asked reads a request and answers with what is done.
func asked[Q, A any](do func(context.Context, Q) (A, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q Q
		var a A
		err := localapi.Read(w, r, &q)
		if err == nil {
			a, err = do(r.Context(), q)
		}
		localapi.Answer(w, a, err)
	}
}
