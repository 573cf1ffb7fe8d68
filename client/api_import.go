package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
)

func (c *Client) importRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "POST", Path: "/api/import/sales", Summary: "Import the receipts of another till; the body is a CSV or XLSX file. A dry run records nothing and tells each line",
			Query: []string{"map", "currency", "fair", "family", "dry_run"}, Takes: "application/octet-stream", Response: ImportResult{}, Handle: c.apiImportSales},
		{Method: "POST", Path: "/api/import-table", Summary: "Import families, people, products, prices or attendance; the body is a CSV or XLSX file. With Accept: text/event-stream it tells how far it is",
			Query: []string{"kind", "dry_run", "duplicates", "session", "currency"}, Takes: "application/octet-stream", Response: TableImported{}, Handle: c.apiImportTable},
	}
}

// progressEvery is how often an import says how far it is: people notice a second.
const progressEvery = 250 * time.Millisecond

// importProgress is how far an import is, in lines.
type importProgress struct {
	Done int `json:"done"`
	Of   int `json:"of"`
}

func (c *Client) apiImportTable(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	o := TableImport{Kind: q.Get("kind"), Currency: strings.ToUpper(q.Get("currency"))}
	var err error
	if o.DryRun, err = localapi.Flag(r, "dry_run"); err == nil {
		o.Duplicates, err = localapi.Flag(r, "duplicates")
	}
	if err == nil {
		o.Session, err = localapi.QueryID(r, "session")
	}
	if err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	if !strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		res, err := c.ImportTable(r.Context(), r.Body, o)
		localapi.Answer(w, res, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	tell := func(event string, v any) {
		if b, err := json.Marshal(v); err == nil {
			fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, b)
			http.NewResponseController(w).Flush()
		}
	}
	var last time.Time
	o.Progress = func(done, of int) {
		if now := time.Now(); now.Sub(last) >= progressEvery {
			last = now
			tell("progress", importProgress{done, of})
		}
	}
	res, err := c.ImportTable(r.Context(), r.Body, o)
	if err != nil {
		tell("refused", refusal.Of(err))
		return
	}
	tell("result", res)
}

func (c *Client) apiImportSales(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	o := ImportOptions{Currency: strings.ToUpper(q.Get("currency")), Fair: q.Get("fair"), Family: q.Get("family"), Now: c.Now}
	var err error
	if o.Columns, err = ParseMapping(q.Get("map")); err == nil {
		o.DryRun, err = localapi.Flag(r, "dry_run")
	}
	if err == nil {
		err = c.importTurn(r.Context())
	}
	if err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	defer c.importDone()
	res, err := ImportSales(r.Context(), c.Store, r.Body, o)
	localapi.Answer(w, res, err)
}
