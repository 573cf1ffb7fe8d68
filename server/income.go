package server

import (
	"context"
	"net/http"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// IncomeOf is what a family had by month; assistance is class E, and is given to who asks for
// it by name alone.
func (s *Server) IncomeOf(ctx context.Context, family syncproto.RecordID, assistance bool) (list []report.FamilyIncome, err error) {
	return list, s.State.Read(ctx, func(r *state.Reader) error {
		list, err = report.Income(r, family, assistance)
		return err
	})
}

// Grown is the report of families whose income from sales grew three months in a row, with
// the cut-off (P13).
func (s *Server) Grown(ctx context.Context, month string) (g report.Grown, err error) {
	return g, s.State.Read(ctx, func(r *state.Reader) error {
		if g, err = report.CountGrown(r, month); err != nil {
			return err
		}
		g.CompleteTo, g.MissingSites, err = completeness(r, s.caughtUp)
		return err
	})
}

// Payouts is how long families waited for what was approved in a span of days.
func (s *Server) Payouts(ctx context.Context, in report.Span) (p report.Payouts, err error) {
	return p, s.State.Read(ctx, func(r *state.Reader) error {
		if p, err = report.CountPayouts(r, in, s.Now().UnixMilli()); err != nil {
			return err
		}
		p.CompleteTo, p.MissingSites, err = completeness(r, s.caughtUp)
		return err
	})
}

// Participations is what families sold at the fairs that begin in a span of days.
func (s *Server) Participations(ctx context.Context, in report.Span) (p report.Participations, err error) {
	return p, s.State.Read(ctx, func(r *state.Reader) error {
		if p, err = report.CountParticipations(r, in); err != nil {
			return err
		}
		p.CompleteTo, p.MissingSites, err = completeness(r, s.caughtUp)
		return err
	})
}

// inSpan answers with a report of the span of days that an address names.
func inSpan[T any](count func(context.Context, report.Span) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		in, err := report.ParseSpan(r.URL.Query().Get("from"), r.URL.Query().Get("to"))
		var v T
		if err == nil {
			v, err = count(r.Context(), in)
		}
		localapi.Answer(w, v, err)
	}
}

func (s *Server) incomeRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/families/{id}/income", Summary: "What a family had of sales a month; beside its assistance where that is asked for", Query: []string{"assistance"}, Response: []report.FamilyIncome{}, Handle: s.apiIncome},
		{Method: "GET", Path: "/api/report/grown", Summary: "Families whose income from sales grew three months in a row, up to a month", Query: []string{"month"}, Response: report.Grown{}, Handle: s.apiGrown},
		{Method: "GET", Path: "/api/report/payouts", Summary: "How long families waited for what was approved in a span of days, by branch", Query: []string{"from", "to"}, Response: report.Payouts{}, Handle: inSpan(s.Payouts)},
		{Method: "GET", Path: "/api/report/participations", Summary: "What families sold at the fairs that begin in a span of days, and who sold nothing", Query: []string{"from", "to"}, Response: report.Participations{}, Handle: inSpan(s.Participations)},
	}
}

func (s *Server) apiIncome(w http.ResponseWriter, r *http.Request) {
	id, err := localapi.PathID[syncproto.RecordID](r)
	var assistance bool
	if err == nil {
		assistance, err = localapi.Flag(r, "assistance")
	}
	var list []report.FamilyIncome
	if err == nil {
		list, err = s.IncomeOf(r.Context(), id, assistance)
	}
	localapi.Answer(w, list, err)
}

func (s *Server) apiGrown(w http.ResponseWriter, r *http.Request) {
	g, err := s.Grown(r.Context(), r.URL.Query().Get("month"))
	localapi.Answer(w, g, err)
}
