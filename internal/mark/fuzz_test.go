package mark_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/internal/mark"
)

// Whatever a crash or a failing disk left of it, a mark is read alike by who looks and by
// who goes on, and what is set then is what is read next.
func FuzzRead(f *testing.F) {
	path := filepath.Join(f.TempDir(), "mark")
	m, err := mark.Open(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	for n := range uint64(3) {
		if err := m.Set(id, n, hashOf(n)); err != nil {
			f.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	m.Close()
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "mark")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		wasID, was, wasHash, known, err := mark.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := mark.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if gotID, n, hash, ok := m.Get(); gotID != wasID || n != was || hash != wasHash || ok != known {
			t.Fatalf("who looks reads %d (known %v), who goes on %d (known %v)", was, known, n, ok)
		}
		if err := m.Set(id, was+1, hashOf(was+1)); err != nil {
			t.Fatal(err)
		}
		if _, n, hash, ok, err := mark.Read(path); n != was+1 || hash != hashOf(was+1) || !ok || err != nil {
			t.Fatalf("after %d was set, %d is read (known %v), %v", was+1, n, ok, err)
		}
	})
}
