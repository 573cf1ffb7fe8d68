// Package canon writes and reads the canonical form of CBOR that everything
// hashed or signed is kept in: RFC 8949 §4.2.1 (core deterministic), and of that
// only null, booleans, integers of 64 bits, byte strings, text, arrays and maps.
// No floats, no tags, no indefinite lengths.
//
// A general CBOR library accepts integers that are longer than they need to be,
// also in its strict modes; a body accepted in two spellings would have two
// hashes. So the reader here refuses whatever the writer would not have written.
package canon

import "encoding/binary"

const (
	majorUint  = 0 << 5
	majorNint  = 1 << 5
	majorBytes = 2 << 5
	majorText  = 3 << 5
	majorArray = 4 << 5
	majorMap   = 5 << 5

	itemFalse = 0xf4
	itemTrue  = 0xf5
	itemNull  = 0xf6
)

func head(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n < 1<<8:
		return append(b, major|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}

// Uint appends an unsigned integer.
func Uint(b []byte, n uint64) []byte { return head(b, majorUint, n) }

// Int appends an integer.
func Int(b []byte, n int64) []byte {
	if n < 0 {
		return head(b, majorNint, uint64(-1-n))
	}
	return head(b, majorUint, uint64(n))
}

// Bytes appends a byte string.
func Bytes(b, v []byte) []byte { return append(head(b, majorBytes, uint64(len(v))), v...) }

// BytesFromString appends a byte string that is kept in a Go string.
func BytesFromString(b []byte, v string) []byte {
	return append(head(b, majorBytes, uint64(len(v))), v...)
}

// Text appends text; the caller vouches that it is valid UTF-8.
func Text(b []byte, v string) []byte { return append(head(b, majorText, uint64(len(v))), v...) }

// Bool appends a boolean.
func Bool(b []byte, v bool) []byte {
	if v {
		return append(b, itemTrue)
	}
	return append(b, itemFalse)
}

// Null appends null.
func Null(b []byte) []byte { return append(b, itemNull) }

// Array appends the head of an array of n items, which the caller appends next.
func Array(b []byte, n int) []byte { return head(b, majorArray, uint64(n)) }

// Map appends the head of a map of n pairs; the caller appends keys in ascending order.
func Map(b []byte, n int) []byte { return head(b, majorMap, uint64(n)) }
