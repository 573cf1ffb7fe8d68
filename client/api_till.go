package client

import (
	"context"
	"net/http"

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
	Closing    *closing.Statement `json:"closing"` // the last statement of its sales; null while it is open
}

func (c *Client) apiTill(w http.ResponseWriter, r *http.Request) {
	row, err := c.lastTill(r.Context())
	if row == nil {
		localapi.Answer(w, nil, err)
		return
	}
	till := Till{ID: row.ID, OpenedAt: row.Of(schema.TillOpenedAt).Int(), FloatMinor: row.Of(schema.TillFloat).Int(), Currency: row.Of(schema.TillCurrency).Text(), Closed: !row.Of(schema.TillClosedAt).IsNull()}
	if till.Closed {
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
}

func (c *Client) apiOpenTill(w http.ResponseWriter, r *http.Request) {
	var q openTillRequest
	if err := localapi.Read(w, r, &q); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	id, err := c.OpenTill(r.Context(), NewTill{ID: q.ID, Fair: orZero(q.Fair), FloatMinor: q.FloatMinor, Currency: q.Currency})
	localapi.Answer(w, madeAnswer{id}, err)
}

// closeTillRequest is the body of its route.
type closeTillRequest struct {
	CountedMinor int64 `json:"counted_minor"`
}

func (c *Client) apiCloseTill(w http.ResponseWriter, r *http.Request) {
	var q closeTillRequest
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = c.CloseTill(r.Context(), id, q.CountedMinor)
	}
	localapi.Answer(w, madeAnswer{id}, err)
}
