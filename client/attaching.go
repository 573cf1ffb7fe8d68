package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/recorder"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
)

const (
	// fetchUpTo is the largest attachment that is fetched before anybody looks at it: a
	// photo as pages make them, so that lists have their pictures with the cable pulled.
	fetchUpTo = 256 << 10
	// laneYield is how long a chunk waits while something recorded has not arrived. Then it
	// goes all the same: a till may be busy for hours, and so may a server.
	laneYield = 5 * time.Second
)

// worker does what there is to do each time that it is told to look, one at a time.
type worker struct {
	mu         sync.Mutex
	told, done uint64
	look       chan struct{} // holds a token when it was told
	exchange                 // with the server
	afterIdle  func() error  // called each time that it has nothing more to do
	step       func(context.Context) (acted bool, err error)
}

// exchange is a question, or an offer, that waits for its answer.
type exchange struct {
	waiting sync.Mutex
	match   func(syncproto.Frame) bool // nil: nothing is waited for
	answer  chan syncproto.Frame
}

func newWorker(step func(context.Context) (bool, error)) *worker {
	w := &worker{look: make(chan struct{}, 1), step: step, exchange: exchange{answer: make(chan syncproto.Frame, 1)}}
	w.tell()
	return w
}

// tell has it look.
func (w *worker) tell() {
	w.mu.Lock()
	w.told++
	w.mu.Unlock()
	select {
	case w.look <- struct{}{}:
	default:
	}
}

// idle says whether it has looked since it was last told to, and found nothing more to do.
func (w *worker) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.done == w.told
}

func (w *worker) run(ctx context.Context) error {
	for {
		w.mu.Lock()
		told := w.told
		w.mu.Unlock()
		for acted := true; acted; {
			var err error
			if acted, err = w.step(ctx); err != nil {
				return err
			}
		}
		w.mu.Lock()
		w.done = told
		w.mu.Unlock()
		if err := w.afterIdle(); err != nil {
			return err
		}
		again := time.NewTimer(askAgain)
		select {
		case <-w.look:
			again.Stop()
		case <-again.C:
			w.tell()
		case <-ctx.Done():
			again.Stop()
			return nil
		}
	}
}

// expect says which frame is the answer to what is sent next.
func (x *exchange) expect(match func(syncproto.Frame) bool) {
	x.waiting.Lock()
	defer x.waiting.Unlock()
	x.match = match
}

// deliver hands an answer over; false says that nobody waits for it.
func (x *exchange) deliver(f syncproto.Frame) bool {
	x.waiting.Lock()
	defer x.waiting.Unlock()
	if x.match == nil || !x.match(f) {
		return false
	}
	x.match = nil
	x.answer <- f
	return true
}

// ask sends a frame and waits for the answer that match knows.
func (s *session) ask(ctx context.Context, x *exchange, f syncproto.Frame, match func(syncproto.Frame) bool) (syncproto.Frame, error) {
	x.expect(match)
	if err := s.conn.Send(ctx, f); err != nil {
		return nil, err
	}
	select {
	case a := <-x.answer:
		return a, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// attachments moves both directions of the lane until the session ends.
func (s *session) attachments(ctx context.Context) error {
	s.lane.connect(s)
	defer s.lane.connect(nil)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	down := make(chan error, 1)
	go func() {
		err := s.down.run(ctx)
		cancel()
		down <- err
	}()
	err := s.up.run(ctx)
	cancel()
	if err = errors.Join(err, <-down); errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// look has both directions look for what there is to do.
func (s *session) look() {
	s.up.tell()
	s.down.tell()
}

// giveAll gives the server each attachment that it has not confirmed and may ask for.
func (s *session) giveAll(ctx context.Context) (acted bool, err error) {
	list, names, err := s.undelivered(ctx)
	if err != nil {
		return false, err
	}
	for _, i := range list {
		n := names[i.Root]
		if resting, _ := s.lane.resting(i.Root, s.Now()); resting || !n.Sent && !(n.Base && !s.Store.Pending()) {
			continue
		}
		if err := s.give(ctx, i); err != nil {
			return false, err
		}
		acted, s.gave = true, true
	}
	if !acted && s.gave { // all that could be given has been: totals have to know
		s.gave = false
		select {
		case s.retell <- struct{}{}:
		default:
		}
	}
	return acted, nil
}

func (s *session) give(ctx context.Context, i attach.Info) error {
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
		switch a := f.(*syncproto.ChunkAsk); a.Want {
		case syncproto.WantNothing:
			s.Recorder.Add(recorder.Event{What: recorder.Delivered, Count: i.Length})
			err := s.Store.Attachments().Confirm(ctx, i.Root, s.welcome.History)
			s.Store.Touch()
			return err
		case syncproto.WantNot:
			s.lane.rest(i.Root, true, s.Now())
			return s.Store.Unwanted(ctx, i.Root)
		case syncproto.WantLater:
			s.lane.rest(i.Root, false, s.Now())
			return nil
		default:
			data, err := s.Store.Attachments().Read(ctx, i.Root, a.Index)
			if data == nil {
				s.lane.rest(i.Root, false, s.Now())
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
	s.lane.rest(root, false, s.Now())
	if !errors.Is(err, attach.ErrDamaged) {
		return err
	}
	s.Logger.Error("attachment", "err", err)
	return s.Store.Attachments().Heal(ctx, root)
}

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
		if resting, _ := s.lane.resting(root, s.Now()); resting || here[root].Whole || !n.Seen && !n.Base {
			return nil
		}
		here[root] = attach.Info{Whole: true} // not again in this round
		acted = true
		return s.fetchWhole(ctx, root, most)
	}
	for root, n := range names {
		for _, root := range s.lane.wanted() {
			if err := fetch(root, syncproto.MaxAttachment); err != nil {
				return false, err
			}
		}
		if n.Seen && here[root].Length <= fetchUpTo {
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
			return ok && g.Root == root
		})
		if err != nil {
			return err
		}
		m, given := f.(*syncproto.Have).Manifest()
		if !given {
			s.lane.rest(root, false, s.Now())
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
			s.lane.rest(root, false, s.Now())
			return nil
		}
		if err := kept.Chunk(ctx, root, index, data); err != nil {
			return s.noRoom(root, err)
		}
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
	s.lane.rest(root, false, s.Now())
	return nil
}

// Tidy lets go of the attachments that nothing here names any more.
func (c *Client) Tidy(ctx context.Context) error {
	kept := map[syncproto.Root]bool{}
	if err := c.Store.Attachments().Each(ctx, func(i attach.Info) { kept[i.Root] = c.kept(i) }); err != nil {
		return err
	}
	gone, err := c.Store.Attachments().Collect(ctx, c.Now().UnixMilli(), func() (map[syncproto.Root]bool, error) {
		names, err := c.Store.Names(ctx)
		stay := map[syncproto.Root]bool{}
		for root, n := range names {
			stay[root] = n.Stays(kept[root])
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
