package store

import (
	"bytes"
	"cmp"
	"crypto/ed25519"

	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Head is the last transaction that was recorded here, this Write's own included; zero
// where there is none.
func (w *Writer) Head() syncproto.Head {
	at := w.current
	if at < 0 {
		at = len(w.lives) - 1
	}
	if at < 0 {
		return syncproto.Head{}
	}
	l := &w.lives[at]
	if l.last == 0 {
		return syncproto.Head{Incarnation: l.genesis.Parent, Seq: l.genesis.Seq, Hash: l.genesis.Hash}
	}
	return syncproto.Head{Incarnation: l.inc, Seq: l.last, Hash: l.hash}
}

// Heard is the last checkpoint; zero where there was none.
func (w *Writer) Heard() syncproto.Base {
	if w.progress.Cursor == nil {
		return syncproto.Base{}
	}
	return syncproto.Base{Position: w.progress.Position, Hash: w.progress.Hash.Short()}
}

// Identity is who records, as of this Write.
func (w *Writer) Identity() *Identity { return w.s.Identity() }

// CountClosing counts what a statement of a till or day made now is to say.
func (r *Reader) CountClosing(of closing.Of) (syncproto.ClosingCounts, error) {
	c, err := closing.Count(r.tx, set, closing.ByPart, of, nil)
	return c.ClosingCounts, err
}

// Sheet is a till from its opening to its approval.
func (r *Reader) Sheet(till syncproto.RecordID) (closing.Sheet, error) {
	row, err := r.Get(schema.TillSession, till)
	if err == nil && row == nil {
		err = ErrNoRecord
	}
	if err != nil {
		return closing.Sheet{}, err
	}
	state, err := r.Get(schema.TillSheet, till)
	if err != nil {
		return closing.Sheet{}, err
	}
	return closing.SheetOf(r.tx, set, closing.ByPart, row, state)
}

// NeedsHost says whether a till sells at a food event whose host nobody has named.
func (r *Reader) NeedsHost(till *records.Row) (bool, error) {
	return closing.NeedsHost(r.tx, set, till)
}

// LastClosing is the last statement of a till, or of a day by a device; nil where there
// is none. Every sale asks, so there is nothing to sort.
func (r *Reader) LastClosing(about closing.About) (last *records.Row, err error) {
	later := func(row *records.Row) error {
		if last == nil || cmp.Or(cmp.Compare(row.Of(schema.ClosingNumber).Int(), last.Of(schema.ClosingNumber).Int()), bytes.Compare(row.ID[:], last.ID[:])) > 0 {
			last = row
		}
		return nil
	}
	t := schema.Lookup(schema.Closing)
	if about.Till.IsZero() {
		err = set.Each(r.tx, t, `WHERE day = ? AND device = ? AND till_session IS NULL`, later, about.Day, about.Device[:])
	} else {
		err = set.Each(r.tx, t, `WHERE till_session = ?`, later, about.Till[:])
	}
	return last, err
}

// Closings shows the statements of the days of a span.
func (r *Reader) Closings(id *Identity, in report.Span, f func(closing.Statement)) error {
	return set.Each(r.tx, schema.Lookup(schema.Closing), `WHERE day >= ?1 AND (?2 = '' OR day <= ?2)`, func(row *records.Row) error {
		v, err := r.Closing(id, row)
		if err == nil {
			f(v)
		}
		return err
	}, in.From, in.To)
}

// Closing shows one statement.
func (r *Reader) Closing(id *Identity, row *records.Row) (v closing.Statement, err error) {
	answer, err := r.Get(schema.ClosingAnswer, schema.ClosingAnswerID(row.ID))
	if err != nil {
		return v, err
	}
	prefix, label := id.Prefix, ""
	device, err := r.Get(schema.Device, row.Of(schema.ClosingDevice).ID())
	if err != nil {
		return v, err
	}
	if device != nil {
		prefix, label = device.Of(schema.DevicePrefix).Text(), device.Of(schema.DeviceLabel).Text()
	}
	v, err = signers(r.tx, id).Show(r.tx, set, row, answer, prefix)
	v.Label, v.SiteName = label, id.SiteName
	return v, err
}

// signers are the keys that are known here: of devices by their records, and this one's
// by its certificate.
func signers(tx *sqlitedb.Tx, id *Identity) *closing.Signers {
	return &closing.Signers{Org: id.Org, OrgKey: id.OrgKey, Find: closing.ByPart, KeyOf: func(device syncproto.DeviceID) (ed25519.PublicKey, error) {
		if device == id.Device {
			if own, err := syncproto.OwnCertificate(id.Certificate); err == nil {
				return own.Key, nil
			}
		}
		row, err := set.Get(tx, schema.Lookup(schema.Device), syncproto.RecordID(device))
		if err != nil || row == nil {
			return nil, err
		}
		return row.Of(schema.DeviceKey).Bytes(), nil
	}}
}

// closings holds statements and answers against their signatures, and looks whether all
// sales are found for them.
func (v *verifier) closings() error {
	id, err := readIdentity(v.tx)
	if err != nil || id == nil {
		return err
	}
	found := func(what string) { v.add("closings", "%s", what) }
	if err := closing.VerifyParts(v.tx, found); err != nil {
		return err
	}
	return signers(v.tx, id).VerifyAll(v.tx, set, found)
}
