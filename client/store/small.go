package store

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"maps"
	"slices"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/canon"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func encodePoint(p *syncproto.ReadPoint) any {
	if p == nil {
		return nil
	}
	b := canon.Array(nil, 3)
	b = canon.Uint(b, uint64(p.Position))
	b = canon.Uint(b, uint64(p.Head))
	return canon.Bytes(b, p.Hash[:])
}

func decodePoint(b []byte) (*syncproto.ReadPoint, error) {
	if b == nil {
		return nil, nil
	}
	p := &syncproto.ReadPoint{}
	r := canon.NewReader(b)
	r.Exactly(3)
	p.Position = syncproto.Position(r.Uint(1<<63 - 1))
	p.Head = syncproto.Position(r.Uint(1<<63 - 1))
	r.Fixed(p.Hash[:])
	return p, r.Done()
}

func readAmounts(b []byte, into map[string]int64) error {
	if b == nil {
		return nil
	}
	r := canon.NewReader(b)
	for n := r.Array(64); n > 0; n-- {
		r.Exactly(2)
		currency := r.Text(3)
		into[currency] += r.Int()
	}
	return r.Done()
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// kept is what of a progress recording changes, as it stands beside each transaction.
// Nothing else says it there, so it carries a checksum.
func (p *Progress) kept() []byte {
	b := binary.AppendUvarint(nil, uint64(p.receiptNo))
	b = binary.AppendUvarint(b, uint64(p.ownRows))
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// readKept takes over what kept gave.
func (p *Progress) readKept(b []byte) error {
	n := len(b) - 4
	if n < 0 || crc32.Checksum(b[:n], castagnoli) != binary.BigEndian.Uint32(b[n:]) {
		return errors.New("the receipt number beside a transaction is damaged")
	}
	receiptNo, size := binary.Uvarint(b)
	ownRows, _ := binary.Uvarint(b[size:])
	p.receiptNo, p.ownRows = int64(receiptNo), int64(ownRows)
	return nil
}
