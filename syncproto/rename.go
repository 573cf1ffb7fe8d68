package syncproto

import (
	"crypto/ed25519"
	"fmt"

	"github.com/rawaj/rawaj/syncproto/canon"
)

// Renaming (SPEC §7.6): POST /rename with a RenameRequest, answered by a RenameResponse
// or an EnrolError. A device that Welcome calls a copy asks for a name of its own, with a
// new key that the old one signs. The same keys are answered again.

// RenameRequest asks for a name. Signature is the new key's, over "rawaj/rename/1" and
// Signed.
type RenameRequest struct {
	Signed    []byte `cbor:"1,keyasint"` // a Rename, by the key of Rename.Device
	Signature []byte `cbor:"2,keyasint"`
}

// RenameResponse gives the name: a certificate of the new key.
type RenameResponse struct {
	Certificate []byte `cbor:"1,keyasint"`
}

// Rename is what the old key signs.
type Rename struct {
	Device DeviceID          // the name that two copies have
	Key    ed25519.PublicKey // the new one
	Head   Head              // of the newest incarnation of the copy that asks
}

// NewRenameRequest asks with the old key and the new one.
func NewRenameRequest(before, after ed25519.PrivateKey, org OrgID, device DeviceID, head Head) RenameRequest {
	b := canon.Array(nil, 5)
	b = canon.Bytes(b, device[:])
	b = canon.Bytes(b, after.Public().(ed25519.PublicKey))
	b = canon.Bytes(b, head.Incarnation[:])
	b = canon.Uint(b, uint64(head.Seq))
	b = canon.Bytes(b, head.Hash[:])
	signed := sign1(before, contextRename, org, b)
	return RenameRequest{signed, ed25519.Sign(after, append([]byte(contextRename), signed...))}
}

// Open verifies a request; keyOf gives the key of the device that it names, nil where it
// is not known.
func (r *RenameRequest) Open(org OrgID, keyOf func(DeviceID) (ed25519.PublicKey, error)) (v Rename, err error) {
	payload, _, err := open1(r.Signed)
	if err != nil {
		return v, fmt.Errorf("renaming: %w: %w", ErrSignature, err)
	}
	b := canon.NewReader(payload)
	b.Exactly(5)
	b.Fixed(v.Device[:])
	v.Key = make(ed25519.PublicKey, ed25519.PublicKeySize)
	b.Fixed(v.Key)
	b.Fixed(v.Head.Incarnation[:])
	v.Head.Seq = Seq(b.Uint(maxSeq))
	b.Fixed(v.Head.Hash[:])
	if err := b.Done(); err != nil {
		return v, fmt.Errorf("renaming: %w: %w", ErrFrame, err)
	}
	key, err := keyOf(v.Device)
	if err != nil {
		return v, err
	}
	if _, err := verify1(key, contextRename, org, r.Signed); err != nil {
		return v, fmt.Errorf("renaming: %w", err)
	}
	if len(r.Signature) != ed25519.SignatureSize || !ed25519.Verify(v.Key, append([]byte(contextRename), r.Signed...), r.Signature) {
		return v, fmt.Errorf("renaming, by the new key: %w", ErrSignature)
	}
	return v, nil
}
