package store

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/seal"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// ErrWiped says that the organisation has revoked this device, and that nothing is left
// on it that could be read.
var ErrWiped = refusal.New(refusal.DeviceRefused, "this device was revoked: it has delivered its work and holds nothing any more; enrol it anew in another folder").With("why", syncproto.CodeRevoked.String())

// ErrPending says that something recorded here has not been delivered.
var ErrPending = errors.New("not all has been delivered")

// seal closes own transactions to the organisation's key that this device may no longer
// read. They stay, for a server that loses its log, until a backup holds them.
func (b *base) seal(key ed25519.PublicKey, condition string, leaves func(*syncproto.Transaction) (bool, error), args ...any) error {
	type line struct {
		ord  int64
		body []byte
	}
	var lines []line
	if err := b.tx.Query(func(row sqlitedb.Row) error {
		body := row.Blob(1)
		if leaves != nil {
			t, err := syncproto.ReadBody(body)
			if err != nil {
				return fmt.Errorf("own transaction %d: %w", row.Int(0), err)
			}
			if ok, err := leaves(t); err != nil || !ok {
				return err
			}
		}
		lines = append(lines, line{row.Int(0), append([]byte(nil), body...)})
		return nil
	}, `SELECT ord, body FROM outbox WHERE body_hash IS NULL AND length(body) > 0 AND `+condition+` ORDER BY ord`, args...); err != nil {
		return err
	}
	for _, l := range lines {
		sealed, err := seal.Seal(key, l.body)
		if err != nil {
			return err
		}
		hash := syncproto.BodyHash(l.body)
		if err := b.tx.Exec(`UPDATE outbox SET body = ?, body_hash = ?, amounts = NULL WHERE ord = ?`, sealed, hash[:], l.ord); err != nil {
			return err
		}
	}
	return nil
}

// sealLeft seals the settled transactions that touched a record which has left this
// device.
func (b *base) sealLeft() error {
	row, ok, err := b.tx.One(`SELECT org_key FROM identity`)
	if err != nil || !ok {
		return err
	}
	key := ed25519.PublicKey(append([]byte(nil), row.Blob(0)...))
	for i := range b.lives {
		l := &b.lives[i]
		if l.settled == 0 {
			continue
		}
		if err := b.seal(key, `ord BETWEEN ? AND ?`, func(t *syncproto.Transaction) (bool, error) {
			for i := range t.Changes {
				c := &t.Changes[i]
				table := schema.Lookup(c.Table)
				if table == nil {
					continue
				}
				if r, err := set.Get(b.tx, table, c.Record); err != nil || r == nil {
					return true, err
				}
			}
			return false, nil
		}, l.ord(1), l.ord(l.settled)); err != nil {
			return err
		}
	}
	return nil
}

// Wipe takes everything off a revoked device that has delivered all it had: records go,
// and what is kept for a server that loses its log is sealed to the organisation's key.
// Then the files are written anew, so that nothing stays in pages that are free. It is
// ErrPending, and nothing is wiped, while something has not been delivered. now is UTC ms.
func (s *Store) Wipe(ctx context.Context, now int64) error {
	err := s.writeNow(ctx, func(b *base) error {
		if slices.ContainsFunc(b.lives, func(l life) bool { return l.acked < l.last }) {
			return ErrPending
		}
		id := *s.Identity()
		id.WipedAt = now
		if err := b.seal(id.OrgKey, `ord > 0`, nil); err != nil {
			return err
		}
		if err := set.Clear(b.tx, `1`); err != nil {
			return err
		}
		for _, table := range []string{"preimage", "overlay", "share", "staging", "older", "naming", "sold"} {
			if err := b.tx.Exec(`DELETE FROM ` + table); err != nil {
				return err
			}
		}
		if err := b.tx.Exec(`UPDATE spare SET hash = NULL`); err != nil {
			return err
		}
		clear(b.digests)
		p := b.progress
		p.Cursor, p.Reading, p.Unequal, p.Direct, p.ownRows = nil, nil, "", false, 0
		b.tx.AfterCommit(func() { // before anybody else has the turn to write
			s.mu.Lock()
			defer s.mu.Unlock()
			s.identity = &id
		})
		return b.tx.Exec(`UPDATE identity SET wiped_at = ?`, now)
	})
	if err != nil {
		return err
	}
	return errors.Join(s.db.Compact(ctx), s.attachments.Wipe(ctx))
}
