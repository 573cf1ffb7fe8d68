package client

import (
	"context"
	"net/http"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
)

func (c *Client) reportRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/report/expiring", Summary: "Papers that run out in 30, 60 and 90 days, counted by branch and kind", Query: []string{"on"}, Response: report.Expiring{}, Handle: c.apiReportExpiring},
		{Method: "GET", Path: "/api/report/hours", Summary: "Accredited hours up to a day, by branch", Query: []string{"on"}, Response: report.Hours{}, Handle: c.apiReportHours},
	}
}

func (c *Client) apiReportExpiring(w http.ResponseWriter, r *http.Request) {
	var e report.Expiring
	err := c.counted(r, func(rd *store.Reader, on string, now time.Time) (err error) {
		e, err = report.CountExpiring(rd, on, now)
		e.CompleteTo = c.heard()
		return err
	})
	localapi.Answer(w, e, err)
}

func (c *Client) apiReportHours(w http.ResponseWriter, r *http.Request) {
	var h report.Hours
	err := c.counted(r, func(rd *store.Reader, on string, now time.Time) (err error) {
		h, err = report.CountHours(rd, on, now)
		h.CompleteTo = c.heard()
		return err
	})
	localapi.Answer(w, h, err)
}

// counted counts for a day that is asked about, today where none is.
func (c *Client) counted(r *http.Request, f func(rd *store.Reader, on string, now time.Time) error) error {
	on, _, err := c.dayOf(r)
	if err != nil {
		return err
	}
	return c.Store.Read(context.WithoutCancel(r.Context()), func(rd *store.Reader) error { return f(rd, on, c.corrected(c.Now())) })
}

// heard is up to when this site has heard of others: its own work is always in.
func (c *Client) heard() *string { return timeText(c.Store.Progress().ServerTime) }
