package datadir_test

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/datadir"
)

// What stands in a directory's files, somebody may have edited: a role is one that we know,
// a key is what its digits say, and an address is read or refused.
func FuzzFiles(f *testing.F) {
	f.Add([]byte(`{"role":"server","format":1}`))
	f.Add([]byte(`{"role":"site","format":99}`))
	f.Add([]byte(`{"url":"http://127.0.0.1:8421","token":"00"}`))
	f.Add([]byte(strings.Repeat("0a", 32) + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		for _, name := range []string{"role.json", "token", "device.key"} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		role, err := datadir.ReadRole(dir)
		if err == nil && role != datadir.Server && role != datadir.Site || err != nil && role != "" {
			t.Fatalf("%q is the role %q, %v", b, role, err)
		}
		if key, err := datadir.ReadKey(filepath.Join(dir, "device.key")); err == nil && !strings.EqualFold(hex.EncodeToString(key.Seed()), strings.TrimSpace(string(b))) {
			t.Fatalf("%q is the key %x", b, key.Seed())
		}
		if _, err := datadir.ReadAddress(dir); errors.Is(err, datadir.ErrSilent) {
			t.Fatalf("%q is an address, and nothing was announced", b)
		}
	})
}
