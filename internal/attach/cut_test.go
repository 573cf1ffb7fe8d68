//go:build linux

package attach_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/crashfs"
	"github.com/rawaj/rawaj/syncproto"
)

// Whoever hears that a photo is there lets go of it, or sells on: it has to stay.
func TestAPhotoThatIsSaidToBeThereOutlivesAPowerCut(t *testing.T) {
	photo := madeUp(2*syncproto.ChunkSize + 9)
	m := syncproto.Cut(photo)
	for name, comes := range map[string]func(*attach.Store){
		"taken here": func(s *attach.Store) {
			_, err := s.Put(ctx, photo, 1)
			must(t, err)
		},
		"come chunk by chunk": func(s *attach.Store) {
			must(t, s.Begin(ctx, &m, 1, syncproto.DeviceID{1}))
			for n := range m.Chunks {
				must(t, s.Chunk(ctx, m.Root(), uint64(n), chunkOf(photo, uint64(n))))
			}
			if _, whole, _, err := s.Next(ctx, m.Root(), 0); !whole || err != nil {
				t.Fatalf("with its last chunk it is not whole: %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			record, err := crashfs.Record(dir)
			must(t, err)
			comes(open(t, filepath.Join(dir, attach.File)))
			trace := record.End()
			disk, r := trace.Disk(), rand.New(rand.NewPCG(1, 1))
			disk.Done(len(trace.Ops))
			for way := range crashfs.Ways {
				for range 3 {
					after := t.TempDir()
					for name, b := range disk.Cut(way, r) {
						must(t, os.WriteFile(filepath.Join(after, name), b, 0o600))
					}
					if got := all(t, filepath.Join(after, attach.File), &m); !bytes.Equal(got, photo) {
						t.Errorf("after a power cut (%v) %d bytes of %d are there", way, len(got), len(photo))
					}
				}
			}
		})
	}
}

// all reads a photo that is whole.
func all(t *testing.T, path string, m *syncproto.Manifest) (b []byte) {
	t.Helper()
	s, err := attach.Open(ctx, path)
	must(t, err)
	defer s.Close()
	if _, whole, err := s.Manifest(ctx, m.Root()); !whole {
		must(t, err)
		return nil
	}
	for n := range m.Chunks {
		data, err := s.Read(ctx, m.Root(), uint64(n))
		must(t, err)
		b = append(b, data...)
	}
	return b
}
