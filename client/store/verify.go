package store

import (
	"bytes"
	"context"
	"fmt"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Held says whether a record was made here and is held in quarantine by the server.
func Held(r *records.Row) bool { return r.Meta[metaState] == heldMade }

// Arrived says whether the server has what is shown of a record: nothing of this
// device's lies over it.
func Arrived(r *records.Row) bool { return r.Meta[metaState] == inBase }

// Finding is something that does not hold, and where.
type Finding struct {
	Where string `json:"where"`
	What  string `json:"what"`
}

// maxFindings bounds a list of findings: past it, the file is to be restored anyway.
const maxFindings = 1000

// verifier gathers findings.
type verifier struct {
	tx    *sqlitedb.Tx
	found []Finding
}

func (v *verifier) add(where, format string, args ...any) {
	if len(v.found) < maxFindings {
		v.found = append(v.found, Finding{where, fmt.Sprintf(format, args...)})
	}
}

// Verify looks whether everything here holds: the file itself, the chains of the
// outbox against their hashes and the mark beside the file, base against its digests,
// what people see against base with the outbox laid over it, and closing statements
// against their signatures. An error of SQLite
// about the file is a finding.
func (s *Store) Verify(ctx context.Context) ([]Finding, error) {
	v := &verifier{}
	if s.lost != "" {
		v.add("outbox", "%s: the database lost its tail after it was recorded", s.lost)
	}
	err := s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		v.tx = tx
		for _, step := range []struct {
			where string
			run   func() error
		}{{"file", v.file}, {"outbox", v.outbox}, {"base", v.base}, {"overlay", v.overlay}, {"closings", v.closings}} {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := step.run(); err != nil {
				v.add(step.where, "%v", err)
			}
		}
		return nil
	})
	if err != nil && ctx.Err() == nil { // the file is so broken that the snapshot does not end
		v.add("file", "%v", err)
		err = nil
	}
	return v.found, err
}

func (v *verifier) file() error {
	found, err := v.tx.Integrity()
	for _, f := range found {
		v.add("file", "%s", f)
	}
	return err
}

// outbox recomputes every chain from its genesis.
func (v *verifier) outbox() error {
	lives, err := readLives(v.tx)
	if err != nil {
		return err
	}
	id, err := readIdentity(v.tx)
	if err != nil || id == nil {
		return err
	}
	for i := range lives {
		l := &lives[i]
		where := fmt.Sprintf("outbox, incarnation %v", l.inc)
		if l.start != syncproto.GenesisHash(id.Org, l.device, l.inc, l.genesis) {
			v.add(where, "its genesis is not the one of this device")
		}
		if max(l.acked, l.settled) > l.last {
			v.add(where, "%d transactions have arrived and %d were judged of %d", l.acked, l.settled, l.last)
		}
		if l.released > min(l.acked, l.settled) || l.released == 0 && l.releasedHash != (syncproto.Hash{}) || l.released == l.last && l.last > 0 && l.releasedHash != l.hash {
			v.add(where, "%d transactions were let go, with hash %v, of %d that were judged", l.released, l.releasedHash, l.settled)
		}
		if err := v.kept(where, l); err != nil {
			return err
		}
		hash, seq := l.start, l.released
		if l.released > 0 {
			hash = l.releasedHash
		}
		if err := v.tx.Query(func(row sqlitedb.Row) error {
			seq++
			if ord := l.ord(seq); row.Int(0) != ord || row.Int(1) != int64(seq) {
				v.add(where, "transaction %d is missing", seq)
				return sqlitedb.ErrStop
			}
			hash = syncproto.Link(hash, bodyHash(row))
			if !bytes.Equal(hash[:], row.Blob(2)) {
				v.add(where, "transaction %d is not what was recorded", seq)
				return sqlitedb.ErrStop
			}
			return v.line(where, seq, row)
		}, `SELECT ord, seq, hash, body, at, amounts, body_hash, kept FROM outbox WHERE inc = ? AND seq > ? ORDER BY ord`, l.id, uint64(l.released)); err != nil {
			return err
		}
		if seq != l.last {
			v.add(where, "%d transactions are there of %d", seq, l.last)
		} else if hash != l.hash {
			v.add(where, "its last hash is not that of transaction %d", seq)
		}
	}
	n, err := v.tx.Int(`SELECT count(*) FROM outbox WHERE inc NOT IN (SELECT id FROM incarnation)`)
	if n > 0 {
		v.add("outbox", "%d transactions are of no incarnation", n)
	}
	if err != nil {
		return err
	}
	beyond, err := v.tx.Int(`SELECT recorded - (SELECT coalesce(max(ord), 0) FROM outbox) FROM progress`)
	if beyond > 0 {
		v.add("outbox", "%d transactions are missing at the end", beyond)
	}
	return err
}

// bodyHash is the hash of a line's body, as it was where it is sealed.
func bodyHash(row sqlitedb.Row) syncproto.Hash {
	if row.Null(6) {
		return syncproto.BodyHash(row.Blob(3))
	}
	var h syncproto.Hash
	copy(h[:], row.Blob(6))
	return h
}

// line holds what is kept beside a body against the body.
func (v *verifier) line(where string, seq syncproto.Seq, row sqlitedb.Row) error {
	if err := (&Progress{}).readKept(row.Blob(7)); err != nil {
		v.add(where, "transaction %d: %v", seq, err)
	}
	if !row.Null(6) { // only the organisation's key opens it
		return nil
	}
	t, err := syncproto.ReadBody(row.Blob(3))
	if err != nil {
		v.add(where, "transaction %d: %v", seq, err)
		return nil
	}
	sums := map[string]int64{}
	for i := range t.Changes {
		addAmounts(sums, &t.Changes[i])
	}
	var want []byte
	if len(sums) > 0 {
		want = appendAmounts(nil, sums)
	}
	if row.Int(4) != t.Time.MS() || !bytes.Equal(row.Blob(5), want) {
		v.add(where, "transaction %d: its time or amounts are not those of its body", seq)
	}
	return nil
}

// base adds up the digests anew.
func (v *verifier) base() error {
	b := &base{tx: v.tx, digests: map[syncproto.Share]*digest{}}
	fresh := map[syncproto.Share]*syncproto.Digest{}
	for _, t := range schema.All {
		if err := set.Each(v.tx, t, `ORDER BY id`, func(r *records.Row) error {
			if ok, err := set.FoldHolds(v.tx, r); err != nil || !ok {
				v.add("base", "%s %v: its searchable text is not that of its names", t.Name, r.ID)
			}
			own, err := b.baseRow(r)
			if err != nil {
				v.add("base", "%s %v: %v", t.Name, r.ID, err)
				return nil
			}
			if own == nil {
				return nil
			}
			h := b.hasher.Hash(own)
			for _, scope := range own.Scopes(nil) {
				share := syncproto.Share{Class: t.Class, Scope: scope}
				if fresh[share] == nil {
					fresh[share] = &syncproto.Digest{}
				}
				fresh[share].Add(h)
			}
			return nil
		}); err != nil {
			v.add("base", "%s: %v", t.Name, err)
		}
	}
	err := v.tx.Query(func(row sqlitedb.Row) error {
		scope, err := syncproto.ScopeFromBinary(row.Blob(1))
		if err != nil {
			v.add("base", "a digest is of no scope: %v", err)
			return nil
		}
		share := syncproto.Share{Class: syncproto.Class(row.Int(0)), Scope: scope}
		have := syncproto.Digest{Count: uint64(row.Int(2))}
		copy(have.Sum[:], row.Blob(3))
		want := syncproto.Digest{}
		if d := fresh[share]; d != nil {
			want = *d
		}
		if have != want {
			v.add("base", "%v: its records add up to %v, its digest is %v", share, want, have)
		}
		delete(fresh, share)
		return nil
	}, `SELECT class, scope, count, sum FROM share ORDER BY class, scope`)
	for share := range fresh {
		v.add("base", "%v: has records and no digest", share)
	}
	return err
}

// overlay lays the outbox over base again, for every record that has own changes.
func (v *verifier) overlay() error {
	var own int64
	for _, t := range schema.All {
		if err := set.Each(v.tx, t, `WHERE _state IS NOT NULL ORDER BY id`, func(r *records.Row) error {
			if r.Meta[metaState] != heldMade {
				own++
			}
			want, err := v.laid(r)
			if err != nil {
				v.add("overlay", "%s %v: %v", t.Name, r.ID, err)
				return nil
			}
			var h records.Hasher
			if h.Hash(want) != h.Hash(r) {
				v.add("overlay", "%s %v is not what was recorded here", t.Name, r.ID)
			}
			return nil
		}); err != nil {
			v.add("overlay", "%s: %v", t.Name, err)
		}
	}
	p, err := readProgress(v.tx)
	if err == nil && p.ownRows != own {
		v.add("overlay", "%d records have own changes, %d were counted", own, p.ownRows)
	}
	if err != nil {
		return err
	}
	return v.made()
}

func (v *verifier) laid(r *records.Row) (*records.Row, error) {
	want := records.New(r.Table, r.ID)
	if r.Meta[metaState] == edited {
		pre, err := getPreimage(v.tx, r.Table, r.ID)
		if err != nil {
			return nil, err
		}
		if pre == nil {
			return nil, fmt.Errorf("what base has of it is missing")
		}
		want = pre
	}
	over, err := ownChanges(v.tx, r, 0)
	if err != nil {
		return nil, err
	}
	b := &base{tx: v.tx}
	if b.lives, err = readLives(v.tx); err != nil {
		return nil, err
	}
	for i := len(over) - 1; i >= 0; i-- {
		if r.Meta[metaState] == edited && b.settledOrd(over[i].ord) {
			continue
		}
		for j := range over[i].change.Groups {
			want.Write(&over[i].change.Groups[j])
		}
	}
	return want, nil
}

// made looks for records that unsettled transactions made and that are not there.
func (v *verifier) made() error {
	lives, err := readLives(v.tx)
	if err != nil {
		return err
	}
	for i := range lives {
		l := &lives[i]
		if err := v.tx.Query(func(row sqlitedb.Row) error {
			t, err := syncproto.ReadBody(row.Blob(0))
			if err != nil {
				return nil // found already
			}
			for _, c := range t.Changes {
				table := schema.Lookup(c.Table)
				if table == nil || c.Op != syncproto.Create { // what was only edited may have left
					continue
				}
				r, err := set.Get(v.tx, table, c.Record)
				if err == nil && r == nil {
					v.add("overlay", "%s %v was recorded here and is missing", table.Name, c.Record)
				}
			}
			return nil
		}, `SELECT body FROM outbox WHERE ord BETWEEN ? AND ? AND body_hash IS NULL`, l.ord(l.settled+1), l.ord(l.last)); err != nil {
			return err
		}
	}
	return nil
}
