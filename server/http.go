package server

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
)

// Handler gives the routes. Devices speak on /sync and /enrol; /api is for programs
// of this machine that hold the token. hosts, where given, are the exact Host values
// that /api answers to, besides loopback addresses: a page of somebody else's must
// not reach it by rebinding a name.
func (s *Server) Handler(token string, hosts ...string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sync", s.serveSync)
	mux.HandleFunc("POST /enrol", s.serveEnrol)
	mux.HandleFunc("GET /healthz", s.serveHealth)
	api := http.NewServeMux()
	api.HandleFunc("POST /api/enrol-codes", s.apiEnrolCode)
	api.HandleFunc("GET /api/devices", s.apiDevices)
	api.HandleFunc("GET /api/report/sales", s.apiSales)
	api.HandleFunc("GET /api/conflicts", s.apiConflicts)
	api.HandleFunc("GET /api/quarantine", s.apiQuarantine)
	mux.Handle("/api/", localapi.NewGate(token, hosts...).Handler(api))
	return mux
}

func (s *Server) serveHealth(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	stopped := s.stopped
	s.mu.Unlock()
	if stopped != nil {
		http.Error(w, "the fold has stopped; see the log", http.StatusServiceUnavailable)
		return
	}
	localapi.Answer(w, map[string]string{"status": "ok"}, nil)
}

func (s *Server) apiEnrolCode(w http.ResponseWriter, r *http.Request) {
	var n NewSite
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(&n); err != nil {
		localapi.Answer(w, nil, errors.Join(errors.New("cannot read the request"), err))
		return
	}
	code, err := s.EnrolCode(r.Context(), n)
	localapi.Answer(w, code, err)
}

func (s *Server) apiDevices(w http.ResponseWriter, r *http.Request) {
	end, _ := s.Log.End()
	if err := s.folded(r.Context(), end); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	list, err := s.Devices(r.Context())
	localapi.Answer(w, list, err)
}

func (s *Server) apiSales(w http.ResponseWriter, r *http.Request) {
	by, err := report.ParseBy(r.URL.Query().Get("by"))
	if err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	end, _ := s.Log.End() // what a device was told is safe is in the figures
	if err := s.folded(r.Context(), end); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	sales, err := s.Sales(r.Context(), by)
	localapi.Answer(w, sales, err)
}

func (s *Server) apiConflicts(w http.ResponseWriter, r *http.Request) {
	list, err := s.Conflicts(r.Context())
	localapi.Answer(w, list, err)
}

func (s *Server) apiQuarantine(w http.ResponseWriter, r *http.Request) {
	list, err := s.Quarantine(r.Context())
	localapi.Answer(w, list, err)
}
