package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// When the server has gone back in time, this device gives it what it forgot: all that
// is kept here and that its log lacks is pending again, and laid over base.

// OlderCursors lists what the device can go back to, newest first.
func (s *Store) OlderCursors(ctx context.Context) (cursors [][]byte, err error) {
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		return tx.Query(func(row sqlitedb.Row) error {
			cursors = append(cursors, row.Blob(0))
			return nil
		}, `SELECT cursor FROM older ORDER BY position DESC LIMIT ?`, syncproto.MaxOlder)
	})
	return cursors, err
}

// KeptHeads names the newest incarnations that are kept here, oldest first, whatever
// the server has said of them.
func (s *Store) KeptHeads() []syncproto.Head {
	s.mu.Lock()
	defer s.mu.Unlock()
	var heads []syncproto.Head
	for i := len(s.lives) - 1; i >= 0 && len(heads) < syncproto.MaxHeads; i-- {
		if l := &s.lives[i]; l.last > 0 {
			heads = append(heads, syncproto.Head{Incarnation: l.inc, Seq: l.last, Hash: l.hash})
		}
	}
	slices.Reverse(heads)
	return heads
}

// wentBack takes the transactions of an incarnation after a place back to the outbox's
// open end: the server's log has lost them. What was let go cannot be given back: a
// backup holds it, or it had to go.
func (b *base) wentBack(l *life, durable syncproto.Seq) error {
	settled := l.settled
	durable = max(durable, l.released)
	l.acked, l.settled = durable, min(l.settled, durable)
	if err := b.tx.Exec(`UPDATE incarnation SET acked = ?, settled = ? WHERE id = ?`, uint64(l.acked), uint64(l.settled), l.id); err != nil || settled <= durable {
		return err
	}
	if err := b.tx.Exec(`UPDATE judged SET ord = ?1 WHERE ord > ?1`, l.ord(durable)); err != nil {
		return err
	}
	return b.tx.Query(func(row sqlitedb.Row) error {
		ord := row.Int(0)
		t, err := syncproto.ReadBody(row.Blob(1))
		if err != nil {
			return fmt.Errorf("own transaction %d: %w", ord, err)
		}
		for i := range t.Changes {
			if err := b.layBack(ord, &t.Changes[i]); err != nil {
				return err
			}
		}
		return nil
	}, `SELECT ord, body FROM outbox WHERE ord BETWEEN ? AND ? AND body_hash IS NULL ORDER BY ord`, l.ord(durable+1), l.ord(settled))
}

// layBack makes one own change an overlay again. A record that it made is this device's
// alone until the server sends it; what base holds of an edited one stays below.
func (b *base) layBack(ord int64, c *syncproto.Change) error {
	t := schema.Lookup(c.Table)
	if t == nil {
		return nil
	}
	have, err := set.Get(b.tx, t, c.Record)
	if err != nil {
		return err
	}
	b.edits = nil
	if c.Op == syncproto.Create && (have == nil || have.Meta[metaState] == inBase || have.Meta[metaState] == heldMade) {
		return b.layBackMade(ord, t, c, have)
	}
	if have == nil { // it has left this device
		return nil
	}
	if have.Meta[metaOwn] == ord {
		return nil
	}
	if err := b.layUnder(have, ord); err != nil {
		return err
	}
	later, err := ownChanges(b.tx, have, ord)
	if err != nil {
		return err
	}
	if have.Meta[metaState] == inBase {
		if err := putPreimage(b.tx, have); err != nil {
			return err
		}
		b.progress.ownRows++
		have.Meta[metaState] = edited
	}
	have.Meta[metaOwn] = max(have.Meta[metaOwn], ord)
	for i := range c.Groups {
		if !slices.ContainsFunc(later, func(o ownChange) bool { return !b.settledOrd(o.ord) && writes(o.change, c.Groups[i].Group) }) {
			have.Write(&c.Groups[i])
		}
	}
	return set.Replace(b.tx, have)
}

func writes(c *syncproto.Change, group syncproto.GroupID) bool {
	return slices.ContainsFunc(c.Groups, func(g syncproto.GroupWrite) bool { return g.Group == group })
}

// layUnder puts an own transaction among those that lie over a record, below the later ones:
// each names the one before it.
func (b *base) layUnder(have *records.Row, ord int64) error {
	table, record := int64(have.Table.ID), have.ID[:]
	above, err := b.tx.Int(`SELECT coalesce(min(ord), 0) FROM overlay WHERE tbl = ? AND record = ? AND ord > ?`, table, record, ord)
	if err != nil {
		return err
	}
	if newest := have.Meta[metaOwn]; above == 0 && newest > ord {
		above = newest
	}
	var prev any
	if above == 0 {
		if have.Meta[metaOwn] != 0 {
			prev = have.Meta[metaOwn]
		}
		return b.tx.Exec(`REPLACE INTO overlay (tbl, record, ord, prev) VALUES (?, ?, ?, ?)`, table, record, ord, prev)
	}
	if row, ok, err := b.tx.One(`SELECT prev FROM overlay WHERE tbl = ? AND record = ? AND ord = ? AND prev < ?`, table, record, above, ord); err != nil {
		return err
	} else if ok {
		prev = row.Int(0)
	}
	if err := b.tx.Exec(`REPLACE INTO overlay (tbl, record, ord, prev) VALUES (?, ?, ?, ?)`, table, record, above, ord); err != nil {
		return err
	}
	return b.tx.Exec(`INSERT OR IGNORE INTO overlay (tbl, record, ord, prev) VALUES (?, ?, ?, ?)`, table, record, ord, prev)
}

func (b *base) layBackMade(ord int64, t *schema.Table, c *syncproto.Change, have *records.Row) error {
	if have != nil && have.Meta[metaState] == inBase {
		if err := b.count(have, func(d *digest, h syncproto.Hash) { d.Remove(h) }); err != nil {
			return err
		}
	}
	if have != nil {
		if err := b.uncover(have); err != nil {
			return err
		}
	}
	r := records.New(t, c.Record)
	for i := range c.Groups {
		r.Write(&c.Groups[i])
	}
	r.Meta = [3]int64{metaState: made, metaOwn: ord}
	b.progress.ownRows++
	return set.Replace(b.tx, r)
}
