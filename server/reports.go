package server

import (
	"net/http"
	"time"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func (s *Server) reportRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/report/expiring", Summary: "Papers that run out in 30, 60 and 90 days, counted by branch and kind", Query: []string{"on"}, Response: report.Expiring{}, Handle: s.apiReportExpiring},
		{Method: "GET", Path: "/api/report/hours", Summary: "Accredited hours up to a day, by branch", Query: []string{"on"}, Response: report.Hours{}, Handle: s.apiReportHours},
	}
}

func (s *Server) apiReportExpiring(w http.ResponseWriter, r *http.Request) {
	var e report.Expiring
	err := s.counted(r, func(rd *state.Reader, on string, now time.Time) (err error) {
		if e, err = report.CountExpiring(rd, on, now); err == nil {
			e.CompleteTo, e.MissingSites, err = completeness(rd, s.caughtUp)
		}
		return err
	})
	localapi.Answer(w, e, err)
}

func (s *Server) apiReportHours(w http.ResponseWriter, r *http.Request) {
	var h report.Hours
	err := s.counted(r, func(rd *state.Reader, on string, now time.Time) (err error) {
		if h, err = report.CountHours(rd, on, now); err == nil {
			h.CompleteTo, h.MissingSites, err = completeness(rd, s.caughtUp)
		}
		return err
	})
	localapi.Answer(w, h, err)
}

// counted counts for a day that is asked about, today of each site where none is, once what
// devices were told is safe is folded.
func (s *Server) counted(r *http.Request, f func(rd *state.Reader, on string, now time.Time) error) error {
	on := r.URL.Query().Get("on")
	if on != "" && !schema.ValidDay(on) {
		return refusal.Parameter("on", "%q is no day such as 2026-11-30", on)
	}
	if err := s.current(r.Context()); err != nil {
		return err
	}
	return s.State.Read(r.Context(), func(rd *state.Reader) error { return f(rd, on, s.Now()) })
}
