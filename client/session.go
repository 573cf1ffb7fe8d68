package client

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/credit"
	"github.com/rawaj/rawaj/internal/failpoint"
	"github.com/rawaj/rawaj/internal/recorder"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/wsconn"
)

// rowsWindow is the credit the server has for rows: some pages on their way while
// one is being laid down.
const rowsWindow = 4 << 20

// Link is a connection to the server. *wsconn.Conn is one.
type Link interface {
	Send(context.Context, syncproto.Frame) error
	Receive() (syncproto.Frame, error)
	SetLimits(syncproto.FrameLimits)
	Cost() uint64 // of the frame received last
	Close(*syncproto.Bye)
}

// session is one connection: greet, push, hear.
type session struct {
	*Client
	conn      Link
	run       *run
	serverKey ed25519.PublicKey
	welcome   *syncproto.Welcome
	staging   *store.Staging
	credit    credit.Meter  // that the server gave us for batches
	heard     uint64        // bytes of rows since credit was last given
	acked     chan struct{} // holds a token when a receipt came
	receipts  atomic.Uint64 // that came: one for each batch
	reached   bool          // a checkpoint at or beyond Welcome's position came
	taken     bool          // the server has given credit for batches
	told      bool          // the server knows that nothing is pending
	server    atomic.Int64  // the server's clock as it was last heard, UTC ms
	toldAt    time.Time     // when it was last told
	checked   chan struct{} // holds a token when a checkpoint came
	repairing *repair       // nil where no share is being compared
	gaveUp    bool          // said that a share could not be repaired
	kept      uint64        // records kept for the server, as it was last told
	given     uint64        // number of the last of them that it has
	sent      int64         // the last transaction pushed, by its place in the outbox
	batches   uint64        // pushed

	up, down *worker       // of the lane of attachments
	caughtUp atomic.Bool   // reached, for the lane
	gave     bool          // an attachment, since the server was last told what lacks there
	retell   chan struct{} // holds a token when the server is to be told again
	waited   atomic.Bool   // nothing is left to send or hear but attachments
}

func (c *Client) newSession(link Link, r *run) *session {
	s := &session{Client: c, conn: link, run: r, staging: c.Store.NewStaging(), acked: make(chan struct{}, 1), checked: make(chan struct{}, 1), retell: make(chan struct{}, 1)}
	s.up, s.down = newWorker(s.onceChanged(s.giveAll, s.Store.Pending)), newWorker(s.onceChanged(s.fetchAll, s.caughtUp.Load))
	return s
}

// session connects and stays until the connection ends; with run.once until nothing
// is left to send or hear, and then returns nil.
func (c *Client) session(ctx context.Context, r *run) error {
	id := c.Store.Identity()
	if id == nil {
		return store.ErrNotEnrolled
	}
	transactions, _ := c.Store.Counts()
	c.Recorder.Add(recorder.Event{What: recorder.Dialling, Count: c.Store.Transactions() - transactions})
	conn, err := wsconn.Dial(ctx, id.Server+"/sync", c.Dial)
	if err != nil {
		return c.broke(err)
	}
	s := c.newSession(conn, r)
	s.up.afterIdle = func() error { return s.rested(ctx) }
	s.down.afterIdle = s.up.afterIdle
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { conn.Close(&syncproto.Bye{Code: syncproto.CodeBye}) })
	defer stop()
	defer conn.Close(&syncproto.Bye{Code: syncproto.CodeBye})
	if err := s.greet(ctx, id); err != nil {
		return c.ended(ctx, err)
	}
	c.Recorder.Add(recorder.Event{What: recorder.Connected, Count: uint64(s.welcome.Position)})
	c.metrics.connections.Inc()
	c.Logger.Info("connected", "server", id.Server)
	var pushing sync.WaitGroup
	pushing.Add(1)
	go func() {
		defer pushing.Done()
		if err := s.push(ctx); err != nil {
			cancel(err)
		}
	}()
	pushing.Add(1)
	go func() {
		defer pushing.Done()
		if err := s.attachments(ctx); err != nil {
			cancel(err)
		}
	}()
	if !r.once { // who syncs once does it when the line is free
		pushing.Add(1)
		go func() { defer pushing.Done(); s.letGo(ctx) }()
	}
	if r.once && s.welcome.Withheld && !c.Store.Pending() {
		err = ErrWithheld
	} else {
		err = s.hear(ctx)
	}
	cancel(err)
	pushing.Wait()
	return s.over(ctx, err)
}

// over keeps what was read, and does what the end of a session that was welcome asks for.
func (s *session) over(ctx context.Context, err error) error {
	err = errors.Join(err, s.staging.Keep(context.WithoutCancel(ctx)))
	if errors.Is(err, errCopy) {
		return s.takeName(context.WithoutCancel(ctx))
	}
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return s.ended(ctx, err)
}

// broke records how a connection ended, or did not come about.
func (c *Client) broke(err error) error {
	if _, bye := errors.AsType[*byeError](err); bye { // it is among the frames
		return err
	}
	if refused, ok := errors.AsType[*wsconn.HandshakeError](err); ok {
		c.Recorder.Add(recorder.Event{What: recorder.Refused, Count: uint64(refused.Status)})
		return err
	}
	c.Recorder.Break(err)
	return err
}

// ended does what the server's last word asks for before the next connection.
func (c *Client) ended(ctx context.Context, err error) error {
	var bye *byeError
	if !errors.As(c.broke(err), &bye) {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	switch bye.Code {
	case syncproto.CodeHistory:
		c.Recorder.Add(recorder.Event{What: recorder.Forgot})
		if c.Store.Progress().Reading != nil {
			return errors.Join(err, c.Store.Discard(ctx))
		}
		if c.askOlder { // it has no cursor of ours
			return errors.Join(err, c.Store.Forget(ctx))
		}
		c.askOlder = true
	case syncproto.CodeUnknown:
		if c.askCertificate {
			return fmt.Errorf("%w: %w: enrol it again", ErrRefused, err)
		}
		c.askCertificate = true
	case syncproto.CodeRevoked:
		failed := c.wipe(ctx, bye.Revocation)
		if errors.Is(failed, store.ErrPending) { // recorded while it said so: that has to be delivered too
			return err
		}
		return errors.Join(fmt.Errorf("%w: %w", ErrRefused, err), failed)
	case syncproto.CodeSignature, syncproto.CodeWrongOrg, syncproto.CodeUnsupported:
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}

// wipe takes everything off this device if the organisation itself says that it is
// revoked, and all that was recorded here has been delivered.
func (c *Client) wipe(ctx context.Context, revocation []byte) error {
	id := c.Store.Identity()
	v, err := syncproto.VerifyRevocation(id.OrgKey, id.Org, revocation)
	if err != nil || v.Device != id.Device {
		c.Logger.Warn("the server says that this device is revoked, and shows no revocation of the organisation's for it", "err", err)
		return nil
	}
	if list, err := c.undelivered(ctx); err != nil || len(list) > 0 {
		return cmp.Or(err, store.ErrPending)
	}
	c.Logger.Warn("this device is revoked: once it has delivered all it had, everything is taken off it")
	return c.Store.Wipe(ctx, c.Now().UnixMilli())
}

func (s *session) greet(ctx context.Context, id *store.Identity) error {
	if id.WipedAt != 0 { // a server that was put back may have forgotten that
		return fmt.Errorf("%w: this device was revoked, and holds nothing any more", ErrRefused)
	}
	f, err := s.receive()
	if err != nil {
		return err
	}
	challenge, ok := f.(*syncproto.Challenge)
	switch {
	case !ok:
		return fmt.Errorf("%T where Challenge was expected", f)
	case challenge.Org != id.Org:
		return fmt.Errorf("%w: at %s is the server of another organisation", ErrRefused, id.Server)
	case challenge.MinVersion > syncproto.Version:
		return fmt.Errorf("%w: it speaks version %d and up, this program %d: update it", ErrRefused, challenge.MinVersion, syncproto.Version)
	}
	s.conn.SetLimits(syncproto.ServerLimits)
	s.server.Store(challenge.TimeMS)
	heads := s.Store.Heads()
	if s.askOlder || s.askCertificate {
		heads = s.Store.KeptHeads()
	}
	hello, err := s.hello(ctx, id, challenge, heads)
	if err != nil {
		return err
	}
	if err := s.conn.Send(ctx, hello); err != nil {
		return err
	}
	resume, err := s.resume(ctx)
	if err != nil {
		return err
	}
	if err := s.conn.Send(ctx, resume); err != nil {
		return err
	}
	if resume.Salvage {
		if err := s.salvage(ctx); err != nil {
			return err
		}
	}
	if f, err = s.receive(); err != nil {
		return err
	}
	if s.welcome, ok = f.(*syncproto.Welcome); !ok {
		return fmt.Errorf("%T where Welcome was expected", f)
	}
	server, err := syncproto.VerifyCertificate(id.OrgKey, id.Org, s.welcome.Server)
	if err != nil {
		return fmt.Errorf("the server does not show the organisation's certificate: %w", err)
	}
	s.serverKey = server.Key
	s.credit.Add(s.welcome.Credit)
	s.taken = s.welcome.Credit > 0
	s.notTaken.Store(!s.taken)
	s.withheld.Store(s.welcome.Withheld)
	if err := s.Store.Seen(ctx, s.welcome.Kept); err != nil {
		return err
	}
	before, _ := s.Store.Counts()
	if err := s.Store.Welcome(ctx, heads, s.welcome.Heads); err != nil {
		return err
	}
	s.told = s.told && !s.Store.Pending()             // the log may have lost what it had
	if after, _ := s.Store.Counts(); after > before { // their receipts were lost on the way
		s.run.count(after-before, 0, 0)
	}
	return s.Store.Contact(ctx, s.Now().UnixMilli(), s.welcome.OffsetMS)
}

func (s *session) hello(ctx context.Context, id *store.Identity, c *syncproto.Challenge, heads []syncproto.Head) (*syncproto.Hello, error) {
	declared, err := s.declared(ctx)
	if err != nil {
		return nil, err
	}
	s.told, s.kept = declared.Transactions == 0 && declared.Attachments == 0, declared.Kept
	key, err := s.keyOf(ctx, id.Device)
	if err != nil {
		return nil, err
	}
	h := &syncproto.Hello{
		Version: syncproto.Version, Device: id.Device, Signature: syncproto.SignHello(key, id.Org, id.Device, c.Nonce),
		TimeMS: s.Now().UnixMilli(), Declared: declared, Heads: heads, Program: s.Program,
	}
	if s.askCertificate {
		h.Certificate = id.Certificate
	}
	return h, nil
}

func (s *session) resume(ctx context.Context) (*syncproto.Resume, error) {
	p := s.Store.Progress()
	r := &syncproto.Resume{Cursor: p.Cursor, Reading: p.Reading, Credit: rowsWindow, Salvage: s.askOlder || s.askCertificate}
	if p.Cursor == nil {
		return r, nil
	}
	var err error
	if r.Covered, err = s.Store.Covered(ctx); err != nil {
		return nil, err
	}
	if s.askOlder {
		r.Older, err = s.Store.OlderCursors(ctx)
	}
	return r, err
}

// receive gives the next frame; a Bye is an error.
func (s *session) receive() (syncproto.Frame, error) {
	f, err := s.conn.Receive()
	if err != nil {
		return nil, err
	}
	if bye, ok := f.(*syncproto.Bye); ok {
		return nil, &byeError{bye}
	}
	return f, nil
}

// hear takes what the server sends.
func (s *session) hear(ctx context.Context) error {
	for {
		f, err := s.receive()
		if err == nil {
			err = s.take(ctx, f)
		}
		if err != nil {
			return err
		}
		if s.run.once && s.done() && s.laneIdle() {
			return s.part(ctx)
		}
		if s.run.once && s.welcome.Withheld && !s.Store.Pending() {
			return ErrWithheld
		}
		if s.run.once && s.reached && !s.taken && s.repairing == nil && s.Store.Pending() {
			return ErrNotTaken
		}
	}
}

// take takes one frame.
func (s *session) take(ctx context.Context, f syncproto.Frame) (err error) {
	switch f := f.(type) {
	case *syncproto.Receipt:
		err = s.receipt(ctx, f)
	case *syncproto.Rows:
		s.run.count(0, uint64(len(f.IDs)), 0)
		err = s.rows(ctx, f)
	case *syncproto.Leave:
		err = s.rows(ctx, f)
	case *syncproto.Checkpoint:
		err = s.checkpoint(ctx, f)
	case *syncproto.Range:
		err = s.ranges(ctx, f)
	case *syncproto.Credit:
		s.credit.Add(f.Bytes)
		s.taken = true
		if s.notTaken.Swap(false) {
			s.Store.Touch()
		}
	case *syncproto.Ping:
		err = s.ping(ctx, f)
	case *syncproto.Have:
		if !s.down.deliver(f) {
			err = s.arrived(f)
		}
	case *syncproto.Chunk:
		err = s.deliver(s.down, f)
	case *syncproto.ChunkAsk:
		err = s.deliver(s.up, f)
	default:
		err = fmt.Errorf("%T from the server", f)
	}
	if err == nil && s.welcome.Copy && !s.keepsName && !s.Store.Pending() {
		err = errCopy
	}
	return err
}

func (s *session) receipt(ctx context.Context, f *syncproto.Receipt) error {
	id := s.Store.Identity()
	v, err := syncproto.VerifyReceipt(s.serverKey, id.Org, f.Signed)
	if err != nil {
		return err
	}
	if ours, err := s.ours(ctx, v.Device); err != nil || !ours {
		return cmp.Or(err, errors.New("a receipt for another device"))
	}
	var own bool
	if err := s.counting(func() (err error) {
		own, err = s.Store.Acknowledge(ctx, syncproto.Head{Incarnation: v.Incarnation, Seq: v.Seq, Hash: v.Chain})
		return err
	}); err != nil {
		return err
	}
	if !own {
		s.Logger.Warn("a receipt for what is not in this device's chain", "seq", v.Seq)
	}
	s.receipts.Add(1)
	s.up.tell()
	select {
	case s.acked <- struct{}{}:
	default:
	}
	return nil
}

// counting counts what change had acknowledged and settled. A checkpoint may do both: what
// the server has judged may be heard before its receipt.
func (s *session) counting(change func() error) error {
	acked, settled := s.Store.Counts()
	if err := change(); err != nil {
		return err
	}
	ackedNow, settledNow := s.Store.Counts()
	s.run.count(ackedNow-acked, 0, settledNow-settled)
	return nil
}

func (s *session) rows(ctx context.Context, f syncproto.Frame) error {
	cost := s.conn.Cost()
	if err := s.staging.Add(ctx, f, cost); err != nil {
		return err
	}
	if s.heard += cost; s.heard < rowsWindow/4 {
		return nil
	}
	given := s.heard
	s.heard = 0
	return s.conn.Send(ctx, &syncproto.Credit{Bytes: given})
}

func (s *session) checkpoint(ctx context.Context, f *syncproto.Checkpoint) error {
	var unequal string
	if err := s.counting(func() (err error) {
		unequal, err = s.staging.Checkpoint(ctx, f, s.Now().UnixMilli())
		return err
	}); err != nil {
		return err
	}
	if unequal != "" {
		s.Recorder.Add(recorder.Event{What: recorder.Differing})
		s.Logger.Warn("shares differ from the server's", "shares", unequal)
	}
	s.askOlder, s.askCertificate = false, false
	select {
	case s.checked <- struct{}{}:
	default:
	}
	s.withheld.Store(false)
	s.reached = s.reached || f.Position >= s.welcome.Position
	s.caughtUp.Store(s.reached)
	s.look()
	return s.repairNext(ctx, f)
}

// ping answers, and says that nothing is pending where that is so: totals then need no
// other word of an idle device.
func (s *session) ping(ctx context.Context, f *syncproto.Ping) error {
	s.server.Store(f.TimeMS)
	if !f.Answer {
		return nil
	}
	answer, err := s.declaring(ctx)
	if err != nil {
		return err
	}
	if answer.Declared.Transactions > 0 {
		answer.Declared, answer.Of = nil, 0
	}
	return s.conn.Send(ctx, answer)
}

// declaring says what is pending, and as of when by the server's clock.
func (s *session) declaring(ctx context.Context) (*syncproto.Ping, error) {
	of := s.server.Load() // before looking
	declared, err := s.declared(ctx)
	return &syncproto.Ping{TimeMS: s.Now().UnixMilli(), Declared: &declared, Of: of}, err
}

// done says that nothing is left to send or to hear.
func (s *session) done() bool {
	return s.reached && s.repairing == nil && !s.Store.Pending() && !s.Store.Unsettled()
}

// laneIdle says that no attachment is left to send or fetch now. Where one is, the lane has
// the server say something when it is done, for only then it is looked again.
func (s *session) laneIdle() bool {
	s.waited.Store(true)
	return s.up.idle() && s.down.idle()
}

// rested is called when a direction of the lane has nothing more to do.
func (s *session) rested(ctx context.Context) error {
	if !s.run.once || !s.up.idle() || !s.down.idle() || !s.waited.Swap(false) {
		return nil
	}
	return s.conn.Send(ctx, &syncproto.Ping{TimeMS: s.Now().UnixMilli(), Answer: true})
}

func (s *session) deliver(w *worker, f syncproto.Frame) error {
	if w.deliver(f) {
		return nil
	}
	return fmt.Errorf("%T that was not asked for", f)
}

// part tells the server that nothing is pending here, and waits until it has noted it.
func (s *session) part(ctx context.Context) error {
	last, err := s.declaring(ctx)
	if err != nil {
		return err
	}
	last.Answer = true
	if err := s.conn.Send(ctx, last); err != nil {
		return err
	}
	for {
		f, err := s.receive()
		if err != nil {
			return err
		}
		switch f := f.(type) {
		case *syncproto.Ping:
			if !f.Answer {
				return nil
			}
		case *syncproto.Checkpoint:
			if err := s.checkpoint(ctx, f); err != nil {
				return err
			}
		case *syncproto.Rows, *syncproto.Leave:
			if err := s.rows(ctx, f); err != nil {
				return err
			}
		}
	}
}

// pieceBytes is how much of a batch one Push carries: a message of MaxFrame with room
// for its head.
const pieceBytes = syncproto.MaxFrame - 64

// push sends what was recorded, in order, and then again whenever something is. While a
// batch is on its way the next one goes only when it is full, so that a busy till shares
// signatures, entries of the log and checkpoints, and a single sale waits for nothing.
func (s *session) push(ctx context.Context) error {
	for {
		sent, later, err := s.pushNext(ctx)
		if err != nil {
			return err
		}
		if sent {
			continue
		}
		select {
		case <-later:
		case <-s.Store.Recorded():
			s.told = false
		case <-s.retell:
			s.told = false
		case <-s.acked:
		case <-ctx.Done():
			return nil
		}
	}
}

// pushNext sends the next batch, if one is due. Else later says when to look again, though
// nothing happens: nil for never.
func (s *session) pushNext(ctx context.Context) (sent bool, later <-chan time.Time, err error) {
	if s.receipts.Load() < s.batches && !s.Store.FullBatch(s.sent) {
		return false, nil, nil
	}
	batch, last, err := s.Store.NextBatch(ctx, s.keys(ctx), s.sent)
	if err != nil {
		return false, nil, err
	}
	if batch == nil {
		later, err = s.nothingPending(ctx)
		return false, later, err
	}
	if err := s.pieces(ctx, s.batches+1, batch); err != nil {
		return false, nil, err
	}
	s.sent = last
	s.batches++
	return true, nil, nil
}

// tellEvery is the least time between two words of it that nothing is pending: each is an
// entry of the log, and at a busy till one would follow every sale.
const tellEvery = time.Second

// nothingPending tells the server that all has arrived: totals have to know. Where it was
// told so just now, later says when to come back.
func (s *session) nothingPending(ctx context.Context) (later <-chan time.Time, err error) {
	if s.told || s.Store.Pending() {
		return nil, nil
	}
	if wait := tellEvery - time.Since(s.toldAt); wait > 0 {
		return time.After(wait), nil
	}
	s.told, s.toldAt = true, time.Now()
	word, err := s.declaring(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.conn.Send(ctx, word)
}

func (s *session) pieces(ctx context.Context, number uint64, b *syncproto.Batch) error {
	raw := b.Bytes()
	for offset := 0; offset < len(raw); offset += pieceBytes {
		f := &syncproto.Push{Batch: number, Offset: uint64(offset), Total: uint64(len(raw)), Length: b.Header.Length, Data: raw[offset:min(offset+pieceBytes, len(raw))]}
		if err := s.credit.Take(ctx, f.Cost()); err != nil {
			return err
		}
		if offset+len(f.Data) == len(raw) {
			if err := failpoint.Hit("send.before"); err != nil {
				return err
			}
		}
		if err := s.conn.Send(ctx, f); err != nil {
			return err
		}
	}
	return failpoint.Hit("send.after")
}
