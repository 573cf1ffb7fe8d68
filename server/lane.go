package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server/live"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// lane is the attachments of one session (SPEC §5.16). What comes is noted and kept by
// whoever receives; the feed answers, behind what it has to say of records.
type lane struct {
	mu    sync.Mutex
	gave  *syncproto.Have     // by the device, and not answered
	asked *syncproto.ChunkAsk // by the device, and not answered
	here  []syncproto.Root    // it asked for them in vain, and they have arrived
	up    *upload             // that is under way
	turn  func()              // gives back the turn of a chunk that was asked for
}

// upload is an attachment that the device gives.
type upload struct {
	root     syncproto.Root
	manifest syncproto.Manifest
	next     uint64 // chunk that was asked for, or after it
	waits    bool   // for that chunk
	full     bool   // there was no room for it
}

func (l *lane) tell(root syncproto.Root) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.here = append(l.here, root)
}

// release gives back the turn of what was asked for.
func (l *lane) release() {
	l.mu.Lock()
	turn := l.turn
	l.turn = nil
	l.mu.Unlock()
	if turn != nil {
		turn()
	}
}

// offered takes note of a manifest that the device offers.
func (n *session) offered(f *syncproto.Have) error {
	l := &n.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := f.Manifest(); !ok || l.gave != nil || l.up != nil {
		return syncproto.Errorf(syncproto.CodeMalformed, "an attachment that was not asked for")
	}
	l.gave = f
	n.feeding.wake()
	return nil
}

// askedFor takes note of what the device asks for.
func (n *session) askedFor(f *syncproto.ChunkAsk) error {
	l := &n.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.Want > syncproto.WantChunk || l.asked != nil {
		return syncproto.Errorf(syncproto.CodeMalformed, "want %d of an attachment before the last was answered", f.Want)
	}
	l.asked = f
	n.feeding.wake()
	return nil
}

// chunk keeps a chunk that was asked for.
func (n *session) chunk(ctx context.Context, f *syncproto.Chunk) error {
	l := &n.lane
	l.mu.Lock()
	u := l.up
	asked := u != nil && u.waits && f.Root == u.root && f.Index == u.next
	l.mu.Unlock()
	if !asked {
		return syncproto.Errorf(syncproto.CodeMalformed, "chunk %d that was not asked for", f.Index)
	}
	defer n.feeding.wake()
	var err error
	if len(f.Data) > 0 {
		n.s.metrics.chunks.WithLabelValues("in").Inc()
		err = n.s.Attachments.Chunk(context.WithoutCancel(ctx), f.Root, f.Index, f.Data)
	}
	full := errors.Is(err, refusal.New(refusal.NoRoom, ""))
	switch {
	case errors.Is(err, attach.ErrNotAsked):
		return syncproto.Errorf(syncproto.CodeMalformed, "%v", err)
	case full:
		n.s.Logger.Error("attachment", "device", n.device, "err", err)
	case err != nil:
		return err
	}
	l.release() // before another is asked for
	l.mu.Lock()
	defer l.mu.Unlock()
	if u.waits, u.full = false, full; len(f.Data) == 0 { // the device has it not any more
		l.up = nil
		return nil
	}
	u.next++
	return nil
}

// attachments does one step of the lane, if there is one to do; d is nil for a device
// that only delivers.
func (n *session) attachments(ctx context.Context, d *live.Device) (acted bool, err error) {
	l := &n.lane
	l.mu.Lock()
	gave, asked, up := l.gave, l.asked, l.up
	if up != nil && up.waits { // until its chunk comes it is the receiver's
		up = nil
	}
	var here *syncproto.Root
	if len(l.here) > 0 {
		here, l.here = &l.here[0], l.here[1:]
	}
	l.mu.Unlock()
	var shares []syncproto.Share
	if d != nil {
		shares = d.Access.MayRead(n.s.Now().UnixMilli())
	}
	switch {
	case here != nil:
		return true, n.offer(ctx, *here, shares)
	case asked != nil:
		if acted, err := n.answer(ctx, asked, shares); acted || err != nil {
			return acted, err
		}
	}
	switch {
	case gave != nil:
		return true, n.weigh(ctx, gave)
	case up != nil:
		return n.askNext(ctx, up)
	}
	n.s.attaching.drop(n)
	return false, nil
}

// offer gives the manifest of an attachment that arrived after the device asked for it.
func (n *session) offer(ctx context.Context, root syncproto.Root, shares []syncproto.Share) error {
	m, err := n.s.readable(ctx, root, shares)
	if err != nil || m == nil {
		return err
	}
	return n.conn.Send(ctx, syncproto.NewHave(m))
}

// readable is the manifest of an attachment that is here whole and that a record in one of
// the shares names; nil for any other, whatever the reason.
func (s *Server) readable(ctx context.Context, root syncproto.Root, shares []syncproto.Share) (*syncproto.Manifest, error) {
	named := false
	err := s.State.Read(ctx, func(r *state.Reader) (err error) {
		named, err = r.NamedIn(root, shares)
		return err
	})
	if err != nil || !named {
		return nil, err
	}
	m, ok, err := s.Attachments.Manifest(ctx, root)
	if err != nil || !ok {
		return nil, s.damaged(ctx, root, err)
	}
	return &m, nil
}

// damaged takes an attachment that is not what its name says for one that is not here.
func (s *Server) damaged(ctx context.Context, root syncproto.Root, err error) error {
	if !errors.Is(err, attach.ErrDamaged) {
		return err
	}
	s.Logger.Error("attachment", "err", err)
	return s.Attachments.Heal(ctx, root)
}

// answer gives the device what it asked for, or says that nothing is here.
func (n *session) answer(ctx context.Context, f *syncproto.ChunkAsk, shares []syncproto.Share) (acted bool, err error) {
	m, err := n.s.readable(ctx, f.Root, shares)
	if err != nil {
		return false, err
	}
	if f.Want == syncproto.WantManifest && m == nil {
		n.s.attaching.miss(n, f.Root)
		if m, err = n.s.readable(ctx, f.Root, shares); err != nil { // it may have arrived just before
			return false, err
		}
		if m != nil {
			n.s.attaching.met(n, f.Root)
		}
	}
	var reply syncproto.Frame
	switch {
	case f.Want == syncproto.WantManifest && m == nil:
		reply = &syncproto.Have{Root: f.Root}
	case f.Want == syncproto.WantManifest:
		reply = syncproto.NewHave(m)
	case m == nil || m.Size(f.Index) == 0:
		reply = &syncproto.Chunk{Root: f.Root, Index: f.Index}
	default:
		if !n.s.attaching.take(n) {
			return false, nil
		}
		defer n.s.attaching.give()
		data, err := n.s.Attachments.Read(ctx, f.Root, f.Index)
		if err = n.s.damaged(ctx, f.Root, err); err != nil {
			return false, err
		}
		n.s.metrics.chunks.WithLabelValues("out").Inc()
		reply = &syncproto.Chunk{Root: f.Root, Index: f.Index, Data: data}
	}
	n.lane.mu.Lock()
	n.lane.asked = nil // before it is answered: the next question comes at once
	n.lane.mu.Unlock()
	return true, n.conn.Send(ctx, reply)
}

// weigh decides about an attachment that the device offers, once all is judged that came
// before.
func (n *session) weigh(ctx context.Context, f *syncproto.Have) error {
	s := n.s
	if err := s.current(ctx); err != nil {
		return err
	}
	named, parked := false, int64(0)
	err := s.State.Read(ctx, func(r *state.Reader) (err error) {
		if named, err = r.Named(f.Root); err == nil && !named {
			parked, err = r.ParkedBy(n.device)
		}
		return err
	})
	if err != nil {
		return err
	}
	m, _ := f.Manifest()
	want := syncproto.WantLater // what waits to be judged may name it
	if named || parked == 0 {
		want, err = n.wants(ctx, f.Root, &m, named)
	}
	if err != nil {
		return err
	}
	n.lane.mu.Lock()
	n.lane.gave = nil
	if want == syncproto.WantChunk {
		n.lane.up = &upload{root: f.Root, manifest: m}
	}
	n.lane.mu.Unlock()
	if want == syncproto.WantChunk {
		return nil // the next step asks
	}
	return n.conn.Send(ctx, &syncproto.ChunkAsk{Root: f.Root, Want: want})
}

func (n *session) wants(ctx context.Context, root syncproto.Root, m *syncproto.Manifest, named bool) (syncproto.Want, error) {
	if !named {
		return syncproto.WantNot, nil
	}
	s := n.s
	_, whole, known, err := s.Attachments.Next(ctx, root, 0)
	switch {
	case err != nil:
		return 0, err
	case known: // and is not collected now
		want := syncproto.WantChunk
		if whole {
			want = syncproto.WantNothing
		}
		return want, s.Attachments.Touch(ctx, root, s.Now().UnixMilli())
	}
	given, err := s.Attachments.Given(ctx, n.device)
	if err != nil {
		return 0, err
	}
	if given+m.Length > s.Limits.Given {
		s.Logger.Warn("a device has given as many attachments as it may", "device", n.device, "bytes", given)
		return syncproto.WantLater, nil
	}
	err = s.Attachments.Begin(ctx, m, s.Now().UnixMilli(), n.device)
	if errors.Is(err, refusal.New(refusal.NoRoom, "")) {
		s.Logger.Error("attachment", "device", n.device, "err", err)
		return syncproto.WantLater, nil
	}
	return syncproto.WantChunk, err
}

// askNext asks for a chunk that lacks, or says that none does.
func (n *session) askNext(ctx context.Context, u *upload) (acted bool, err error) {
	s, l := n.s, &n.lane
	want := &syncproto.ChunkAsk{Root: u.root, Want: syncproto.WantLater}
	if !u.full {
		index, whole, known, err := s.Attachments.Next(ctx, u.root, u.next)
		switch {
		case err != nil:
			return false, err
		case whole:
			want.Want = syncproto.WantNothing
		case known:
			want.Want, want.Index = syncproto.WantChunk, index
		}
	}
	if want.Want != syncproto.WantChunk {
		l.mu.Lock()
		l.up = nil
		l.mu.Unlock()
		if want.Want == syncproto.WantNothing {
			s.metrics.attached.Inc()
			s.attaching.arrived(u.root)
		}
		return true, n.conn.Send(ctx, want)
	}
	if !s.attaching.take(n) {
		return false, nil
	}
	give := sync.OnceFunc(s.attaching.give)
	stalls := time.AfterFunc(stalledChunk, give)
	l.mu.Lock()
	u.next, u.waits = want.Index, true
	l.turn = func() { stalls.Stop(); give() }
	l.mu.Unlock()
	return true, n.conn.Send(ctx, want)
}
