package syncproto

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"strings"

	"github.com/rawaj/rawaj/syncproto/canon"
)

// Enrolment (SPEC §7): POST /enrol with an EnrolRequest, answered by an
// EnrolResponse or an EnrolError. The code itself never travels: the device shows
// that it knows it, and so does the server, whose organisation key is thereby
// known to be the right one. The same code with the same key is answered again.

// EnrolRequest asks for a certificate.
type EnrolRequest struct {
	Version   uint64            `cbor:"1,keyasint"`
	CodeID    []byte            `cbor:"2,keyasint"` // first 10 bytes of SHA-256("rawaj/code/1" ‖ code)
	Key       ed25519.PublicKey `cbor:"3,keyasint"` // device's own
	Label     string            `cbor:"4,keyasint"` // what people call the device; at most 80 bytes
	Proof     []byte            `cbor:"5,keyasint"` // HMAC-SHA256 with CodeKey over CodeID, Key and Label (SPEC §7.3)
	Signature []byte            `cbor:"6,keyasint"` // by Key, over "rawaj/enrol/1" and Proof
}

// EnrolResponse takes the device in.
type EnrolResponse struct {
	Org         OrgID             `cbor:"1,keyasint"`
	OrgKey      ed25519.PublicKey `cbor:"2,keyasint"`
	Certificate []byte            `cbor:"3,keyasint"`
	SiteName    string            `cbor:"4,keyasint"`
	Zone        string            `cbor:"5,keyasint"` // IANA name, such as Asia/Dubai
	Lang        string            `cbor:"6,keyasint"` // ar, fa or en
	TimeMS      int64             `cbor:"7,keyasint"` // server's clock, UTC ms
	Proof       []byte            `cbor:"8,keyasint"` // HMAC-SHA256 with CodeKey over all of the above and the request's Proof (SPEC §7.4)
}

// EnrolError refuses.
type EnrolError struct {
	Code         Code   `cbor:"1,keyasint"`
	Detail       string `cbor:"2,keyasint,omitempty"`
	RetryAfterMS int64  `cbor:"3,keyasint,omitempty"`
}

// MaxEnrol bounds the bodies of enrolment.
const MaxEnrol = 4 << 10

// EnrolType is the media type of enrolment's bodies.
const EnrolType = "application/cbor"

// Crockford's alphabet: no I, L, O, U, so that a code can be read aloud.
var codeAlphabet = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// NewCode draws a one-time code of 80 bits, as four groups of four letters.
func NewCode(rand io.Reader) (string, error) {
	b := make([]byte, 10)
	if _, err := io.ReadFull(rand, b); err != nil {
		return "", fmt.Errorf("draw a code: %w", err)
	}
	s := codeAlphabet.EncodeToString(b)
	return s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:], nil
}

// ParseCode brings a code as typed to its 10 bytes: case, spaces, dashes and the
// digits of Arabic and Persian do not matter, O is 0, I and L are 1.
func ParseCode(typed string) ([]byte, error) {
	var s strings.Builder
	for _, c := range strings.ToUpper(typed) {
		switch {
		case c >= '٠' && c <= '٩':
			c = c - '٠' + '0'
		case c >= '۰' && c <= '۹':
			c = c - '۰' + '0'
		case c == 'O':
			c = '0'
		case c == 'I' || c == 'L':
			c = '1'
		case c == '-' || c == ' ' || c == '\u200e' || c == '\u200f':
			continue
		}
		s.WriteRune(c)
	}
	b, err := codeAlphabet.DecodeString(s.String())
	if err != nil || s.Len() != 16 { // the decoder drops a 17th letter without a word
		return nil, fmt.Errorf("enrolment code has 16 letters and digits, such as 7K2M-9QXT-03FA-ZC5E: check what you typed")
	}
	return b, nil
}

// CodeID (SPEC §7.1) is what names a code without giving it away.
func CodeID(code []byte) []byte {
	h := sha256.Sum256(append([]byte("rawaj/code/1"), code...))
	return h[:10]
}

// CodeKey is the key of enrolment's proofs. The server keeps it and CodeID, never
// the code.
func CodeKey(code []byte) []byte {
	h := sha256.Sum256(append([]byte("rawaj/code-key/1"), code...))
	return h[:]
}

func mac(codeKey []byte, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, codeKey)
	for _, p := range parts {
		m.Write(canon.Bytes(nil, p))
	}
	return m.Sum(nil)
}

// NewEnrolRequest asks with a code and the device's key.
func NewEnrolRequest(code []byte, key ed25519.PrivateKey, label string) EnrolRequest {
	r := EnrolRequest{Version: Version, CodeID: CodeID(code), Key: key.Public().(ed25519.PublicKey), Label: label}
	r.Proof = r.proof(CodeKey(code))
	r.Signature = ed25519.Sign(key, append([]byte(contextEnrol), r.Proof...))
	return r
}

func (r *EnrolRequest) proof(codeKey []byte) []byte {
	return mac(codeKey, []byte(contextEnrol), r.CodeID, r.Key, []byte(r.Label))
}

// Holds says that the request was made by someone who knows the code and holds the key.
func (r *EnrolRequest) Holds(codeKey []byte) bool {
	return len(r.Key) == ed25519.PublicKeySize && len(r.Label) <= 80 && hmac.Equal(r.Proof, r.proof(codeKey)) &&
		len(r.Signature) == ed25519.SignatureSize && ed25519.Verify(r.Key, append([]byte(contextEnrol), r.Proof...), r.Signature)
}

// Seal proves to the device that the answer comes from whoever made the code.
func (r *EnrolResponse) Seal(codeKey []byte, request *EnrolRequest) {
	r.Proof = r.proof(codeKey, request)
}

func (r *EnrolResponse) proof(codeKey []byte, request *EnrolRequest) []byte {
	return mac(codeKey, []byte("rawaj/enrolled/1"), request.Proof, r.Org[:], r.OrgKey, r.Certificate,
		[]byte(r.SiteName), []byte(r.Zone), []byte(r.Lang), canon.Int(nil, r.TimeMS))
}

// Check verifies the answer to request and gives the certificate in it.
func (r *EnrolResponse) Check(code []byte, request *EnrolRequest) (Certificate, error) {
	if len(r.OrgKey) != ed25519.PublicKeySize || !hmac.Equal(r.Proof, r.proof(CodeKey(code), request)) {
		return Certificate{}, Errorf(CodeNotSigned, "the server does not know this code: check its address")
	}
	c, err := VerifyCertificate(r.OrgKey, r.Org, r.Certificate)
	if err != nil {
		return c, err
	}
	if !c.Key.Equal(request.Key) {
		return c, Errorf(CodeNotSigned, "certificate is of another key")
	}
	return c, nil
}

// EncodeEnrol and DecodeEnrol bring enrolment's bodies to bytes and back.
func EncodeEnrol(v any) ([]byte, error) { return encMode.Marshal(v) }

// DecodeEnrol reads into v, which is a pointer to one of enrolment's types.
func DecodeEnrol(b []byte, v any) error {
	if len(b) > MaxEnrol {
		return fmt.Errorf("enrolment of %d bytes is over %d: %w", len(b), MaxEnrol, ErrFrame)
	}
	if err := decMode.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %w", ErrFrame, err)
	}
	return nil
}
