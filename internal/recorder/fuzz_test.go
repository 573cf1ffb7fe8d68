package recorder_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/internal/recorder"
)

// A file that a crash or a failing disk left is read as far as it is sound.
func FuzzRead(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 200))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "recorder")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		events, err := recorder.Read(path)
		if err != nil || len(events) > len(b)/64 {
			t.Fatalf("%d events of %d bytes, %v", len(events), len(b), err)
		}
		for i := range events {
			_ = events[i].What.String()
		}
	})
}
