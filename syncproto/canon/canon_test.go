package canon_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/syncproto/canon"
)

const maxDepth = 6

// write appends any value that has a canonical form here.
func write(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return canon.Null(b)
	case bool:
		return canon.Bool(b, v)
	case uint64:
		return canon.Uint(b, v)
	case int64:
		return canon.Int(b, v)
	case []byte:
		return canon.Bytes(b, v)
	case string:
		return canon.Text(b, v)
	case []any:
		b = canon.Array(b, len(v))
		for _, item := range v {
			b = write(b, item)
		}
		return b
	}
	m := v.(map[uint64]any)
	b = canon.Map(b, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		b = write(canon.Uint(b, k), m[k])
	}
	return b
}

// read takes any value; maps have unsigned keys.
func read(r *canon.Reader, depth int) any {
	if depth == 0 {
		r.Fail("nested too deep")
	}
	switch r.Peek() {
	case canon.KindNull:
		r.Null()
		return nil
	case canon.KindBool:
		return r.Bool()
	case canon.KindUint:
		return r.Uint(math.MaxUint64)
	case canon.KindNint:
		return r.Int()
	case canon.KindBytes:
		return r.Bytes(1 << 20)
	case canon.KindText:
		return r.Text(1 << 20)
	case canon.KindArray:
		list := make([]any, r.Array(1<<20))
		for i := range list {
			list[i] = read(r, depth-1)
		}
		return list
	case canon.KindMap:
		m, last := map[uint64]any{}, uint64(0)
		for i, n := 0, r.Map(1<<20); i < n && r.Err() == nil; i++ {
			k := r.Uint(math.MaxUint64)
			r.Ascending(i == 0, last, k)
			m[k], last = read(r, depth-1), k
		}
		return m
	}
	r.Fail("nothing of ours")
	return nil
}

func anything(depth int) *rapid.Generator[any] {
	plain := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Bool().AsAny(), rapid.Uint64().AsAny(), rapid.Int64Max(-1).AsAny(),
		rapid.SampledFrom([]uint64{0, 23, 24, 255, 256, 65535, 65536, 1<<32 - 1, 1 << 32, math.MaxUint64}).AsAny(),
		rapid.SampledFrom([]int64{-1, -24, -25, -256, -257, -65536, -65537, -1 << 32, -1<<32 - 1, math.MinInt64}).AsAny(),
		rapid.SliceOfN(rapid.Byte(), 0, 300).AsAny(), rapid.String().AsAny(),
	}
	if depth > 1 {
		inner := rapid.Deferred(func() *rapid.Generator[any] { return anything(depth - 1) })
		plain = append(plain, rapid.SliceOfN(inner, 0, 30).AsAny(), rapid.MapOfN(rapid.Uint64(), inner, 0, 30).AsAny())
	}
	return rapid.OneOf(plain...)
}

var (
	coreDet, _ = cbor.CoreDetEncOptions().EncMode()
	strict, _  = cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden, UTF8: cbor.UTF8RejectInvalid,
	}.DecMode()
)

func TestEqualValuesHaveTheBytesOfCoreDeterministicCBOR(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anything(4).Draw(t, "v")
		want, err := coreDet.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if got := write(nil, v); !bytes.Equal(got, want) {
			t.Fatalf("got %x, want %x", got, want)
		}
	})
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { agree(t, write(nil, anything(4).Draw(t, "v"))) })
}

// agree checks bytes that the reader takes: they are the only spelling of their
// value, and a strict general decoder takes them and means the same.
func agree(t interface{ Fatalf(string, ...any) }, b []byte) {
	r := canon.NewReader(b)
	v := read(r, maxDepth)
	if err := r.Done(); err != nil {
		t.Fatalf("%x: %v", b, err)
	}
	if again := write(nil, v); !bytes.Equal(again, b) {
		t.Fatalf("%x is written again as %x", b, again)
	}
	var other any
	if err := strict.Unmarshal(b, &other); err != nil {
		t.Fatalf("%x: a strict decoder says %v", b, err)
	}
	if again, err := coreDet.Marshal(other); err != nil || !bytes.Equal(again, b) {
		t.Fatalf("%x means %v to another decoder, which writes %x (%v)", b, other, again, err)
	}
}

func FuzzReader(f *testing.F) {
	for _, v := range []any{nil, true, uint64(24), int64(-500), []byte("x"), "چای", []any{uint64(1), "a"}, map[uint64]any{1: nil, 300: []any{}}} {
		f.Add(write(nil, v))
	}
	for _, s := range []string{"1817", "9f01ff", "c101", "f93c00", "a200000000", "9b1000000000000000", strings.Repeat("81", 40)} {
		b, _ := hex.DecodeString(s)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := canon.NewReader(b)
		read(r, maxDepth)
		if r.Done() == nil {
			agree(t, b)
			s := canon.NewReader(b)
			if s.Skip(maxDepth); s.Done() != nil {
				t.Fatalf("%x can be read, but not skipped: %v", b, s.Err())
			}
		} else if !errors.Is(r.Err(), canon.ErrMalformed) {
			t.Fatalf("%x: %v", b, r.Err())
		}
	})
}

func TestReaderRefusesEveryOtherSpelling(t *testing.T) {
	for _, c := range []struct{ why, bytes string }{
		{"nothing", ""},
		{"0 in two bytes", "1800"},
		{"23 in two bytes", "1817"},
		{"255 in three bytes", "1900ff"},
		{"65535 in five bytes", "1a0000ffff"},
		{"2^32-1 in nine bytes", "1b00000000ffffffff"},
		{"-1 in two bytes", "3800"},
		{"length in two bytes", "580161"},
		{"reserved length", "1c"},
		{"integer that is cut", "19ff"},
		{"bytes that are cut", "4261"},
		{"indefinite bytes", "5f4161ff"},
		{"indefinite text", "7f6161ff"},
		{"indefinite array", "9f00ff"},
		{"indefinite map", "bf0000ff"},
		{"break alone", "ff"},
		{"tag", "c000"},
		{"half float", "f93c00"},
		{"float", "fa3f800000"},
		{"double", "fb3ff0000000000000"},
		{"undefined", "f7"},
		{"simple value", "e0"},
		{"true in two bytes", "f815"},
		{"keys the wrong way round", "a201000000"},
		{"one key twice", "a200000000"},
		{"negative key", "a12000"},
		{"below 64 bits", "3b8000000000000000"},
		{"more items than bytes", "8400"},
		{"more pairs than bytes", "a20000"},
		{"2^60 items", "9b1000000000000000"},
		{"2^60 bytes", "5b1000000000000000"},
		{"2^63 pairs, doubled over 64 bits", "bb8000000000000000"},
		{"bad UTF-8", "61ff"},
		{"two values", "0000"},
	} {
		b, err := hex.DecodeString(c.bytes)
		if err != nil {
			t.Fatal(err)
		}
		r := canon.NewReader(b)
		read(r, maxDepth)
		if err := r.Done(); !errors.Is(err, canon.ErrMalformed) {
			t.Errorf("%s (%s): got %v", c.why, c.bytes, err)
		}
		if r.Done(); !errors.Is(r.Err(), canon.ErrMalformed) {
			t.Errorf("%s: the error went away", c.why)
		}
	}
}

func TestSkipGoesNoDeeperThanAllowed(t *testing.T) {
	for depth, ok := range map[int]bool{3: true, 4: false, 10_000: false} {
		r := canon.NewReader(append(bytes.Repeat([]byte{0x81}, depth), 0))
		if r.Skip(3); (r.Done() == nil) != ok {
			t.Errorf("depth %d: %v", depth, r.Err())
		}
	}
}

func TestReaderTakesNoMemoryForWhatIsOnlyClaimed(t *testing.T) {
	for _, head := range []byte{0x9b, 0xbb, 0x5b, 0x7b} {
		b := []byte{head, 0x10, 0, 0, 0, 0, 0, 0, 0}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 1000 {
			read(canon.NewReader(b), maxDepth)
		}
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / 1000; each > 2<<10 {
			t.Errorf("%x took %d bytes", b, each)
		}
	}
}

func TestAnArrayOfMoreItemsThanThereAreBytesIsRefusedAtItsHead(t *testing.T) {
	for _, head := range [][]byte{{0x99, 0x10, 0x00}, {0xb9, 0x10, 0x00}} {
		r := canon.NewReader(append(head, 0, 0, 0))
		n := 0
		if head[0] == 0x99 {
			n = r.Array(1 << 16)
		} else {
			n = r.Map(1 << 16)
		}
		if n != 0 || r.Err() == nil {
			t.Errorf("%x: room for %d items, %v", head, n, r.Err())
		}
	}
}
