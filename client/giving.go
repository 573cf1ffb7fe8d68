package client

import (
	"context"
	"errors"
	"time"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/recorder"
	"github.com/rawaj/rawaj/syncproto"
)

// laneYield is how long a chunk waits while something recorded has not arrived. Then it
// goes all the same: a till may be busy for hours, and so may a server.
const laneYield = 5 * time.Second

// giveAll gives the server each attachment that it has not confirmed and may ask for.
func (s *session) giveAll(ctx context.Context) (acted bool, err error) {
	list, err := s.undelivered(ctx)
	if err != nil {
		return false, err
	}
	for _, d := range list {
		if resting, _ := s.lane.resting(d.Root, d.Naming, s.Now()); resting || !d.Sent && !(d.Base && !s.Store.Pending()) {
			continue
		}
		if err := s.give(ctx, &d); err != nil {
			return false, err
		}
		acted, s.gave = true, true
	}
	if !acted && s.gave { // all that could be given has been: totals have to know, and some of it may go
		s.gave = false
		s.down.tell()
		select {
		case s.retell <- struct{}{}:
		default:
		}
	}
	return acted, nil
}

func (s *session) give(ctx context.Context, i *due) error {
	m, whole, err := s.Store.Attachments().Manifest(ctx, i.Root)
	if err != nil || !whole {
		return s.hurt(ctx, i.Root, err)
	}
	var next syncproto.Frame = syncproto.NewHave(&m)
	for {
		f, err := s.ask(ctx, &s.up.exchange, next, func(f syncproto.Frame) bool {
			a, ok := f.(*syncproto.ChunkAsk)
			return ok && a.Root == i.Root && a.Want != syncproto.WantManifest && m.Size(a.Index) > 0
		})
		if err != nil {
			return err
		}
		a := f.(*syncproto.ChunkAsk)
		if _, went := next.(*syncproto.Chunk); went || a.Want == syncproto.WantNothing {
			s.run.chunks.Add(1)
		}
		switch a.Want {
		case syncproto.WantNothing:
			s.Recorder.Add(recorder.Event{What: recorder.Delivered, Count: i.Length})
			err := s.Store.Attachments().Confirm(ctx, i.Root, s.welcome.History)
			s.Store.Touch()
			return err
		case syncproto.WantNot:
			s.lane.unwanted(i.Root, i.Naming, s.Now())
			return s.Store.Unwanted(ctx, i.Root)
		case syncproto.WantLater:
			s.lane.rest(i.Root, s.Now())
			return nil
		default:
			data, err := s.Store.Attachments().Read(ctx, i.Root, a.Index)
			if data == nil {
				s.lane.rest(i.Root, s.Now())
				return errors.Join(s.hurt(ctx, i.Root, err), s.conn.Send(ctx, &syncproto.Chunk{Root: i.Root, Index: a.Index}))
			}
			if err := s.yield(ctx); err != nil {
				return err
			}
			next = &syncproto.Chunk{Root: i.Root, Index: a.Index, Data: data}
		}
	}
}

// hurt takes an attachment that is not what its name says for one that lacks.
func (s *session) hurt(ctx context.Context, root syncproto.Root, err error) error {
	s.lane.rest(root, s.Now())
	if !errors.Is(err, attach.ErrDamaged) {
		return err
	}
	s.Logger.Error("attachment", "err", err)
	return s.Store.Attachments().Heal(ctx, root)
}

// yield lets what was recorded go first, so that no sale has more than one chunk before it.
func (s *session) yield(ctx context.Context) error {
	patience := time.NewTimer(laneYield)
	defer patience.Stop()
	for {
		moved := s.Store.Moved()
		if !s.Store.Pending() {
			return nil
		}
		select {
		case <-moved:
		case <-patience.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
