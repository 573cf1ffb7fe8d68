package store

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
)

// A device that was copied whole, of which both copies go on, is given a name of its own.
// What it recorded before stays under the name that it had: the chains say so.

// Former is a name that this device had.
type Former struct {
	Device      syncproto.DeviceID
	Certificate []byte // empty where the key of that name is not here
	RenamedAt   int64  // UTC ms by our clock
}

// Former lists the names that this device had before.
func (s *Store) Former(ctx context.Context) (list []Former, err error) {
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		list, err = readFormer(tx)
		return err
	})
	return list, err
}

func readFormer(tx *sqlitedb.Tx) (list []Former, err error) {
	err = tx.Query(func(row sqlitedb.Row) error {
		list = append(list, Former{syncproto.DeviceID(row.Blob(0)), row.Blob(1), row.Int(2)})
		return nil
	}, `SELECT device, certificate, renamed_at FROM former ORDER BY renamed_at, device`)
	return list, err
}

// Newest is the head of the newest incarnation with a transaction.
func (s *Store) Newest() (h syncproto.Head, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.lives) - 1; i >= 0; i-- {
		if l := &s.lives[i]; l.last > 0 {
			return syncproto.Head{Incarnation: l.inc, Seq: l.last, Hash: l.hash}, true
		}
	}
	return h, false
}

// Rename makes this device another one, in one commit: the next transaction begins an
// incarnation of the new name, and receipt numbers begin anew under its prefix. keyless
// says that the key of the old name is lost: what was not sent is chained anew under the
// new one, as it was recorded, for nobody can sign it under the old.
func (s *Store) Rename(ctx context.Context, id Identity, now int64, keyless bool) error {
	was := s.Identity()
	if was == nil {
		return ErrNotEnrolled
	}
	former := Former{was.Device, was.Certificate, now}
	if keyless {
		former.Certificate = []byte{}
	}
	err := s.writeNow(ctx, func(b *base) error {
		if err := b.tx.Exec(`REPLACE INTO former (device, certificate, renamed_at) VALUES (?, ?, ?)`, former.Device[:], former.Certificate, now); err != nil {
			return err
		}
		if err := writeIdentity(b.tx, &id); err != nil {
			return err
		}
		b.progress.receiptNo = 0
		b.tx.AfterCommit(func() { s.is(id); s.begins() })
		return b.chainAnew(s.rand, &id)
	})
	if err != nil {
		return err
	}
	return s.remark()
}

// remark sets the mark where transactions were chained anew.
func (s *Store) remark() error {
	h, ok := s.Newest()
	if !ok {
		return nil
	}
	return s.mark.SetGiven(h.Incarnation, uint64(h.Seq), h.Hash, uint64(s.Progress().receiptNo))
}

// begins lets the next transaction begin an incarnation. The caller holds the turn to
// write.
func (s *Store) begins() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = -1
}

// chainAnew puts what was not sent under names whose key is lost into chains of the
// present one. Bodies stay as they are: they say nothing of device or number. Whoever
// still has the key may send the same again; it has effect once, by the ids of records.
func (b *base) chainAnew(rand io.Reader, id *Identity) error {
	former, err := readFormer(b.tx)
	if err != nil {
		return err
	}
	for i := range b.lives {
		device := b.lives[i].device
		lost := slices.ContainsFunc(former, func(f Former) bool { return f.Device == device && len(f.Certificate) == 0 })
		if l := &b.lives[i]; !lost || l.acked >= l.last || l.acked < l.released {
			continue
		}
		if err := b.moveUnsent(rand, id, i); err != nil {
			return err
		}
	}
	return nil
}

// moveUnsent moves the tail of an incarnation that was not sent into a new one, whose
// parent it is; one that was not sent at all follows what was moved before it, for its own
// parent may be gone with that. Places in the outbox stay.
func (b *base) moveUnsent(rand io.Reader, id *Identity, i int) error {
	inc, err := syncproto.Random[syncproto.Incarnation](rand)
	if err != nil {
		return err
	}
	l := &b.lives[i]
	next := life{id: b.lives[len(b.lives)-1].id + 1, inc: inc, device: id.Device, firstOrd: l.ord(l.acked + 1), genesis: l.genesis}
	before := l.start
	if last := &b.lives[len(b.lives)-1]; last.device == id.Device && last.last > 0 {
		next.genesis = syncproto.Genesis{Parent: last.inc, Seq: last.last, Hash: last.hash}
	}
	if l.acked > 0 && l.acked == l.released {
		before = l.releasedHash
	} else if l.acked > 0 {
		row, _, err := b.tx.One(`SELECT hash FROM outbox WHERE ord = ?`, l.ord(l.acked))
		if err != nil {
			return err
		}
		copy(before[:], row.Blob(0))
	}
	if l.acked > 0 {
		next.genesis = syncproto.Genesis{Parent: l.inc, Seq: l.acked, Hash: before}
	}
	next.start = syncproto.GenesisHash(id.Org, id.Device, inc, next.genesis)
	next.hash = next.start
	var bodies []syncproto.Hash
	if err := b.tx.Query(func(row sqlitedb.Row) error {
		if row.Null(1) {
			bodies = append(bodies, syncproto.BodyHash(row.Blob(0)))
		} else {
			bodies = append(bodies, syncproto.Hash(row.Blob(1)))
		}
		return nil
	}, `SELECT body, body_hash FROM outbox WHERE ord BETWEEN ? AND ? ORDER BY ord`, next.firstOrd, l.ord(l.last)); err != nil {
		return err
	}
	if want := int(l.last - l.acked); len(bodies) != want {
		return fmt.Errorf("%d transactions of incarnation %v are here of %d that were not sent", len(bodies), l.inc, want)
	}
	for _, body := range bodies {
		next.last++
		next.hash = syncproto.Link(next.hash, body)
		if err := b.tx.Exec(`UPDATE outbox SET inc = ?, seq = ?, hash = ? WHERE ord = ?`, next.id, uint64(next.last), next.hash[:], next.ord(next.last)); err != nil {
			return err
		}
	}
	l.last, l.hash = l.acked, before
	next.noted = next.last
	if err := next.insert(b.tx); err != nil {
		return err
	}
	b.lives = append(b.lives, next)
	return nil
}

// insert writes down an incarnation that begins.
func (l *life) insert(tx *sqlitedb.Tx) error {
	return tx.Exec(`INSERT INTO incarnation (id, incarnation, parent, parent_seq, parent_hash, genesis, first_ord, last, hash, acked, settled, device, released, released_hash, unbacked)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, 0, zeroblob(0), 0)`, l.id, l.inc[:], l.genesis.Parent[:], uint64(l.genesis.Seq), l.genesis.Hash[:], l.start[:], l.firstOrd, uint64(l.last), l.hash[:], l.device[:])
}

// maxPassed bounds the receipt numbers that are passed over at once: more than a till
// prints in years, and a number that somebody made up does not use all of them up.
const maxPassed = 1_000_000

// passOver passes over the receipt numbers of this device that somebody else has printed:
// its copy, or it itself before it was put back (R14).
func (b *base) passOver(receipt string) {
	prefix, number, _ := strings.Cut(receipt, "-")
	if prefix != b.prefix {
		return
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil && n > b.progress.receiptNo && n-b.progress.receiptNo <= maxPassed {
		b.progress.receiptNo = n
	}
}
