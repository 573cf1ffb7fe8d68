package server

import (
	"cmp"
	"context"
	"net/http"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewAgreement is what an outlet is to sell under. It is never edited: it is ended, and
// agreed anew.
type NewAgreement struct {
	ID       *syncproto.RecordID `json:"id"`     // as in PlanFair
	Outlet   string              `json:"outlet"` // its id, or its name where no other site has it
	Operator string              `json:"operator"`
	From     string              `json:"from_day"`
	To       string              `json:"to_day"`   // last day
	Share    int64               `json:"share"`    // that the outlet keeps, in hundredths of a percent
	Period   string              `json:"period"`   // week, month or quarter
	Document *syncproto.Root     `json:"document"` // as it was signed: an attachment; null: none
}

// Agree records an agreement with an outlet.
func (s *Server) Agree(ctx context.Context, q NewAgreement) (report.Outlets, error) {
	site, err := s.outlet(ctx, q.Outlet)
	if err != nil {
		return report.Outlets{}, err
	}
	document, err := s.attached(ctx, "document", schema.AgreementDocument, q.Document)
	if err != nil {
		return report.Outlets{}, err
	}
	if err := s.decide(ctx, q.ID, schema.OutletAgreement, document, set(schema.AgreementSite, syncproto.IDValue(site)), typed(schema.AgreementOperator, q.Operator),
		typed(schema.AgreementFrom, q.From), typed(schema.AgreementTo, q.To), set(schema.AgreementShare, syncproto.IntValue(q.Share)), typed(schema.AgreementPeriod, q.Period)); err != nil {
		return report.Outlets{}, err
	}
	return s.Outlets(ctx, report.Span{})
}

// outlet is an outlet as people name it.
func (s *Server) outlet(ctx context.Context, named string) (syncproto.RecordID, error) {
	if named == "" {
		return syncproto.RecordID{}, refusal.New(refusal.Required, "with which outlet?").On("outlet")
	}
	scope, err := s.scopeOf(ctx, "site/"+named)
	if err != nil {
		return scope.ID, refusal.Renamed(err, map[string]string{"scope": "outlet"})
	}
	return scope.ID, s.State.Read(ctx, func(r *state.Reader) error {
		row, err := r.Get(schema.Site, scope.ID)
		switch {
		case err != nil:
			return err
		case row == nil:
			return refusal.New(refusal.Reference, "no site is %v", scope.ID).On("outlet")
		case row.Of(schema.SiteKind).Text() != schema.KindOutlet:
			kind := row.Of(schema.SiteKind).Text()
			return refusal.New(refusal.KindDiffers, "%s is no outlet but a %s", named, kind).On("outlet").With("kind", kind)
		}
		return nil
	})
}

// EndAgreement says that an agreement ends before its time.
type EndAgreement struct {
	On     string `json:"on"` // last day
	Reason string `json:"reason"`
}

// EndOutlet ends an agreement. What was sold under it keeps its share.
func (s *Server) EndOutlet(ctx context.Context, id syncproto.RecordID, q EndAgreement) (report.Outlets, error) {
	switch {
	case q.On == "":
		return report.Outlets{}, refusal.New(refusal.Required, "what is its last day?").On("on")
	case q.Reason == "":
		return report.Outlets{}, refusal.New(refusal.Required, "why does it end?").On("reason")
	}
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		have, err := r.Get(schema.OutletAgreement, id)
		if have == nil {
			err = cmp.Or(err, error(refusal.New(refusal.NoRecord, "agreement %v is not known here", id)))
		}
		return err
	}); err != nil {
		return report.Outlets{}, err
	}
	if err := s.decide(ctx, &id, schema.OutletAgreement, typed(schema.AgreementEndedOn, q.On), typed(schema.AgreementReason, q.Reason)); err != nil {
		return report.Outlets{}, refusal.Renamed(err, map[string]string{"ended_on": "on"})
	}
	return s.Outlets(ctx, report.Span{})
}

// Outlets is what outlets sell under, what they sold in a span of days, and what of that
// is flagged.
func (s *Server) Outlets(ctx context.Context, in report.Span) (out report.Outlets, err error) {
	err = s.State.Read(ctx, func(r *state.Reader) error {
		out, err = r.Outlets(in, s.Now().UnixMilli())
		return err
	})
	return out, err
}

// Stock is what lies at a site, or at all of them where it is zero.
func (s *Server) Stock(ctx context.Context, site syncproto.RecordID) (list []report.Shelf, err error) {
	err = s.State.Read(ctx, func(r *state.Reader) error {
		list, err = r.Stock(site)
		return err
	})
	return list, err
}

func (s *Server) outletRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/agreements", Summary: "What outlets sell under, what they sold in a span of days, and what they sold outside of it", Query: []string{"from", "to"}, Response: report.Outlets{}, Handle: s.apiAgreements},
		{Method: "POST", Path: "/api/agreements", Summary: "Record an agreement with an outlet", Request: NewAgreement{}, Response: report.Outlets{}, Handle: asked(s.Agree)},
		{Method: "POST", Path: "/api/agreements/{id}/end", Summary: "End an agreement before its time", Request: EndAgreement{}, Response: report.Outlets{}, Handle: about(s.EndOutlet)},
		{Method: "GET", Path: "/api/stock", Summary: "What lies at a site, or at all of them, derived from all movements and sales", Query: []string{"site"}, Response: []report.Shelf{}, Handle: s.apiStock},
	}
}

func (s *Server) apiAgreements(w http.ResponseWriter, r *http.Request) {
	in, err := report.ParseSpan(r.URL.Query().Get("from"), r.URL.Query().Get("to"))
	var out report.Outlets
	if err == nil {
		err = s.current(r.Context())
	}
	if err == nil {
		out, err = s.Outlets(r.Context(), in)
	}
	localapi.Answer(w, out, err)
}

func (s *Server) apiStock(w http.ResponseWriter, r *http.Request) {
	var list []report.Shelf
	site, err := localapi.QueryID(r, "site")
	if err == nil {
		err = s.current(r.Context())
	}
	if err == nil {
		list, err = s.Stock(r.Context(), site)
	}
	localapi.Answer(w, list, err)
}

// about does something about the record that an address names.
func about[Q, A any](do func(context.Context, syncproto.RecordID, Q) (A, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q Q
		var a A
		id, err := localapi.PathID[syncproto.RecordID](r)
		if err == nil {
			err = localapi.Read(w, r, &q)
		}
		if err == nil {
			a, err = do(r.Context(), id, q)
		}
		localapi.Answer(w, a, err)
	}
}
