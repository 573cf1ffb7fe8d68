package server

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rawaj/rawaj/internal/credit"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/wsconn"
)

// Link is a connection to one device. *wsconn.Conn is one.
type Link interface {
	Send(context.Context, syncproto.Frame) error
	SendEncoded(context.Context, []byte) error
	Receive() (syncproto.Frame, error)
	SetLimits(syncproto.FrameLimits)
	Close(*syncproto.Bye)
	BytesIn() uint64
	BytesOut() uint64
}

// session is one device's connection.
type session struct {
	s       *Server
	conn    Link
	named   func() // is no stranger any more
	leave   func() // its address may have another
	device  syncproto.DeviceID
	key     ed25519.PublicKey
	offset  int64  // device's clock minus ours, ms
	trusted bool   // offset was measured by a clock that is believed
	program string // that the device says it runs, for people

	forgotten *syncproto.Certificate // of a device that the log has lost

	resume    *syncproto.Resume
	from      syncproto.Position                       // up to where the device has heard
	judged    []syncproto.Head                         // that Hello named and that are judged
	durable   map[syncproto.Incarnation]syncproto.Head // what this session put in the log
	credit    credit.Meter                             // that the device gave us for rows
	granted   atomic.Int64                             // that we gave the device for batches; overdrawn below 0
	window    window
	asm       *assembly
	declared  atomic.Pointer[syncproto.Declared]
	sent      atomic.Int64 // our clock as the device was last told it, UTC ms
	caughtUp  atomic.Pointer[caughtUp]
	began     int64     // when it was challenged, UTC ms
	heard     int64     // when the last frame came, UTC ms
	noted     time.Time // when the log was last told what it declares
	questions questions
	emptied   atomic.Bool // the device has declared that nothing is pending
	feeding   feeding
	lane      lane
	reader    *reader // the feed's own
	pinger    *time.Timer
	cancel    context.CancelCauseFunc // of the conversation
	failed    sync.Once
	over      sync.Once
}

// sessions are the connections open now; of one device the newest wins.
type sessions struct {
	mu       sync.Mutex
	byDevice map[syncproto.DeviceID]*session
	stopped  bool
	running  sync.WaitGroup
}

func (a *sessions) begin(n *session) *syncproto.Error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return syncproto.Errorf(syncproto.CodeShutdown, "")
	}
	if len(a.byDevice) >= maxSessions {
		return syncproto.Errorf(syncproto.CodeBusy, "%d devices are connected", maxSessions)
	}
	if old := a.byDevice[n.device]; old != nil {
		n.s.beside(func() { old.conn.Close(&syncproto.Bye{Code: syncproto.CodeReplaced}) })
	}
	a.byDevice[n.device] = n
	return nil
}

func (a *sessions) done(n *session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byDevice[n.device] == n {
		delete(a.byDevice, n.device)
	}
}

func (a *sessions) end() {
	a.mu.Lock()
	a.stopped = true
	for _, n := range a.byDevice {
		go n.conn.Close(&syncproto.Bye{Code: syncproto.CodeShutdown})
	}
	a.mu.Unlock()
	a.running.Wait()
}

// Open counts the devices connected now.
func (s *Server) Open() int {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	return len(s.sessions.byDevice)
}

// openDevices are the devices connected now, with the program that each says it runs.
func (s *Server) openDevices() map[syncproto.DeviceID]string {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	open := make(map[syncproto.DeviceID]string, len(s.sessions.byDevice))
	for id, n := range s.sessions.byDevice {
		open[id] = n.program
	}
	return open
}

// serveSync is the sync endpoint. The session goes on in a goroutine of its own: what
// net/http holds for a request would be most of what an idle one costs.
func (s *Server) serveSync(w http.ResponseWriter, r *http.Request) {
	s.sessions.mu.Lock()
	stopped := s.sessions.stopped
	if !stopped {
		s.sessions.running.Add(1)
	}
	s.sessions.mu.Unlock()
	if stopped {
		http.Error(w, "the server is stopping", http.StatusServiceUnavailable)
		return
	}
	leave := s.addresses.enter(r.RemoteAddr)
	if leave == nil {
		s.sessions.running.Done()
		turnAway(w, addressRetry, "this address has as many connections as it may")
		return
	}
	select {
	case s.strangers <- struct{}{}:
	default:
		leave()
		s.sessions.running.Done()
		turnAway(w, doorRetry, "too many are at the door")
		return
	}
	named := sync.OnceFunc(func() { <-s.strangers })
	conn, err := wsconn.Upgrade(w, r, wsconn.UpgradeOptions{})
	if err != nil { // it has answered
		named()
		leave()
		s.sessions.running.Done()
		return
	}
	go s.serve(&session{s: s, conn: conn, named: named, leave: leave})
}

// serve greets. A peer that is welcome is conversed with in another goroutine, whose
// stack has not grown: most of the time it waits.
func (s *Server) serve(n *session) {
	defer n.guard()
	err := n.greet(context.Background())
	n.named()
	if err == nil {
		n.from, err = n.place(context.Background())
	}
	if err != nil {
		s.sessions.done(n)
		n.end(err)
		return
	}
	go n.converse()
}

// converse moves both directions until one ends.
func (n *session) converse() {
	defer n.guard()
	ctx := n.begin()
	n.end(n.parted(ctx, n.receive(ctx)))
}

// guard is deferred by the goroutines of a session: one that panics ends alone, as
// net/http has it.
func (n *session) guard() {
	if p := recover(); p != nil {
		n.s.Logger.Error("session", "device", n.device, "panic", p, "stack", string(debug.Stack()))
		n.named()
		n.s.sessions.done(n)
		n.end(syncproto.Errorf(syncproto.CodeInternal, ""))
	}
}

// end says why a session is over: to its device, and to whoever counts.
func (n *session) end(err error) {
	n.over.Do(func() {
		s, bye := n.s, n.bye(err)
		defer s.sessions.running.Done()
		s.metrics.ended.WithLabelValues(bye.Code.String()).Inc()
		s.metrics.bytes.WithLabelValues("in").Add(float64(n.conn.BytesIn()))
		s.metrics.bytes.WithLabelValues("out").Add(float64(n.conn.BytesOut()))
		s.Logger.Info("session ended", "device", n.device, "code", bye.Code.String(), "err", quiet(err), "in", n.conn.BytesIn(), "out", n.conn.BytesOut())
		n.conn.Close(bye)
		n.leave()
	})
}

// bye is byeOf; to a revoked device it shows that the organisation says so, and nobody
// else: the device wipes itself.
func (n *session) bye(err error) *syncproto.Bye {
	b := byeOf(err)
	if b.Code == syncproto.CodeRevoked {
		b.Revocation = syncproto.SignRevocation(n.s.OrgKey, n.s.State.Head().Org, syncproto.Revocation{Device: n.device, TimeMS: n.s.Now().UnixMilli()})
	}
	return b
}

// byeOf says what the peer is told of how its session ended.
func byeOf(err error) *syncproto.Bye {
	var coded *syncproto.Error
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return &syncproto.Bye{Code: syncproto.CodeBye}
	case errors.As(err, &coded):
		b := &syncproto.Bye{Code: coded.Code, Detail: coded.Detail}
		if b.Code == syncproto.CodeBusy {
			b.RetryAfterMS = busyRetry.Milliseconds()
		}
		return b
	case sqlitedb.NoRoom(err):
		return &syncproto.Bye{Code: syncproto.CodeBusy, Detail: "the disk of the server is full", RetryAfterMS: busyRetry.Milliseconds()}
	case errors.Is(err, syncproto.ErrFrame):
		return &syncproto.Bye{Code: syncproto.CodeMalformed, Detail: err.Error()}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &syncproto.Bye{Code: syncproto.CodeTimeout}
	case errors.Is(err, net.ErrClosed):
		return &syncproto.Bye{Code: syncproto.CodeShutdown}
	}
	return &syncproto.Bye{Code: syncproto.CodeInternal}
}

func quiet(err error) string {
	if err == nil || errors.Is(err, io.EOF) {
		return ""
	}
	return err.Error()
}

// begin starts the feed and the pings of a session that is welcome.
func (n *session) begin() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	n.cancel = cancel
	n.pinger = n.pings(ctx)
	n.feeding.begin(ctx, n.feed, n.fail)
	return ctx
}

// fail ends what is under way, for whichever direction ends first ends the other too; and
// the first one says why.
func (n *session) fail(err error) {
	n.failed.Do(func() {
		n.cancel(err)
		n.conn.Close(n.bye(err))
	})
}

// parted waits for what begin started, notes when the device was last there, and gives
// the reason why the session is over.
func (n *session) parted(ctx context.Context, err error) error {
	defer n.s.sessions.done(n)
	n.release()
	if err != nil {
		n.fail(err)
	}
	n.cancel(nil)
	if n.pinger != nil {
		n.pinger.Stop()
	}
	n.feeding.end()
	n.s.attaching.leave(n)
	if n.reader != nil {
		n.s.hub.move(n, n.reader.heard, nil)
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = cause
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	if failed := n.contact(ctx, n.declared.Load(), nil, n.lastHeard()); failed != nil {
		err = errors.Join(err, fmt.Errorf("note the end of a session: %w", failed))
	}
	return err
}

// greet challenges the peer, looks the device up that it names, checks its
// signature, and welcomes it.
func (n *session) greet(ctx context.Context) error {
	s := n.s
	nonce := make([]byte, 32)
	if _, err := io.ReadFull(s.Rand, nonce); err != nil {
		return err
	}
	head := s.State.Head()
	n.began = n.tells()
	if err := n.conn.Send(ctx, &syncproto.Challenge{Version: syncproto.Version, MinVersion: syncproto.MinVersion, Org: head.Org, Nonce: nonce, TimeMS: n.began}); err != nil {
		return err
	}
	f, err := n.conn.Receive()
	if err != nil {
		return err
	}
	hello, ok := f.(*syncproto.Hello)
	if !ok {
		return syncproto.Errorf(syncproto.CodeMalformed, "%T where Hello was expected", f)
	}
	if hello.Version < syncproto.MinVersion {
		return syncproto.Errorf(syncproto.CodeUnsupported, "version %d", hello.Version)
	}
	n.device = hello.Device
	if d := s.live.View().Device(hello.Device); d != nil {
		n.key = d.Public
	} else if n.forgotten = s.certified(head, hello); n.forgotten != nil {
		n.key = n.forgotten.Key
	} else {
		return syncproto.Errorf(syncproto.CodeUnknown, "")
	}
	if !syncproto.VerifyHello(n.key, head.Org, hello.Device, nonce, hello.Signature) {
		return syncproto.Errorf(syncproto.CodeSignature, "of Hello")
	}
	n.named()
	n.program = hello.Program
	if refused := s.sessions.begin(n); refused != nil {
		return refused
	}
	n.conn.SetLimits(syncproto.DeviceLimits)
	if err := s.witness(ctx, n.device, hello.TimeMS); err != nil {
		return err
	}
	n.trusted = !s.clock.doubtful()
	n.offset = hello.TimeMS - s.Now().UnixMilli()
	f, err = n.conn.Receive()
	if err != nil {
		return err
	}
	if n.resume, ok = f.(*syncproto.Resume); !ok {
		return syncproto.Errorf(syncproto.CodeMalformed, "%T where Resume was expected", f)
	}
	if n.resume.Salvage {
		if err := n.salvage(ctx); err != nil {
			return err
		}
	}
	if n.forgotten != nil {
		if err := s.readmit(ctx, n.forgotten); err != nil {
			return err
		}
	}
	newest, err := s.newest(ctx, hello)
	if err != nil {
		return err
	}
	if err := n.contact(ctx, &hello.Declared, newest, 0); err != nil {
		return err
	}
	return n.welcome(ctx, hello)
}

// welcome answers once everything is folded that was in the log when Hello came, so
// that the device hears of all that it wrote.
func (n *session) welcome(ctx context.Context, hello *syncproto.Hello) error {
	s := n.s
	if err := s.current(ctx); err != nil {
		return err
	}
	w := &syncproto.Welcome{Version: min(hello.Version, syncproto.Version), OffsetMS: n.offset, Credit: pushWindow, Server: s.own.certificate}
	if n.measured() == nil {
		w.OffsetMS = 0
	}
	full := ""
	err := s.State.Read(ctx, func(r *state.Reader) error {
		head, err := r.Head()
		w.History, w.Position = head.History, head.Position
		for _, h := range hello.Heads {
			branches, berr := r.Heads(h.Incarnation)
			err = errors.Join(err, berr)
			own, herr := r.Holds(h)
			err = errors.Join(err, herr)
			if own { // the device is not ahead: name its own place, which it will know
				branches = append(branches, h)
				n.judged = append(n.judged, h)
			} else if waits, derr := r.InDoubt(n.device, h); derr != nil || waits {
				err = errors.Join(err, derr)
				branches = append(branches, h)
			} else { // it declared what it had before it learns that some is lost here
				n.emptied.Store(false)
			}
			w.Heads = append(w.Heads, branches...)
		}
		if err == nil {
			w.Copy, err = r.Copy(n.device, hello.Heads...)
		}
		if err == nil {
			full, err = s.full(r, n.device)
		}
		if err == nil {
			w.Kept, err = s.keptAsk(r, n.device)
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(w.Heads) > syncproto.MaxSettled {
		w.Heads = w.Heads[:syncproto.MaxSettled]
	}
	if d := s.live.View().Device(n.device); d != nil {
		w.Withheld = s.withholds(d)
	}
	if full != "" { // it hears, and what it has recorded stays there
		s.Logger.Warn("a device's "+full+" is full: no more of its work is taken until somebody settles what is held", "device", n.device)
		w.Credit, n.window.withheld = 0, true
	}
	n.granted.Store(int64(w.Credit))
	n.credit.Add(n.resume.Credit)
	return n.conn.Send(ctx, w)
}

// receive takes what the device sends, until it ends or says Bye.
func (n *session) receive(ctx context.Context) error {
	for {
		f, err := n.conn.Receive()
		if err == nil {
			err = n.take(ctx, f)
		}
		if errors.Is(err, errBye) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// errBye says that the device has said Bye.
var errBye = errors.New("the device has said Bye")

// take takes one frame.
func (n *session) take(ctx context.Context, f syncproto.Frame) (err error) {
	n.heard = n.s.Now().UnixMilli()
	switch f := f.(type) {
	case *syncproto.Push:
		return n.push(ctx, f)
	case *syncproto.Give:
		return n.given(ctx, f)
	case *syncproto.Credit:
		n.credit.Add(f.Bytes)
		return nil
	case *syncproto.Ping:
		return n.ping(ctx, f)
	case *syncproto.Range, *syncproto.Need:
		if err = n.questions.put(f); err == nil {
			n.feeding.wake()
		}
		return err
	case *syncproto.Have:
		return n.offered(f)
	case *syncproto.Chunk:
		return n.chunk(ctx, f)
	case *syncproto.ChunkAsk:
		return n.askedFor(f)
	case *syncproto.Bye:
		return errBye
	}
	return syncproto.Errorf(syncproto.CodeMalformed, "%T from a device", f)
}

func (n *session) ping(ctx context.Context, f *syncproto.Ping) error {
	if f.Declared != nil {
		if err := n.declares(ctx, f); err != nil {
			return err
		}
	}
	if f.Answer {
		return n.conn.Send(ctx, &syncproto.Ping{TimeMS: n.tells()})
	}
	return nil
}

// tells is our clock, for a frame that is sent now.
func (n *session) tells() int64 {
	now := n.s.Now().UnixMilli()
	n.sent.Store(now)
	return now
}

// pings asks every PingEvery whether the device is there. A timer costs an idle session
// less than a goroutine that waits.
func (n *session) pings(ctx context.Context) *time.Timer {
	var next *time.Timer
	next = time.AfterFunc(time.Hour, func() {
		if n.askWhetherThere(ctx) == nil && ctx.Err() == nil {
			next.Reset(n.s.Limits.PingEvery)
		}
	})
	next.Reset(n.s.Limits.PingEvery) // here, for it must not fire before it is assigned
	return next
}

// askWhetherThere also looks whether credit has become due that nobody else would give.
func (n *session) askWhetherThere(ctx context.Context) error {
	err := n.conn.Send(ctx, &syncproto.Ping{TimeMS: n.tells(), Answer: true})
	if err == nil && n.window.waits() {
		n.feeding.wake()
	}
	return err
}

// newest is the newest of the heads that Hello names that has been judged, nil where none
// has: where the device stands.
func (s *Server) newest(ctx context.Context, h *syncproto.Hello) (newest *syncproto.Head, err error) {
	err = s.State.Read(ctx, func(r *state.Reader) error {
		for i := len(h.Heads) - 1; i >= 0 && newest == nil; i-- {
			if held, err := r.Holds(h.Heads[i]); err != nil {
				return err
			} else if held {
				newest = &h.Heads[i]
			}
		}
		return nil
	})
	return newest, err
}
