package syncproto

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"

	"github.com/rawaj/rawaj/syncproto/canon"
)

// RecordHash is SHA-256 of canonical [table, record, {field: value}] (SPEC §6.1).
// Fields ascend; null ones are absent; those that this version does not know are
// included. Positions and stamps are not.
func RecordHash(scratch []byte, table TableID, record RecordID, fields []FieldValue) (Hash, []byte) {
	n := 0
	for i := range fields {
		if !fields[i].Value.IsNull() {
			n++
		}
	}
	b := canon.Array(scratch[:0], 3)
	b = canon.Uint(b, uint64(table))
	b = canon.Bytes(b, record[:])
	b = canon.Map(b, n)
	for i := range fields {
		if !fields[i].Value.IsNull() {
			b = canon.Uint(b, uint64(fields[i].Field))
			b = AppendValue(b, fields[i].Value)
		}
	}
	return sha256.Sum256(b), b
}

// Sum is a sum of record hashes modulo 2²⁵⁶, in 32 bytes little-endian (SPEC §6.2). It
// does not depend on the order in which records came.
type Sum [32]byte

// Digest tells whether two replicas hold the same records of a share. An empty
// share has the zero Digest.
type Digest struct {
	Count uint64
	Sum   Sum
}

// Add counts a record in.
func (d *Digest) Add(h Hash) {
	d.Count++
	var carry uint64
	for i := 0; i < 32; i += 8 {
		var n uint64
		n, carry = bits.Add64(binary.LittleEndian.Uint64(d.Sum[i:]), binary.LittleEndian.Uint64(h[i:]), carry)
		binary.LittleEndian.PutUint64(d.Sum[i:], n)
	}
}

// Remove takes a record out.
func (d *Digest) Remove(h Hash) {
	d.Count--
	var borrow uint64
	for i := 0; i < 32; i += 8 {
		var n uint64
		n, borrow = bits.Sub64(binary.LittleEndian.Uint64(d.Sum[i:]), binary.LittleEndian.Uint64(h[i:]), borrow)
		binary.LittleEndian.PutUint64(d.Sum[i:], n)
	}
}

// IsZero says that nothing is counted.
func (d Digest) IsZero() bool { return d == Digest{} }

func (d Digest) String() string { return fmt.Sprintf("%d:%s", d.Count, hex.EncodeToString(d.Sum[:8])) }

func (v *Sum) UnmarshalCBOR(b []byte) error { return fixed(v[:], b) }

// PositionHash is the log's hash at a position: SHA-256 of the hash at the position
// before and the chain hash of the transaction judged at this one (SPEC §6.3). At
// position 0 it is SHA-256 of "rawaj/log/1" and the organisation's id.
func PositionHash(before, transaction Hash) Hash { return Link(before, transaction) }

// FirstPositionHash is the log's hash at position 0.
func FirstPositionHash(org OrgID) Hash {
	return sha256.Sum256(append([]byte("rawaj/log/1"), org[:]...))
}
