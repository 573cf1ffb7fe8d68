// Package memnet is a network in memory, for tests in a synctest bubble: its connections
// buffer as sockets do and keep deadlines, and a test can take it down or let it swallow
// what is sent.
package memnet

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// buffered is what a direction of a connection holds before a writer waits, as the
// buffers of two sockets do.
const buffered = 64 << 10

// Net is a network with one listener. It is safe for concurrent use.
type Net struct {
	mu     sync.Mutex
	accept chan net.Conn
	closed chan struct{}
	pipes  map[*pipe]bool
	down   bool
	dials  int
}

// New is a network that works.
func New() *Net {
	return &Net{accept: make(chan net.Conn), closed: make(chan struct{}), pipes: map[*pipe]bool{}}
}

// Down resets all connections and refuses new ones, until it is up again.
func (n *Net) Down(down bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = down
	for p := range n.pipes {
		if down {
			p.end(syscall.ECONNRESET)
			delete(n.pipes, p)
		}
	}
}

// Silent swallows what is sent on connections that are open, and tells nobody.
func (n *Net) Silent() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for p := range n.pipes {
		p.swallow()
	}
}

// Dials counts the connections that came about.
func (n *Net) Dials() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dials
}

// DialContext connects to the listener, whatever the address.
func (n *Net) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	there, back := newPipe(), newPipe()
	n.mu.Lock()
	down := n.down
	if !down {
		n.dials++
		n.pipes[there], n.pipes[back] = true, true
	}
	n.mu.Unlock()
	if down {
		return nil, &net.OpError{Op: "dial", Net: "mem", Err: syscall.ECONNREFUSED}
	}
	select {
	case n.accept <- &conn{in: there, out: back}:
		return &conn{in: back, out: there}, nil
	case <-n.closed:
		return nil, &net.OpError{Op: "dial", Net: "mem", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept, Close and Addr make the network its listener.
func (n *Net) Accept() (net.Conn, error) {
	select {
	case c := <-n.accept:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close ends listening, and all connections.
func (n *Net) Close() error {
	n.Down(true)
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.closed:
	default:
		close(n.closed)
	}
	return nil
}

// Addr is made up.
func (n *Net) Addr() net.Addr { return address }

// address is one of those kept for examples (RFC 5737).
var address = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}

// conn is one end.
type conn struct{ in, out *pipe }

func (c *conn) Read(b []byte) (int, error)  { return c.in.read(b) }
func (c *conn) Write(b []byte) (int, error) { return c.out.write(b) }

func (c *conn) Close() error {
	c.in.end(net.ErrClosed)
	c.out.end(io.EOF)
	return nil
}

// CloseWrite says that nothing more comes from here.
func (c *conn) CloseWrite() error {
	c.out.end(io.EOF)
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return address }
func (c *conn) RemoteAddr() net.Addr { return address }
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}
func (c *conn) SetReadDeadline(t time.Time) error  { return c.in.deadline(&c.in.reading, t) }
func (c *conn) SetWriteDeadline(t time.Time) error { return c.out.deadline(&c.out.writing, t) }

// pipe is one direction of a connection.
type pipe struct {
	mu       sync.Mutex
	moved    *sync.Cond
	bytes    []byte
	ended    error // after the bytes
	swallows bool
	reading  limit
	writing  limit
}

// limit is a deadline.
type limit struct {
	timer *time.Timer
	over  bool
}

func newPipe() *pipe {
	p := &pipe{}
	p.moved = sync.NewCond(&p.mu)
	return p
}

func (p *pipe) read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.reading.over:
			return 0, os.ErrDeadlineExceeded
		case errors.Is(p.ended, syscall.ECONNRESET) || errors.Is(p.ended, net.ErrClosed):
			return 0, p.ended
		case len(p.bytes) > 0:
			n := copy(b, p.bytes)
			p.bytes = p.bytes[n:]
			p.moved.Broadcast()
			return n, nil
		case p.ended != nil:
			return 0, p.ended
		}
		p.moved.Wait()
	}
}

func (p *pipe) write(b []byte) (done int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.ended != nil:
			return done, syscall.EPIPE
		case p.writing.over:
			return done, os.ErrDeadlineExceeded
		case p.swallows:
			return done + len(b), nil
		}
		n := min(len(b), buffered-len(p.bytes))
		p.bytes = append(p.bytes, b[:n]...)
		done, b = done+n, b[n:]
		p.moved.Broadcast()
		if len(b) == 0 {
			return done, nil
		}
		p.moved.Wait()
	}
}

func (p *pipe) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended == nil || errors.Is(p.ended, io.EOF) {
		p.ended = err
	}
	p.moved.Broadcast()
}

func (p *pipe) swallow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.swallows = true
	p.moved.Broadcast()
}

func (p *pipe) deadline(l *limit, t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	l.over = !t.IsZero() && !t.After(time.Now())
	if !t.IsZero() && !l.over {
		var own *time.Timer
		own = time.AfterFunc(time.Until(t), func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			if l.timer == own { // no later one was set meanwhile
				l.over = true
				p.moved.Broadcast()
			}
		})
		l.timer = own
	}
	p.moved.Broadcast()
	return nil
}
