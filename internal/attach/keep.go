package attach

import (
	"context"

	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
)

// orphaned is how long an attachment is kept that no record has named yet: the form in
// which it was taken may still be open.
const orphaned = 24 * 60 * 60 * 1000 // ms

// Info is one attachment as it stands here.
type Info struct {
	Root   syncproto.Root
	Length uint64
	Whole  bool
	Kept   syncproto.HistoryID // whose server has it; zero: none
}

// Each calls f for every attachment, in the order of names.
func (s *Store) Each(ctx context.Context, f func(Info)) error {
	return s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		return tx.Query(func(row sqlitedb.Row) error {
			i := Info{Length: uint64(row.Int(1)), Whole: row.Int(3) != 0}
			copy(i.Root[:], row.Blob(0))
			copy(i.Kept[:], row.Blob(2))
			f(i)
			return nil
		}, `SELECT root, length, kept, whole FROM attachment ORDER BY root`)
	})
}

// Confirm notes durably that the server of a history has an attachment.
func (s *Store) Confirm(ctx context.Context, root syncproto.Root, history syncproto.HistoryID) error {
	return noRoom(s.write(ctx, func(tx *sqlitedb.Tx) error {
		return tx.Exec(`UPDATE attachment SET kept = ? WHERE root = ?`, history[:], root[:])
	}))
}

// Given is how many bytes of attachments count in a device's quota.
func (s *Store) Given(ctx context.Context, giver syncproto.DeviceID) (bytes uint64, err error) {
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		n, err := tx.Int(`SELECT coalesce(sum(length), 0) FROM attachment WHERE giver = ?`, giver[:])
		bytes = uint64(n)
		return err
	})
	return bytes, err
}

// Counts is how many attachments are here, on their way included, and the bytes of their chunks.
func (s *Store) Counts(ctx context.Context) (attachments, bytes int64, err error) {
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) (err error) {
		if attachments, err = tx.Int(`SELECT count(*) FROM attachment`); err != nil {
			return err
		}
		bytes, err = tx.Int(`SELECT coalesce(sum(length(data)), 0) FROM chunk`)
		return err
	})
	return attachments, bytes, err
}

// Touch says that an attachment is being named just now: it is not collected.
func (s *Store) Touch(ctx context.Context, root syncproto.Root, now int64) error {
	return noRoom(s.db.WriteLazily(ctx, func(tx *sqlitedb.Tx) error { return touch(tx, root, now) }))
}

func touch(tx *sqlitedb.Tx, root syncproto.Root, now int64) error {
	return tx.Exec(`UPDATE attachment SET at = max(at + 1, ?) WHERE root = ?`, now, root[:])
}

type row struct {
	root  syncproto.Root
	at    int64
	named bool
}

// Collect removes what nobody names: at once what a record did name, after a day what
// none has named yet. It says how many went. What is here is looked at before names is
// asked, and what is touched meanwhile stays. now is UTC ms.
func (s *Store) Collect(ctx context.Context, now int64, names func() (map[syncproto.Root]bool, error)) (gone int, err error) {
	var here []row
	if err := s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		return tx.Query(func(r sqlitedb.Row) error {
			here = append(here, row{syncproto.Root(r.Blob(0)), r.Int(1), r.Int(2) != 0})
			return nil
		}, `SELECT root, at, named FROM attachment`)
	}); err != nil || len(here) == 0 {
		return 0, err
	}
	named, err := names()
	if err != nil {
		return 0, err
	}
	var first, drop []row
	for _, r := range here {
		switch {
		case named[r.root] && !r.named:
			first = append(first, r)
		case !named[r.root] && (r.named || now-r.at >= orphaned):
			drop = append(drop, r)
		}
	}
	if len(first)+len(drop) == 0 {
		return 0, nil
	}
	err = s.write(ctx, func(tx *sqlitedb.Tx) (err error) {
		for _, r := range first {
			if err := tx.Exec(`UPDATE attachment SET named = 1 WHERE root = ?`, r.root[:]); err != nil {
				return err
			}
		}
		gone, err = remove(tx, drop)
		return err
	})
	if gone > 0 && err == nil {
		// So that the WAL does not hold them any more. A reader may be in the way: then the
		// next time does it, or the file's end.
		_ = s.db.Checkpoint()
	}
	return gone, err
}

func remove(tx *sqlitedb.Tx, drop []row) (gone int, err error) {
	for _, r := range drop {
		n, err := tx.ExecN(`DELETE FROM attachment WHERE root = ? AND at = ?`, r.root[:], r.at)
		if err != nil {
			return gone, err
		}
		if n == 0 { // somebody is about to name it
			continue
		}
		gone++
		if err := tx.Exec(`DELETE FROM part WHERE root = ?`, r.root[:]); err != nil {
			return gone, err
		}
	}
	if gone == 0 {
		return 0, nil
	}
	return gone, tx.Exec(`DELETE FROM chunk WHERE NOT EXISTS (SELECT 1 FROM part p WHERE p.hash = chunk.hash)`)
}

// Wipe removes everything, and writes the file anew so that nothing stays in free pages.
func (s *Store) Wipe(ctx context.Context) error {
	err := s.write(ctx, func(tx *sqlitedb.Tx) error {
		for _, table := range []string{"attachment", "part", "chunk"} {
			if err := tx.Exec(`DELETE FROM ` + table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.db.Compact(ctx)
}
