package store

import (
	"context"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/seal"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// A server that went back in time has lost work that its author has to bring again, and
// may never. Until the shares here are equal to the server's again, a repair keeps what it
// takes away, as base had it, sealed to the organisation's key (SPEC §5.15).

// maxSpare is how many bytes of sealed records are kept: some 100,000, a busy day of three
// hundred stalls. What does not fit stays where it is, and its share differs.
const maxSpare = 64 << 20

// ddlSpare: hash is that of the record as it was; it goes when this device may not read the
// share any more, for what is short could be guessed by it.
const ddlSpare = `
CREATE TABLE spare (
	n INTEGER PRIMARY KEY, tbl INTEGER NOT NULL, record BLOB NOT NULL, hash BLOB,
	class INTEGER NOT NULL, scope BLOB NOT NULL, sealed BLOB NOT NULL
) STRICT;
CREATE INDEX spare_record ON spare (tbl, record);
ALTER TABLE progress ADD COLUMN went_back INTEGER NOT NULL DEFAULT 0;
ALTER TABLE progress ADD COLUMN spare_n INTEGER NOT NULL DEFAULT 0`

// ddlGap: lacks is how many of the transactions that were let go the server has lost, as it
// was last asked; backed_ms is when this device last heard of a backup, let_go_ms the same
// of the backup that it last let go for: UTC ms by the server's clock.
const ddlGap = `
ALTER TABLE incarnation ADD COLUMN lacks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE progress ADD COLUMN backed_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE progress ADD COLUMN let_go_ms INTEGER NOT NULL DEFAULT 0`

type spared struct {
	item   syncproto.Item
	hash   syncproto.Hash
	sealed []byte
}

// Spare keeps records of a share that a repair is about to take away or to replace, where
// the server went back and shares are not equal again. It gives those that may go: all but
// what found no room.
func (s *Store) Spare(ctx context.Context, share syncproto.Share, items []syncproto.Item) (may []syncproto.Item, err error) {
	if !s.Progress().WentBack || len(items) == 0 {
		return items, nil
	}
	var keep []spared
	room := int64(0)
	if err := s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		used, err := tx.Int(`SELECT coalesce(sum(length(sealed)), 0) FROM spare`)
		if err != nil {
			return err
		}
		room = s.spareLimit - used
		b := &base{tx: tx}
		for _, i := range items {
			v, err := b.toSpare(i)
			if err != nil {
				return err
			}
			if v == nil {
				may = append(may, i)
			} else {
				keep = append(keep, *v)
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	key := s.Identity().OrgKey
	for i := range keep {
		v := &keep[i]
		if v.sealed, err = seal.Seal(key, v.sealed); err != nil {
			return nil, err
		}
		if room -= int64(len(v.sealed)); room < 0 || len(v.sealed) > syncproto.MaxKeptRow {
			keep = keep[:i]
			break
		}
	}
	if len(keep) == 0 {
		return may, nil
	}
	return may, s.write(ctx, func(b *base) error {
		p := b.progress
		for _, v := range keep {
			p.spareN++
			if err := b.tx.Exec(`INSERT INTO spare (n, tbl, record, hash, class, scope, sealed) VALUES (?, ?, ?, ?, ?, ?, ?)`,
				p.spareN, int64(v.item.Table), v.item.Record[:], v.hash[:], int64(share.Class), share.Scope.AppendBinary(nil), v.sealed); err != nil {
				return err
			}
			may = append(may, v.item)
		}
		return nil
	})
}

// toSpare is a record of base as it is to be sealed; nil where there is nothing to keep:
// it is not here, it is kept already, or the server makes it anew by itself.
func (b *base) toSpare(i syncproto.Item) (*spared, error) {
	t := schema.Lookup(i.Table)
	if t == nil || schema.Derived(i.Table) {
		return nil, nil
	}
	have, err := set.Get(b.tx, t, i.Record)
	if err != nil {
		return nil, ignoreDamage(err)
	}
	r, err := b.baseRow(have)
	if err != nil || r == nil {
		return nil, err
	}
	v := &spared{item: i, hash: b.hasher.Hash(r), sealed: records.AppendRow(nil, r)}
	n, err := b.tx.Int(`SELECT count(*) FROM spare WHERE tbl = ? AND record = ? AND hash = ?`, int64(i.Table), i.Record[:], v.hash[:])
	if err != nil || n > 0 {
		return nil, err
	}
	return v, nil
}

// back drops what is kept of a record that the server has just so again.
func (b *base) back(r *records.Row) error {
	if b.spares == nil {
		n, err := b.tx.Int(`SELECT EXISTS (SELECT 1 FROM spare)`)
		if err != nil {
			return err
		}
		some := n != 0
		b.spares = &some
	}
	if !*b.spares {
		return nil
	}
	h := b.hasher.Hash(r)
	return b.tx.Exec(`DELETE FROM spare WHERE tbl = ? AND record = ? AND hash = ?`, int64(r.Table.ID), r.ID[:], h[:])
}

// Seen takes over what the server says of the records that are kept here: those up to
// ask.Done a person has seen, and they go. Numbers go on after any that the server knows.
func (s *Store) Seen(ctx context.Context, ask *syncproto.KeptAsk) error {
	if ask == nil {
		return nil
	}
	return s.write(ctx, func(b *base) error {
		b.progress.spareN = max(b.progress.spareN, int64(ask.Done), int64(ask.Given))
		n, err := b.tx.ExecN(`DELETE FROM spare WHERE n <= ?`, int64(ask.Done))
		if err != nil || n == 0 {
			return err
		}
		return b.tx.Exec(`UPDATE share SET differs = 1 WHERE differs > 1`) // there is room to repair again
	})
}

// Spares gives kept records after a number, sealed, and the number of the last of them: as
// many as one frame carries.
func (s *Store) Spares(ctx context.Context, after uint64) (give *syncproto.Give, err error) {
	give = &syncproto.Give{}
	size := 0
	return give, s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		return tx.Query(func(row sqlitedb.Row) error {
			b := row.Blob(1)
			if size += len(b) + 8; size > syncproto.MaxFrame-1<<10 && len(give.Rows) > 0 {
				return sqlitedb.ErrStop
			}
			give.Upto, give.Rows = uint64(row.Int(0)), append(give.Rows, append([]byte(nil), b...))
			return nil
		}, `SELECT n, sealed FROM spare WHERE n > ? ORDER BY n LIMIT ?`, int64(after), syncproto.MaxGive)
	})
}
