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
	var prev any
	if have.Meta[metaOwn] != 0 {
		prev = have.Meta[metaOwn]
	}
	if err := b.tx.Exec(`INSERT OR IGNORE INTO overlay (tbl, record, ord, prev) VALUES (?, ?, ?, ?)`, int64(c.Table), c.Record[:], ord, prev); err != nil {
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
		have.Write(&c.Groups[i])
	}
	return set.Replace(b.tx, have)
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
