package syncproto_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/syncproto"
)

func newID(t testing.TB, g *syncproto.IDs) syncproto.RecordID {
	id, err := g.Record()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func above(a, b syncproto.RecordID) bool { return bytes.Compare(a[:], b[:]) > 0 }

func TestIdsGrowAndDifferWhateverTheClockDoes(t *testing.T) {
	for name, step := range map[string]func(i int) time.Duration{
		"clock moves on":    func(int) time.Duration { return time.Millisecond },
		"clock stands":      func(int) time.Duration { return 0 },
		"clock goes back":   func(int) time.Duration { return -time.Second },
		"clock goes astray": func(i int) time.Duration { return time.Duration(i%7-3) * time.Minute },
	} {
		t.Run(name, func(t *testing.T) {
			now := time.UnixMilli(nowMS)
			g := syncproto.NewIDs(rand.Reader, func() time.Time { return now })
			var last syncproto.RecordID
			for i := range 100_000 {
				now = now.Add(step(i))
				id := newID(t, g)
				if !above(id, last) {
					t.Fatalf("%v after %v", id, last)
				}
				if id[6]>>4 != 7 || id[8]>>6 != 2 || id[14] != 0 || id[15] != 0 {
					t.Fatalf("%v is no UUIDv7 with room for children", id)
				}
				last = id
			}
		})
	}
}

func TestIdsOfOneMillisecondRunOverIntoTheNext(t *testing.T) {
	high := bytes.NewReader(append(bytes.Repeat([]byte{0xff}, 8), make([]byte, 8)...))
	g := syncproto.NewIDs(io.MultiReader(high, iotest.ErrReader(errors.New("dry"))), func() time.Time { return time.UnixMilli(5) })
	first, second := newID(t, g), newID(t, g)
	if first.MS() != 5 || second.MS() != 6 || !above(second, first) {
		t.Errorf("got %v, then %v", first, second)
	}
}

func TestIdsStayInOrderWhenRandomnessFailsOnce(t *testing.T) {
	source := &sometimes{data: bytes.Repeat([]byte{0xff}, 16)}
	g := syncproto.NewIDs(source, func() time.Time { return time.UnixMilli(5) })
	first := newID(t, g)
	source.fails = true
	if _, err := g.Record(); err == nil {
		t.Fatal("no error")
	}
	source.fails = false
	if second := newID(t, g); !above(second, first) {
		t.Errorf("got %v after %v", second, first)
	}
}

type sometimes struct {
	data  []byte
	fails bool
}

func (s *sometimes) Read(b []byte) (int, error) {
	if s.fails {
		return 0, errors.New("dry")
	}
	return copy(b, s.data), nil
}

func TestTwoSourcesOfIdsAtOneTimeDoNotMeet(t *testing.T) {
	now := func() time.Time { return time.UnixMilli(nowMS) }
	seen := map[syncproto.RecordID]bool{}
	for range 100 {
		g := syncproto.NewIDs(rand.Reader, now)
		for range 1000 {
			seen[newID(t, g)] = true
		}
	}
	if len(seen) != 100_000 {
		t.Errorf("%d different ids of 100000", len(seen))
	}
}

func TestChildrenLieBetweenTheirParentAndTheNextId(t *testing.T) {
	g := syncproto.NewIDs(rand.Reader, func() time.Time { return time.UnixMilli(nowMS) })
	a, b := newID(t, g), newID(t, g)
	if !above(a.Child(1), a) || !above(a.Child(syncproto.Children), a.Child(1)) || !above(b, a.Child(syncproto.Children)) {
		t.Errorf("%v, %v", a, b)
	}
	if a.LastChild() != a.Child(syncproto.Children) || a.Child(3).LastChild() != a.Child(3) {
		t.Error("what lies behind an id and up to its last child is what is derived from it, and nothing else")
	}
	for name, f := range map[string]func(){
		"child 0": func() { a.Child(0) }, "child 65536": func() { a.Child(syncproto.Children + 1) }, "child of a child": func() { a.Child(1).Child(1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestDerivedIdDependsOnEveryPartAndItsBounds(t *testing.T) {
	id := func(ms int64, kind string, parts ...string) syncproto.RecordID {
		var list [][]byte
		for _, p := range parts {
			list = append(list, []byte(p))
		}
		v := syncproto.DerivedID(ms, kind, list...)
		if v[6]>>4 != 8 || v[8]>>6 != 2 || v[14] != 0 || v[15] != 0 || v.MS() != max(ms, 0) {
			t.Errorf("%v is no UUIDv8 of %d with room for children", v, ms)
		}
		return v
	}
	all := map[syncproto.RecordID]bool{
		id(5, "a", "b"): true, id(6, "a", "b"): true, id(5, "b", "b"): true, id(5, "a", "bc"): true,
		id(5, "a", "b", "c"): true, id(5, "a", "", "b"): true, id(5, "a", "b", ""): true, id(5, "a"): true, id(5, "ab"): true, id(-1, "a"): true,
	}
	if len(all) != 10 || !all[id(5, "a", "b")] {
		t.Errorf("%d different ids of 10", len(all))
	}
}

func TestIdsAreReadInTheirOneFormOfText(t *testing.T) {
	if got := recordID("0199F123-4567-7ABC-8DEF-012345670000"); got != sale {
		t.Errorf("capitals: got %v", got)
	}
	for _, s := range []string{"", "0199f12345677abc8def012345670000", "{0199f123-4567-7abc-8def-01234567000}", "0199f123-4567-7abc-8def-01234567000g",
		"0199f1234-567-7abc-8def-012345670000", "0199f123-4567-7abc-8def-0123456700000", "------------------------------------"} {
		if v, err := syncproto.ParseRecordID(s); err == nil {
			t.Errorf("%q was read as %v", s, v)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		v := syncproto.RecordID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		if got := recordID(v.String()); got != v {
			t.Fatalf("got %v, want %v", got, v)
		}
	})
}

func TestIdsAreReadInTheirOneFormOfCBOR(t *testing.T) {
	for _, c := range []struct {
		bytes string
		ok    bool
	}{
		{"50" + "000102030405060708090a0b0c0d0e0f", true},
		{"5810" + "000102030405060708090a0b0c0d0e0f", false},
		{"4f" + "000102030405060708090a0b0c0d0e", false},
		{"60", false}, {"f6", false}, {"00", false}, {"8100", false},
		{"70" + "61616161616161616161616161616161", false},
	} {
		var v syncproto.DeviceID
		if err := cbor.Unmarshal(unhex(c.bytes), &v); (err == nil) != c.ok {
			t.Errorf("%s: got %v", c.bytes, err)
		}
	}
	var h syncproto.Hash
	if err := cbor.Unmarshal(append([]byte{0x58, 32}, make([]byte, 32)...), &h); err != nil {
		t.Error(err)
	}
	if err := cbor.Unmarshal(append([]byte{0x59, 0, 32}, make([]byte, 32)...), &h); err == nil {
		t.Error("a hash with a longer head was read")
	}
}

func TestRandomTakesSixteenBytesOrFails(t *testing.T) {
	if _, err := syncproto.Random[syncproto.Incarnation](bytes.NewReader(make([]byte, 15))); err == nil {
		t.Error("15 bytes were enough")
	}
}
