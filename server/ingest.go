package server

import (
	"context"
	"crypto/ed25519"
	"errors"

	"github.com/rawaj/rawaj/internal/seal"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// Ingest spares the log what is plainly unsound; Apply decides everything again.

// pushWindow is the credit a device has for batches: two of the usual size on their
// way while one is being written.
const pushWindow = 2 << 20

// assembly is a batch that comes in pieces.
type assembly struct {
	number uint64
	total  uint64
	length uint64
	data   []byte
	budget int64
}

// push takes a piece of a batch. The memory of a whole batch is taken out of the
// process's budget before its first piece is kept; until it is there, nothing more
// is read from this device.
func (n *session) push(ctx context.Context, f *syncproto.Push) error {
	if n.granted <= 0 { // a piece may overdraw the credit once, so that none is too large for ever
		return syncproto.Errorf(syncproto.CodeMalformed, "a piece without credit")
	}
	n.granted -= int64(f.Cost())
	a := n.asm
	if a == nil {
		if f.Offset != 0 {
			return syncproto.Errorf(syncproto.CodeMalformed, "batch begins at byte %d", f.Offset)
		}
		a = &assembly{number: f.Batch, total: f.Total, length: f.Length, budget: int64(f.Total + f.Length)}
		if err := n.s.budget.Acquire(ctx, a.budget); err != nil {
			return err
		}
		n.asm = a
	}
	if f.Batch != a.number || f.Total != a.total || f.Length != a.length || f.Offset != uint64(len(a.data)) {
		return syncproto.Errorf(syncproto.CodeMalformed, "piece of batch %d at %d does not follow", f.Batch, f.Offset)
	}
	a.data = append(a.data, f.Data...)
	var err error
	if uint64(len(a.data)) == a.total {
		err = n.ingest(ctx, a)
		n.release()
	}
	if err != nil {
		return err
	}
	n.granted += int64(f.Cost())
	return n.conn.Send(ctx, &syncproto.Credit{Bytes: f.Cost()})
}

// release gives back the memory of a batch, taken in or cut off.
func (n *session) release() {
	if n.asm == nil {
		return
	}
	n.s.budget.Release(n.asm.budget)
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
	if err != nil {
		return err
	}
	if !known {
		// The append goes on if the device hangs up: its context is the server's.
		if _, err := n.s.append(context.WithoutCancel(ctx), &state.Entry{Kind: state.EntryBatch, Road: state.RoadSocket, OffsetMS: n.measured(), Payload: b.Bytes()}); err != nil {
			n.s.Logger.Error("append", "device", n.device, "err", err)
			return err
		}
		if n.durable == nil {
			n.durable = map[syncproto.Incarnation]syncproto.Head{}
		}
		if n.durable[head.Incarnation].Seq < head.Seq {
			n.durable[head.Incarnation] = head
		}
	}
	return n.conn.Send(ctx, &syncproto.Receipt{Signed: n.s.signReceipt(b.Header.Device, head)})
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
