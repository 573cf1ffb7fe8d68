//go:build linux

package attach_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/smalldisk"
	"github.com/rawaj/rawaj/syncproto"
)

func TestAFullDiskRefusesAChunkAndLosesNoneThatCame(t *testing.T) {
	dir := smalldisk.New(t, "4m")
	s := open(t, filepath.Join(dir, attach.File))
	b := madeUp(6 << 20)
	m := syncproto.Cut(b)
	must(t, s.Begin(ctx, &m, 1, syncproto.DeviceID{1}))
	kept, full := uint64(0), error(nil)
	for ; full == nil; kept++ {
		full = s.Chunk(ctx, m.Root(), kept, chunkOf(b, kept))
	}
	kept--
	if !errors.Is(full, refusal.New(refusal.NoRoom, "")) || kept == 0 {
		t.Fatalf("after %d chunks: %v", kept, full)
	}
	must(t, s.Close())
	larger := filepath.Join(t.TempDir(), attach.File) // somebody makes room
	for _, suffix := range []string{"", "-wal"} {
		file, err := os.ReadFile(filepath.Join(dir, attach.File+suffix))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		must(t, err)
		must(t, os.WriteFile(larger+suffix, file, 0o600))
	}
	s = open(t, larger)
	n, whole, known, err := s.Next(ctx, m.Root(), 0)
	if err != nil || whole || !known || n != kept {
		t.Errorf("it goes on at chunk %d (whole %v, known %v, %v), want %d", n, whole, known, err, kept)
	}
	if found, err := s.Verify(ctx); err != nil || len(found) > 0 {
		t.Errorf("found %v, %v", found, err)
	}
}
