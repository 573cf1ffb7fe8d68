package client

import (
	"context"
	"net/http"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/recorder"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
)

// Status is the site's state as people and scripts read it.
type Status struct {
	Transactions uint64             `json:"transactions"`        // recorded here, in all
	Pending      uint64             `json:"pending"`             // not known to have arrived
	Acknowledged uint64             `json:"acknowledged"`        // arrived
	Quarantined  uint64             `json:"quarantined"`         // held by the server
	LastContact  *string            `json:"last_contact"`        // RFC 3339, UTC; null: never
	CursorAt     syncproto.Position `json:"cursor_at"`           // log position heard up to
	Attachments  uint64             `json:"attachments"`         // photos and other files that have not arrived
	Fetched      uint64             `json:"attachments_fetched"` // changes when one has arrived here: a page may ask again for what lacked
	Unbacked     uint64             `json:"unbacked"`            // arrived, and let go for want of room though in no backup this device knew of
	Kept         uint64             `json:"kept"`                // records of others that the server has lost, kept sealed
	NotTaken     bool               `json:"not_taken"`           // the centre takes no more of this device's work until it has settled what it holds
	Wiped        bool               `json:"wiped"`               // the device was revoked and holds nothing any more; pages empty themselves
	Withheld     bool               `json:"withheld"`            // the centre was put back and has not confirmed who takes part: nothing is heard until then
	Backlog      Backlog            `json:"declared"`
	HeldMinor    map[string]int64   `json:"held_minor"`   // money in what is held, by currency
	Conflicts    uint64             `json:"conflicts"`    // that nobody has settled
	Disk         sqlitedb.Disk      `json:"disk"`         // empty: well; full, failing: so was the last write; failed: one failed since the program began
	ClockOffMS   int64              `json:"clock_off_ms"` // this clock minus the server's at the last contact; 0 within two minutes (R43)
}

// Backlog is what has not arrived.
type Backlog struct {
	Transactions uint64           `json:"transactions"`
	AmountMinor  map[string]int64 `json:"amount_minor"`
	Oldest       *string          `json:"oldest"` // RFC 3339, UTC
}

// Status tells what is saved here and what has arrived.
func (c *Client) Status(ctx context.Context) (Status, error) {
	st, err := c.Store.Status(ctx)
	if err != nil {
		return Status{}, err
	}
	undelivered, err := c.undelivered(ctx)
	id := c.Store.Identity()
	return Status{
		Wiped: id != nil && id.WipedAt != 0, Transactions: st.Transactions, Pending: st.Pending, Acknowledged: st.Acknowledged, Quarantined: st.Quarantined,
		LastContact: timeText(st.Progress.LastContact), CursorAt: st.Progress.Position, Attachments: uint64(len(undelivered)), Fetched: c.lane.times(), Unbacked: st.Unbacked, Kept: st.Declared.Kept, Withheld: c.withheld.Load(), NotTaken: c.notTaken.Load() && st.Pending > 0,
		Backlog:   Backlog{st.Declared.Transactions, st.Declared.AmountMinor, timeText(st.Declared.OldestMS)},
		HeldMinor: st.HeldMinor, Conflicts: st.Conflicts, Disk: c.Store.Disk(ctx), ClockOffMS: c.off().Milliseconds(),
	}, err
}

func timeText(ms int64) *string {
	if ms == 0 {
		return nil
	}
	s := time.UnixMilli(ms).UTC().Format(time.RFC3339)
	return &s
}

// Handler answers the local API, and pages for people, behind a gate.
func (c *Client) Handler(gate *localapi.Gate, pages http.Handler) http.Handler {
	mux := http.NewServeMux()
	api := c.loads(localapi.Mux(append(c.Routes(), localapi.Route{Method: "POST", Path: "/api/login-link", Handle: gate.AnswerLink})))
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		if c.Store.Identity() == nil {
			localapi.Refuse(w, store.ErrNotEnrolled)
			return
		}
		if c.wiped(w, r) {
			return
		}
		c.forThisSite(api).ServeHTTP(w, r)
	})
	mux.Handle("GET /metrics", c.metrics.handler())
	mux.Handle("/", pages)
	return gate.Handler(mux)
}

// wiped answers for a device that was wiped: nothing but that, and the page that hears it
// empties what its browser keeps of the site (Clear-Site-Data would take that from under it:
// Chromium's page then stands still). It says whether it has answered.
func (c *Client) wiped(w http.ResponseWriter, r *http.Request) bool {
	if c.Store.Identity().WipedAt == 0 {
		return false
	}
	switch r.URL.Path {
	case "/api/status", "/api/events", "/api/recorder", "/api/login-link":
		return false
	}
	localapi.Refuse(w, store.ErrWiped)
	return true
}

// SiteHeader names the site that a page recorded something for.
const SiteHeader = "Rawaj-Site"

// forThisSite turns away what a page kept for another site that answered at this address
// before: a browser knows programs by their port alone.
func (c *Client) forThisSite(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if want := r.Header.Get(SiteHeader); want != "" && want != c.Store.Identity().Site.String() {
			localapi.Refuse(w, refusal.New(refusal.OtherSite, "this was recorded for site %q", want))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (c *Client) apiRecorder(w http.ResponseWriter, _ *http.Request) {
	events, err := c.Recorder.Events()
	shown := make([]recorder.Shown, 0, len(events))
	for _, e := range events {
		shown = append(shown, e.Show())
	}
	localapi.Answer(w, shown, err)
}

// DefaultPatience is how long a sync tries again without getting on.
const DefaultPatience = 5 * time.Second
