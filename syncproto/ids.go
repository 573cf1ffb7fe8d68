package syncproto

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Identifiers are 16 bytes, one type each so that two cannot be swapped unseen.
// Those of records are UUIDv7, or UUIDv8 where the world has one such thing
// (RFC 9562 §5.7, §5.8; SPEC §3.2); the others are random or are a record's id.
type (
	OrgID       [16]byte // an organisation; also the id of its record
	DeviceID    [16]byte // one installation with its key; also the id of its record
	RecordID    [16]byte // a row of a table of the schema
	Incarnation [16]byte // one life of a writing process; random
	HistoryID   [16]byte // identity of one log; a restore starts a new one
)

type (
	// Hash is a SHA-256.
	Hash [32]byte
	// ShortHash is the first 8 bytes of a Hash, where it only has to tell apart.
	ShortHash [8]byte
	// Seq numbers the transactions of one incarnation, gapless from 1.
	Seq uint64
	// Position is a transaction's place in the log, counted by Apply from 1.
	Position uint64
)

func (v OrgID) String() string       { return formatUUID(v) }
func (v DeviceID) String() string    { return formatUUID(v) }
func (v RecordID) String() string    { return formatUUID(v) }
func (v Incarnation) String() string { return formatUUID(v) }
func (v HistoryID) String() string   { return formatUUID(v) }
func (v Hash) String() string        { return hex.EncodeToString(v[:]) }
func (v ShortHash) String() string   { return hex.EncodeToString(v[:]) }

func (v OrgID) MarshalText() ([]byte, error)       { return []byte(v.String()), nil }
func (v DeviceID) MarshalText() ([]byte, error)    { return []byte(v.String()), nil }
func (v RecordID) MarshalText() ([]byte, error)    { return []byte(v.String()), nil }
func (v Incarnation) MarshalText() ([]byte, error) { return []byte(v.String()), nil }
func (v HistoryID) MarshalText() ([]byte, error)   { return []byte(v.String()), nil }
func (v Hash) MarshalText() ([]byte, error)        { return []byte(v.String()), nil }

func (v *OrgID) UnmarshalText(b []byte) error       { return parseUUID(v, b) }
func (v *DeviceID) UnmarshalText(b []byte) error    { return parseUUID(v, b) }
func (v *RecordID) UnmarshalText(b []byte) error    { return parseUUID(v, b) }
func (v *Incarnation) UnmarshalText(b []byte) error { return parseUUID(v, b) }
func (v *HistoryID) UnmarshalText(b []byte) error   { return parseUUID(v, b) }

// UnmarshalText reads the form of String.
func (v *Hash) UnmarshalText(b []byte) error {
	if n, err := hex.Decode(v[:], b[:min(len(b), 2*len(v))]); err != nil || n != len(v) || len(b) != 2*len(v) {
		return fmt.Errorf("hash %q: want %d hexadecimal digits", b, 2*len(v))
	}
	return nil
}

func (v *OrgID) UnmarshalCBOR(b []byte) error       { return fixed(v[:], b) }
func (v *DeviceID) UnmarshalCBOR(b []byte) error    { return fixed(v[:], b) }
func (v *RecordID) UnmarshalCBOR(b []byte) error    { return fixed(v[:], b) }
func (v *Incarnation) UnmarshalCBOR(b []byte) error { return fixed(v[:], b) }
func (v *HistoryID) UnmarshalCBOR(b []byte) error   { return fixed(v[:], b) }
func (v *Hash) UnmarshalCBOR(b []byte) error        { return fixed(v[:], b) }
func (v *ShortHash) UnmarshalCBOR(b []byte) error   { return fixed(v[:], b) }

// IsZero says that there is no such record.
func (v RecordID) IsZero() bool { return v == RecordID{} }

// Short is the first 8 bytes.
func (v Hash) Short() ShortHash { return ShortHash(v[:8]) }

// MS is the Unix millisecond in the first 48 bits of a UUIDv7 or UUIDv8 of ours.
func (v RecordID) MS() int64 { return int64(binary.BigEndian.Uint64(v[:8]) >> 16) }

// ParseRecordID reads the 36-character form.
func ParseRecordID(s string) (RecordID, error) {
	var v RecordID
	return v, v.UnmarshalText([]byte(s))
}

func formatUUID[T ~[16]byte](v T) string {
	b := [16]byte(v)
	var s [36]byte
	hex.Encode(s[0:8], b[0:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:36], b[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

func parseUUID[T ~[16]byte](v *T, b []byte) error {
	if len(b) != 36 {
		return fmt.Errorf("id %q: want 36 characters", b)
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(string(b), "-", ""))
	if err != nil || len(raw) != 16 || formatUUID(T(raw)) != strings.ToLower(string(b)) {
		return fmt.Errorf("id %q: want xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx in hexadecimal digits", b)
	}
	*v = T(raw)
	return nil
}

// fixed takes a CBOR byte string of exactly len(into) bytes (24 or more have a head of two).
func fixed(into, b []byte) error {
	want := []byte{0x40 | byte(len(into))}
	if len(into) >= 24 {
		want = []byte{0x58, byte(len(into))}
	}
	if len(b) != len(want)+len(into) || string(b[:len(want)]) != string(want) {
		return fmt.Errorf("want a byte string of %d bytes", len(into))
	}
	copy(into, b[len(want):])
	return nil
}

// Children is how many ids may be derived from one with Child: the low 16 bits of
// an id made here are 0 and reserved for them.
const Children = 1<<16 - 1

// Child is the n-th id of a family: a line of a sale, a payment of it. It differs
// from its parent in the last two bytes only, which costs a batch next to nothing
// and keeps the lines of a sale next to each other on disk.
func (v RecordID) Child(n int) RecordID {
	if n < 1 || n > Children || v[14] != 0 || v[15] != 0 {
		panic(fmt.Sprintf("bug: child %d of %v", n, v))
	}
	binary.BigEndian.PutUint16(v[14:], uint16(n))
	return v
}

// Letters are four that tell a record on paper from another of the same number: head office
// gives a number again that it has forgotten. One pair of records in a million has the same.
func (v RecordID) Letters() string {
	h := sha256.Sum256(v[:])
	return codeAlphabet.EncodeToString(h[:3])[:4]
}

// LastChild is the greatest id that Child gives: what is derived from v lies behind v and up
// to it. Nothing is derived from what is derived itself: that has nothing behind it.
func (v RecordID) LastChild() RecordID {
	if v[14] == 0 && v[15] == 0 {
		v[14], v[15] = 0xff, 0xff
	}
	return v
}

// DerivedID is the id of a thing of which the world has one: UUIDv8 of 48 bits of
// time (Unix ms, of the parent, so that keys stay ordered), then SHA-256 over what
// names it, and 16 bits kept at 0 for Child.
func DerivedID(ms int64, kind string, parts ...[]byte) RecordID {
	h := sha256.New()
	h.Write([]byte("rawaj/id/1\x00" + kind))
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write(p)
	}
	var v RecordID
	copy(v[6:], h.Sum(nil))
	putMS(&v, ms)
	v[6] = v[6]&0x0f | 0x80
	v[8] = v[8]&0x3f | 0x80
	v[14], v[15] = 0, 0
	return v
}

func putMS(v *RecordID, ms int64) {
	ms = min(max(ms, 0), 1<<48-1)
	v[0], v[1], v[2] = byte(ms>>40), byte(ms>>32), byte(ms>>24)
	v[3], v[4], v[5] = byte(ms>>16), byte(ms>>8), byte(ms)
}

// IDs makes ids. Within one millisecond, and while the clock stands or goes back,
// each is the one before plus one (RFC 9562 §6.2, method 2), so that ids made
// together are near each other.
type IDs struct {
	rand io.Reader
	now  func() time.Time
	mu   sync.Mutex
	last RecordID
}

// NewIDs draws from rand and follows now.
func NewIDs(rand io.Reader, now func() time.Time) *IDs { return &IDs{rand: rand, now: now} }

// Record makes the UUIDv7 of a new record, with its low 16 bits at 0 for Child.
func (g *IDs) Record() (RecordID, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if ms := g.now().UnixMilli(); ms > g.last.MS() || g.last.IsZero() {
		if err := g.draw(ms); err != nil {
			return RecordID{}, err
		}
		return g.last, nil
	}
	low := binary.BigEndian.Uint32(g.last[10:14]) + 1
	if low == 0 { // ran over: go on in the next millisecond
		if err := g.draw(g.last.MS() + 1); err != nil {
			return RecordID{}, err
		}
		return g.last, nil
	}
	binary.BigEndian.PutUint32(g.last[10:14], low)
	return g.last, nil
}

func (g *IDs) draw(ms int64) error {
	var v RecordID
	if _, err := io.ReadFull(g.rand, v[6:14]); err != nil {
		return fmt.Errorf("draw an id: %w", err)
	}
	putMS(&v, ms)
	v[6] = v[6]&0x0f | 0x70
	v[8] = v[8]&0x3f | 0x80
	g.last = v
	return nil
}

// Random draws 16 random bytes, for an incarnation, a history or an organisation.
func Random[T ~[16]byte](rand io.Reader) (T, error) {
	var v T
	b := make([]byte, 16)
	if _, err := io.ReadFull(rand, b); err != nil {
		return v, fmt.Errorf("draw an id: %w", err)
	}
	return T(b), nil
}
