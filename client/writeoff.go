package client

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/rawaj/rawaj/client/store"
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
func (c *Client) WriteOff(ctx context.Context, n NewWriteOff) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		product, err := d.Get(schema.Product, n.Product)
		if err != nil || product == nil {
			return cmp.Or(err, reference("product", n.Product))
		}
		var fresh bool
		if id, fresh, err = newID(d, schema.StockMovement, n.ID, field(schema.MoveProduct, syncproto.IDValue(n.Product)), field(schema.MoveQuantity, syncproto.IntValue(n.Quantity))); err != nil || !fresh {
			return err
		}
		return d.Create(schema.StockMovement, id,
			field(schema.MoveKind, text(schema.MoveWritten)), field(schema.MoveFamily, product.Of(schema.ProductFamily)), field(schema.MoveProduct, syncproto.IDValue(n.Product)),
			field(schema.MoveQuantity, syncproto.IntValue(n.Quantity)), field(schema.MoveFrom, syncproto.IDValue(d.Identity().Site)), field(schema.MoveFair, syncproto.IDValue(n.Fair)),
			field(schema.MoveAt, syncproto.IntValue(now.UnixMilli())), field(schema.MoveBy, text(n.By)), field(schema.MoveReason, text(n.Reason)))
	})
	return id, err
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
