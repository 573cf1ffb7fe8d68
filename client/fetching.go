package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/recorder"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
)

// fetchUpTo is the largest attachment that is fetched before anybody looks at it: a
// photo as pages make them, so that lists have their pictures with the cable pulled.
const fetchUpTo = 256 << 10

// fetchAll fetches the attachments that lack here: those that somebody waits for before
// others. First it lets go of those that nothing here names any more.
func (s *session) fetchAll(ctx context.Context) (acted bool, err error) {
	if err := s.Tidy(ctx); err != nil || !s.caughtUp.Load() {
		return false, err
	}
	names, err := s.Store.Names(ctx)
	if err != nil || len(names) == 0 {
		return false, err
	}
	here := map[syncproto.Root]attach.Info{}
	if err := s.Store.Attachments().Each(ctx, func(i attach.Info) { here[i.Root] = i }); err != nil {
		return false, err
	}
	fetch := func(root syncproto.Root, most uint64) error {
		n := names[root]
		// What the server did not want from here it may have by now.
		if resting, unwanted := s.lane.resting(root, n, s.Now()); resting && !unwanted || here[root].Whole || !n.Seen && !n.Base {
			return nil
		}
		here[root] = attach.Info{Whole: true} // not again in this round
		acted = true
		return s.fetchWhole(ctx, root, most)
	}
	for _, root := range slices.SortedFunc(maps.Keys(names), func(a, b syncproto.Root) int { return bytes.Compare(a[:], b[:]) }) {
		for _, root := range s.lane.wanted() {
			if err := fetch(root, syncproto.MaxAttachment); err != nil {
				return false, err
			}
		}
		if names[root].Seen && here[root].Length <= fetchUpTo {
			if err := fetch(root, fetchUpTo); err != nil {
				return false, err
			}
		}
	}
	return acted, nil
}

// fetchWhole asks for what lacks of one attachment, if it is not longer than most.
func (s *session) fetchWhole(ctx context.Context, root syncproto.Root, most uint64) error {
	kept := s.Store.Attachments()
	_, _, known, err := kept.Next(ctx, root, 0)
	if err != nil {
		return err
	}
	if !known {
		f, err := s.ask(ctx, &s.down.exchange, &syncproto.ChunkAsk{Root: root}, func(f syncproto.Frame) bool {
			g, ok := f.(*syncproto.Have)
			if ok = ok && g.Root == root; ok {
				if _, given := g.Manifest(); !given {
					s.lane.rest(root, s.Now()) // before the next frame, which may say that it arrived
				}
			}
			return ok
		})
		if err != nil {
			return err
		}
		m, given := f.(*syncproto.Have).Manifest()
		if !given {
			return nil
		}
		if err := kept.Begin(ctx, &m, s.Now().UnixMilli(), syncproto.DeviceID{}); err != nil {
			return s.noRoom(root, err)
		}
		if m.Length > most { // somebody may open it yet
			return nil
		}
	}
	for next := uint64(0); ; next++ {
		index, whole, known, err := kept.Next(ctx, root, next)
		if err != nil {
			return s.noRoom(root, err)
		}
		if whole || !known { // it may have left this device meanwhile
			break
		}
		next = index
		f, err := s.ask(ctx, &s.down.exchange, &syncproto.ChunkAsk{Root: root, Want: syncproto.WantChunk, Index: index}, func(f syncproto.Frame) bool {
			c, ok := f.(*syncproto.Chunk)
			return ok && c.Root == root && c.Index == index
		})
		if err != nil {
			return err
		}
		data := f.(*syncproto.Chunk).Data
		if len(data) == 0 {
			s.lane.rest(root, s.Now())
			return nil
		}
		if err := kept.Chunk(ctx, root, index, data); err != nil {
			return s.noRoom(root, err)
		}
		s.run.chunks.Add(1)
	}
	s.Recorder.Add(recorder.Event{What: recorder.Fetched})
	s.lane.tell()
	// What came from this server it has; another history asks for it again.
	err = kept.Confirm(ctx, root, s.welcome.History)
	s.Store.Touch()
	return err
}

// noRoom rests where the disk of this device is full: selling goes on as long as it can.
func (s *session) noRoom(root syncproto.Root, err error) error {
	if !errors.Is(err, refusal.New(refusal.NoRoom, "")) {
		return err
	}
	s.Logger.Warn("attachment", "err", err)
	s.lane.rest(root, s.Now())
	return nil
}

// Tidy lets go of the attachments that nothing here names any more.
func (c *Client) Tidy(ctx context.Context) error {
	at, err := c.attachmentsNow(ctx)
	if err != nil {
		return err
	}
	there := map[syncproto.Root]bool{}
	if err := c.Store.Attachments().Each(ctx, func(i attach.Info) { there[i.Root] = kept(i, at.history) }); err != nil {
		return err
	}
	gone, err := c.Store.Attachments().Collect(ctx, c.Now().UnixMilli(), func() (map[syncproto.Root]bool, error) {
		names, err := c.Store.Names(ctx)
		stay := map[syncproto.Root]bool{}
		for root, n := range names {
			stay[root] = n.Stays(there[root])
		}
		return stay, err
	})
	if gone > 0 {
		c.Recorder.Add(recorder.Event{What: recorder.Collected, Count: uint64(gone)})
	}
	return err
}

// arrived takes a manifest that came by itself: what was asked for in vain has arrived there.
func (s *session) arrived(f *syncproto.Have) error {
	if _, ok := f.Manifest(); !ok {
		return fmt.Errorf("%v was not asked for", f.Root)
	}
	s.lane.forget(f.Root)
	s.down.tell()
	return nil
}
