package syncproto

import (
	"fmt"
	"strconv"

	"github.com/rawaj/rawaj/syncproto/canon"
)

// Kind is the type of a Value.
type Kind uint8

// The kinds of values. There are no floats, arrays or maps (SPEC §3.1).
const (
	Null Kind = iota
	Bool
	Int
	Text
	Bytes
)

// Value is what a field holds. The zero Value is null. Values compare with ==.
type Value struct {
	kind Kind
	n    int64
	s    string
}

// BoolValue, IntValue, TextValue and BytesValue make values.
func BoolValue(v bool) Value {
	if v {
		return Value{kind: Bool, n: 1}
	}
	return Value{kind: Bool}
}

// IntValue holds an integer of 64 bits.
func IntValue(v int64) Value { return Value{kind: Int, n: v} }

// TextValue holds text, which has to be valid UTF-8.
func TextValue(v string) Value { return Value{kind: Text, s: v} }

// BytesValue holds bytes.
func BytesValue(v []byte) Value { return Value{kind: Bytes, s: string(v)} }

// IDValue holds the id of a record; the zero id is null.
func IDValue(v RecordID) Value {
	if v.IsZero() {
		return Value{}
	}
	return BytesValue(v[:])
}

// Kind is the value's type.
func (v Value) Kind() Kind { return v.kind }

// IsNull says that the field holds nothing.
func (v Value) IsNull() bool { return v.kind == Null }

// Int is the integer, 0 for other kinds.
func (v Value) Int() int64 {
	if v.kind == Int {
		return v.n
	}
	return 0
}

// Bool is the boolean, false for other kinds.
func (v Value) Bool() bool { return v.kind == Bool && v.n != 0 }

// Text is the text, empty for other kinds.
func (v Value) Text() string {
	if v.kind == Text {
		return v.s
	}
	return ""
}

// Bytes is a copy of the bytes, nil for other kinds.
func (v Value) Bytes() []byte {
	if v.kind == Bytes {
		return []byte(v.s)
	}
	return nil
}

// Raw is text, or bytes, as they are kept: without the copy that Bytes makes. It is
// empty for other kinds.
func (v Value) Raw() string { return v.s }

// ID is the bytes as the id of a record; zero where they are none.
func (v Value) ID() RecordID {
	var id RecordID
	if v.kind == Bytes && len(v.s) == len(id) {
		copy(id[:], v.s)
	}
	return id
}

// Len is the length of text or bytes, in bytes.
func (v Value) Len() int { return len(v.s) }

// String is for logs of tests and the command line, never for protected content.
func (v Value) String() string {
	switch v.kind {
	case Bool:
		return strconv.FormatBool(v.n != 0)
	case Int:
		return strconv.FormatInt(v.n, 10)
	case Text:
		return v.s
	case Bytes:
		if id := v.ID(); !id.IsZero() {
			return id.String()
		}
		return fmt.Sprintf("%x", v.s)
	}
	return ""
}

// AppendValue appends the value's canonical form.
func AppendValue(b []byte, v Value) []byte {
	switch v.kind {
	case Bool:
		return canon.Bool(b, v.n != 0)
	case Int:
		return canon.Int(b, v.n)
	case Text:
		return canon.Text(b, v.s)
	case Bytes:
		return canon.BytesFromString(b, v.s)
	}
	return canon.Null(b)
}

// ReadValue takes one value.
func ReadValue(r *canon.Reader) Value {
	switch r.Peek() {
	case canon.KindNull:
		r.Null()
		return Value{}
	case canon.KindBool:
		return BoolValue(r.Bool())
	case canon.KindUint, canon.KindNint:
		return IntValue(r.Int())
	case canon.KindText:
		return TextValue(r.Text(MaxText))
	case canon.KindBytes:
		return BytesValue(r.Bytes(MaxBytes))
	}
	r.Fail("a value is null, a boolean, an integer, text or bytes")
	return Value{}
}
