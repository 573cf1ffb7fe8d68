package mark_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/internal/mark"
)

var id = [16]byte{'l', 'o', 'g'}

func hashOf(n uint64) (h [32]byte) {
	h[0], h[31] = byte(n), ^byte(n)
	return h
}

func open(t *testing.T, path string) *mark.File {
	t.Helper()
	m, err := mark.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func set(t *testing.T, m *mark.File, ns ...uint64) {
	t.Helper()
	for _, n := range ns {
		if err := m.Set(id, n, hashOf(n)); err != nil {
			t.Fatal(err)
		}
	}
}

// expect opens the file anew, as after a crash; n is 0 where nothing is known.
func expect(t *testing.T, path string, n uint64) {
	t.Helper()
	gotID, got, hash, ok := open(t, path).Get()
	if ok != (n > 0) || got != n {
		t.Fatalf("got %d (known: %v), want %d", got, ok, n)
	}
	if ok && (gotID != id || hash != hashOf(n)) {
		t.Fatalf("got id %x and hash %x at %d, want %x and %x", gotID, hash, n, id, hashOf(n))
	}
}

func edit(t *testing.T, path string, f func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, f(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheMarkIsThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mark")
	expect(t, path, 0)
	for n := uint64(1); n <= 5; n++ {
		set(t, open(t, path), n)
		expect(t, path, n)
	}
	set(t, open(t, path), 2) // a forced open may go back
	expect(t, path, 2)
}

func TestTheNumberThatWasGivenIsThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mark")
	if err := open(t, path).SetGiven(id, 7, hashOf(7), 1<<40); err != nil {
		t.Fatal(err)
	}
	expect(t, path, 7)
	if got := open(t, path).Given(); got != 1<<40 {
		t.Errorf("got %d", got)
	}
}

func TestSlotsAreWrittenInTurn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mark")
	m := open(t, path)
	set(t, m, 1, 2)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	set(t, m, 3)
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(before[4096:], after[4096:]) || !bytes.Equal(before[:4096], after[:4096]) {
		t.Error("mark 3 did not go to the slot of mark 1 alone")
	}
}

func TestATornWriteLeavesTheMarkBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mark")
	set(t, open(t, path), 6, 7)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range 84 { // every byte of a slot counts
		for _, slot := range []int{0, 4096} {
			edit(t, path, func([]byte) []byte {
				b := bytes.Clone(whole)
				b[slot+at] ^= 0x40
				return b
			})
			want := map[int]uint64{0: 6, 4096: 7}[slot] // generation 2 is in the first
			expect(t, path, want)
		}
	}
}

func TestAFileCutShortLeavesWhatIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mark")
	set(t, open(t, path), 6, 7, 8) // 8 is in the second slot
	for _, c := range []struct {
		size int
		want uint64
	}{{4096 + 83, 7}, {4096, 7}, {84, 7}, {83, 0}, {0, 0}} {
		edit(t, path, func(b []byte) []byte { return b[:min(c.size, len(b))] })
		expect(t, path, c.want)
	}
}

func TestGarbageKnowsNothingAndIsMended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mark")
	if err := os.WriteFile(path, bytes.Repeat([]byte("garbage!"), 2000), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, path, 0)
	set(t, open(t, path), 9)
	expect(t, path, 9)
}

func TestReadMakesNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mark")
	if _, _, _, ok, err := mark.Read(path); ok || err != nil {
		t.Fatalf("got a mark (%v) or an error (%v) where there is no file", ok, err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Fatalf("reading made the file: %v", err)
	}
	set(t, open(t, path), 4)
	if _, n, _, ok, err := mark.Read(path); n != 4 || !ok || err != nil {
		t.Fatalf("got %d, %v, %v, want 4", n, ok, err)
	}
}

func TestAFailedSetLeavesTheMark(t *testing.T) {
	m := open(t, filepath.Join(t.TempDir(), "mark"))
	set(t, m, 3)
	m.Close()
	if err := m.Set(id, 4, hashOf(4)); err == nil {
		t.Fatal("a closed file was written")
	}
	if _, n, _, _ := m.Get(); n != 3 {
		t.Fatalf("the mark went to %d, want 3", n)
	}
}

func BenchmarkSet(b *testing.B) {
	m, err := mark.Open(filepath.Join(b.TempDir(), "mark"))
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	for n := uint64(1); b.Loop(); n++ {
		m.Set(id, n, hashOf(n))
	}
}
