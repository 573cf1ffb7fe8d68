package attach_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/syncproto"
)

var ctx = context.Background()

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, path string) *attach.Store {
	t.Helper()
	s, err := attach.Open(ctx, path)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// madeUp are bytes no two chunks of which are alike.
func madeUp(size int) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{7}).Read(b)
	return b
}

func chunkOf(b []byte, n uint64) []byte {
	return b[n*syncproto.ChunkSize : min((n+1)*syncproto.ChunkSize, uint64(len(b)))]
}

func TestWhatHasComeSurvivesARestartAndTheRestIsAskedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), attach.File)
	s := open(t, path)
	b := madeUp(4*syncproto.ChunkSize + 9)
	m := syncproto.Cut(b)
	must(t, s.Begin(ctx, &m, 1, syncproto.DeviceID{1}))
	for _, n := range []uint64{0, 2} {
		must(t, s.Chunk(ctx, m.Root(), n, chunkOf(b, n)))
	}
	must(t, s.Close())
	s = open(t, path)
	if _, ok, err := s.Manifest(ctx, m.Root()); ok || err != nil {
		t.Errorf("in part it counts as whole: %v %v", ok, err)
	}
	var asked []uint64
	for {
		n, whole, known, err := s.Next(ctx, m.Root(), 0)
		must(t, err)
		if !known {
			t.Fatal("its manifest is gone")
		}
		if whole {
			break
		}
		asked = append(asked, n)
		must(t, s.Chunk(ctx, m.Root(), n, chunkOf(b, n)))
	}
	if len(asked) != 3 || asked[0] != 1 || asked[1] != 3 || asked[2] != 4 {
		t.Errorf("it asked for %v", asked)
	}
	var got []byte
	for n := range m.Chunks {
		data, err := s.Read(ctx, m.Root(), uint64(n))
		must(t, err)
		got = append(got, data...)
	}
	if !bytes.Equal(got, b) {
		t.Error("it is not what was given")
	}
}

func TestAChunkThatIsNotInTheManifestIsNotKept(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), attach.File))
	b := madeUp(2 * syncproto.ChunkSize)
	m := syncproto.Cut(b)
	must(t, s.Begin(ctx, &m, 1, syncproto.DeviceID{1}))
	for name, c := range map[string]struct {
		root  syncproto.Root
		index uint64
		data  []byte
	}{
		"changed":               {m.Root(), 0, bytes.Repeat([]byte{1}, syncproto.ChunkSize)},
		"of another place":      {m.Root(), 1, chunkOf(b, 0)},
		"beyond its end":        {m.Root(), 2, chunkOf(b, 0)},
		"of another attachment": {syncproto.Root{1}, 0, chunkOf(b, 0)},
	} {
		if err := s.Chunk(ctx, c.root, c.index, c.data); !errors.Is(err, attach.ErrNotAsked) {
			t.Errorf("a chunk %s: %v", name, err)
		}
	}
	if _, size, err := s.Counts(ctx); err != nil || size != 0 {
		t.Errorf("%d bytes are kept, %v", size, err)
	}
}

func TestAByteThatChangesByItselfIsFoundAndAskedForAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), attach.File)
	s := open(t, path)
	b := madeUp(3 * syncproto.ChunkSize)
	root, err := s.Put(ctx, b, 1)
	must(t, err)
	if found, err := s.Verify(ctx); err != nil || len(found) > 0 {
		t.Errorf("found %v, %v", found, err)
	}
	must(t, s.Close())
	file, err := os.ReadFile(path)
	must(t, err)
	at := bytes.Index(file, b[syncproto.ChunkSize+9000:syncproto.ChunkSize+9016])
	if at < 0 {
		t.Fatal("the bytes are not in the file")
	}
	file[at] ^= 1
	must(t, os.WriteFile(path, file, 0o600))
	s = open(t, path)
	if found, err := s.Verify(ctx); err != nil || len(found) != 1 {
		t.Errorf("found %v, %v", found, err)
	}
	if _, err := s.Read(ctx, root, 1); !errors.Is(err, attach.ErrDamaged) {
		t.Errorf("reading it gave %v", err)
	}
	must(t, s.Heal(ctx, root))
	if n, whole, _, err := s.Next(ctx, root, 0); err != nil || whole || n != 1 {
		t.Errorf("it asks for %d, whole %v, %v", n, whole, err)
	}
	must(t, s.Chunk(ctx, root, 1, chunkOf(b, 1)))
	if _, whole, _, err := s.Next(ctx, root, 0); err != nil || !whole {
		t.Errorf("it is whole: %v, %v", whole, err)
	}
}

func TestWhatIsTouchedWhileNamesAreReadStays(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), attach.File))
	root, err := s.Put(ctx, []byte("made up"), 1)
	must(t, err)
	const later = 48 * 60 * 60 * 1000
	gone, err := s.Collect(ctx, later, func() (map[syncproto.Root]bool, error) {
		return nil, s.Touch(ctx, root, later) // somebody is about to name it
	})
	if err != nil || gone != 0 {
		t.Errorf("%d went, %v", gone, err)
	}
	gone, err = s.Collect(ctx, 2*later, func() (map[syncproto.Root]bool, error) { return nil, nil })
	if err != nil || gone != 1 {
		t.Errorf("%d went, %v", gone, err)
	}
}
