package syncproto_test

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/syncproto"
)

func genHash() *rapid.Generator[syncproto.Hash] {
	return rapid.Custom(func(t *rapid.T) syncproto.Hash {
		if rapid.Bool().Draw(t, "full") { // carries through all of it
			var h syncproto.Hash
			for i := range h {
				h[i] = 0xff
			}
			return h
		}
		return syncproto.Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
	})
}

func TestDigestDoesNotDependOnTheWayThatRecordsTook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		held := rapid.SliceOfN(genHash(), 0, 20).Draw(t, "held")
		passing := rapid.SliceOfN(genHash(), 0, 20).Draw(t, "passing")
		var straight, roundabout syncproto.Digest
		for _, h := range held {
			straight.Add(h)
		}
		for _, h := range rapid.Permutation(slices.Concat(held, passing)).Draw(t, "order") {
			roundabout.Add(h)
		}
		for _, h := range rapid.Permutation(passing).Draw(t, "leaving") {
			roundabout.Remove(h)
		}
		if straight != roundabout || straight.IsZero() != (len(held) == 0) {
			t.Fatalf("%v against %v of %d records", straight, roundabout, len(held))
		}
	})
}

func TestDigestIsASumModuloTwoToThe256(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d syncproto.Digest
		want := new(big.Int)
		for _, h := range rapid.SliceOfN(genHash(), 0, 20).Draw(t, "hashes") {
			d.Add(h)
			want.Add(want, little(h[:]))
		}
		want.Mod(want, new(big.Int).Lsh(big.NewInt(1), 256))
		if got := little(d.Sum[:]); got.Cmp(want) != 0 {
			t.Fatalf("got %x, want %x", got, want)
		}
	})
}

func little(b []byte) *big.Int {
	b = slices.Clone(b)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

func TestRecordHashLeavesNullsOutAndNothingElse(t *testing.T) {
	field := func(id syncproto.FieldID, v syncproto.Value) syncproto.FieldValue {
		return syncproto.FieldValue{Field: id, Value: v}
	}
	hash := func(f ...syncproto.FieldValue) syncproto.Hash {
		h, _ := syncproto.RecordHash(nil, 7, sale, f)
		return h
	}
	one := field(1, syncproto.IntValue(1))
	if hash(one) != hash(one, field(2, syncproto.Value{})) {
		t.Error("a null field changes the hash")
	}
	all := map[syncproto.Hash]bool{
		hash(): true, hash(one): true, hash(field(2, syncproto.IntValue(1))): true, hash(field(1, syncproto.TextValue("1"))): true,
		hash(field(1, syncproto.BytesValue([]byte("1")))): true, hash(field(1, syncproto.BoolValue(true))): true, hash(field(1, syncproto.TextValue(""))): true,
	}
	if len(all) != 7 {
		t.Errorf("%d different hashes of 7", len(all))
	}
}
