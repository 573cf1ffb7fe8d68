package syncproto

import (
	"crypto/ed25519"
	"fmt"

	"github.com/rawaj/rawaj/syncproto/canon"
)

// Revocation (SPEC §5.12) is the organisation's own word that a device is revoked: on
// nothing less does a device wipe itself.
type Revocation struct {
	Device DeviceID
	TimeMS int64 // UTC ms by the server's clock
}

// SignRevocation signs with the organisation's key.
func SignRevocation(key ed25519.PrivateKey, org OrgID, v Revocation) []byte {
	b := canon.Bytes(canon.Array(nil, 2), v.Device[:])
	return sign1(key, contextRevocation, org, canon.Int(b, v.TimeMS))
}

// VerifyRevocation checks a revocation against the organisation's key.
func VerifyRevocation(key ed25519.PublicKey, org OrgID, message []byte) (v Revocation, err error) {
	payload, err := verify1(key, contextRevocation, org, message)
	if err != nil {
		return v, fmt.Errorf("revocation: %w", err)
	}
	r := canon.NewReader(payload)
	r.Exactly(2)
	r.Fixed(v.Device[:])
	v.TimeMS = r.Int()
	return v, r.Done()
}
