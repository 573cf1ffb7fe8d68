package client

import (
	"context"
	"net/http"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// lastTill is the till that this device opened last; nil where it opened none.
func (c *Client) lastTill(ctx context.Context) (last *records.Row, err error) {
	until, err := c.names(ctx)
	if err != nil {
		return nil, err
	}
	err = c.each(ctx, schema.TillSession, func(row *records.Row) {
		upto, ours := until[syncproto.DeviceID(row.Of(schema.TillDevice).ID())]
		if ours && row.Of(schema.TillOpenedAt).Int() <= upto && (last == nil || row.Of(schema.TillOpenedAt).Int() > last.Of(schema.TillOpenedAt).Int()) {
			last = row
		}
	})
	return last, err
}

// Till is a till as pages show it.
type Till struct {
	ID         syncproto.RecordID `json:"id"`
	OpenedAt   int64              `json:"opened_at"` // UTC ms
	FloatMinor int64              `json:"float_minor"`
	Currency   string             `json:"currency"`
	Closed     bool               `json:"closed"`
	Host
	NeedsHost bool               `json:"needs_host"` // a food event whose host nobody has named: ask, once
	Closing   *closing.Statement `json:"closing"`    // the last statement of its sales; null while it is open
}

func (c *Client) apiTill(w http.ResponseWriter, r *http.Request) {
	row, err := c.lastTill(r.Context())
	if row == nil {
		localapi.Answer(w, nil, err)
		return
	}
	till := Till{ID: row.ID, OpenedAt: row.Of(schema.TillOpenedAt).Int(), FloatMinor: row.Of(schema.TillFloat).Int(), Currency: row.Of(schema.TillCurrency).Text(), Closed: !row.Of(schema.TillClosedAt).IsNull()}
	till.Host = hostOf(row)
	err = c.Store.Read(r.Context(), func(rd *store.Reader) error {
		till.NeedsHost, err = rd.NeedsHost(row)
		return err
	})
	if err == nil && till.Closed {
		till.Closing, err = c.closingOf(r.Context(), row.ID)
	}
	localapi.Answer(w, till, err)
}

// openTillRequest is the body of its route.
type openTillRequest struct {
	ID         syncproto.RecordID  `json:"id"`
	Fair       *syncproto.RecordID `json:"fair"`
	FloatMinor int64               `json:"float_minor"`
	Currency   string              `json:"currency"`
	Host
}

func (c *Client) apiOpenTill(w http.ResponseWriter, r *http.Request) {
	var q openTillRequest
	if err := localapi.Read(w, r, &q); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	id, err := c.OpenTill(r.Context(), NewTill{ID: q.ID, Fair: orZero(q.Fair), FloatMinor: q.FloatMinor, Currency: q.Currency, Host: q.Host})
	localapi.Answer(w, madeAnswer{id}, err)
}

// closeTillRequest is the body of its route.
type closeTillRequest struct {
	CountedMinor int64            `json:"counted_minor"`
	Pieces       []closing.Pieces `json:"pieces"` // instead, by notes and coins
	By           string           `json:"by"`     // who counted them
}

func (c *Client) apiCloseTill(w http.ResponseWriter, r *http.Request) {
	var q closeTillRequest
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	switch {
	case err != nil:
	case len(q.Pieces) > 0:
		err = c.CloseCounted(r.Context(), NewCount{Till: id, Pieces: q.Pieces, By: q.By})
	default:
		err = c.CloseTill(r.Context(), id, q.CountedMinor)
	}
	localapi.Answer(w, madeAnswer{id}, err)
}

func (c *Client) apiNameHost(w http.ResponseWriter, r *http.Request) {
	var q Host
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = c.NameHost(r.Context(), id, q)
	}
	localapi.Answer(w, madeAnswer{id}, err)
}

// countTillRequest is the body of its route.
type countTillRequest struct {
	ID     syncproto.RecordID `json:"id"`
	Pieces []closing.Pieces   `json:"pieces"`
	By     string             `json:"by"`
}

func (c *Client) apiCountTill(w http.ResponseWriter, r *http.Request) {
	var q countTillRequest
	till, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	var id syncproto.RecordID
	if err == nil {
		id, err = c.CountTill(r.Context(), NewCount{q.ID, till, q.Pieces, q.By})
	}
	localapi.Answer(w, madeAnswer{id}, err)
}

func (c *Client) apiSheet(w http.ResponseWriter, r *http.Request) {
	id, err := localapi.PathID[syncproto.RecordID](r)
	var s closing.Sheet
	if err == nil {
		s, err = c.Sheet(r.Context(), id)
	}
	localapi.Answer(w, s, err)
}

// approveTillRequest is the body of its route.
type approveTillRequest struct {
	By     string `json:"by"`
	Second string `json:"second"` // where the difference is over the limit
	Reason string `json:"reason"`
}

func (c *Client) apiApproveTill(w http.ResponseWriter, r *http.Request) {
	var q approveTillRequest
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	var s closing.Sheet
	if err == nil {
		err = c.ApproveTill(r.Context(), NewApproval{id, q.By, q.Second, q.Reason})
	}
	if err == nil {
		s, err = c.Sheet(r.Context(), id)
	}
	localapi.Answer(w, s, err)
}

// apiTills lists the tills that are known here, newest first.
func (c *Client) apiTills(w http.ResponseWriter, r *http.Request) {
	cursor, limit, err := pageOf(r)
	if err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	out := page[closing.Sheet]{Items: []closing.Sheet{}}
	err = c.Store.Read(r.Context(), func(rd *store.Reader) error {
		return rd.Newest(schema.TillSession, cursor, limit, func(row *records.Row) error {
			s, err := rd.Sheet(row.ID)
			out.Items = append(out.Items, s)
			return err
		})
	})
	if len(out.Items) == limit {
		out.Next = out.Items[limit-1].Till.String()
	}
	localapi.Answer(w, out, err)
}

// tillRoutes are those of tills and of what was stated of them.
func (c *Client) tillRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/till", Summary: "The till this device opened last; null where it opened none", Response: &Till{}, Handle: c.apiTill},
		{Method: "POST", Path: "/api/tills", Summary: "Open a till", Request: openTillRequest{}, Response: madeAnswer{}, Handle: c.apiOpenTill},
		{Method: "POST", Path: "/api/tills/{id}/close", Summary: "Close a till with what was counted", Request: closeTillRequest{}, Response: madeAnswer{}, Handle: c.apiCloseTill},
		{Method: "GET", Path: "/api/closings", Summary: "What was stated and signed of tills and days, and what head office said to it", Query: []string{"from", "to", "proofs"}, Response: closing.Statements{}, Handle: c.apiClosings},
		{Method: "POST", Path: "/api/closings", Summary: "State and sign the sales of a business day that this device recorded", Request: dayRequest{}, Response: closing.Statement{}, Handle: c.apiStateDay},
		{Method: "GET", Path: "/api/tills", Summary: "Tills with their sheets, newest first, in pages", Query: []string{"cursor", "limit"}, Response: page[closing.Sheet]{}, Handle: c.apiTills},
		{Method: "POST", Path: "/api/tills/{id}/host", Summary: "Say which body hosts the food event that a till sells at", Request: Host{}, Response: madeAnswer{}, Handle: c.apiNameHost},
		{Method: "POST", Path: "/api/tills/{id}/count", Summary: "Record what was counted, by notes and coins", Request: countTillRequest{}, Response: madeAnswer{}, Handle: c.apiCountTill},
		{Method: "GET", Path: "/api/tills/{id}/sheet", Summary: "A till from its opening to its approval: what it was closed with, and what came late", Response: closing.Sheet{}, Handle: c.apiSheet},
		{Method: "POST", Path: "/api/tills/{id}/approve", Summary: "Sign what waits of a till: its count, a difference with a second person, late sales", Request: approveTillRequest{}, Response: closing.Sheet{}, Handle: c.apiApproveTill},
	}
}
