package client

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net/http"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// A till's closing, or a day's, is stated and signed in a transaction of its own, in the
// commit that makes it true (SPEC §13). What comes later is stated anew, beside it.

// soldAt is what a transaction did for a closing: the sale that it made or changed, and its
// till, each as it stands; nil where there is none.
type soldAt struct{ sale, till *records.Row }

// recordAndState is recordLate; what it changed of a till that is closed, or of a day that
// was stated, is stated anew in the same commit.
func (c *Client) recordAndState(ctx context.Context, waited time.Duration, f func(d *store.Draft, now time.Time, day string) (soldAt, error)) error {
	var at soldAt
	return c.recordThen(ctx, waited, func(d *store.Draft, now time.Time, day string) (err error) {
		at, err = f(d, now, day)
		return err
	}, func(w *store.Writer, zone int) error {
		if at.sale == nil {
			return nil
		}
		if at.till != nil && !at.till.Of(schema.TillClosedAt).IsNull() {
			if err := c.stateTill(ctx, w, zone, at.till); err != nil {
				return err
			}
		}
		day := at.sale.Of(schema.SaleDay).Text()
		stated, err := w.Reader().LastClosing(closing.About{Day: day, Device: w.Identity().Device})
		if err != nil || stated == nil {
			return err
		}
		return c.state(ctx, w, zone, syncproto.RecordID{}, day)
	})
}

// stateTill states the sales of a till. Its business day is the one on which it was
// opened.
func (c *Client) stateTill(ctx context.Context, w *store.Writer, zone int, till *records.Row) error {
	day, _, err := c.at(c.corrected(time.UnixMilli(till.Of(schema.TillOpenedAt).Int())))
	if err != nil {
		return err
	}
	return c.state(ctx, w, zone, till.ID, day)
}

// state signs what is here of a till, or of a day where that is zero, unless that is what
// was stated last. A device whose key is missing records on, and states nothing.
func (c *Client) state(ctx context.Context, w *store.Writer, zone int, till syncproto.RecordID, day string) error {
	id := w.Identity()
	key, err := c.signingKey(id)
	if err != nil {
		c.Logger.Warn("a closing is not signed", "err", err)
		return nil
	}
	of := closing.Of{Site: id.Site, Till: till, Day: day, Prefix: id.Prefix}
	s := syncproto.Closing{Device: id.Device, Site: id.Site, Till: till, Day: day, Number: 1, Head: w.Head(), Heard: w.Heard(), TimeMS: c.Now().UnixMilli()}
	if s.Counts, err = w.Reader().CountClosing(of); err != nil {
		return err
	}
	last, err := w.Reader().LastClosing(closing.About{Till: till, Day: day, Device: id.Device})
	if err != nil {
		return err
	}
	if last != nil {
		signed := last.Of(schema.ClosingSigned).Bytes()
		was, err := syncproto.ReadClosing(signed)
		if err == nil && was.Counts.Equal(&s.Counts) {
			return nil
		}
		s.Number, s.Before = uint64(last.Of(schema.ClosingNumber).Int())+1, syncproto.ClosingHash(signed)
	}
	return w.Transaction(syncproto.RecordID{}, zone, func(d *store.Draft) error {
		record, err := d.NewID()
		if err != nil {
			return err
		}
		return d.Create(schema.Closing, record,
			field(schema.ClosingSite, syncproto.IDValue(s.Site)), field(schema.ClosingDevice, syncproto.IDValue(syncproto.RecordID(s.Device))), field(schema.ClosingTill, syncproto.IDValue(s.Till)),
			field(schema.ClosingDay, syncproto.TextValue(s.Day)), field(schema.ClosingNumber, syncproto.IntValue(int64(s.Number))),
			field(schema.ClosingSigned, syncproto.BytesValue(syncproto.SignClosing(key, id.Org, &s))))
	})
}

// signingKey is the key of this device's present name.
func (c *Client) signingKey(id *store.Identity) (ed25519.PrivateKey, error) {
	own, err := syncproto.OwnCertificate(id.Certificate)
	if err != nil {
		return nil, err
	}
	return c.keyFor(own.Key)
}

// StateDay states the sales of a business day that this device recorded, unless that is
// what it stated last.
func (c *Client) StateDay(ctx context.Context, day string) (v closing.Statement, err error) {
	if !schema.ValidDay(day) {
		return v, refusal.New(refusal.BadForm, "%q is no day: write it as 2026-11-21", day).On("day")
	}
	err = c.recordThen(ctx, 0, nil, func(w *store.Writer, zone int) error {
		if err := c.state(ctx, w, zone, syncproto.RecordID{}, day); err != nil {
			return err
		}
		row, err := w.Reader().LastClosing(closing.About{Day: day, Device: w.Identity().Device})
		if err == nil && row == nil {
			err = errNoKey
		}
		if err != nil {
			return err
		}
		v, err = w.Reader().Closing(w.Identity(), row)
		v.Latest, v.Proof = true, nil
		return err
	})
	return v, err
}

// Closings lists the statements of a span of days, and what head office said to them.
func (c *Client) Closings(ctx context.Context, in report.Span, proofs bool) (closing.Statements, error) {
	return Closings(ctx, c.Store, in, proofs)
}

// Closings lists the statements that a store holds.
func Closings(ctx context.Context, s *store.Store, in report.Span, proofs bool) (closing.Statements, error) {
	id := s.Identity()
	if id == nil {
		return closing.Statements{}, store.ErrNotEnrolled
	}
	list := closing.Statements{Organisation: id.Org, OrgKey: id.OrgKey, Closings: []closing.Statement{}}
	err := s.Read(ctx, func(r *store.Reader) error {
		return r.Closings(id, in, func(v closing.Statement) { list.Closings = append(list.Closings, v) })
	})
	closing.Sort(list.Closings, proofs)
	return list, err
}

// closingOf is the last statement of a till; nil where there is none.
func (c *Client) closingOf(ctx context.Context, till syncproto.RecordID) (shown *closing.Statement, err error) {
	err = c.Store.Read(ctx, func(r *store.Reader) error {
		row, err := r.LastClosing(closing.About{Till: till})
		if err != nil || row == nil {
			return err
		}
		v, err := r.Closing(c.Store.Identity(), row)
		v.Latest, v.Proof = true, nil
		shown = &v
		return err
	})
	return shown, err
}

func (c *Client) apiClosings(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	in, err := report.ParseSpan(q.Get("from"), q.Get("to"))
	proofs, perr := localapi.Flag(r, "proofs")
	if err = errors.Join(err, perr); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	list, err := c.Closings(r.Context(), in, proofs)
	localapi.Answer(w, list, err)
}

// dayRequest is the body of its route.
type dayRequest struct {
	Day string `json:"day"`
}

func (c *Client) apiStateDay(w http.ResponseWriter, r *http.Request) {
	var q dayRequest
	err := localapi.Read(w, r, &q)
	var v closing.Statement
	if err == nil {
		v, err = c.StateDay(r.Context(), q.Day)
	}
	localapi.Answer(w, v, err)
}
