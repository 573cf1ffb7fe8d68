package store

import (
	"fmt"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Own is the transaction of this device that a verdict is about; nil where its body is not
// here any more, or may not be read here.
func (r *Reader) Own(verdict *records.Row) (*syncproto.Transaction, error) {
	row, ok, err := r.tx.One(`SELECT body FROM outbox WHERE body_hash IS NULL AND ord = (SELECT first_ord - 1 + ? FROM incarnation WHERE incarnation = ?)`,
		verdict.Of(schema.VerdictSeq).Int(), verdict.Of(schema.VerdictIncarnation).Bytes())
	if err != nil || !ok {
		return nil, err
	}
	t, err := syncproto.ReadBody(row.Blob(0))
	if err != nil {
		return nil, fmt.Errorf("own transaction of verdict %v: %w", verdict.ID, err)
	}
	return t, nil
}

// VerdictOf is the verdict about a transaction of this device, nil where there is none.
func (r *Reader) VerdictOf(hash syncproto.Hash) (found *records.Row, err error) {
	err = set.Each(r.tx, schema.Lookup(schema.Verdict), `WHERE hash = ?`, func(row *records.Row) error {
		found = row
		return nil
	}, hash[:])
	return found, err
}

// OwnWrite is what this device wrote last to a group of a record and the server has not
// judged; nil where that is nothing.
func (r *Reader) OwnWrite(row *records.Row, group syncproto.GroupID) ([]Field, error) {
	over, err := ownChanges(r.tx, row, 0)
	if err != nil {
		return nil, err
	}
	for _, o := range over {
		for _, g := range o.change.Groups {
			if g.Group == group {
				return g.Fields, nil
			}
		}
	}
	return nil, nil
}

// Reader reads what is drafted so far.
func (d *Draft) Reader() *Reader { return d.w.Reader() }

// Mend lets the draft stand in place of an own transaction that the server holds: what
// that one made here gives way to what this one makes, under the same ids. again says
// that it was mended before, and nothing is to be done.
func (d *Draft) Mend(hash syncproto.Hash, held *syncproto.Transaction) (again bool, err error) {
	d.t.Replaces = &hash
	d.mended = map[rowKey]*records.Row{}
	for i := range held.Changes {
		c := &held.Changes[i]
		if c.Op != syncproto.Create {
			continue
		}
		have, err := set.Get(d.w.tx, schema.Lookup(c.Table), c.Record)
		if err != nil {
			return false, err
		}
		if have == nil {
			continue
		}
		if have.Meta[metaState] != heldMade {
			return true, nil
		}
		d.mended[rowKey{c.Table, c.Record}] = have
	}
	for _, have := range d.mended {
		if err := d.w.tx.Exec(`DELETE FROM overlay WHERE tbl = ? AND record = ?`, int64(have.Table.ID), have.ID[:]); err != nil {
			return false, err
		}
		if err := set.Delete(d.w.tx, have.Table, have.ID); err != nil {
			return false, err
		}
	}
	return false, nil
}

// Mended is a record as the transaction made it that this draft mends; nil where it did not.
func (d *Draft) Mended(table syncproto.TableID, id syncproto.RecordID) *records.Row {
	return d.mended[rowKey{table, id}]
}

// Withdraw lets the draft take back an own transaction that the server holds. What that one
// made here stays in sight until the server has said so. again says that it was asked for
// before, and nothing is to be done.
func (d *Draft) Withdraw(hash syncproto.Hash) (again bool, err error) {
	for i := range d.w.lives {
		l := &d.w.lives[i]
		if l.settled == l.last {
			continue
		}
		if err := d.w.tx.Query(func(row sqlitedb.Row) error {
			t, err := syncproto.ReadBody(row.Blob(0))
			again = again || err == nil && t.Replaces != nil && *t.Replaces == hash
			return err
		}, `SELECT body FROM outbox WHERE ord BETWEEN ? AND ? AND body_hash IS NULL`, l.ord(l.settled+1), l.ord(l.last)); err != nil || again {
			return again, err
		}
	}
	d.t.Replaces, d.withdraws = &hash, true
	return false, nil
}
