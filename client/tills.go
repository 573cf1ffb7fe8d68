package client

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewTill is a till as it is opened.
type NewTill struct {
	ID         syncproto.RecordID // as in NewProduct
	Fair       syncproto.RecordID // zero: none
	FloatMinor int64
	Currency   string
	Host       Host // of a food event; empty: not known yet
}

// Host is the body whose employees buy at a food event (R10).
type Host struct {
	Kind string `json:"host_kind"` // department or government; empty: not known
	Name string `json:"host"`
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
			field(schema.TillFloat, syncproto.IntValue(n.FloatMinor)), field(schema.TillCurrency, syncproto.TextValue(n.Currency)),
			field(schema.TillHostKind, text(n.Host.Kind)), field(schema.TillHost, text(n.Host.Name)))
	})
	return id, err
}

// NameHost says which body hosts the food event that a till sells at. It is asked once a
// session, and the first answer holds.
func (c *Client) NameHost(ctx context.Context, till syncproto.RecordID, h Host) error {
	return c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		have, err := d.Get(schema.TillSession, till)
		switch {
		case err != nil:
			return err
		case have == nil:
			return store.ErrNoRecord
		case h.Kind == "":
			return refusal.New(refusal.Required, "which kind of body hosts it?").On("host_kind")
		case h.Name == "":
			return refusal.New(refusal.Required, "which body hosts it?").On("host")
		case hostOf(have) == h:
			return nil
		case hostOf(have) != Host{}:
			return refusal.New(refusal.FirstStands, "the host of this till is %s already", have.Of(schema.TillHost).Text()).On("host")
		}
		return d.Update(schema.TillSession, till, schema.TillGroupHost, field(schema.TillHostKind, text(h.Kind)), field(schema.TillHost, text(h.Name)))
	})
}

func hostOf(till *records.Row) Host {
	return Host{till.Of(schema.TillHostKind).Text(), till.Of(schema.TillHost).Text()}
}

// NewCount is what was counted in a till, by notes and coins.
type NewCount struct {
	ID     syncproto.RecordID // as in NewProduct
	Till   syncproto.RecordID
	Pieces []closing.Pieces
	By     string
}

// CountTill records a count. A till may be counted as often as it takes; it is closed with
// what CloseTill is told.
func (c *Client) CountTill(ctx context.Context, n NewCount) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		id, err = count(d, &n, now)
		return err
	})
	return id, err
}

func count(d *store.Draft, n *NewCount, now time.Time) (id syncproto.RecordID, err error) {
	till, err := d.Get(schema.TillSession, n.Till)
	if err != nil {
		return id, err
	}
	if till == nil {
		return id, store.ErrNoRecord
	}
	if !till.Of(schema.TillClosedAt).IsNull() {
		return id, ErrNoTill
	}
	var fresh bool
	if id, fresh, err = newID(d, schema.TillCount, n.ID, field(schema.CountTill, syncproto.IDValue(n.Till))); err != nil || !fresh {
		return id, err
	}
	return id, d.Create(schema.TillCount, id,
		field(schema.CountTill, syncproto.IDValue(n.Till)), field(schema.CountSite, till.Of(schema.TillSite)), field(schema.CountFair, till.Of(schema.TillFair)),
		field(schema.CountAt, syncproto.IntValue(now.UnixMilli())), field(schema.CountBy, text(n.By)), field(schema.CountCurrency, till.Of(schema.TillCurrency)),
		field(schema.CountPieces, text(n.pieces())))
}

// pieces is the count as it is recorded.
func (n *NewCount) pieces() string {
	var pieces []string
	for _, p := range n.Pieces {
		pieces = append(pieces, fmt.Sprintf("%dx%d", p.Minor, p.Pieces))
	}
	return strings.Join(pieces, "+")
}

// total is what a count comes to; one that cannot be is refused where it is recorded.
func (n *NewCount) total() int64 {
	counted, _ := schema.ReadCount(n.pieces())
	return rules.CountTotal(counted)
}

// CloseTill closes a till with what was counted in it, and states and signs what was sold.
func (c *Client) CloseTill(ctx context.Context, till syncproto.RecordID, countedMinor int64) error {
	return c.closeTill(ctx, till, countedMinor, nil)
}

// CloseCounted closes a till with a count by notes and coins.
func (c *Client) CloseCounted(ctx context.Context, n NewCount) error {
	return c.closeTill(ctx, n.Till, n.total(), &n)
}

func (c *Client) closeTill(ctx context.Context, till syncproto.RecordID, countedMinor int64, n *NewCount) error {
	return c.recordThen(ctx, 0, func(d *store.Draft, now time.Time, _ string) error {
		have, err := d.Get(schema.TillSession, till)
		if err != nil || have != nil && !have.Of(schema.TillClosedAt).IsNull() {
			return err
		}
		if n != nil {
			if _, err := count(d, n, now); err != nil {
				return err
			}
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
