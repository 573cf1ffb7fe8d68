package client

import (
	"context"
	"net/http"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewWriteOff is goods of this site that are thrown away: food that nobody bought.
type NewWriteOff struct {
	ID       syncproto.RecordID // as in NewProduct
	Product  syncproto.RecordID
	Fair     syncproto.RecordID // zero: none
	Quantity int64
	Reason   string
	By       string
}

// WriteOff records what was thrown away, and why.
func (c *Client) WriteOff(ctx context.Context, n NewWriteOff) (syncproto.RecordID, error) {
	return c.Move(ctx, NewMovement{ID: n.ID, Kind: schema.MoveWritten, Product: n.Product, Quantity: n.Quantity, Fair: n.Fair, By: n.By, Reason: n.Reason})
}

// writeOffRequest is the body of its route.
type writeOffRequest struct {
	ID       syncproto.RecordID  `json:"id"`
	Product  syncproto.RecordID  `json:"product"`
	Fair     *syncproto.RecordID `json:"fair"`
	Quantity int64               `json:"quantity"`
	Reason   string              `json:"reason"`
	By       string              `json:"by"`
}

func (c *Client) apiWriteOff(w http.ResponseWriter, r *http.Request) {
	var q writeOffRequest
	err := localapi.Read(w, r, &q)
	var id syncproto.RecordID
	if err == nil {
		id, err = c.WriteOff(r.Context(), NewWriteOff{q.ID, q.Product, orZero(q.Fair), q.Quantity, q.Reason, q.By})
	}
	localapi.Answer(w, madeAnswer{id}, err)
}
