package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"os"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
)

// line is one connection between a site and the server. Within a direction the order is
// kept, as TCP keeps it; when a message arrives, if ever, the world decides.
type line struct {
	w      *World
	site   *site
	up     end // the site's
	down   end // the server's
	visit  *client.Visit
	peer   *server.Peer
	number int
}

// message is what is under way.
type message struct {
	b   []byte
	err error // the connection's end instead
}

// end is one side's hold of a line: client.Link and server.Link.
type end struct {
	line    *line
	server  bool
	limits  syncproto.FrameLimits
	cost    uint64
	wire    []message // on the way to this end
	inbox   []message // arrived
	closed  bool      // by this side
	mute    bool      // what it sends goes nowhere: the line is half open
	over    bool      // nothing runs here any more
	welcome bool
	greet   *task
}

// task is a part of the product that waits for messages in its midst.
type task struct {
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	err   error
}

func begin(f func(t *task) error) *task {
	t := &task{}
	t.next, t.stop = iter.Pull(func(yield func(struct{}) bool) {
		t.yield = yield
		t.err = f(t)
	})
	return t
}

func (e *end) other() *end {
	if e.server {
		return &e.line.up
	}
	return &e.line.down
}

func (e *end) Send(_ context.Context, f syncproto.Frame) error {
	if r, ok := f.(*syncproto.Receipt); ok {
		e.line.w.receipted(r)
	}
	b, err := syncproto.EncodeFrame(f, false)
	if err != nil {
		return err
	}
	return e.send(b)
}

func (e *end) SendEncoded(_ context.Context, b []byte) error { return e.send(b) }

func (e *end) send(b []byte) error {
	if e.closed {
		return net.ErrClosed
	}
	if !e.mute {
		o := e.other()
		o.wire = append(o.wire, message{b: b})
		e.line.w.bounded(o)
	}
	return nil
}

// Receive gives the next message that arrived; within a task it waits for one.
func (e *end) Receive() (syncproto.Frame, error) {
	for len(e.inbox) == 0 || e.closed {
		if e.closed {
			return nil, net.ErrClosed
		}
		if e.greet == nil {
			e.line.w.failf("a frame was asked for outside of a greeting, and none is there")
		}
		if !e.greet.yield(struct{}{}) {
			e.closed = true
		}
	}
	m := e.inbox[0]
	e.inbox = e.inbox[1:]
	if m.err != nil {
		e.closed = true
		return nil, m.err
	}
	f, err := syncproto.DecodeFrame(m.b, e.limits)
	if err != nil {
		return nil, err
	}
	e.cost = syncproto.FrameCost(f, m.b)
	return f, nil
}

func (e *end) SetLimits(l syncproto.FrameLimits) { e.limits = l }
func (e *end) Cost() uint64                      { return e.cost }
func (e *end) BytesIn() uint64                   { return 0 }
func (e *end) BytesOut() uint64                  { return 0 }

// Close says Bye and hangs up.
func (e *end) Close(bye *syncproto.Bye) {
	if e.closed {
		return
	}
	if bye != nil {
		e.Send(context.Background(), bye)
	}
	e.closed = true
	if !e.mute {
		o := e.other()
		o.wire = append(o.wire, message{err: io.EOF})
	}
}

// connect opens a line and has both sides begin.
func (w *World) connect(s *site) {
	if s.line != nil || !s.open || s.refused || !w.centre.up {
		return
	}
	w.connections++
	l := &line{w: w, site: s, number: w.connections}
	l.up = end{line: l, limits: syncproto.GreetingLimits}
	l.down = end{line: l, server: true, limits: syncproto.GreetingLimits}
	w.tracef("line %d of %s", l.number, s.name)
	l.visit = s.client.Visit(&l.up)
	l.peer = w.centre.server.Peer(&l.down)
	s.line = l
	w.lines = append(w.lines, l)
	l.down.start(func() error { return l.peer.Greet() })
	l.up.start(func() error { return l.visit.Greet(ctx) })
	w.reap()
}

func (e *end) start(f func() error) {
	e.greet = begin(func(*task) error { return f() })
	e.line.w.tasks = append(e.line.w.tasks, e.greet)
	e.resume()
}

// resume goes on with a greeting.
func (e *end) resume() {
	if _, waits := e.greet.next(); waits {
		return
	}
	err := e.greet.err
	e.greet = nil
	if e.welcome = err == nil; !e.welcome {
		e.finish(err)
	}
}

// deliver lets the first message under way to an end arrive.
func (e *end) deliver() bool {
	if len(e.wire) == 0 {
		return false
	}
	m := e.wire[0]
	e.wire = e.wire[1:]
	if e.over {
		return true
	}
	e.inbox = append(e.inbox, m)
	e.traceArrival(m)
	if e.greet != nil {
		e.resume()
	}
	for e.welcome && !e.over && len(e.inbox) > 0 {
		if err := e.take(); err != nil || e.closed {
			e.finish(err)
		}
	}
	return true
}

// errOver ends a session whose device said Bye.
var errOver = errors.New("over")

func (e *end) take() error {
	if !e.server {
		return e.line.visit.Take(ctx)
	}
	f, err := e.Receive()
	if err != nil {
		return err
	}
	over, err := e.line.peer.Take(f)
	if over {
		return errOver
	}
	return err
}

// finish is the end of a session here, for what reason ever.
func (e *end) finish(err error) {
	if e.over {
		return
	}
	if err == nil {
		err = net.ErrClosed
	}
	e.over = true
	if e.greet != nil {
		t := e.greet
		e.greet = nil
		e.closed = true
		t.stop()
	}
	if errors.Is(err, errOver) {
		err = nil
	}
	w, l := e.line.w, e.line
	if e.server {
		if w.centre.up && !w.centre.dying {
			l.peer.End(e.welcome, err)
		}
		e.closed = true
		return
	}
	s := l.site
	if s.line == l {
		s.line = nil
	}
	if !s.open || s.dying {
		e.closed = true
		return
	}
	before := s.device()
	if err == nil {
		err = io.EOF
	}
	err = l.visit.End(ctx, e.welcome, err)
	w.tracef("%s: line %d ended: %v", s.name, l.number, brief(err))
	e.Close(&syncproto.Bye{Code: syncproto.CodeBye})
	if errors.Is(err, client.ErrRefused) {
		s.refused = true
		if s.store.Identity().WipedAt != 0 && !s.wiped {
			w.wiped(s)
		}
	}
	if s.open && !s.dying && s.device() != before {
		w.hit(CopyNamed)
		w.tracef("%s has a name of its own", s.name)
	}
}

func brief(err error) string {
	if err == nil {
		return "-"
	}
	s := err.Error()
	return s[:min(len(s), 120)]
}

// reap ends what was closed from within, and forgets lines that are over.
func (w *World) reap() {
	for again := true; again; {
		again = false
		for _, l := range w.lines {
			for _, e := range []*end{&l.up, &l.down} {
				if e.closed && !e.over {
					e.finish(net.ErrClosed)
					again = true
				}
			}
		}
	}
	kept := w.lines[:0]
	for _, l := range w.lines {
		if !l.up.over || !l.down.over {
			kept = append(kept, l)
		}
	}
	w.lines = kept
	w.aftermath()
}

var errReset = fmt.Errorf("receive: %w", io.ErrUnexpectedEOF)

// cut breaks a line: of what is under way in each direction so many messages still
// arrive, and then each side hears of it.
func (l *line) cut(up, down int) {
	for _, d := range []struct {
		e *end
		n int
	}{{&l.down, up}, {&l.up, down}} {
		if d.n < len(d.e.wire) {
			d.e.wire = d.e.wire[:d.n]
			l.w.hit(LostOnTheWay)
		}
		d.e.wire = append(d.e.wire, message{err: errReset})
		d.e.other().mute = true
	}
}

// half has one side hear nothing of a line's end.
func (l *line) half(serverHears bool) {
	l.up.mute, l.down.mute = true, true
	l.up.wire, l.down.wire = nil, nil
	if serverHears {
		l.down.wire = []message{{err: errReset}}
	} else {
		l.up.wire = []message{{err: errReset}}
	}
}

// timeouts ends what nothing was heard of for long.
func (w *World) timeouts() {
	for _, l := range w.lines {
		for _, e := range []*end{&l.up, &l.down} {
			if !e.over && e.other().mute && len(e.wire) == 0 {
				e.wire = []message{{err: os.ErrDeadlineExceeded}}
			}
		}
	}
}
