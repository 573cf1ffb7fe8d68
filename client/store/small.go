package store

import (
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
