package syncproto

import (
	"crypto/ed25519"
	"fmt"

	"github.com/rawaj/rawaj/syncproto/canon"
)

// Certificate is what a device gets when it enrols: enough to be taken in again by
// a server that has forgotten it (SPEC §7.2). The organisation's key signs it.
type Certificate struct {
	Device   DeviceID
	Site     RecordID
	Kind     string            // kind of the site, which bounds what the device may be granted
	Prefix   string            // that the device's receipt numbers begin with
	Key      ed25519.PublicKey // the device's own
	IssuedAt int64             // UTC ms by the server's clock
	CopyOf   DeviceID          // that it was before it was copied and renamed (SPEC §7.6); zero: none
}

// KindServer is the kind of the server's own devices.
const KindServer = "server"

// SignCertificate signs c with the organisation's key.
func SignCertificate(key ed25519.PrivateKey, org OrgID, c Certificate) []byte {
	parts := 6
	if c.CopyOf != (DeviceID{}) {
		parts++
	}
	b := canon.Array(nil, parts)
	b = canon.Bytes(b, c.Device[:])
	b = canon.Bytes(b, c.Site[:])
	b = canon.Text(b, c.Kind)
	b = canon.Text(b, c.Prefix)
	b = canon.Bytes(b, c.Key)
	b = canon.Int(b, c.IssuedAt)
	if parts > 6 {
		b = canon.Bytes(b, c.CopyOf[:])
	}
	return sign1(key, contextCertificate, org, b)
}

// VerifyCertificate checks a certificate against the organisation's key.
func VerifyCertificate(key ed25519.PublicKey, org OrgID, message []byte) (c Certificate, err error) {
	payload, err := verify1(key, contextCertificate, org, message)
	if err != nil {
		return c, fmt.Errorf("certificate: %w", err)
	}
	return readCertificate(payload)
}

// OwnCertificate reads a certificate of one's own that was verified when it came.
func OwnCertificate(message []byte) (c Certificate, err error) {
	payload, _, err := open1(message)
	if err != nil {
		return c, fmt.Errorf("certificate: %w", err)
	}
	return readCertificate(payload)
}

func readCertificate(payload []byte) (c Certificate, err error) {
	r := canon.NewReader(payload)
	parts := r.Array(7)
	if parts < 6 {
		r.Fail("a certificate of %d parts", parts)
	}
	r.Fixed(c.Device[:])
	r.Fixed(c.Site[:])
	c.Kind = r.Text(64)
	c.Prefix = r.Text(16)
	c.Key = make(ed25519.PublicKey, ed25519.PublicKeySize)
	r.Fixed(c.Key)
	c.IssuedAt = r.Int()
	if parts > 6 {
		if r.Fixed(c.CopyOf[:]); c.CopyOf == (DeviceID{}) {
			r.Fail("a copy of no device")
		}
	}
	return c, r.Done()
}

// ReceiptBody proves that the run of one chain up to Seq is in the log (SPEC §5.5).
// It says nothing of what Apply decides: that comes with a later Checkpoint.
type ReceiptBody struct {
	Device      DeviceID
	Incarnation Incarnation
	Seq         Seq  // last transaction of the run
	Chain       Hash // chain hash after Seq
	History     HistoryID
}

// SignReceipt signs with the key of a server's device, which the organisation certifies.
func SignReceipt(key ed25519.PrivateKey, org OrgID, v ReceiptBody) []byte {
	b := canon.Array(nil, 5)
	b = canon.Bytes(b, v.Device[:])
	b = canon.Bytes(b, v.Incarnation[:])
	b = canon.Uint(b, uint64(v.Seq))
	b = canon.Bytes(b, v.Chain[:])
	b = canon.Bytes(b, v.History[:])
	return sign1(key, contextReceipt, org, b)
}

// VerifyReceipt checks a receipt against the key of the server's device.
func VerifyReceipt(key ed25519.PublicKey, org OrgID, message []byte) (v ReceiptBody, err error) {
	payload, err := verify1(key, contextReceipt, org, message)
	if err != nil {
		return v, fmt.Errorf("receipt: %w", err)
	}
	r := canon.NewReader(payload)
	r.Exactly(5)
	r.Fixed(v.Device[:])
	r.Fixed(v.Incarnation[:])
	v.Seq = Seq(r.Uint(1<<62 - 1))
	r.Fixed(v.Chain[:])
	r.Fixed(v.History[:])
	return v, r.Done()
}

// SignHello signs a server's challenge with the device's key (SPEC §5.2).
func SignHello(key ed25519.PrivateKey, org OrgID, device DeviceID, nonce []byte) []byte {
	return ed25519.Sign(key, toBeSigned(contextHello, org, append(device[:], nonce...)))
}

// VerifyHello checks the signature of SignHello.
func VerifyHello(key ed25519.PublicKey, org OrgID, device DeviceID, nonce, signature []byte) bool {
	return len(key) == ed25519.PublicKeySize && len(signature) == ed25519.SignatureSize &&
		ed25519.Verify(key, toBeSigned(contextHello, org, append(device[:], nonce...)), signature)
}
