package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/live"
	"github.com/rawaj/rawaj/syncproto"
)

// Handler gives the routes. Devices speak on /sync and /enrol; /api is for programs
// of this machine and for pages, which are the rest, all behind the gate.
func (s *Server) Handler(gate *localapi.Gate, pages http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sync", s.serveSync)
	mux.HandleFunc("POST /enrol", s.serveEnrol)
	mux.HandleFunc("POST /rename", s.serveRename)
	mux.HandleFunc("GET /healthz", s.serveHealth)
	mux.Handle("/api/", gate.Handler(localapi.Mux(append(s.Routes(), localapi.Route{Method: "POST", Path: "/api/login-link", Handle: gate.AnswerLink}))))
	mux.Handle("GET /metrics", gate.Handler(s.metrics.handler()))
	mux.Handle("/", gate.Handler(pages))
	return mux
}

// Routes is the API of the server for programs of its machine and for the dashboard;
// openapi.json describes it, and a test holds the two together.
func (s *Server) Routes() []localapi.Route {
	return slices.Concat([]localapi.Route{
		{Method: "POST", Path: "/api/enrol-codes", Summary: "Make a one-time code that takes one device in", Request: NewSite{}, Response: EnrolCode{}, Handle: s.apiEnrolCode},
		{Method: "GET", Path: "/api/devices", Summary: "Devices, when they were last heard of, and what they declared", Response: []Device{}, Handle: s.apiDevices},
		{Method: "POST", Path: "/api/devices/{id}/revoke", Summary: "Take a device's rights away, now and for good", Request: Revocation{}, Response: Device{}, Handle: s.apiRevoke},
		{Method: "GET", Path: "/api/receipts/doubled", Summary: "Receipt numbers under which more than one sale was printed", Response: []Doubled{}, Handle: s.apiDoubled},
		{Method: "GET", Path: "/api/closings", Summary: "What devices stated and signed of tills and days, and whether it is what is here", Query: []string{"from", "to", "site", "proofs"}, Response: closing.Statements{}, Handle: s.apiClosings},
		{Method: "GET", Path: "/api/tills/{id}/sheet", Summary: "A till from its opening to its approval: what it was closed with, and what came late", Response: closing.Sheet{}, Handle: s.apiSheet},
		{Method: "GET", Path: "/api/devices/{id}/grants", Summary: "The rights of a device", Response: []Right{}, Handle: s.apiGrants},
		{Method: "POST", Path: "/api/devices/{id}/grants", Summary: "Give a device a right, or change the one that it has in a scope", Request: SetRight{}, Response: []Right{}, Handle: s.apiGrant},
		{Method: "POST", Path: "/api/devices/{id}/grants/end", Summary: "Take a right away, now", Request: EndRight{}, Response: []Right{}, Handle: s.apiEndGrant},
		{Method: "GET", Path: "/api/report/sales", Summary: "The sales report", Query: []string{"by", "from", "to"}, Response: report.Sales{}, Handle: s.apiSales},
		{Method: "GET", Path: "/api/overview", Summary: "What head office looks at first, of a span of days", Query: []string{"from", "to", "against_from", "against_to"}, Response: Overview{}, Handle: s.apiOverview},
		{Method: "GET", Path: "/api/events", Summary: "The overview, each time that it changes", Query: []string{"from", "to", "against_from", "against_to"}, Response: Overview{}, Stream: true, Handle: s.apiEvents},
		{Method: "GET", Path: "/api/conflicts", Summary: "What two people wrote without having seen each other's value", Response: []Conflict{}, Handle: s.apiConflicts},
		{Method: "GET", Path: "/api/clock", Summary: "Whether this machine's clock is believed", Response: Clock{}, Handle: s.apiClock},
		{Method: "POST", Path: "/api/clock/confirm", Summary: "Say that this machine's clock is right", Response: Clock{}, Handle: s.apiConfirmClock},
		{Method: "POST", Path: "/api/conflicts/{id}/take", Summary: "Say which of the two values is right", Request: Take{}, Response: Conflict{}, Handle: s.apiTake},
		{Method: "POST", Path: "/api/parcels", Summary: "Take in a parcel, a file that a site made", Request: ParcelFile{}, Response: TakenParcel{}, Handle: s.apiParcel},
		{Method: "GET", Path: "/api/quarantine", Summary: "Transactions that are held, or were", Response: []Verdict{}, Handle: s.apiQuarantine},
		{Method: "POST", Path: "/api/quarantine/{hash}", Summary: "Release or withdraw what is held", Request: Decide{}, Response: Verdict{}, Handle: s.apiDecide},
		{Method: "GET", Path: "/api/wentback", Summary: "What head office has to see to after the log went back in time", Response: WentBack{}, Handle: s.apiWentBack},
		{Method: "POST", Path: "/api/wentback/vouch", Summary: "Say that every device which may not take part any more is revoked here", Response: WentBack{}, Handle: s.apiVouch},
		{Method: "POST", Path: "/api/wentback/gaps/{id}", Summary: "Say that no backup holds what a device let go", Response: WentBack{}, Handle: s.apiAcceptGap},
		{Method: "GET", Path: "/api/kept", Summary: "Records that devices handed over, which the log has lost", Response: KeptRecords{}, Handle: s.apiKept},
		{Method: "POST", Path: "/api/kept/ask", Summary: "Ask devices for the records that they keep", Response: KeptRecords{}, Handle: s.apiAskKept},
		{Method: "POST", Path: "/api/kept/seen", Summary: "Say that what was listed has been looked at: devices drop it", Request: KeptSeen{}, Response: KeptRecords{}, Handle: s.apiSeenKept},
		{Method: "POST", Path: "/api/backed", Summary: "Say up to where a verified backup holds the work of devices", Request: Backing{}, Response: BackedCount{}, Handle: s.apiBacked},
		{Method: "POST", Path: "/api/attachments", Summary: "Keep a document, for a record to name; the body is its bytes, at most 40 MiB", Takes: "application/octet-stream", Response: attach.Uploaded{}, Handle: s.apiAttach},
		{Method: "GET", Path: "/api/attachments/{attachment}", Summary: "The bytes of an attachment that a record names", Gives: "application/octet-stream", Handle: s.apiAttachment},
	}, s.policyRoutes(), s.fairRoutes(), s.annualRoutes(), s.reportRoutes(), s.mergeRoutes(), s.ownerRoutes(), s.settleRoutes(), s.incomeRoutes(), s.outletRoutes(), s.listRoutes())
}

func (s *Server) apiEnrolCode(w http.ResponseWriter, r *http.Request) {
	var n NewSite
	if err := localapi.Read(w, r, &n); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	code, err := s.EnrolCode(r.Context(), n)
	localapi.Answer(w, code, err)
}

func (s *Server) apiDevices(w http.ResponseWriter, r *http.Request) {
	if err := s.current(r.Context()); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	list, err := s.Devices(r.Context())
	localapi.Answer(w, list, err)
}

// Revocation is why a device is revoked.
type Revocation struct {
	Reason string `json:"reason"`
}

func (s *Server) apiRevoke(w http.ResponseWriter, r *http.Request) {
	var q Revocation
	device, err := localapi.PathID[syncproto.DeviceID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = s.Revoke(r.Context(), device, q.Reason)
	}
	if err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	list, err := s.Devices(r.Context())
	i := slices.IndexFunc(list, func(d Device) bool { return d.Device == device })
	if i < 0 {
		localapi.Answer(w, nil, err)
		return
	}
	localapi.Answer(w, list[i], err)
}

func (s *Server) apiSales(w http.ResponseWriter, r *http.Request) {
	by, err := report.ParseBy(r.URL.Query().Get("by"))
	in, serr := report.ParseSpan(r.URL.Query().Get("from"), r.URL.Query().Get("to"))
	if err = errors.Join(err, serr); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	if err := s.current(r.Context()); err != nil { // what a device was told is safe is in the figures
		localapi.Answer(w, nil, err)
		return
	}
	sales, err := s.SalesIn(r.Context(), by, in)
	localapi.Answer(w, sales, err)
}

// askedOf reads what an overview is asked about.
func askedOf(r *http.Request) (a Asked, err error) {
	q := r.URL.Query()
	if a.Of, err = report.ParseSpan(q.Get("from"), q.Get("to")); err != nil {
		return a, err
	}
	against, err := report.ParseSpan(q.Get("against_from"), q.Get("against_to"))
	if !against.IsZero() {
		a.Against = &against
	}
	return a, err
}

func (s *Server) apiOverview(w http.ResponseWriter, r *http.Request) {
	asked, err := askedOf(r)
	if err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	o, err := s.Overview(r.Context(), asked)
	localapi.Answer(w, o, err)
}

// overviewEvery is the least time between two overviews to one reader: a person sees no
// more, and what was added up serves all who look at the same span.
const overviewEvery = 250 * time.Millisecond

// overviewAtLeast is how often one is sent although the log did not grow: figures are
// complete to later as long as sites are connected.
const overviewAtLeast = time.Minute

// apiEvents sends the overview whenever the log grew, the newest alone.
func (s *Server) apiEvents(w http.ResponseWriter, r *http.Request) {
	asked, err := askedOf(r)
	if err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	var view *live.View
	var disk sqlitedb.Disk
	localapi.Events(w, r, func(ctx context.Context) (string, any, error) {
		if view != nil {
			if err := s.grown(ctx, view, disk); err != nil {
				return "", nil, err
			}
		}
		view = s.live.View() // before reading, so that no change falls between
		view.Head()
		o, err := s.Overview(context.WithoutCancel(ctx), asked)
		disk = o.Disk
		return "overview", o, err
	})
}

// grown waits until something moved, the disk is not what it was, or it is time anyway.
func (s *Server) grown(ctx context.Context, view *live.View, disk sqlitedb.Disk) error {
	for until := time.Now().Add(overviewAtLeast); time.Now().Before(until); {
		wait, stop := context.WithTimeout(ctx, diskEvery)
		err := view.Wait(wait)
		stop()
		if err != nil && ctx.Err() != nil {
			return err
		}
		if err == nil || s.Disk(ctx) != disk {
			break
		}
	}
	select {
	case <-time.After(overviewEvery):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
