package server

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net/http"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/seal"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// TakenParcel is what a parcel brought.
type TakenParcel struct {
	Device       syncproto.DeviceID `json:"device"`
	Transactions uint64             `json:"transactions"` // in it
	New          uint64             `json:"new"`          // that the log did not have
	Receipts     []byte             `json:"receipts"`     // a file to carry back
}

// ParcelFile is a parcel as it came.
type ParcelFile struct {
	File []byte `json:"file"`
}

// TakeParcel takes in a parcel: the same batches as by a socket, in any order, and twice
// without harm. A device that the log has lost is taken in by its certificate.
func (s *Server) TakeParcel(ctx context.Context, file []byte) (t TakenParcel, err error) {
	head := s.State.Head()
	unsound := func(err error) error {
		return refusal.New(refusal.BadForm, "%v: give a file that `rawaj site parcel make` wrote for this organisation", err).On("file")
	}
	plain, err := seal.Open(s.OrgKey, file, syncproto.MaxParcel)
	if err != nil {
		return t, unsound(err)
	}
	var forgotten *syncproto.Certificate
	var public ed25519.PublicKey
	p, err := syncproto.OpenParcel(head.Org, plain, func(device syncproto.DeviceID, certificate []byte) (ed25519.PublicKey, error) {
		if d := s.live.View().Device(device); d != nil {
			public = d.Public
			return public, nil
		}
		if forgotten = s.certified(head, &syncproto.Hello{Device: device, Certificate: certificate}); forgotten == nil {
			return nil, refusal.New(refusal.NoRecord, "device %v is not known here, and shows no certificate of this organisation", device)
		}
		public = forgotten.Key
		return public, nil
	})
	if err != nil {
		if refusal.Of(err) != nil {
			return t, err
		}
		return t, unsound(err)
	}
	if forgotten != nil {
		if err := s.readmit(ctx, forgotten); err != nil {
			return t, err
		}
	}
	t.Device = p.Device
	receipts := syncproto.Receipts{Server: s.own.certificate}
	var last oplog.Index
	var follows syncproto.Hash // the batch before
	for _, raw := range p.Batches {
		b, err := s.sound(ctx, raw, p.Device, public)
		if err != nil {
			return t, unsound(err)
		}
		h := syncproto.Head{Incarnation: b.Header.Incarnation, Seq: b.Header.Last, Hash: b.Header.After}
		n := uint64(b.Header.Last-b.Header.First) + 1
		t.Transactions += n
		known := false
		if err := s.State.Read(ctx, func(r *state.Reader) error {
			if known, err = r.Holds(h); err == nil && !known {
				known, err = s.admissible(r, &b.Header, b.Header.Before == follows)
			}
			return err
		}); err != nil {
			if full, ok := errors.AsType[*syncproto.Error](err); ok {
				err = refusal.New(refusal.TooMany, "%s", full.Detail).With("max", s.Limits.Held).On("file")
			}
			return t, err
		}
		if !known {
			if last, err = s.append(context.WithoutCancel(ctx), &state.Entry{Kind: state.EntryBatch, Road: state.RoadParcel, Payload: b.Bytes()}); err != nil {
				return t, err
			}
			t.New += n
		}
		follows = h.Hash
		receipts.Receipts = append(receipts.Receipts, s.signReceipt(b.Header.Device, h))
	}
	t.Receipts = receipts.Encode()
	return t, s.folded(ctx, last)
}

func (s *Server) apiParcel(w http.ResponseWriter, r *http.Request) {
	if err := s.parcels.Acquire(r.Context(), 1); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	defer s.parcels.Release(1)
	var f ParcelFile
	err := localapi.ReadUpTo(w, r, &f, 2*syncproto.MaxParcel)
	var t TakenParcel
	if err == nil {
		t, err = s.TakeParcel(r.Context(), f.File)
	}
	localapi.Answer(w, t, err)
}
