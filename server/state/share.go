package state

import (
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
)

// share is what a share's members add up to.
type share struct {
	id       int64
	key      syncproto.Share
	digest   syncproto.Digest
	position syncproto.Position
	dirty    bool
}

func (f *fold) share(key syncproto.Share) (*share, error) {
	if s, ok := f.shares[key]; ok {
		return s, nil
	}
	s := &share{key: key}
	scope := key.Scope.AppendBinary(nil)
	row, ok, err := f.tx.One(`SELECT id, count, sum, position FROM share WHERE class = ? AND scope = ?`, int64(key.Class), scope)
	if err != nil {
		return nil, err
	}
	if ok {
		s.id = row.Int(0)
		s.digest.Count = uint64(row.Int(1))
		copy(s.digest.Sum[:], row.Blob(2))
		s.position = syncproto.Position(row.Int(3))
	} else {
		if s.id, err = f.tx.Int(`SELECT coalesce(max(id), 0) + 1 FROM share`); err != nil {
			return nil, err
		}
		if err := f.tx.Exec(`INSERT INTO share (id, class, scope, count, sum, position) VALUES (?, ?, ?, 0, ?, 0)`, s.id, int64(key.Class), scope, s.digest.Sum[:]); err != nil {
			return nil, err
		}
	}
	f.shares[key] = s
	return s, nil
}

func (f *fold) saveShare(s *share) error {
	if !s.dirty {
		return nil
	}
	s.dirty = false
	f.result.Shares[s.key] = s.position
	return f.tx.Exec(`UPDATE share SET count = ?, sum = ?, position = ? WHERE id = ?`,
		s.digest.Count, s.digest.Sum[:], uint64(s.position), s.id)
}

// touch moves a record to the tail of the feed of every share it was or is in, and
// keeps their digests. before is nil for a new record; after has its new position.
func (f *fold) touch(before, after *records.Row, at syncproto.Position) error {
	if followed[after.Table.ID] {
		f.result.Records = append(f.result.Records, Touched{after.Table.ID, after.ID, before, after})
	}
	if err := f.names(before, after); err != nil {
		return err
	}
	was, is := f.was[:0], after.Scopes(f.is[:0])
	var old syncproto.Hash
	if before != nil {
		was = before.Scopes(was)
		old = f.hasher.Hash(before)
	}
	f.was, f.is = was, is
	hash := f.hasher.Hash(after)
	for _, scope := range was {
		if err := f.leave(before, scope, old, has(is, scope), at); err != nil {
			return err
		}
	}
	for _, scope := range is {
		if err := f.enter(after, scope, hash, before != nil && !has(was, scope), at); err != nil {
			return err
		}
	}
	return nil
}

func has(scopes []syncproto.Scope, s syncproto.Scope) bool {
	for i := range scopes {
		if scopes[i] == s {
			return true
		}
	}
	return false
}

func (f *fold) leave(r *records.Row, scope syncproto.Scope, hash syncproto.Hash, stays bool, at syncproto.Position) error {
	s, err := f.share(syncproto.Share{Class: r.Table.Class, Scope: scope})
	if err != nil {
		return err
	}
	s.digest.Remove(hash)
	s.position, s.dirty = at, true
	if err := f.unfeed(s, r, syncproto.Position(r.Meta[metaPosition])); err != nil || stays {
		return err
	}
	if err := f.feed(s, r, at); err != nil {
		return err
	}
	return f.tx.Exec(`REPLACE INTO gone (share, tbl, record, position) VALUES (?, ?, ?, ?)`, s.id, int64(r.Table.ID), r.ID[:], uint64(at))
}

func (f *fold) enter(r *records.Row, scope syncproto.Scope, hash syncproto.Hash, moved bool, at syncproto.Position) error {
	s, err := f.share(syncproto.Share{Class: r.Table.Class, Scope: scope})
	if err != nil {
		return err
	}
	s.digest.Add(hash)
	s.position, s.dirty = at, true
	if moved { // it may have been here before
		row, ok, err := f.tx.One(`SELECT position FROM gone WHERE share = ? AND tbl = ? AND record = ?`, s.id, int64(r.Table.ID), r.ID[:])
		if err != nil {
			return err
		}
		if ok {
			if err := f.unfeed(s, r, syncproto.Position(row.Int(0))); err != nil {
				return err
			}
			if err := f.tx.Exec(`DELETE FROM gone WHERE share = ? AND tbl = ? AND record = ?`, s.id, int64(r.Table.ID), r.ID[:]); err != nil {
				return err
			}
		}
	}
	return f.feed(s, r, at)
}

func (f *fold) feed(s *share, r *records.Row, at syncproto.Position) error {
	return f.tx.Exec(`INSERT OR IGNORE INTO feed (share, position, tbl, record) VALUES (?, ?, ?, ?)`, s.id, uint64(at), int64(r.Table.ID), r.ID[:])
}

func (f *fold) unfeed(s *share, r *records.Row, at syncproto.Position) error {
	return f.tx.Exec(`DELETE FROM feed WHERE share = ? AND position = ? AND tbl = ? AND record = ?`, s.id, uint64(at), int64(r.Table.ID), r.ID[:])
}

// Digests gives the digests of shares; one that has no record is listed empty.
func digests(tx *sqlitedb.Tx, shares []Reading) ([]syncproto.ShareDigest, []syncproto.Position, error) {
	out := make([]syncproto.ShareDigest, len(shares))
	at := make([]syncproto.Position, len(shares))
	for i, reading := range shares {
		key := reading.Share
		out[i].Share = key
		row, ok, err := tx.One(`SELECT count, sum, position FROM share WHERE class = ? AND scope = ?`, int64(key.Class), key.Scope.AppendBinary(nil))
		if err != nil {
			return nil, nil, err
		}
		if ok {
			out[i].Count = uint64(row.Int(0))
			copy(out[i].Sum[:], row.Blob(1))
			at[i] = syncproto.Position(row.Int(2))
		}
	}
	return out, at, nil
}
