package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/rawaj/rawaj/syncproto"
)

// Stepped is a server that starts no goroutine: each step is taken when it is called
// for, so that a simulation can choose their order, and choose it again. One goroutine
// calls everything.
type Stepped struct{ *Server }

// NewStepped is New for a simulation; Run is not called.
func NewStepped(ctx context.Context, c Config) (*Stepped, error) {
	s, err := New(ctx, c, nil)
	if err != nil {
		return nil, err
	}
	s.stepped = true
	return &Stepped{s}, nil
}

// Fold folds what is in the log; who waits for it meanwhile folds too.
func (s *Stepped) Fold(ctx context.Context) error { return s.foldOn(ctx) }

// beside runs what a session need not wait for.
func (s *Server) beside(f func()) {
	if s.stepped {
		f()
		return
	}
	go f()
}

// Peer is a device's session, step by step.
type Peer struct {
	n   *session
	ctx context.Context
}

// Peer begins a session on a link, as the sync endpoint does.
func (s *Stepped) Peer(link Link) *Peer {
	s.sessions.running.Add(1)
	ctx, cancel := context.WithCancelCause(context.Background())
	return &Peer{&session{s: s.Server, conn: link, named: func() {}, leave: func() {}, cancel: cancel}, ctx}
}

// Greet is the greeting up to Welcome. It receives what it waits for.
func (p *Peer) Greet() (err error) {
	if err = p.n.greet(p.ctx); err == nil {
		p.n.from, err = p.n.place(p.ctx)
	}
	if err == nil {
		p.n.feeding.wake()
	}
	return err
}

// From is where the device's place was found.
func (p *Peer) From() syncproto.Position { return p.n.from }

// Take takes one frame. over says that the device has said Bye.
func (p *Peer) Take(f syncproto.Frame) (over bool, err error) {
	if err = p.n.take(p.ctx, f); errors.Is(err, errBye) {
		return true, nil
	}
	return false, err
}

// Woken says whether there may be something to feed.
func (p *Peer) Woken() bool {
	p.n.feeding.mu.Lock()
	defer p.n.feeding.mu.Unlock()
	return p.n.feeding.again
}

// Feed sends what the device has still to hear, if it was woken.
func (p *Peer) Feed() error {
	for p.n.feeding.next() {
		if err := p.n.feed(p.ctx); err != nil {
			return err
		}
	}
	return nil
}

// Ping asks whether the device is there, as every PingEvery.
func (p *Peer) Ping() error { return p.n.askWhetherThere(p.ctx) }

// End ends a session that was welcome, or was not, and closes its link.
func (p *Peer) End(welcome bool, err error) {
	if welcome {
		err = p.n.parted(p.ctx, err)
	} else {
		p.n.s.sessions.done(p.n)
	}
	p.n.end(err)
}

// String is for traces.
func (p *Peer) String() string { return fmt.Sprintf("session of %v", p.n.device) }
