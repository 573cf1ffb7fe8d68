package syncproto

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/rawaj/rawaj/syncproto/canon"
)

// A parcel (SPEC §12) carries what a session would, as a file: batches to the centre, and
// receipts back. It may come twice, late, and in any order with others.

// ErrParcel is wrapped by every error about a file that is no parcel, or not a sound one.
var ErrParcel = errors.New("not a parcel")

const (
	// MaxParcel bounds a parcel before it is sealed: two of the largest batches, or
	// some million sales.
	MaxParcel = 40 << 20
	// MaxParcelBatches bounds the batches of a parcel.
	MaxParcelBatches = 1 << 12
)

// Parcel is what a device sends to the centre. It travels sealed to the organisation.
type Parcel struct {
	Device      DeviceID
	Certificate []byte // of the device, for a server that has lost it
	TimeMS      int64  // device's clock as it was made, UTC ms
	Declared    Declared
	Batches     [][]byte // as in Push, put together
}

// SignParcel gives a parcel's bytes, signed by the device.
func SignParcel(key ed25519.PrivateKey, org OrgID, p *Parcel) ([]byte, error) {
	content := canon.Array(nil, len(p.Batches))
	for _, b := range p.Batches {
		content = canon.Bytes(content, b)
	}
	declared, err := encMode.Marshal(p.Declared)
	if err != nil {
		return nil, fmt.Errorf("sign a parcel: %w", err)
	}
	hash := sha256.Sum256(content)
	head := canon.Array(nil, 5)
	head = canon.Bytes(head, p.Device[:])
	head = canon.Bytes(head, p.Certificate)
	head = canon.Int(head, p.TimeMS)
	head = canon.Bytes(head, declared)
	head = canon.Bytes(head, hash[:])
	out := canon.Bytes(canon.Array(nil, 2), sign1(key, contextParcel, org, head))
	out = append(out, content...)
	if len(out) > MaxParcel || len(p.Batches) > MaxParcelBatches {
		return nil, fmt.Errorf("a parcel of %d bytes and %d batches is over %d and %d: %w", len(out), len(p.Batches), MaxParcel, MaxParcelBatches, ErrParcel)
	}
	return out, nil
}

// OpenParcel reads a parcel. key gives the key of the device that the parcel names, from
// what is known of it or from its certificate; it may refuse.
func OpenParcel(org OrgID, b []byte, key func(device DeviceID, certificate []byte) (ed25519.PublicKey, error)) (*Parcel, error) {
	if len(b) > MaxParcel {
		return nil, fmt.Errorf("%w: %d bytes are over %d", ErrParcel, len(b), MaxParcel)
	}
	r := canon.NewReader(b)
	r.Exactly(2)
	signed := r.Bytes(MaxGreeting)
	if r.Err() != nil {
		return nil, fmt.Errorf("%w: %w", ErrParcel, r.Err())
	}
	content := r.Rest()
	payload, _, err := open1(signed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrParcel, err)
	}
	p := &Parcel{}
	head := canon.NewReader(payload)
	head.Exactly(5)
	head.Fixed(p.Device[:])
	p.Certificate = head.Bytes(MaxDetail)
	p.TimeMS = head.Int()
	declared := head.Bytes(MaxGreeting)
	var hash Hash
	head.Fixed(hash[:])
	if err := head.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrParcel, err)
	}
	public, err := key(p.Device, p.Certificate)
	if err != nil {
		return nil, err
	}
	if _, err := verify1(public, contextParcel, org, signed); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrParcel, err)
	}
	if sha256.Sum256(content) != hash {
		return nil, fmt.Errorf("%w: its content is not what was signed", ErrParcel)
	}
	if err := decMode.Unmarshal(declared, &p.Declared); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrParcel, err)
	}
	if err := p.Declared.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrParcel, err)
	}
	list := canon.NewReader(content)
	p.Batches = make([][]byte, list.Array(MaxParcelBatches))
	for i := range p.Batches {
		p.Batches[i] = list.Bytes(MaxBatch)
	}
	if err := list.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrParcel, err)
	}
	return p, nil
}

// Receipts is what the centre carries back: its certificate and signed receipts. It says
// nothing that anybody may not read.
type Receipts struct {
	Server   []byte   // certificate (SPEC §7.2)
	Receipts [][]byte // as in Receipt
}

// Encode gives the file's bytes.
func (v *Receipts) Encode() []byte {
	b := canon.Text(canon.Array(nil, 3), contextReceipt)
	b = canon.Bytes(b, v.Server)
	b = canon.Array(b, len(v.Receipts))
	for _, r := range v.Receipts {
		b = canon.Bytes(b, r)
	}
	return b
}

// DecodeReceipts reads the form of Encode.
func DecodeReceipts(b []byte) (*Receipts, error) {
	v := &Receipts{}
	r := canon.NewReader(b)
	r.Exactly(3)
	if what := r.Text(64); r.Err() == nil && what != contextReceipt {
		r.Fail("no receipts")
	}
	v.Server = r.Bytes(MaxGreeting)
	v.Receipts = make([][]byte, r.Array(MaxParcelBatches))
	for i := range v.Receipts {
		v.Receipts[i] = r.Bytes(MaxGreeting)
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrParcel, err)
	}
	return v, nil
}
