package syncproto_test

import (
	"bytes"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/syncproto"
)

func genScope() *rapid.Generator[syncproto.Scope] {
	return rapid.Custom(func(t *rapid.T) syncproto.Scope {
		s := syncproto.Scope{Kind: syncproto.ScopeKind(rapid.IntRange(1, 6).Draw(t, "kind"))}
		if s.Kind != syncproto.ScopeOrg && s.Kind != syncproto.ScopeCentre {
			copy(s.ID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		}
		return s
	})
}

func TestScopesSurviveTextBytesAndCBOR(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genScope().Draw(t, "scope")
		var fromText, fromCBOR syncproto.Scope
		if err := fromText.UnmarshalText([]byte(s.String())); err != nil || fromText != s {
			t.Fatalf("text: got %v, %v, want %v", fromText, err, s)
		}
		fromBinary, err := syncproto.ScopeFromBinary(s.AppendBinary(nil))
		if err != nil || fromBinary != s {
			t.Fatalf("bytes: got %v, %v, want %v", fromBinary, err, s)
		}
		b, err := cbor.Marshal(s)
		if err != nil || cbor.Unmarshal(b, &fromCBOR) != nil || fromCBOR != s {
			t.Fatalf("CBOR: got %v, %v, want %v", fromCBOR, err, s)
		}
	})
}

func TestSharesAreOrderedByClassThenByTheScopesBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) syncproto.Share {
			return syncproto.Share{Class: syncproto.Class(rapid.IntRange(1, 4).Draw(t, name)), Scope: genScope().Draw(t, name)}
		}
		a, b := draw("a"), draw("b")
		bytesOf := func(s syncproto.Share) []byte { return s.Scope.AppendBinary([]byte{byte(s.Class)}) }
		if got, want := a.Compare(b), bytes.Compare(bytesOf(a), bytesOf(b)); (got < 0) != (want < 0) || (got == 0) != (want == 0) {
			t.Fatalf("%v against %v: got %d, want %d", a, b, got, want)
		}
	})
}

func TestWhatIsNoScopeIsRefused(t *testing.T) {
	for _, s := range []string{"", "org/", "org/" + site.String(), "centre/x", "site", "site/", "site/x", "Site/" + site.String(), "shop/" + site.String(), "site/" + site.String() + "/"} {
		var v syncproto.Scope
		if err := v.UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q was read as %v", s, v)
		}
	}
	for _, b := range [][]byte{nil, {0}, {7}, {1, 2}, {2}, append([]byte{2}, make([]byte, 15)...), append([]byte{2}, make([]byte, 17)...), append([]byte{1}, make([]byte, 16)...)} {
		if v, err := syncproto.ScopeFromBinary(b); err == nil {
			t.Errorf("%x was read as %v", b, v)
		}
	}
	for _, s := range []string{"4101", "420101", "580101", "6101", "01", "f6", "40"} {
		var v syncproto.Scope
		if err := cbor.Unmarshal(unhex(s), &v); (err == nil) != (s == "4101") {
			t.Errorf("%s: got %v, %v", s, v, err)
		}
	}
}
