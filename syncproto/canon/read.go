package canon

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// ErrMalformed is wrapped by every error of a Reader.
var ErrMalformed = errors.New("not canonical CBOR")

// Kind is what the next item is.
type Kind byte

// The kinds of items. End means that nothing is left.
const (
	End Kind = iota
	KindUint
	KindNint
	KindBytes
	KindText
	KindArray
	KindMap
	KindBool
	KindNull
	KindOther // floats, tags, indefinite lengths: never canonical here
)

// Reader takes items off a byte slice. Its first error stays: later calls return
// zero values, so that a caller may read a whole structure and ask Err once.
// What it returns points into the slice it was given.
type Reader struct {
	b   []byte
	off int
	err error
}

// NewReader reads from b.
func NewReader(b []byte) *Reader { return &Reader{b: b} }

// Err is the first error met.
func (r *Reader) Err() error { return r.err }

// Offset is how many bytes were taken.
func (r *Reader) Offset() int { return r.off }

// Rest is what has not been taken yet.
func (r *Reader) Rest() []byte { return r.b[r.off:] }

// Fail makes why the Reader's error, unless it has one already.
func (r *Reader) Fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("byte %d: %s: %w", r.off, fmt.Sprintf(format, args...), ErrMalformed)
		r.off = len(r.b)
	}
}

// Done fails unless everything was taken, and returns Err.
func (r *Reader) Done() error {
	if r.err == nil && r.off != len(r.b) {
		r.Fail("%d bytes too many", len(r.b)-r.off)
	}
	return r.err
}

// Peek tells the kind of the next item and takes nothing.
func (r *Reader) Peek() Kind {
	if r.err != nil || r.off >= len(r.b) {
		return End
	}
	switch c := r.b[r.off]; {
	case c == itemNull:
		return KindNull
	case c == itemTrue, c == itemFalse:
		return KindBool
	case c>>5 > 5, c&0x1f > 27:
		return KindOther
	default:
		return KindUint + Kind(c>>5)
	}
}

func (r *Reader) head(major byte, what string) uint64 {
	if r.err != nil {
		return 0
	}
	if r.off >= len(r.b) {
		r.Fail("ends where %s was expected", what)
		return 0
	}
	c := r.b[r.off]
	if c&0xe0 != major {
		r.Fail("found byte 0x%02x where %s was expected", c, what)
		return 0
	}
	info := c & 0x1f
	if info < 24 {
		r.off++
		return uint64(info)
	}
	if info > 27 {
		r.Fail("indefinite or reserved length 0x%02x", c)
		return 0
	}
	size := 1 << (info - 24)
	if len(r.b)-r.off-1 < size {
		r.Fail("ends inside %s", what)
		return 0
	}
	var n uint64
	for _, c := range r.b[r.off+1 : r.off+1+size] {
		n = n<<8 | uint64(c)
	}
	if n < 24 || size > 1 && n < 1<<(4*size) {
		r.Fail("%s %d is written longer than it needs to be", what, n)
		return 0
	}
	r.off += 1 + size
	return n
}

// Uint takes an unsigned integer of at most max.
func (r *Reader) Uint(max uint64) uint64 {
	n := r.head(majorUint, "an unsigned integer")
	if n > max {
		r.Fail("%d is over %d", n, max)
		return 0
	}
	return n
}

// Int takes an integer that fits 64 bits.
func (r *Reader) Int() int64 {
	if r.Peek() == KindNint {
		n := r.head(majorNint, "an integer")
		if n > math.MaxInt64 {
			r.Fail("a negative integer is below 64 bits")
			return 0
		}
		return -1 - int64(n)
	}
	return int64(r.Uint(math.MaxInt64))
}

func (r *Reader) take(n uint64, max int, what string) []byte {
	if n > uint64(max) {
		r.Fail("%s of %d bytes is over %d", what, n, max)
	} else if n > uint64(len(r.b)-r.off) {
		r.Fail("ends inside %s of %d bytes", what, n)
	}
	if r.err != nil {
		return nil
	}
	v := r.b[r.off : r.off+int(n) : r.off+int(n)]
	r.off += int(n)
	return v
}

// Bytes takes a byte string of at most max bytes.
func (r *Reader) Bytes(max int) []byte {
	return r.take(r.head(majorBytes, "a byte string"), max, "a byte string")
}

// Fixed takes a byte string of exactly len(into) bytes.
func (r *Reader) Fixed(into []byte) {
	v := r.Bytes(len(into))
	if r.err == nil && len(v) != len(into) {
		r.Fail("a byte string of %d bytes where %d were expected", len(v), len(into))
	}
	copy(into, v)
}

// Text takes text of at most max bytes.
func (r *Reader) Text(max int) string {
	v := r.take(r.head(majorText, "text"), max, "text")
	if !utf8.Valid(v) {
		r.Fail("text is not valid UTF-8")
		return ""
	}
	return string(v)
}

// Bool takes a boolean.
func (r *Reader) Bool() bool {
	if r.Peek() != KindBool {
		r.Fail("a boolean was expected")
		return false
	}
	r.off++
	return r.b[r.off-1] == itemTrue
}

// Null takes a null if one is next and says whether it did.
func (r *Reader) Null() bool {
	if r.Peek() != KindNull {
		return false
	}
	r.off++
	return true
}

// Array takes the head of an array of at most max items.
func (r *Reader) Array(max int) int { return r.count(majorArray, max, "an array", 1) }

// Map takes the head of a map of at most max pairs. Whether the keys ascend is
// for the caller to check with Ascending.
func (r *Reader) Map(max int) int { return r.count(majorMap, max, "a map", 2) }

func (r *Reader) count(major byte, max int, what string, least uint64) int {
	n := r.head(major, what)
	if n > uint64(max) {
		r.Fail("%s of %d is over %d", what, n, max)
	} else if n*least > uint64(len(r.b)-r.off) {
		r.Fail("ends inside %s of %d", what, n)
	}
	if r.err != nil {
		return 0
	}
	return int(n)
}

// Exactly takes the head of an array of n items.
func (r *Reader) Exactly(n int) {
	if got := r.Array(n); r.err == nil && got != n {
		r.Fail("an array of %d where %d were expected", got, n)
	}
}

// Ascending fails unless key is above the one before; first says that there is none.
func (r *Reader) Ascending(first bool, before, key uint64) {
	if !first && key <= before {
		r.Fail("map key %d does not follow %d", key, before)
	}
}

// Skip takes one whole item, nested no deeper than depth.
func (r *Reader) Skip(depth int) {
	if depth < 0 {
		r.Fail("nested too deep")
		return
	}
	switch r.Peek() {
	case KindUint:
		r.head(majorUint, "an integer")
	case KindNint:
		r.head(majorNint, "an integer")
	case KindBytes:
		r.Bytes(len(r.b))
	case KindText:
		r.Text(len(r.b))
	case KindArray:
		for n := r.Array(len(r.b)); n > 0 && r.err == nil; n-- {
			r.Skip(depth - 1)
		}
	case KindMap:
		for n := 2 * r.Map(len(r.b)); n > 0 && r.err == nil; n-- {
			r.Skip(depth - 1)
		}
	case KindBool, KindNull:
		r.off++
	default:
		r.Fail("an item of a kind that has no place here")
	}
}
