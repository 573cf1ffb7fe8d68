package client

import (
	"context"
	"time"
	_ "time/tzdata" // a tablet may have no zones of its own

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
)

// How what staff do is recorded: one transaction, at the time at which it was done.

func field(id syncproto.FieldID, v syncproto.Value) store.Field {
	return store.Field{Field: id, Value: v}
}

// at gives the site's civil day and its minutes east of UTC at a time.
func (c *Client) at(t time.Time) (day string, zone int, err error) {
	name := c.Store.Identity().Zone
	loc := c.zone.Load()
	if loc == nil || loc.String() != name { // reading it from its file costs some 15 µs a sale
		if loc, err = time.LoadLocation(name); err != nil {
			return "", 0, err
		}
		c.zone.Store(loc)
	}
	local := t.In(loc)
	_, seconds := local.Zone()
	return local.Format(time.DateOnly), seconds / 60, nil
}

// maxWaited bounds how long ago a page can say that something was done: a season with
// the program away. A longer wait is a page whose clock jumped, and is not believed.
const maxWaited = 90 * 24 * time.Hour

// clockOff is what a clock may be off without anybody being told (R43).
const clockOff = 2 * time.Minute

// corrected is a time put right by what this device's clock was off at the last contact:
// the day that a sale is counted on. What the clock claimed stands beside it.
func (c *Client) corrected(now time.Time) time.Time { return now.Add(-c.off()) }

// off is how far this clock was ahead at the last contact, 0 within clockOff.
func (c *Client) off() time.Duration {
	off := time.Duration(c.Store.Progress().OffsetMS) * time.Millisecond
	if off.Abs() <= clockOff {
		return 0
	}
	return off
}

// record writes one transaction at the present time.
func (c *Client) record(ctx context.Context, f func(d *store.Draft, now time.Time, day string) error) error {
	return c.recordLate(ctx, 0, f)
}

// recordLate writes one transaction for what was done some time ago: it waited in a page
// while this program was away. No work is refused because of its time.
func (c *Client) recordLate(ctx context.Context, waited time.Duration, f func(d *store.Draft, now time.Time, day string) error) error {
	return c.recordThen(ctx, waited, f, nil)
}

// recordThen is recordLate, and what then records belongs to the same commit.
func (c *Client) recordThen(ctx context.Context, waited time.Duration, f func(d *store.Draft, now time.Time, day string) error, then func(w *store.Writer, zone int) error) error {
	if c.Store.Identity() == nil {
		return store.ErrNotEnrolled
	}
	if waited < 0 || waited > maxWaited {
		waited = 0
	}
	now := c.Now().Add(-waited)
	day, zone, err := c.at(c.corrected(now))
	if err != nil {
		return err
	}
	return c.Store.Write(ctx, func(w *store.Writer) error {
		if f != nil {
			if err := w.Transaction(syncproto.RecordID{}, zone, func(d *store.Draft) error {
				d.Loaded(loadedAt(ctx))
				if again, err := drafting(ctx, d); again || err != nil {
					return err
				}
				return f(d, now, day)
			}); err != nil {
				return err
			}
		}
		if then == nil {
			return nil
		}
		return then(w, zone)
	})
}
