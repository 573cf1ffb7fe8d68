package wsconn

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/rawaj/rawaj/syncproto"
)

// Subprotocol is what both ends name in the websocket handshake. It changes only
// when the first frame can no longer be read by an older peer; versions after that
// are agreed on in Challenge and Hello.
const Subprotocol = "rawaj.1"

// CloseTimeout bounds Close: the Bye, the close frame and the wait for the peer's.
const CloseTimeout = time.Second

// Conn is one connection. Receive belongs to one goroutine; everything else may be
// called by any, at any time.
type Conn struct {
	ws       *websocket.Conn
	server   bool
	greeting time.Time     // until when the peer has to be named
	turn     chan struct{} // holds one token: whoever has it may write
	limits   atomic.Pointer[syncproto.FrameLimits]
	named    atomic.Bool // SetLimits was called
	failed   error       // of Receive; it stays
	cost     uint64      // of the frame that Receive gave last
	trace    func(out bool, f syncproto.Frame, bytes int)

	closing atomic.Bool
	closed  chan struct{}
	in, out atomic.Uint64
}

func newConn(ws *websocket.Conn, server bool) *Conn {
	c := &Conn{ws: ws, server: server, greeting: time.Now().Add(syncproto.GreetingTimeout), turn: make(chan struct{}, 1), closed: make(chan struct{})}
	c.turn <- struct{}{}
	limits := syncproto.GreetingLimits
	c.limits.Store(&limits)
	return c
}

// SetLimits says what Receive takes from now on, and that the greeting is over:
// after it, a server's frames are compressed where that makes them smaller. Whoever
// receives calls it, between two frames: a server with DeviceLimits when it has
// checked the device's Hello, a device with ServerLimits when it has read the
// Challenge.
func (c *Conn) SetLimits(limits syncproto.FrameLimits) {
	c.limits.Store(&limits)
	c.named.Store(true)
}

// Send encodes a frame and sends it. It is safe for concurrent use. It waits its
// turn until ctx ends; a message once begun is not cut short by ctx, but has to be
// handed to the network within syncproto.WriteTimeout, or the connection is over.
func (c *Conn) Send(ctx context.Context, f syncproto.Frame) error {
	b, err := syncproto.EncodeFrame(f, c.server && c.named.Load())
	if err != nil {
		return err
	}
	return c.send(ctx, f, b)
}

func (c *Conn) traced(out bool, f syncproto.Frame, bytes int) {
	if c.trace != nil {
		c.trace(out, f, bytes)
	}
}

// SendEncoded sends what syncproto.EncodeFrame gave, so that one encoding serves
// many connections. It keeps and changes nothing of message. Otherwise it is as Send.
func (c *Conn) SendEncoded(ctx context.Context, message []byte) error {
	return c.send(ctx, nil, message)
}

// send writes a message, and traces f, if any, before the next one is written: what is
// traced is in the order of the wire.
func (c *Conn) send(ctx context.Context, f syncproto.Frame, message []byte) error {
	if ctx.Err() != nil {
		return fmt.Errorf("send: %w", context.Cause(ctx))
	}
	select {
	case <-c.turn:
	case <-c.closed:
		return fmt.Errorf("send: %w", net.ErrClosed)
	case <-ctx.Done():
		return fmt.Errorf("send: %w", context.Cause(ctx))
	}
	defer func() { c.turn <- struct{}{} }()
	if c.closing.Load() {
		return fmt.Errorf("send: %w", net.ErrClosed)
	}
	err := c.write(message, time.Now().Add(syncproto.WriteTimeout))
	if err == nil && f != nil {
		c.traced(true, f, len(message))
	}
	return err
}

func (c *Conn) write(message []byte, deadline time.Time) error {
	c.ws.SetWriteDeadline(deadline)
	if err := c.ws.WriteMessage(websocket.BinaryMessage, message); err != nil {
		return fmt.Errorf("send: %w", plain(err))
	}
	c.out.Add(uint64(len(message)))
	return nil
}

// Receive waits for the next frame. Only one goroutine may call it. Errors:
//
//   - one that wraps syncproto.ErrFrame: the message is over the limits (then it
//     wraps a *syncproto.Error of CodeTooLarge too), is not binary or is no frame. A
//     Bye can still be sent.
//   - a *syncproto.Error of CodeUnsupported: a frame of an unknown type.
//   - one that wraps os.ErrDeadlineExceeded: no whole message came in time.
//   - one that wraps net.ErrClosed: Close was called here.
//   - io.EOF: the peer closed in an orderly way. Any other end is some other error.
//
// A Bye is a frame like any other; io.EOF follows it. After an error that is not
// about the meaning of a frame, every later call returns the same.
func (c *Conn) Receive() (syncproto.Frame, error) {
	if c.failed != nil {
		return nil, c.failed
	}
	r, err := c.next()
	if err != nil {
		return nil, c.fail(err)
	}
	limits := *c.limits.Load()
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(io.LimitReader(r, int64(limits.Size)+1)); err != nil {
		return nil, c.fail(err)
	}
	if buf.Len() > limits.Size {
		return nil, c.fail(limits.TooLarge())
	}
	c.in.Add(uint64(buf.Len()))
	f, err := syncproto.DecodeFrame(buf.Bytes(), limits)
	if err != nil {
		return nil, err
	}
	c.cost = syncproto.FrameCost(f, buf.Bytes())
	c.traced(false, f, buf.Len())
	return f, nil
}

// Cost is what the frame that Receive gave last took from the credit that this side
// had granted. Only the goroutine that receives may call it.
func (c *Conn) Cost() uint64 { return c.cost }

// buffers are taken only once a message has begun, so that an idle session holds
// none. They grow to a frame's bound at most. Frames keep nothing of them.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// next waits for a message. The bound is kept by Receive, not by the library's read
// limit, which would send a close frame after which no Bye could say what was wrong.
func (c *Conn) next() (io.Reader, error) {
	deadline := c.greeting
	if c.named.Load() {
		deadline = time.Now().Add(syncproto.PingTimeout)
	}
	c.ws.SetReadDeadline(deadline)
	if c.closing.Load() { // Close may have set its own just before
		return nil, net.ErrClosed
	}
	kind, r, err := c.ws.NextReader()
	if err == nil && kind != websocket.BinaryMessage {
		err = fmt.Errorf("a message of text: %w", syncproto.ErrFrame)
	}
	return r, err
}

func (c *Conn) fail(err error) error {
	if err = plain(err); c.closing.Load() {
		err = net.ErrClosed
	}
	c.failed = fmt.Errorf("receive: %w", err)
	if err == io.EOF {
		c.failed = io.EOF
	}
	return c.failed
}

// plain turns the library's errors into those that Receive promises.
func plain(err error) error {
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		switch closed.Code {
		case websocket.CloseNormalClosure, websocket.CloseGoingAway, websocket.CloseNoStatusReceived:
			return io.EOF
		}
		return err
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return os.ErrDeadlineExceeded
	}
	return err
}

// Close ends the connection. With a Bye it sends that, then the close frame, and
// waits until the peer has closed too, for else what the peer still sends could
// make the network throw the Bye away; all of it within CloseTimeout. With nil it
// sends no more than a close frame, and gives that little time. Receive and Send
// return net.ErrClosed once Close has begun. The first call decides; a later one
// only waits for it, so `defer conn.Close(nil)` is always right.
func (c *Conn) Close(bye *syncproto.Bye) {
	if !c.closing.CompareAndSwap(false, true) {
		<-c.closed
		return
	}
	defer close(c.closed)
	limit := CloseTimeout
	if bye == nil {
		limit = CloseTimeout / 20
	}
	// TLS has deadlines of its own for its last words, so the wire itself is cut.
	cut := time.AfterFunc(limit, func() { wire(c.ws.NetConn()).Close() })
	defer cut.Stop()
	deadline := time.Now().Add(limit)
	c.ws.SetReadDeadline(deadline)
	if c.takeTurn(deadline) {
		c.sayBye(bye, deadline)
	}
	c.ws.Close()
}

func wire(c net.Conn) net.Conn {
	if t, ok := c.(*tls.Conn); ok {
		return t.NetConn()
	}
	return c
}

func (c *Conn) takeTurn(deadline time.Time) bool {
	wait := time.NewTimer(time.Until(deadline))
	defer wait.Stop()
	select {
	case <-c.turn:
		return true
	case <-wait.C:
		return false
	}
}

// sayBye keeps the turn: nothing may follow.
func (c *Conn) sayBye(bye *syncproto.Bye, deadline time.Time) {
	if bye != nil {
		said := *bye
		said.Detail = brief(bye.Detail)
		b, err := syncproto.EncodeFrame(&said, false)
		if err != nil || c.write(b, deadline) != nil {
			return
		}
		c.traced(true, &said, len(b))
	}
	normal := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if c.ws.WriteControl(websocket.CloseMessage, normal, deadline) != nil || bye == nil {
		return
	}
	raw := c.ws.NetConn()
	if half, ok := raw.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	raw.SetReadDeadline(deadline) // Receive may have moved it
	io.Copy(io.Discard, raw)
}

// brief cuts a detail to what a Bye may hold, for it may come out of any error.
func brief(detail string) string {
	if len(detail) > syncproto.MaxDetail {
		detail = detail[:syncproto.MaxDetail]
	}
	return strings.ToValidUTF8(detail, "")
}

// BytesIn is how many bytes of messages came.
func (c *Conn) BytesIn() uint64 { return c.in.Load() }

// BytesOut is how many bytes of messages went.
func (c *Conn) BytesOut() uint64 { return c.out.Load() }

// RemoteAddr is the peer's address as the network shows it, for logs.
func (c *Conn) RemoteAddr() net.Addr { return c.ws.RemoteAddr() }
