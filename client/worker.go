package client

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rawaj/rawaj/syncproto"
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
	stepped func() error // who steps a session gives it a turn here, until the answer is there
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
		if err := w.round(ctx); err != nil {
			return err
		}
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

// lookAnew is how often all is gone through though nothing changed: for what has rested
// long enough, and for what nobody named for a day.
const lookAnew = time.Minute

// onceChanged is a step that goes through all attachments, unless it had nothing to do when
// everything was as it is now, and so was what else it goes by: each sale has it look.
func (s *session) onceChanged(step func(context.Context) (bool, error), other func() bool) func(context.Context) (bool, error) {
	type seen struct {
		attachmentsAt
		other bool
	}
	var last seen
	var when time.Time
	return func(ctx context.Context) (acted bool, err error) {
		now := seen{other: other()}
		if now.attachmentsAt, err = s.attachmentsNow(ctx); err != nil {
			return false, err
		}
		if since := s.Now().Sub(when); now == last && since >= 0 && since < lookAnew {
			return false, nil
		}
		if acted, err = step(ctx); err == nil && !acted {
			last, when = now, s.Now()
		}
		return acted, err
	}
}

// round does what there is to do.
func (w *worker) round(ctx context.Context) error {
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
	return nil
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
	for x.stepped != nil && len(x.answer) == 0 {
		if err := x.stepped(); err != nil {
			return nil, err
		}
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
