package client

import (
	"context"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewTill is a till as it is opened.
type NewTill struct {
	ID         syncproto.RecordID // as in NewProduct
	Fair       syncproto.RecordID // zero: none
	FloatMinor int64
	Currency   string
}

// OpenTill opens a till with its float.
func (c *Client) OpenTill(ctx context.Context, n NewTill) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		var fresh bool
		if id, fresh, err = newID(d, schema.TillSession, n.ID, field(schema.TillFloat, syncproto.IntValue(n.FloatMinor)), field(schema.TillCurrency, syncproto.TextValue(n.Currency))); err != nil || !fresh {
			return err
		}
		me := d.Identity()
		return d.Create(schema.TillSession, id,
			field(schema.TillSite, syncproto.IDValue(me.Site)), field(schema.TillFair, syncproto.IDValue(n.Fair)),
			field(schema.TillDevice, syncproto.IDValue(syncproto.RecordID(me.Device))), field(schema.TillOpenedAt, syncproto.IntValue(now.UnixMilli())),
			field(schema.TillFloat, syncproto.IntValue(n.FloatMinor)), field(schema.TillCurrency, syncproto.TextValue(n.Currency)))
	})
	return id, err
}

// CloseTill closes a till with what was counted in it, and states and signs what was sold.
func (c *Client) CloseTill(ctx context.Context, till syncproto.RecordID, countedMinor int64) error {
	return c.recordThen(ctx, 0, func(d *store.Draft, now time.Time, _ string) error {
		have, err := d.Get(schema.TillSession, till)
		if err != nil || have != nil && !have.Of(schema.TillClosedAt).IsNull() {
			return err
		}
		return d.Update(schema.TillSession, till, schema.TillGroupClosing,
			field(schema.TillClosedAt, syncproto.IntValue(now.UnixMilli())), field(schema.TillCounted, syncproto.IntValue(countedMinor)))
	}, func(w *store.Writer, zone int) error {
		row, err := w.Reader().Get(schema.TillSession, till)
		if err != nil || row == nil {
			return err
		}
		return c.stateTill(ctx, w, zone, row)
	})
}
