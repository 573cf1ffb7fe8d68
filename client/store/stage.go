package store

import (
	"context"
	"slices"

	"github.com/rawaj/rawaj/internal/failpoint"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
)

// Staging is what was heard since the last checkpoint. Frames are gathered in
// memory until a page ends, and then kept on disk with the place where reading
// stopped, so that a link that dies does not start over; a short page whose
// checkpoint follows at once never touches the disk. An empty replica takes rows
// straight in, since nobody looks at it yet.
type Staging struct {
	s      *Store
	frames []syncproto.Frame
	bytes  uint64
	whole  int                  // frames up to the end of the last page
	point  *syncproto.ReadPoint // there

	repaired *syncproto.Share // whose records were asked for: the next checkpoint says whether it helped
}

// NewStaging begins to listen. What a dead link left on disk stays.
func (s *Store) NewStaging() *Staging { return &Staging{s: s} }

// stagedInMemory is how many bytes of frames, decompressed, wait in memory for their
// checkpoint before the end of a page is worth a commit: two pages of sales. A device
// that holds nothing yet lays them where they belong, each page while the next one is
// on its way.
const (
	stagedInMemory = 1 << 20
	stagedFirst    = 256 << 10
)

// Add takes a Rows or Leave frame and its size, decompressed.
func (g *Staging) Add(ctx context.Context, f syncproto.Frame, bytes uint64) error {
	g.frames = append(g.frames, f)
	g.bytes += bytes
	point := pointOf(f)
	if point == nil {
		return nil
	}
	g.whole, g.point = len(g.frames), point
	limit := uint64(stagedInMemory)
	if g.s.Progress().Cursor == nil {
		limit = stagedFirst
	}
	if g.bytes > limit {
		return g.Keep(ctx)
	}
	return nil
}

func pointOf(f syncproto.Frame) *syncproto.ReadPoint {
	switch f := f.(type) {
	case *syncproto.Rows:
		return f.Point
	case *syncproto.Leave:
		return f.Point
	}
	return nil
}

// Keep writes down the pages that came whole, with their end, and lets go of what came
// after. It is what a session does last: the next goes on from there.
func (g *Staging) Keep(ctx context.Context) error {
	if g.whole == 0 {
		g.empty()
		return nil
	}
	err := g.s.write(ctx, func(b *base) error {
		p := b.progress
		if p.Cursor == nil && p.ownRows == 0 && p.Position == 0 {
			n, err := b.tx.Int(`SELECT count(*) FROM staging`)
			if err != nil {
				return err
			}
			p.Direct = p.Direct || n == 0
		}
		p.Reading = g.point
		if p.Direct {
			for _, f := range g.frames[:g.whole] {
				if err := b.frame(f); err != nil {
					return err
				}
			}
			return nil
		}
		for _, f := range g.frames[:g.whole] {
			raw, err := syncproto.EncodeFrame(f, true)
			if err != nil {
				return err
			}
			if err := b.tx.Exec(`INSERT INTO staging (frame) VALUES (?)`, raw); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		g.empty()
	}
	return err
}

func (g *Staging) empty() { g.frames, g.bytes, g.whole, g.point = nil, 0, 0, nil }

// write runs f in a commit that lays down what the server sent. It is not flushed: what
// a power cut takes back is heard again, and whatever is recorded on top of it flushes
// it too.
func (s *Store) write(ctx context.Context, f func(*base) error) error {
	return s.writeBy(ctx, s.db.WriteLazily, f)
}

// writeNow is write, flushed: for what must stay gone.
func (s *Store) writeNow(ctx context.Context, f func(*base) error) error {
	return s.writeBy(ctx, s.db.Write, f)
}

func (s *Store) writeBy(ctx context.Context, write func(context.Context, func(*sqlitedb.Tx) error) error, f func(*base) error) error {
	b := &base{ended: map[int64]int{}, digests: map[syncproto.Share]*digest{}}
	return write(ctx, func(tx *sqlitedb.Tx) error {
		s.mu.Lock()
		b.lives = slices.Clone(s.lives)
		p := s.progress
		if s.identity != nil {
			b.prefix = s.identity.Prefix
		}
		s.mu.Unlock()
		b.tx, b.progress = tx, &p
		if err := f(b); err != nil {
			return err
		}
		if err := b.flush(); err != nil {
			return err
		}
		if err := note(tx, b.lives); err != nil {
			return err
		}
		var recorded int64
		for i := range b.lives {
			recorded = max(recorded, b.lives[i].ord(b.lives[i].last))
		}
		tx.AfterCommit(func() { s.publish(b.lives, b.progress) })
		return writeProgress(tx, b.progress, recorded)
	})
}

// Checkpoint makes visible what was staged. It says which shares then differ from
// the server's; nothing where all are equal.
func (g *Staging) Checkpoint(ctx context.Context, c *syncproto.Checkpoint, now int64) (unequal string, err error) {
	settles := false
	err = g.s.write(ctx, func(b *base) error {
		spans, err := b.newlySettled(c.Settled)
		if err != nil {
			return err
		}
		if err := b.staged(); err != nil {
			return err
		}
		for _, f := range g.frames {
			if err := b.frame(f); err != nil {
				return err
			}
		}
		if err := b.dropOverlays(spans); err != nil {
			return err
		}
		if len(spans) > 0 {
			if err := b.judged(c.TimeMS); err != nil {
				return err
			}
		}
		if err := b.takeBack(); err != nil {
			return err
		}
		if b.backup {
			if err := b.tx.Exec(`UPDATE progress SET backed_ms = ?`, c.TimeMS); err != nil {
				return err
			}
		}
		if err := b.cover(c.Covered); err != nil {
			return err
		}
		if err := b.dropUnclaimed(); err != nil {
			return err
		}
		if err := b.older(c); err != nil {
			return err
		}
		if unequal, err = b.compare(c.Digests, g.repaired); err != nil {
			return err
		}
		p := b.progress
		p.WentBack = (p.WentBack || p.History != c.History && p.History != syncproto.HistoryID{}) && unequal != ""
		p.Cursor, p.Position, p.Hash, p.History = c.Cursor, c.Position, c.Hash, c.History
		p.ServerTime, p.LastContact = c.TimeMS, now
		p.Direct, p.Reading, p.Unequal = false, nil, unequal
		if settles = len(spans) > 0; settles {
			return failpoint.Hit("settle.before")
		}
		return nil
	})
	if err == nil && settles {
		err = failpoint.Hit("settle.after")
	}
	if err == nil {
		g.empty()
		if r := g.repaired; r != nil && slices.ContainsFunc(c.Digests, func(d syncproto.ShareDigest) bool { return d.Share == *r }) {
			g.repaired = nil
		}
	}
	return unequal, err
}

func (b *base) staged() error {
	if b.progress.Reading == nil || b.progress.Direct {
		return nil
	}
	err := b.tx.Query(func(row sqlitedb.Row) error {
		f, err := syncproto.DecodeFrame(row.Blob(0), syncproto.ServerLimits)
		if err != nil {
			return err
		}
		return b.frame(f)
	}, `SELECT frame FROM staging ORDER BY n`)
	if err != nil {
		return err
	}
	return b.tx.Exec(`DELETE FROM staging`)
}

func (b *base) cover(shares []syncproto.Share) error {
	for _, share := range shares {
		d, err := b.digest(share)
		if err != nil {
			return err
		}
		d.covered, d.dirty = true, true
	}
	return nil
}

// keptCursors is how many older cursors are kept, at growing distance.
const keptCursors = 32

// older keeps cursors at exponential distance: of two whose distance from here is
// alike, the newer goes.
func (b *base) older(c *syncproto.Checkpoint) error {
	if c.Position == b.progress.Position && c.Hash == b.progress.Hash { // of that number there may be one of a log that is gone
		return nil
	}
	if err := b.tx.Exec(`DELETE FROM older WHERE position > ?`, uint64(c.Position)); err != nil { // of a log that is gone
		return err
	}
	if err := b.tx.Exec(`REPLACE INTO older (position, cursor) VALUES (?, ?)`, uint64(c.Position), c.Cursor); err != nil {
		return err
	}
	var all []int64
	if err := b.tx.Query(func(row sqlitedb.Row) error { all = append(all, row.Int(0)); return nil },
		`SELECT position FROM older ORDER BY position DESC`); err != nil || len(all) <= keptCursors {
		return err
	}
	drop, least := len(all)-1, int64(1<<62)
	for i := 1; i+1 < len(all); i++ { // the one whose neighbours are nearest for its age goes
		age := all[0] - all[i+1] + 1
		if gap := (all[i-1] - all[i+1]) << 10 / age; gap < least {
			drop, least = i, gap
		}
	}
	return b.tx.Exec(`DELETE FROM older WHERE position = ?`, all[drop])
}

// Discard forgets what was staged: the log it was read from is not there any more.
func (s *Store) Discard(ctx context.Context) error {
	return s.write(ctx, func(b *base) error {
		b.progress.Reading = nil
		if err := b.tx.Exec(`DELETE FROM staging`); err != nil || !b.progress.Direct {
			return err
		}
		b.progress.Direct = false
		return b.empty()
	})
}

// Forget lets go of the cursor: the server's log is not the one it was taken from.
// Everything is heard anew; nothing recorded here is touched.
func (s *Store) Forget(ctx context.Context) error {
	return s.write(ctx, func(b *base) error {
		b.progress.Cursor, b.progress.Reading = nil, nil
		for _, sql := range []string{`DELETE FROM staging`, `DELETE FROM older`, `UPDATE share SET covered = 0`} {
			if err := b.tx.Exec(sql); err != nil {
				return err
			}
		}
		return nil
	})
}

// empty removes an incomplete base.
func (b *base) empty() error {
	for share := range b.digests {
		delete(b.digests, share)
	}
	if err := b.tx.Exec(`DELETE FROM share`); err != nil {
		return err
	}
	return set.Clear(b.tx, `"_state" IS NULL`)
}

// Contact takes note that the server was heard of at a time, UTC ms, and how far it found
// our clock off.
func (s *Store) Contact(ctx context.Context, now, offset int64) error {
	return s.write(ctx, func(b *base) error { b.progress.LastContact, b.progress.OffsetMS = now, offset; return nil })
}

// Measured holds our clock against the server's, UTC ms, as it took this device in.
func (s *Store) Measured(ctx context.Context, server int64) error {
	return s.write(ctx, func(b *base) error { b.progress.OffsetMS = s.now().UnixMilli() - server; return nil })
}
