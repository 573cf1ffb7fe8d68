package syncproto

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/rawaj/rawaj/syncproto/canon"
)

// Everything signed is an untagged COSE_Sign1 (RFC 9052 §4.2) with one profile:
// protected header {1: -8} (EdDSA, here always Ed25519), empty unprotected header,
// payload attached, and external data that names what is signed and for which
// organisation (SPEC §4.4). One spelling exists of each message; any other is refused.

// ErrSignature says that a signed message is not what it claims to be.
var ErrSignature = errors.New("signature does not hold")

// Contexts of signatures: the external data is the context and the organisation's id.
const (
	contextBatch       = "rawaj/batch/1"
	contextReceipt     = "rawaj/receipt/1"
	contextCertificate = "rawaj/certificate/1"
	contextHello       = "rawaj/hello/1"
	contextEnrol       = "rawaj/enrol/1"
	contextRevocation  = "rawaj/revocation/1"
	contextParcel      = "rawaj/parcel/1"
	contextRename      = "rawaj/rename/1"
	contextClosing     = "rawaj/closing/1"

	contextClosingAnswer = "rawaj/closing-answer/1"
)

var protectedEdDSA = []byte{0xa1, 0x01, 0x27}

func toBeSigned(context string, org OrgID, payload []byte) []byte {
	b := canon.Array(make([]byte, 0, 64+len(payload)), 4)
	b = canon.Text(b, "Signature1")
	b = canon.Bytes(b, protectedEdDSA)
	b = canon.Bytes(b, append([]byte(context), org[:]...))
	return canon.Bytes(b, payload)
}

func sign1(key ed25519.PrivateKey, context string, org OrgID, payload []byte) []byte {
	b := canon.Array(make([]byte, 0, 80+len(payload)), 4)
	b = canon.Bytes(b, protectedEdDSA)
	b = canon.Map(b, 0)
	b = canon.Bytes(b, payload)
	return canon.Bytes(b, ed25519.Sign(key, toBeSigned(context, org, payload)))
}

// open1 takes a message apart without looking at the signature.
func open1(message []byte) (payload, signature []byte, err error) {
	r := canon.NewReader(message)
	r.Exactly(4)
	if p := r.Bytes(len(protectedEdDSA)); r.Err() == nil && !bytes.Equal(p, protectedEdDSA) {
		r.Fail("protected header is not EdDSA alone")
	}
	r.Map(0)
	payload = r.Bytes(MaxFrame)
	signature = r.Bytes(ed25519.SignatureSize)
	if r.Err() == nil && len(signature) != ed25519.SignatureSize {
		r.Fail("signature of %d bytes", len(signature))
	}
	return payload, signature, r.Done()
}

func verify1(key ed25519.PublicKey, context string, org OrgID, message []byte) ([]byte, error) {
	payload, signature, err := open1(message)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, toBeSigned(context, org, payload), signature) {
		return nil, ErrSignature
	}
	return payload, nil
}
