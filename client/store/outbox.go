package store

import (
	"context"
	"crypto/ed25519"
	"slices"

	"github.com/rawaj/rawaj/internal/failpoint"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Heads names the incarnations that the server has not acknowledged whole, oldest
// first, those of which it has lost what was let go, the newest that it knows, and the
// newest, with how far each goes: what Hello says.
func (s *Store) Heads() []syncproto.Head {
	s.mu.Lock()
	defer s.mu.Unlock()
	var heads []syncproto.Head
	known := len(s.lives) - 1
	for known > 0 && s.lives[known].acked == 0 {
		known--
	}
	for i := range s.lives {
		l := &s.lives[i]
		if (l.settled < l.last || l.lacks > 0 || i == known || i == len(s.lives)-1) && l.last > 0 && len(heads) < syncproto.MaxHeads {
			heads = append(heads, syncproto.Head{Incarnation: l.inc, Seq: l.last, Hash: l.hash})
		}
	}
	return heads
}

// Acknowledge takes note that the server's log holds a chain up to a seq, if that is
// this device's chain: an entry whose hash is not in it is not believed (A1). It
// says whether it was.
func (s *Store) Acknowledge(ctx context.Context, heads ...syncproto.Head) (bool, error) {
	believed := true
	err := s.db.WriteLazily(ctx, func(tx *sqlitedb.Tx) error {
		s.mu.Lock()
		lives := slices.Clone(s.lives)
		s.mu.Unlock()
		for _, h := range heads {
			own, err := acknowledge(tx, lives, h)
			if err != nil {
				return err
			}
			believed = believed && own
		}
		tx.AfterCommit(func() { s.publish(lives, nil) })
		return failpoint.Hit("receipt.keep.before")
	})
	if err == nil {
		err = failpoint.Hit("receipt.keep.after")
	}
	return believed, err
}

// Welcome takes over what the server's log holds of the incarnations that Hello named:
// of each, the furthest place that is in this device's chain; nothing where none is,
// and then all that is kept of it is sent again. Where the log has lost what it had, the
// incarnations before the oldest named one are taken for lost with it.
func (s *Store) Welcome(ctx context.Context, named, heads []syncproto.Head) error {
	s.mu.Lock()
	lives := slices.Clone(s.lives)
	s.mu.Unlock()
	durable, lacks, err := s.durable(ctx, lives, named, heads)
	if err != nil {
		return err
	}
	if err := s.lacking(ctx, lacks); err != nil {
		return err
	}
	if err := s.leave(ctx, named, heads); err != nil || len(durable) == 0 {
		return err
	}
	anew := false
	err = s.write(ctx, func(b *base) error {
		for i := range b.lives {
			if seq, moved := durable[b.lives[i].id]; moved {
				if err := b.wentBack(&b.lives[i], seq); err != nil {
					return err
				}
			}
		}
		n := len(b.lives)
		if err := b.chainAnew(s.rand, s.Identity()); err != nil {
			return err
		}
		if anew = len(b.lives) > n; anew {
			b.tx.AfterCommit(s.begins)
		}
		return nil
	})
	if err != nil || !anew {
		return err
	}
	return s.remark()
}

// leave ends the incarnation of this process where the server names a place of it that is
// not in this chain, nor could be by what has been written since Hello: a copy that was
// made of this device at work goes on with it too.
func (s *Store) leave(ctx context.Context, named, heads []syncproto.Head) error {
	return s.db.Write(ctx, func(tx *sqlitedb.Tx) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.current < 0 {
			return nil
		}
		l := s.lives[s.current]
		if !slices.ContainsFunc(named, func(h syncproto.Head) bool { return h.Incarnation == l.inc }) {
			return nil
		}
		for _, h := range heads {
			if h.Incarnation != l.inc {
				continue
			}
			if own, err := holds(tx, &l, h); err != nil || own {
				if err != nil {
					return err
				}
				continue
			}
			tx.AfterCommit(s.begins)
			return nil
		}
		return nil
	})
}

// lacking takes note of how many of the transactions that were let go the server has lost.
func (s *Store) lacking(ctx context.Context, lacks map[int64]syncproto.Seq) error {
	if len(lacks) == 0 {
		return nil
	}
	return s.write(ctx, func(b *base) error {
		for i := range b.lives {
			l := &b.lives[i]
			n, moved := lacks[l.id]
			if !moved {
				continue
			}
			l.lacks = n
			if err := b.tx.Exec(`UPDATE incarnation SET lacks = ? WHERE id = ?`, uint64(n), l.id); err != nil {
				return err
			}
		}
		return nil
	})
}

// durable gives the incarnations, by id, of which the server's log holds more or less
// than was known, and how far it does; and those of which it has lost more or less of
// what was let go, and how much.
func (s *Store) durable(ctx context.Context, lives []life, named, heads []syncproto.Head) (moved, lacks map[int64]syncproto.Seq, err error) {
	moved, lacks = map[int64]syncproto.Seq{}, map[int64]syncproto.Seq{}
	lost, oldest := false, -1
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		for i := range lives {
			l := &lives[i]
			if !slices.ContainsFunc(named, func(h syncproto.Head) bool { return h.Incarnation == l.inc }) {
				continue
			}
			if oldest < 0 {
				oldest = i
			}
			var seq, told syncproto.Seq // told: where what is left here cannot say whether it is so
			for _, h := range heads {
				if h.Incarnation == l.inc && h.Seq <= l.released {
					told = max(told, h.Seq)
				}
				if h.Incarnation != l.inc || h.Seq <= seq {
					continue
				}
				own, err := holds(tx, l, h)
				if err != nil {
					return err
				}
				if own {
					seq = h.Seq
				}
			}
			if seq != l.acked {
				moved[l.id] = seq
			}
			if n := l.released - min(l.released, max(seq, told)); n != l.lacks {
				lacks[l.id] = n
			}
			lost = lost || i == oldest && seq == 0 && l.settled > 0
		}
		return nil
	})
	for i := 0; lost && i < oldest; i++ {
		moved[lives[i].id], lacks[lives[i].id] = 0, lives[i].released
	}
	return moved, lacks, err
}

func acknowledge(tx *sqlitedb.Tx, lives []life, h syncproto.Head) (own bool, err error) {
	i := slices.IndexFunc(lives, func(l life) bool { return l.inc == h.Incarnation })
	if i < 0 || h.Seq <= lives[i].acked {
		return true, nil
	}
	if own, err = holds(tx, &lives[i], h); err != nil || !own {
		return own, err
	}
	lives[i].acked = h.Seq
	return true, tx.Exec(`UPDATE incarnation SET acked = ? WHERE id = ?`, uint64(h.Seq), lives[i].id)
}

// holds says whether a head is in the chain of its incarnation here.
func holds(tx *sqlitedb.Tx, l *life, h syncproto.Head) (bool, error) {
	if h.Seq > l.last {
		return false, nil
	}
	if h.Seq == l.last {
		return h.Hash == l.hash, nil
	}
	if h.Seq == l.released {
		return h.Hash == l.releasedHash, nil
	}
	row, ok, err := tx.One(`SELECT hash FROM outbox WHERE ord = ?`, l.ord(h.Seq))
	return ok && string(row.Blob(0)) == string(h.Hash[:]), err
}

const (
	// batchTransactions and batchBytes cut the outbox into batches: large enough
	// that signature and commit are shared by many sales, small enough that a link
	// that dies every half minute still gets some through.
	batchTransactions = 1000
	batchBytes        = 512 << 10
)

// NextBatch signs the transactions after a place in the outbox: from is the ord of
// the last one sent, 0 for none. It gives nil where nothing is left, and the ord of
// the batch's last transaction. Transactions that the server has are passed over. keyOf
// is the key of a name that the device has or had.
func (s *Store) NextBatch(ctx context.Context, keyOf func(syncproto.DeviceID) (ed25519.PrivateKey, error), from int64) (*syncproto.Batch, int64, error) {
	s.mu.Lock()
	lives := slices.Clone(s.lives)
	id := s.identity
	s.mu.Unlock()
	for i := range lives {
		l := &lives[i]
		first := max(l.ord(l.acked+1), from+1)
		if first > l.ord(l.last) {
			continue
		}
		key, err := keyOf(l.device)
		if err != nil {
			return nil, from, err
		}
		if err := failpoint.Hit("enqueue.before"); err != nil {
			return nil, from, err
		}
		b, last, err := s.batch(ctx, key, id, l, first)
		if err == nil {
			err = failpoint.Hit("enqueue.after")
		}
		return b, last, err
	}
	return nil, from, nil
}

// FullBatch says whether as much as a batch may hold was recorded after a place in the
// outbox, as NextBatch counts places.
func (s *Store) FullBatch(from int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lives) == 0 {
		return false
	}
	l := &s.lives[len(s.lives)-1]
	return l.ord(l.last)-from >= batchTransactions
}

func (s *Store) batch(ctx context.Context, key ed25519.PrivateKey, id *Identity, l *life, first int64) (*syncproto.Batch, int64, error) {
	var bodies []syncproto.Body
	var before syncproto.Hash
	size := 0
	err := s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		before = l.start
		if first-1 == l.ord(l.released) && l.released > 0 {
			before = l.releasedHash
		} else if first > l.firstOrd {
			row, _, err := tx.One(`SELECT hash FROM outbox WHERE ord = ?`, first-1)
			if err != nil {
				return err
			}
			copy(before[:], row.Blob(0))
		}
		return tx.Query(func(row sqlitedb.Row) error {
			body := row.Blob(0)
			if size += len(body); size > batchBytes && len(bodies) > 0 {
				return sqlitedb.ErrStop
			}
			if row.Null(1) {
				bodies = append(bodies, syncproto.NewBody(body))
			} else {
				bodies = append(bodies, syncproto.Body{Hash: syncproto.Hash(row.Blob(1)), Sealed: body})
			}
			return nil
		}, `SELECT body, body_hash FROM outbox WHERE ord >= ? AND inc = ? ORDER BY ord LIMIT ?`, first, l.id, batchTransactions)
	})
	if err != nil || len(bodies) == 0 {
		return nil, 0, err
	}
	seq := syncproto.Seq(first-l.firstOrd) + 1
	var genesis *syncproto.Genesis
	if seq == 1 {
		genesis = &l.genesis
	}
	b, err := syncproto.SignBatch(key, id.Org, l.device, l.inc, seq, before, genesis, bodies)
	return b, first + int64(len(bodies)) - 1, err
}

// Declared is what has not reached the server.
func (s *Store) Declared(ctx context.Context) (syncproto.Declared, error) {
	d := syncproto.Declared{AmountMinor: map[string]int64{}}
	s.mu.Lock()
	lives := slices.Clone(s.lives)
	s.mu.Unlock()
	err := s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		beyond, err := tx.Int(`SELECT count(*) FROM share WHERE differs > ? AND covered = 1`, maxRepairs)
		if err != nil {
			return err
		}
		d.Differing = uint64(beyond)
		kept, err := tx.Int(`SELECT count(*) FROM spare`)
		if err != nil {
			return err
		}
		d.Kept = uint64(kept)
		for i := range lives {
			d.Gap += uint64(lives[i].lacks)
		}
		if d.Gap > 0 {
			if d.GapMS, err = tx.Int(`SELECT let_go_ms FROM progress`); err != nil {
				return err
			}
		}
		for i := range lives {
			l := &lives[i]
			d.Unbacked += l.unbacked
			if l.acked >= l.last {
				continue
			}
			d.Transactions += uint64(l.last - l.acked)
			first := l.ord(l.acked + 1)
			oldest, err := tx.Int(`SELECT at FROM outbox WHERE ord = ?`, first)
			if err != nil {
				return err
			}
			if d.OldestMS == 0 || oldest < d.OldestMS {
				d.OldestMS = oldest
			}
			if err := tx.Query(func(row sqlitedb.Row) error {
				return readAmounts(row.Blob(0), d.AmountMinor)
			}, `SELECT amounts FROM outbox WHERE ord BETWEEN ? AND ? AND amounts IS NOT NULL`, first, l.ord(l.last)); err != nil {
				return err
			}
		}
		return nil
	})
	return d, err
}

// Pending says whether the server lacks anything recorded here.
func (s *Store) Pending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.lives, func(l life) bool { return l.acked < l.last })
}

// Unsettled says whether the server has yet to judge anything recorded here.
func (s *Store) Unsettled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.lives, func(l life) bool { return l.settled < l.last })
}

// Counts tells how many own transactions are acknowledged and how many settled.
func (s *Store) Counts() (acknowledged, settled uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.lives {
		acknowledged += uint64(s.lives[i].acked)
		settled += uint64(s.lives[i].settled)
	}
	return acknowledged, settled
}

// Transactions counts what was recorded here, in all.
func (s *Store) Transactions() (n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.lives {
		n += uint64(s.lives[i].last)
	}
	return n
}

// Status is the site's state of synchronisation.
type Status struct {
	Transactions uint64 // recorded here, in all
	Pending      uint64 // not known to be in the server's log
	Acknowledged uint64 // in the server's log
	Settled      uint64 // judged by the server
	Quarantined  uint64 // held there, as far as heard
	Unbacked     uint64 // let go at the limit although no backup was known to hold them
	HeldMinor    map[string]int64
	Conflicts    uint64 // that nobody has settled, as far as heard
	Declared     syncproto.Declared
	Progress     Progress
}

// Status reads the present state.
func (s *Store) Status(ctx context.Context) (st Status, err error) {
	if st.Declared, err = s.Declared(ctx); err != nil {
		return st, err
	}
	s.mu.Lock()
	for i := range s.lives {
		l := &s.lives[i]
		st.Transactions += uint64(l.last)
		st.Acknowledged += uint64(l.acked)
		st.Settled += uint64(l.settled)
		st.Unbacked += l.unbacked
	}
	st.Progress = s.progress
	s.mu.Unlock()
	st.Pending = st.Transactions - st.Acknowledged
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		n, err := tx.Int(`SELECT count(*) FROM verdict v WHERE "state" = 'held' AND (device = ? OR `+ownVerdict+`)`, s.deviceBytes())
		st.Quarantined = uint64(n)
		if err != nil {
			return err
		}
		if n, err = tx.Int(`SELECT (SELECT count(*) FROM conflict WHERE choice IS NULL) + (SELECT count(*) FROM conflict_personal WHERE choice IS NULL) +
			(SELECT count(*) FROM conflict_eligibility WHERE choice IS NULL)`); err != nil {
			return err
		}
		st.Conflicts, st.HeldMinor = uint64(n), map[string]int64{}
		return tx.Query(func(row sqlitedb.Row) error {
			schema.AddAmounts(st.HeldMinor, row.Text(0))
			return nil
		}, `SELECT amounts FROM verdict WHERE "state" = 'held' AND amounts IS NOT NULL`)
	})
	return st, err
}

func (s *Store) deviceBytes() []byte {
	if id := s.Identity(); id != nil {
		return id.Device[:]
	}
	return []byte{}
}

// ownVerdict tells a verdict about what stands in the outbox. Under a name that this
// device had, its copy records too.
const ownVerdict = `EXISTS (SELECT 1 FROM incarnation i JOIN outbox o ON o.ord = i.first_ord + v.seq - 1 WHERE i.incarnation = v.incarnation AND o.hash = v.hash)`

// OwnVerdicts names the verdicts about what was recorded under this device's name, and
// about what it recorded itself under another.
func (r *Reader) OwnVerdicts() (map[syncproto.RecordID]bool, error) {
	own := map[syncproto.RecordID]bool{}
	return own, r.tx.Query(func(row sqlitedb.Row) error { own[syncproto.RecordID(row.Blob(0))] = true; return nil },
		`SELECT id FROM verdict v WHERE device = (SELECT device FROM identity) OR `+ownVerdict)
}
