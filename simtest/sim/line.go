package sim

import (
	"context"
	"io"
	"iter"
	"net"

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
	lane   [2]*task // of attachments: fetched and given
	older  int      // places that the device named besides its own
	due    bool     // the site may have something to send: it heard or recorded something
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
	e.line.w.doubted(e.line.site, f)
	b, err := syncproto.EncodeFrame(f, false)
	if err != nil {
		return err
	}
	return e.send(b)
}

func (e *end) SendEncoded(_ context.Context, b []byte) error {
	if e.line.w.model.doubt {
		f, err := syncproto.DecodeFrame(b, syncproto.ServerLimits)
		if err != nil {
			return err
		}
		e.line.w.doubted(e.line.site, f)
	}
	return e.send(b)
}

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

func (e *end) Cost() uint64 { return e.cost }

func (e *end) BytesIn() uint64 { return 0 }

func (e *end) BytesOut() uint64 { return 0 }

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
	e.line.due = e.line.due || !e.server
	e.traceArrival(m)
	if e.greet != nil {
		e.resume()
	}
	for e.welcome && !e.over && len(e.inbox) > 0 {
		err := e.take()
		if !e.server {
			e.line.w.stands(e.line.site)
		}
		if err != nil || e.closed {
			e.finish(err)
		}
	}
	return true
}

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
