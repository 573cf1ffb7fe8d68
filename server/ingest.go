package server

import (
	"context"
	"crypto/ed25519"
	"errors"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/rawaj/rawaj/internal/failpoint"
	"github.com/rawaj/rawaj/internal/seal"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// Ingest spares the log what is plainly unsound; Apply decides everything again.

// assembly is a batch that comes in pieces.
type assembly struct {
	number uint64
	total  uint64
	length uint64
	data   []byte
	claim  *claim
	stalls *time.Timer // ends the session where the next piece does not come
}

// claim is the memory of a batch, out of the process's budget.
type claim struct {
	of    *semaphore.Weighted
	bytes int64
}

// claim waits for memory in the order in which devices asked: each has one batch on its
// way, so one that has much to deliver is served no oftener than others.
func (s *Server) claim(ctx context.Context, bytes int64) (*claim, error) {
	c := &claim{s.usual, bytes}
	if bytes > usualBatch {
		c.of = s.bulk
	}
	if c.of.TryAcquire(bytes) {
		return c, nil
	}
	defer s.waiting.Add(-1)
	if s.waiting.Add(1) <= maxWaiting {
		wait, stop := context.WithTimeout(ctx, s.Limits.BudgetWait)
		defer stop()
		if c.of.Acquire(wait, bytes) == nil {
			return c, nil
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, syncproto.Errorf(syncproto.CodeBusy, "others' batches are being taken in")
}

// push takes a piece of a batch. The memory of a whole batch is taken out of the
// process's budget before its first piece is kept; until it is there, nothing more
// is read from this device.
func (n *session) push(ctx context.Context, f *syncproto.Push) error {
	if n.granted.Load() <= 0 { // a piece may overdraw the credit once, so that none is too large for ever
		return syncproto.Errorf(syncproto.CodeMalformed, "a piece without credit")
	}
	n.granted.Add(-int64(f.Cost()))
	a := n.asm
	if a == nil {
		if f.Offset != 0 {
			return syncproto.Errorf(syncproto.CodeMalformed, "batch begins at byte %d", f.Offset)
		}
		c, err := n.s.claim(ctx, int64(f.Total+f.Length))
		if err != nil {
			return err
		}
		a = &assembly{number: f.Batch, total: f.Total, length: f.Length, claim: c}
		a.stalls = time.AfterFunc(n.s.Limits.StalledBatch, func() {
			n.fail(syncproto.Errorf(syncproto.CodeTimeout, "a batch was begun and not gone on with"))
		})
		n.asm = a
	}
	if f.Batch != a.number || f.Total != a.total || f.Length != a.length || f.Offset != uint64(len(a.data)) {
		return syncproto.Errorf(syncproto.CodeMalformed, "piece of batch %d at %d does not follow", f.Batch, f.Offset)
	}
	a.stalls.Reset(n.s.Limits.StalledBatch)
	a.data = append(a.data, f.Data...)
	if uint64(len(a.data)) == a.total {
		a.stalls.Stop()
		err := n.ingest(ctx, a)
		n.release()
		if err != nil {
			return err
		}
	}
	if n.window.earn(f.Cost()) {
		return n.giveCredit(ctx, f.Cost())
	}
	return n.settleCredit(ctx) // the fold may have been faster
}

// release gives back the memory of a batch, taken in or cut off.
func (n *session) release() {
	if n.asm == nil {
		return
	}
	n.asm.stalls.Stop()
	n.asm.claim.of.Release(n.asm.claim.bytes)
	n.asm = nil
}

// ingest checks whose a batch is and that it is whole, appends it and signs the
// receipt. What its transactions say is not looked at: a batch that is correctly
// signed is kept whatever it holds, or one poisoned batch would silence its device.
func (n *session) ingest(ctx context.Context, a *assembly) error {
	b, err := n.s.sound(ctx, a.data, n.device, n.key)
	if err != nil {
		return err
	}
	if b.Header.Length != a.length { // the budget was taken for what the pieces said
		return syncproto.Errorf(syncproto.CodeMalformed, "bodies of %d bytes, announced as %d", b.Header.Length, a.length)
	}
	head := syncproto.Head{Incarnation: b.Header.Incarnation, Seq: b.Header.Last, Hash: b.Header.After}
	known, err := n.known(ctx, head)
	if err == nil && !known {
		known, err = n.admissible(ctx, &b.Header)
	}
	if err != nil {
		return err
	}
	if !known {
		// The append goes on if the device hangs up: its context is the server's.
		index, err := n.s.append(context.WithoutCancel(ctx), &state.Entry{Kind: state.EntryBatch, Road: state.RoadSocket, OffsetMS: n.measured(), Payload: b.Bytes()})
		if err != nil {
			n.s.Logger.Error("append", "device", n.device, "err", err)
			return err
		}
		n.window.took(index, a.length)
		if n.durable == nil {
			n.durable = map[syncproto.Incarnation]syncproto.Head{}
		}
		if n.durable[head.Incarnation].Seq < head.Seq {
			n.durable[head.Incarnation] = head
		}
	}
	if err := failpoint.Hit("receipt.send.before"); err != nil {
		return err
	}
	if err := n.conn.Send(ctx, &syncproto.Receipt{Signed: n.s.signReceipt(b.Header.Device, head)}); err != nil {
		return err
	}
	return failpoint.Hit("receipt.send.after")
}

// sound checks whose a batch is and that it is whole, and opens what is sealed in it, so
// that the log holds it as it was recorded. It is the device's own, or of a name that it
// had before it was renamed. Its errors are *syncproto.Error.
func (s *Server) sound(ctx context.Context, raw []byte, device syncproto.DeviceID, key ed25519.PublicKey) (*syncproto.Batch, error) {
	b, err := syncproto.ParseBatch(raw)
	if err != nil {
		return nil, syncproto.Errorf(syncproto.CodeMalformed, "%v", err)
	}
	if b.Header.Device != device {
		if key, err = s.formerKey(ctx, device, b.Header.Device); err != nil {
			return nil, err
		}
	}
	switch err := b.Verify(key, s.State.Head().Org); {
	case errors.Is(err, syncproto.ErrBatch):
		return nil, syncproto.Errorf(syncproto.CodeMalformed, "%v", err)
	case err != nil:
		return nil, syncproto.Errorf(syncproto.CodeSignature, "%v", err)
	}
	bodies, err := b.Open()
	if err == nil {
		b, err = s.unseal(b, bodies)
	}
	if err != nil {
		return nil, syncproto.Errorf(syncproto.CodeMalformed, "%v", err)
	}
	return b, nil
}

func (s *Server) unseal(b *syncproto.Batch, bodies []syncproto.Body) (*syncproto.Batch, error) {
	some := false
	for i := range bodies {
		if bodies[i].Sealed == nil {
			continue
		}
		plain, err := seal.Open(s.OrgKey, bodies[i].Sealed, syncproto.MaxBody)
		if err != nil {
			return nil, err
		}
		bodies[i].Bytes, some = plain, true
	}
	if !some {
		return b, nil
	}
	return b.Unsealed(bodies)
}

// admissible says whether a batch that is not judged waits in the log already, and
// otherwise refuses it where its device has more held, or more parked, than it may: it
// stays there, and comes again.
func (n *session) admissible(ctx context.Context, h *syncproto.BatchHeader) (parked bool, err error) {
	_, follows := n.durable[h.Incarnation]
	follows = follows && n.durable[h.Incarnation].Hash == h.Before
	err = n.s.State.Read(ctx, func(r *state.Reader) (err error) {
		parked, err = n.s.admissible(r, h, follows)
		return err
	})
	return parked, err
}

func (s *Server) admissible(r *state.Reader, h *syncproto.BatchHeader, follows bool) (parked bool, err error) {
	full, err := s.full(r, h.Device)
	if err != nil {
		return false, err
	}
	if full != "" {
		return false, syncproto.Errorf(syncproto.CodeBusy, "the %s of this device is full: head office has to settle what is held", full)
	}
	if follows {
		return false, nil
	}
	waiting, parked, err := r.ParkedOf(h)
	if err != nil || parked || waiting < s.Limits.Parked {
		return parked, err
	}
	if follows, err = r.Follows(h); err == nil && !follows {
		err = syncproto.Errorf(syncproto.CodeBusy, "%d batches wait for one that has not come", waiting)
	}
	return false, err
}

// known says whether the log holds a batch's last transaction, and so all of it.
func (n *session) known(ctx context.Context, h syncproto.Head) (known bool, err error) {
	if n.durable[h.Incarnation] == h {
		return true, nil
	}
	err = n.s.State.Read(ctx, func(r *state.Reader) error {
		known, err = r.Holds(h)
		return err
	})
	return known, err
}

// signReceipt proves that a device's chain is in the log up to a head.
func (s *Server) signReceipt(device syncproto.DeviceID, h syncproto.Head) []byte {
	head := s.State.Head()
	return syncproto.SignReceipt(s.DeviceKey, head.Org, syncproto.ReceiptBody{
		Device: device, Incarnation: h.Incarnation, Seq: h.Seq, Chain: h.Hash, History: head.History,
	})
}
