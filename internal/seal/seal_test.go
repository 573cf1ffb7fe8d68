package seal_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"testing"

	"github.com/rawaj/rawaj/internal/seal"
)

func TestOnlyTheKeyOpensASeal(t *testing.T) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range [][]byte{nil, []byte("made-up name"), bytes.Repeat([]byte{7}, 200<<10)} {
		sealed, err := seal.Seal(public, plain)
		if err != nil {
			t.Fatal(err)
		}
		if len(plain) > 0 && bytes.Contains(sealed, plain[:10]) {
			t.Error("the seal can be read")
		}
		if len(sealed) > len(plain)+400 {
			t.Errorf("%d bytes were sealed as %d", len(plain), len(sealed))
		}
		if got, err := seal.Open(key, sealed, 1<<20); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("opened %d bytes of %d, %v", len(got), len(plain), err)
		}
		if _, err := seal.Open(other, sealed, 1<<20); err == nil {
			t.Error("another key opened it")
		}
		for _, at := range []int{0, 30, len(sealed) / 2, len(sealed) - 1} {
			broken := bytes.Clone(sealed)
			broken[at] ^= 1
			if got, err := seal.Open(key, broken, 1<<20); err == nil && !bytes.Equal(got, plain) {
				t.Errorf("with byte %d changed it opened as something else", at)
			}
		}
		if _, err := seal.Open(key, sealed[:len(sealed)-1], 1<<20); err == nil {
			t.Error("it opened although its end is missing")
		}
	}
}

func FuzzOpen(f *testing.F) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := seal.Seal(public, []byte("made-up"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Fuzz(func(t *testing.T, b []byte) {
		if plain, err := seal.Open(key, b, 1<<20); err == nil && !bytes.Equal(plain, []byte("made-up")) {
			t.Fatalf("%x was opened", b)
		}
	})
}
