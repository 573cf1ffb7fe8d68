package syncproto

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/rawaj/rawaj/syncproto/canon"
)

// BatchHeader (SPEC §4.3) is what a device signs about a consecutive run of one
// chain. The run's boundaries mean nothing; the same transactions may come in other
// batches.
type BatchHeader struct {
	Device      DeviceID
	Incarnation Incarnation
	First       Seq      // of the run; 1 or more
	Before      Hash     // chain hash after First-1; the genesis hash where First is 1
	Last        Seq      // of the run; First or more
	After       Hash     // chain hash after Last
	Bodies      Hash     // SHA-256 over the run's body hashes, one after the other
	Length      uint64   // bytes of the bodies as packed, before compression
	Genesis     *Genesis // where the incarnation continues; there iff First is 1
}

// Body is one transaction of a batch: its bytes as its author wrote them, or only
// their hash where the body has been erased, or is sealed to the organisation's key.
type Body struct {
	Bytes  []byte // nil when erased or sealed
	Hash   Hash   // SHA-256 of the bytes
	Sealed []byte // what the device can no longer read itself
}

// Batch is a signed run of transactions, as it travels and as the log keeps it.
type Batch struct {
	Header BatchHeader
	signed []byte // COSE_Sign1 over the header
	packed []byte // bodies: canonical list, zstd
}

// ErrBatch is wrapped by errors about a batch whose parts do not fit together.
var ErrBatch = errors.New("batch is unsound")

func appendBatchHeader(b []byte, h *BatchHeader) []byte {
	b = canon.Array(b, 9)
	b = canon.Bytes(b, h.Device[:])
	b = canon.Bytes(b, h.Incarnation[:])
	b = canon.Uint(b, uint64(h.First))
	b = canon.Bytes(b, h.Before[:])
	b = canon.Uint(b, uint64(h.Last))
	b = canon.Bytes(b, h.After[:])
	b = canon.Bytes(b, h.Bodies[:])
	b = canon.Uint(b, h.Length)
	if h.Genesis == nil {
		return canon.Null(b)
	}
	return appendParent(canon.Array(b, 3), *h.Genesis)
}

func readBatchHeader(b []byte) (h BatchHeader, err error) {
	r := canon.NewReader(b)
	r.Exactly(9)
	r.Fixed(h.Device[:])
	r.Fixed(h.Incarnation[:])
	h.First = Seq(r.Uint(1<<62 - 1))
	r.Fixed(h.Before[:])
	h.Last = Seq(r.Uint(1<<62 - 1))
	r.Fixed(h.After[:])
	r.Fixed(h.Bodies[:])
	h.Length = r.Uint(MaxBatchLength)
	if !r.Null() {
		h.Genesis = &Genesis{}
		readParent(r, h.Genesis)
	}
	switch {
	case r.Err() != nil:
	case h.First < 1 || h.Last < h.First:
		r.Fail("run from %d to %d", h.First, h.Last)
	case h.Last-h.First >= MaxBatchTransactions:
		r.Fail("run of %d transactions is over %d", h.Last-h.First+1, MaxBatchTransactions)
	case (h.Genesis != nil) != (h.First == 1):
		r.Fail("a genesis belongs to seq 1 and only there")
	}
	return h, r.Done()
}

func readParent(r *canon.Reader, g *Genesis) {
	r.Exactly(3)
	if r.Null() {
		for range 2 {
			if !r.Null() {
				r.Fail("a parent is whole or absent")
			}
		}
		return
	}
	r.Fixed(g.Parent[:])
	g.Seq = Seq(r.Uint(1<<62 - 1))
	r.Fixed(g.Hash[:])
	if g.First() {
		r.Fail("a parent of zeros is written as null")
	}
}

// erasedLength is what the hash of an erased body takes: [32 bytes].
const erasedLength = 1 + 2 + 32

func packBodies(bodies []Body) []byte {
	n := 16
	for i := range bodies {
		n += len(bodies[i].Bytes) + len(bodies[i].Sealed) + 40
	}
	b := canon.Array(make([]byte, 0, n), len(bodies))
	for i := range bodies {
		switch {
		case bodies[i].Bytes != nil:
			b = canon.Bytes(b, bodies[i].Bytes)
		case bodies[i].Sealed != nil:
			b = canon.Bytes(canon.Bytes(canon.Array(b, 2), bodies[i].Hash[:]), bodies[i].Sealed)
		default:
			b = canon.Bytes(canon.Array(b, 1), bodies[i].Hash[:])
		}
	}
	return b
}

// SignBatch makes a batch of the bodies first, first+1, … whose chain hash before
// the first is before; genesis is given iff first is 1.
func SignBatch(key ed25519.PrivateKey, org OrgID, device DeviceID, inc Incarnation, first Seq, before Hash, genesis *Genesis, bodies []Body) (*Batch, error) {
	if len(bodies) == 0 || len(bodies) > MaxBatchTransactions {
		return nil, fmt.Errorf("sign a batch of %d transactions: %w", len(bodies), ErrBatch)
	}
	plain := packBodies(bodies)
	if len(plain) > MaxBatchLength {
		return nil, fmt.Errorf("sign a batch of %d bytes, over %d: %w", len(plain), MaxBatchLength, ErrBatch)
	}
	h := BatchHeader{
		Device: device, Incarnation: inc, First: first, Before: before,
		Last: first + Seq(len(bodies)) - 1, Length: uint64(len(plain)), Genesis: genesis,
	}
	h.After, h.Bodies = runHashes(before, bodies)
	signed := sign1(key, contextBatch, org, appendBatchHeader(nil, &h))
	if _, err := readBatchHeader(appendBatchHeader(nil, &h)); err != nil {
		return nil, fmt.Errorf("sign a batch: %w", err)
	}
	return &Batch{Header: h, signed: signed, packed: compress(plain)}, nil
}

func runHashes(before Hash, bodies []Body) (after, list Hash) {
	sum := sha256.New()
	after = before
	for i := range bodies {
		sum.Write(bodies[i].Hash[:])
		after = Link(after, bodies[i].Hash)
	}
	sum.Sum(list[:0])
	return after, list
}

// NewBody is a body with its hash.
func NewBody(b []byte) Body { return Body{Bytes: b, Hash: BodyHash(b)} }

// Bytes is the batch as it travels: canonical [signed header, packed bodies].
func (b *Batch) Bytes() []byte {
	out := canon.Array(make([]byte, 0, len(b.signed)+len(b.packed)+16), 2)
	out = canon.Bytes(out, b.signed)
	return canon.Bytes(out, b.packed)
}

// Unsealed is the batch with bodies in place of those that were sealed: they are not
// signed but by their hashes. It is ErrBatch where one is not what its hash says.
func (b *Batch) Unsealed(bodies []Body) (*Batch, error) {
	for i := range bodies {
		if bodies[i].Bytes != nil && BodyHash(bodies[i].Bytes) != bodies[i].Hash {
			return nil, fmt.Errorf("a sealed body is not what its hash says: %w", ErrBatch)
		}
	}
	plain := packBodies(bodies)
	if limit := int(b.Header.Length) + erasedLength*len(bodies); len(plain) > limit {
		return nil, fmt.Errorf("unsealed bodies take %d bytes, over %d: %w", len(plain), limit, ErrBatch)
	}
	return &Batch{Header: b.Header, signed: b.signed, packed: compress(plain)}, nil
}

// ParseBatch reads the form of Bytes up to the header. It checks no signature and
// decompresses nothing: see Verify and Open, in this order.
func ParseBatch(raw []byte) (*Batch, error) {
	if len(raw) > MaxBatch {
		return nil, fmt.Errorf("batch of %d bytes is over %d: %w", len(raw), MaxBatch, ErrBatch)
	}
	r := canon.NewReader(raw)
	r.Exactly(2)
	b := &Batch{signed: r.Bytes(MaxGreeting), packed: r.Bytes(MaxBatch)}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	payload, _, err := open1(b.signed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	if b.Header, err = readBatchHeader(payload); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	return b, nil
}

// Verify checks the header's signature against the device's key, then that an
// incarnation begins with its own genesis hash (ErrBatch where it does not).
func (b *Batch) Verify(key ed25519.PublicKey, org OrgID) error {
	if _, err := verify1(key, contextBatch, org, b.signed); err != nil {
		return err
	}
	h := &b.Header
	if h.Genesis != nil && h.Before != GenesisHash(org, h.Device, h.Incarnation, *h.Genesis) {
		return fmt.Errorf("the chain does not begin with its genesis hash: %w", ErrBatch)
	}
	return nil
}

// Open decompresses the bodies, at most to the signed length, and checks that they
// are those that the header signs. It does not look into them. (An erased body may
// have been shorter than its hash, so each may add that much.)
func (b *Batch) Open() ([]Body, error) {
	limit := int(b.Header.Length) + erasedLength*int(b.Header.Last-b.Header.First+1)
	plain, err := decompress(bodiesDecoder, b.packed, limit)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	r := canon.NewReader(plain)
	bodies := make([]Body, r.Array(MaxBatchTransactions))
	for i := range bodies {
		if r.Peek() == canon.KindArray {
			n := r.Array(2)
			r.Fixed(bodies[i].Hash[:])
			if n == 2 {
				bodies[i].Sealed = r.Bytes(MaxBatchLength)
			}
			continue
		}
		bodies[i] = NewBody(r.Bytes(MaxBatchLength))
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	after, list := runHashes(b.Header.Before, bodies)
	if Seq(len(bodies)) != b.Header.Last-b.Header.First+1 || list != b.Header.Bodies || after != b.Header.After {
		return nil, fmt.Errorf("bodies are not those that were signed: %w", ErrBatch)
	}
	return bodies, nil
}
