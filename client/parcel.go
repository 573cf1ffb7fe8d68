package client

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net/http"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/seal"
	"github.com/rawaj/rawaj/syncproto"
)

// Where no line comes for days, work travels as a file: a parcel there, receipts back.
// What is in a parcel stays pending here until a receipt says that it arrived.

// Parcel is a file for the centre.
type Parcel struct {
	Transactions uint64 `json:"transactions"`
	File         []byte `json:"file"` // sealed: only the organisation's key opens it
}

// LeastParcel is the least that a parcel may be asked to be, in bytes: one batch of the
// usual size.
const LeastParcel = 16 << 10

// MakeParcels puts all that has not arrived into files of about size bytes each; a
// larger batch is a file of its own. It may be done again, and sent by any road.
func (c *Client) MakeParcels(ctx context.Context, size int) ([]Parcel, error) {
	id := c.Store.Identity()
	if id == nil {
		return nil, store.ErrNotEnrolled
	}
	size = min(max(size, LeastParcel), syncproto.MaxParcel/2)
	declared, err := c.Store.Declared(ctx)
	if err != nil {
		return nil, err
	}
	var parcels []Parcel
	p, bytes, transactions := &syncproto.Parcel{}, 0, uint64(0)
	closeParcel := func() error {
		if len(p.Batches) == 0 {
			return nil
		}
		p.Device, p.Certificate, p.TimeMS, p.Declared = id.Device, id.Certificate, c.Now().UnixMilli(), declared
		key, err := c.keyOf(ctx, id.Device)
		if err != nil {
			return err
		}
		plain, err := syncproto.SignParcel(key, id.Org, p)
		if err != nil {
			return err
		}
		sealed, err := seal.Seal(id.OrgKey, plain)
		if err != nil {
			return err
		}
		parcels = append(parcels, Parcel{transactions, sealed})
		p, bytes, transactions = &syncproto.Parcel{}, 0, 0
		return nil
	}
	for sent := int64(0); ; {
		batch, last, err := c.Store.NextBatch(ctx, c.keys(ctx), sent)
		if err != nil {
			return nil, err
		}
		if batch == nil {
			return parcels, closeParcel()
		}
		sent = last
		raw := batch.Bytes()
		if bytes+len(raw) > size || len(p.Batches) == syncproto.MaxParcelBatches {
			if err := closeParcel(); err != nil {
				return nil, err
			}
		}
		p.Batches = append(p.Batches, raw)
		bytes += len(raw)
		transactions += uint64(batch.Header.Last-batch.Header.First) + 1
	}
}

// TakenReceipts is what a file of receipts brought.
type TakenReceipts struct {
	Receipts     int    `json:"receipts"`
	Transactions uint64 `json:"transactions"` // that are now known to have arrived
}

// TakeReceipts reads what the centre carried back. Twice is harmless.
func (c *Client) TakeReceipts(ctx context.Context, file []byte) (t TakenReceipts, err error) {
	id := c.Store.Identity()
	if id == nil {
		return t, store.ErrNotEnrolled
	}
	v, err := syncproto.DecodeReceipts(file)
	if err != nil {
		return t, refusal.New(refusal.BadForm, "%v: give the file that `rawaj admin parcel take --receipts` wrote", err).On("file")
	}
	server, err := syncproto.VerifyCertificate(id.OrgKey, id.Org, v.Server)
	if err != nil {
		return t, refusal.New(refusal.BadForm, "the receipts are not from this organisation's server: %v", err).On("file")
	}
	before, _ := c.Store.Counts()
	for _, signed := range v.Receipts {
		r, err := syncproto.VerifyReceipt(ed25519.PublicKey(server.Key), id.Org, signed)
		if err != nil {
			return t, refusal.New(refusal.BadForm, "a receipt: %v", err).On("file")
		}
		if ours, err := c.ours(ctx, r.Device); err != nil {
			return t, err
		} else if !ours {
			continue
		}
		if _, err := c.Store.Acknowledge(ctx, syncproto.Head{Incarnation: r.Incarnation, Seq: r.Seq, Hash: r.Chain}); err != nil {
			return t, err
		}
		t.Receipts++
	}
	after, _ := c.Store.Counts()
	t.Transactions = after - before
	if t.Receipts == 0 {
		return t, refusal.New(refusal.BadForm, "the file holds no receipts for this device").On("file")
	}
	return t, nil
}

// ParcelSize says how large a parcel may be.
type ParcelSize struct {
	Bytes int `json:"bytes"`
}

// ReceiptsFile is a file of receipts.
type ReceiptsFile struct {
	File []byte `json:"file"`
}

func (c *Client) apiParcels(w http.ResponseWriter, r *http.Request) {
	var size ParcelSize
	err := localapi.Read(w, r, &size)
	var parcels []Parcel
	if err == nil {
		parcels, err = c.MakeParcels(r.Context(), size.Bytes)
	}
	localapi.Answer(w, parcels, err)
}

func (c *Client) apiReceipts(w http.ResponseWriter, r *http.Request) {
	var f ReceiptsFile
	err := localapi.Read(w, r, &f)
	var t TakenReceipts
	if err == nil {
		t, err = c.TakeReceipts(r.Context(), f.File)
	}
	localapi.Answer(w, t, err)
}

// String is for logs.
func (t TakenReceipts) String() string {
	return fmt.Sprintf("%d receipts, %d transactions", t.Receipts, t.Transactions)
}
