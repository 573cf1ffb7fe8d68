package store

import (
	"context"
	"slices"

	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// A transaction is let go when the server has judged it, 30 days after that, and once a
// verified backup of the server's holds it (SPEC §5.5). Its body goes; of its chain stays
// what later ones are checked by.

// letGo is what stays known of the transactions of an incarnation that were let go.
type letGo struct {
	released     syncproto.Seq  // up to here outbox may lack transactions
	releasedHash syncproto.Hash // chain hash there
	unbacked     uint64         // how many no backup was known to hold
	lacks        syncproto.Seq  // how many the server has lost
}

const (
	// keptDays is how long a judged transaction stays whatever a backup holds: within a
	// month a server that went back in time further than its backup is noticed.
	keptDays = 30

	// maxOutbox is how many bytes of bodies are kept for a backup that does not come: some
	// 400,000 sales, two years of a busy stall, and what the smallest tablets can spare.
	maxOutbox = 256 << 20

	// letGoRows is how many transactions one step looks at: a sale waits some 10 ms for it.
	letGoRows = 128

	day = 24 * 60 * 60 * 1000 // ms
)

// walk is how far letting go has come in this process.
type walk struct {
	at     int64 // ord to go on at
	upto   int64 // all up to here has been looked at
	limit  int64 // maxOutbox
	summed int64 // bytes were added up when all up to this ord was old enough
	over   int64 // bytes over the limit, less those let go since
}

// judged takes note of what the server has judged by a time of its clock. Days never go
// back: what is known to be judged on a day is not made older by a clock that was put back.
func (b *base) judged(ms int64) error {
	ord := int64(0)
	for i := range b.lives {
		l := &b.lives[i]
		if ord = l.ord(l.settled); l.settled < l.last {
			break
		}
	}
	return b.tx.Exec(`INSERT INTO judged (day, ord) SELECT max(?, coalesce((SELECT max(day) FROM judged), 0)), ? WHERE true
		ON CONFLICT (day) DO UPDATE SET ord = excluded.ord`, ms/day, ord)
}

// mayGo is what may be let go.
type mayGo struct {
	aged   int64 // up to this ord all is old enough
	backed int64 // up to this ord a backup holds all
	over   int64 // bytes over the limit, of what is old enough and in no backup
}

func (m *mayGo) upto() int64 {
	if m.over > 0 {
		return m.aged
	}
	return min(m.aged, m.backed)
}

// LetGo looks at some transactions and lets go of those that may go. It says whether there
// are more to look at: a step is short, so that nobody who sells waits for the rest.
func (s *Store) LetGo(ctx context.Context) (more bool, err error) {
	if !s.letting.TryLock() { // somebody else is at it
		return false, nil
	}
	defer s.letting.Unlock()
	var may mayGo
	s.mu.Lock()
	lives, w := slices.Clone(s.lives), s.walk
	now := s.progress.ServerTime
	s.mu.Unlock()
	if err := s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		err := may.read(tx, lives, s.Identity(), now)
		if err == nil && may.aged > max(may.backed, w.summed) {
			w.over, err = overLimit(tx, w.limit)
			w.summed = may.aged
		}
		may.over = w.over
		return err
	}); err != nil {
		return false, err
	}
	upto := may.upto()
	if upto <= w.upto {
		s.keepWalk(w)
		return false, nil
	}
	err = s.db.WriteLazily(ctx, func(tx *sqlitedb.Tx) error { // a power cut brings back what may go again
		s.mu.Lock()
		lives := slices.Clone(s.lives)
		s.mu.Unlock()
		g := &releasing{tx: tx, lives: lives, may: may}
		last, full, err := g.step(w.at)
		if err != nil {
			return err
		}
		w.over = g.may.over
		if more = full; full {
			w.at = last
		} else {
			w.at, w.upto = 0, upto
			if err := tx.Exec(`DELETE FROM judged WHERE ord < ?`, may.aged); err != nil {
				return err
			}
		}
		tx.AfterCommit(func() {
			s.keepWalk(w)
			s.publish(lives, nil)
		})
		return nil
	})
	return more, err
}

func (s *Store) keepWalk(w walk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.walk = w
}

func (m *mayGo) read(tx *sqlitedb.Tx, lives []life, id *Identity, now int64) error {
	newest := int64(0) // its stamp is where the clock of the next process begins
	for i := range lives {
		newest = max(newest, lives[i].ord(lives[i].last))
	}
	aged, err := tx.Int(`SELECT max(ord) FROM judged WHERE day < ?`, now/day-keptDays)
	if err != nil || id == nil {
		return err
	}
	m.aged = min(aged, newest-1)
	r, err := set.Get(tx, schema.Lookup(schema.Backed), schema.BackedID(id.Device))
	if err != nil || r == nil {
		return ignoreDamage(err)
	}
	var h syncproto.Head
	if copy(h.Incarnation[:], r.Of(schema.BackedIncarnation).Bytes()) < len(h.Incarnation) || copy(h.Hash[:], r.Of(schema.BackedHash).Bytes()) < len(h.Hash) {
		return nil
	}
	h.Seq = syncproto.Seq(r.Of(schema.BackedSeq).Int())
	m.backed, err = ancestry(tx, lives, h)
	return err
}

// ancestry is the ord up to which all own transactions are in the chain that a head ends,
// its ancestors included; 0 where the head is not in a chain of this device's.
func ancestry(tx *sqlitedb.Tx, lives []life, h syncproto.Head) (ord int64, err error) {
	i := slices.IndexFunc(lives, func(l life) bool { return l.inc == h.Incarnation })
	if i < 0 || h.Seq == 0 {
		return 0, nil
	}
	if own, err := holds(tx, &lives[i], h); err != nil || !own {
		return 0, err
	}
	ord = lives[i].ord(h.Seq)
	for ; i > 0; i-- { // each goes on from the end of the one before it
		if before, g := &lives[i-1], lives[i].genesis; before.last > 0 && (g.Parent != before.inc || g.Seq != before.last || g.Hash != before.hash) {
			return 0, nil
		}
	}
	return ord, nil
}

// overLimit is how many bytes of bodies are over a limit. It adds them up only where the
// file is large enough for that.
func overLimit(tx *sqlitedb.Tx, limit int64) (int64, error) {
	pages, err := tx.Int(`PRAGMA page_count`)
	if err != nil {
		return 0, err
	}
	size, err := tx.Int(`PRAGMA page_size`)
	if err != nil || pages*size <= limit {
		return 0, err
	}
	bytes, err := tx.Int(`SELECT sum(length(body)) FROM outbox`)
	return bytes - limit, err
}
