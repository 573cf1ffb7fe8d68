package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"os"
	"slices"

	"github.com/rawaj/rawaj/server/live"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// reader is how far the device of a session has been sent.
type reader struct {
	n       *session
	from    map[syncproto.Share]syncproto.Position // up to where it holds each share
	above   syncproto.Position                     // read to here since its last checkpoint
	leaving []syncproto.Share
	told    map[syncproto.Share]syncproto.Position // digests sent, at these positions
	settled []syncproto.Head                       // heads told
	covered []syncproto.Share
	heard   []syncproto.Share // that the hub wakes it for
	judged  uint64            // of the device, before the last read
	first   bool
	staged  bool // frames were sent since the last checkpoint
	sent    int  // records, in this session
	each    int  // bytes a record, of the last page
	tree    *syncproto.RangeTree
	treeOf  syncproto.Share
}

// feed sends the device what it has still to hear. It is called again whenever one of
// its shares moves.
func (n *session) feed(ctx context.Context) error {
	if n.reader == nil {
		n.reader = n.newReader()
	}
	r := n.reader
	for {
		if err := n.settleCredit(ctx); err != nil {
			return err
		}
		view := n.s.live.View()
		d := view.Device(n.device)
		switch {
		case d == nil:
			return syncproto.Errorf(syncproto.CodeUnknown, "")
		case d.Revoked:
			return n.deliverOnly(ctx)
		case n.s.withholds(d):
			return n.deliver(ctx)
		}
		if r.regrant(d.Access.MayRead(n.s.Now().UnixMilli())) {
			if shares := r.shares(); !slices.Equal(shares, r.heard) {
				n.s.hub.move(n, r.heard, shares) // before the page is read, so that no move falls between
				r.heard = shares
			}
		} else if f := n.questions.take(); f != nil {
			if err := r.answer(ctx, f); err != nil {
				return err
			}
			continue
		} else if !r.behind(view, d) {
			if acted, err := n.attachments(ctx, d); err != nil || !acted {
				return err
			}
			continue
		}
		if err := r.resumeAt(ctx); err != nil {
			return err
		}
		r.judged = d.Judged
		if err := r.page(ctx); err != nil {
			return err
		}
		if _, err := n.attachments(ctx, d); err != nil { // so that a busy share does not hold them up for ever
			return err
		}
	}
}

// deliver takes the attachments of a device that hears nothing.
func (n *session) deliver(ctx context.Context) error {
	for {
		if acted, err := n.attachments(ctx, nil); err != nil || !acted {
			return err
		}
	}
}

// deliverOnly sends a revoked device nothing, and ends when it has delivered all that it
// has (P8): it is judged as escrow, for a person to look at.
func (n *session) deliverOnly(ctx context.Context) error {
	if err := n.deliver(ctx); err != nil {
		return err
	}
	if n.emptied.Load() {
		return syncproto.Errorf(syncproto.CodeRevoked, "")
	}
	return nil
}

// place finds where the device says it stopped, if the log holds that place. It is asked
// before anything is taken in: a log that was put back has first to hear who may do what.
func (n *session) place(ctx context.Context) (at syncproto.Position, err error) {
	cursor := n.resume.Cursor
	if len(cursor) == 0 {
		return 0, nil
	}
	at, ok, err := n.s.State.CheckCursor(ctx, cursor)
	if err != nil || ok {
		return at, err
	}
	if err := n.s.wentBack(ctx, cursor); err != nil {
		return 0, err
	}
	return n.common(ctx)
}

// newReader starts at the session's place.
func (n *session) newReader() *reader {
	r := &reader{n: n, from: map[syncproto.Share]syncproto.Position{}, told: map[syncproto.Share]syncproto.Position{}, first: true}
	resume := n.resume
	if len(resume.Cursor) > 0 {
		for _, share := range resume.Covered {
			r.from[share] = n.from
		}
		r.covered = slices.Clone(resume.Covered)
	}
	return r
}

// common is the newest of the device's older cursors that the log holds, 0 where it holds
// none of them: what the device has beyond it is compared by ranges.
func (n *session) common(ctx context.Context) (syncproto.Position, error) {
	if len(n.resume.Older) == 0 {
		return 0, syncproto.Errorf(syncproto.CodeHistory, "cursor")
	}
	n.resume.Reading = nil
	for _, cursor := range n.resume.Older {
		if at, ok, err := n.s.State.CheckCursor(ctx, cursor); err != nil || ok {
			return at, err
		}
	}
	return 0, nil
}

// wentBack begins a new history when a device shows that the log once was longer, or
// another: it was put back. Where, nobody can tell: work may have been taken in since. So
// the histories count as parted from the beginning, and what was written on a screen of
// the lost one has seen nothing that stands here.
func (s *Server) wentBack(ctx context.Context, cursor []byte) error {
	end, err := s.decides(ctx, &s.histories)
	if err != nil {
		return err
	}
	defer end()
	head := s.State.Head()
	if state.CursorHistory(cursor) != head.History {
		return nil // it is of a history that is known to be over
	}
	id, err := syncproto.Random[syncproto.HistoryID](s.Rand)
	if err != nil {
		return err
	}
	h := state.History{
		Org: head.Org, OrgKey: head.OrgKey, ID: id, Parent: head.History, Hash: syncproto.FirstPositionHash(head.Org),
		Cause: "a device was ahead of the log: the log was put back", Doubt: s.sealed(cursor),
	}
	index, err := s.append(ctx, &state.Entry{Kind: state.EntryHistory, Payload: h.Encode()})
	if err != nil {
		return err
	}
	s.Logger.Warn("the log was put back to an earlier state: a new history begins, and devices give back what it lost")
	return s.folded(ctx, index)
}

// regrant compares what the device may read now with what it is being sent. It says
// whether that changed, or nothing was sent yet.
func (r *reader) regrant(granted []syncproto.Share) bool {
	changed := r.first
	for _, share := range r.shares() {
		if !slices.Contains(granted, share) {
			delete(r.from, share)
			r.leaving = append(r.leaving, share)
			changed = true
		}
	}
	for _, share := range granted {
		if _, have := r.from[share]; !have {
			r.from[share] = 0
			if !r.first { // reading begins anew for it alone
				r.above = 0
			}
			changed = true
		}
	}
	return changed
}

// resumeAt goes on where a dead link left off, at the session's first read: if the log
// still holds that place, and the same shares are being read.
func (r *reader) resumeAt(ctx context.Context) error {
	p := r.n.resume.Reading
	if !r.first || p == nil {
		return nil
	}
	r.n.resume.Reading = nil
	short, ok, err := r.n.s.State.HashAt(ctx, p.Head)
	if err != nil {
		return err
	}
	if !ok || p.Position > p.Head || r.readHash(short) != p.Hash {
		return syncproto.Errorf(syncproto.CodeHistory, "resume point")
	}
	r.above = p.Position
	return nil
}

// readHash names what a page sequence reads: the log as of its head, and the shares.
func (r *reader) readHash(head syncproto.ShortHash) syncproto.Hash {
	h := sha256.New()
	h.Write([]byte("rawaj/reading/1"))
	h.Write(head[:])
	for _, share := range r.shares() {
		h.Write([]byte(share.String()))
		h.Write([]byte{0})
	}
	return syncproto.Hash(h.Sum(nil))
}

func (r *reader) shares() []syncproto.Share {
	return slices.SortedFunc(maps.Keys(r.from), syncproto.Share.Compare)
}

// behind says whether a share moved beyond what was sent, or a chain of the device
// was judged further. It looks at all of them, so that the view waits for each.
func (r *reader) behind(view *live.View, d *live.Device) bool {
	behind := d.Judged != r.judged
	for share, from := range r.from {
		behind = view.Position(share) > max(from, r.above) || behind
	}
	return behind
}

// errSlow ends the session of a device that does not take what it asked for. It comes
// back with its cursor, and goes on where it was.
var errSlow = syncproto.Errorf(syncproto.CodeSlow, "what was sent is not being taken")

// paced runs send within a slow reader's time, once there is credit and a page of the
// process's is free: who waits for credit holds no memory.
func (n *session) paced(ctx context.Context, send func(ctx context.Context, credit int64) error) error {
	var credit int64
	err := n.soon(ctx, func(ctx context.Context) (err error) {
		credit, err = n.credit.Wait(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if err := n.s.pages.Acquire(ctx, 1); err != nil { // others' slowness is not this device's
		return err
	}
	defer n.s.pages.Release(1)
	return n.soon(ctx, func(ctx context.Context) error { return send(ctx, credit) })
}

// soon does what only the device can hold up.
func (n *session) soon(ctx context.Context, do func(context.Context) error) error {
	limited, stop := context.WithTimeout(ctx, n.s.Limits.SlowReader)
	defer stop()
	err := do(limited)
	if ctx.Err() == nil && (errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)) {
		return errSlow
	}
	return err
}

// page reads and sends one page, and the checkpoint where it reaches the head.
func (r *reader) page(ctx context.Context) error { return r.n.paced(ctx, r.pageWithin) }

func (r *reader) pageWithin(ctx context.Context, credit int64) error {
	var readings []state.Reading
	for _, share := range r.shares() {
		readings = append(readings, state.Reading{Share: share, From: r.from[share]})
	}
	p, err := r.n.s.State.ReadPage(ctx, r.n.device, readings, r.above, r.pageSize(credit))
	if err != nil {
		return err
	}
	r.sent += p.Records
	r.each = p.Bytes / max(p.Records, 1)
	for i, f := range p.Frames {
		var point *syncproto.ReadPoint
		if i == len(p.Frames)-1 {
			point = &syncproto.ReadPoint{Position: p.Upto, Head: p.Head, Hash: r.readHash(p.HeadHash.Short())}
		}
		if err := r.n.sendRows(ctx, f, point); err != nil {
			return err
		}
		r.staged = true
	}
	r.above = p.Upto
	if !p.AtHead {
		return nil
	}
	return r.checkpoint(ctx, p)
}

const (
	// leastPage and mostPage bound the records of one read. A page is the least that a
	// dead link does not have to begin again; mostPage takes some 20 ms, after which
	// grants are looked at again and the writer's WAL may be moved.
	leastPage = 500
	mostPage  = 4000
)

// pageSize grows with what the link has carried: one that dies young loses little, one
// that lives is not held up. A page takes no more memory than pageBytes, and what goes
// out at once is within the credit, as far as the last one tells.
func (r *reader) pageSize(credit int64) int {
	size := min(max(r.sent/4, leastPage), mostPage)
	if r.each > 0 {
		size = min(size, int(min(credit, pageBytes))/r.each)
	}
	return max(size, 1)
}

// sendRows sends Rows or Leave within the device's credit. Rows too many for one
// message are cut in two.
func (n *session) sendRows(ctx context.Context, f syncproto.Frame, point *syncproto.ReadPoint) error {
	rows, isRows := f.(*syncproto.Rows)
	if isRows {
		rows.Point = point
	} else {
		f.(*syncproto.Leave).Point = point
	}
	message, err := syncproto.EncodeFrame(f, true)
	if err != nil {
		if isRows && len(rows.IDs) > 1 {
			a, b := rows.Split()
			if err := n.sendRows(ctx, a, nil); err != nil {
				return err
			}
			return n.sendRows(ctx, b, point)
		}
		return err
	}
	if err := n.credit.Take(ctx, syncproto.FrameCost(f, message)); err != nil {
		return err
	}
	return n.conn.SendEncoded(ctx, message)
}

// checkpoint tells the device that it now has everything up to the head, what of its
// own was judged, and the digests to prove it by.
func (r *reader) checkpoint(ctx context.Context, p *state.Page) error {
	c := &syncproto.Checkpoint{
		Cursor: r.n.s.sealCursor(state.Cursor(p.Head, p.HeadHash, p.History)), Position: p.Head, Hash: p.HeadHash, History: p.History, TimeMS: r.n.s.Now().UnixMilli(),
	}
	for i, d := range p.Digests {
		if at, told := r.told[d.Share]; !told || at != p.Touched[i] {
			c.Digests = append(c.Digests, d)
		}
	}
	settled := p.Settled
	if r.first { // a restored device is behind its own chain and knows no later head
		settled = append(slices.Clone(r.n.judged), settled...)
	}
	settled = settled[:min(len(settled), syncproto.MaxSettled)]
	for _, h := range settled {
		if !slices.Contains(r.settled, h) && !slices.Contains(c.Settled, h) {
			c.Settled = append(c.Settled, h)
		}
	}
	shares := r.shares()
	if !slices.Equal(shares, r.covered) {
		c.Covered = shares
	}
	if !r.first && !r.staged && len(r.leaving) == 0 && len(c.Digests) == 0 && len(c.Settled) == 0 {
		return nil
	}
	for _, share := range r.leaving {
		if err := r.n.conn.Send(ctx, &syncproto.Leave{Class: share.Class, Scope: share.Scope}); err != nil {
			return err
		}
	}
	if err := r.n.conn.Send(ctx, c); err != nil {
		return err
	}
	r.settled = settled
	for i, d := range p.Digests {
		r.told[d.Share] = p.Touched[i]
	}
	for share := range r.from {
		r.from[share] = p.Head
	}
	r.above, r.first, r.staged, r.leaving, r.covered = p.Head, false, false, nil, shares
	return nil
}
