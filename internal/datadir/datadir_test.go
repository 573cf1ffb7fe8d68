package datadir_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/internal/datadir"
)

func TestOneProcessHoldsADirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "site")
	d, err := datadir.Open(path, datadir.Site, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := datadir.Open(path, datadir.Site, false); !errors.Is(err, datadir.ErrHeld) {
		t.Errorf("a second holder got %v, want ErrHeld", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d, err = datadir.Open(path, datadir.Site, false)
	if err != nil {
		t.Fatalf("after it was let go: %v", err)
	}
	d.Close()
}

func TestADirectoryOfWhichTheMakingWasBrokenOffIsMade(t *testing.T) {
	path := t.TempDir()
	halves := []string{".role.json-123456", ".device.key-98", ".token-7"}
	for _, name := range append(halves, "lock") {
		if err := os.WriteFile(filepath.Join(path, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := datadir.Open(path, datadir.Server, true)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, name := range halves {
		if _, err := os.Stat(d.File(name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
}

func TestADirectoryOfAnotherKindIsRefused(t *testing.T) {
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "letters.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := datadir.Open(foreign, datadir.Server, true); !errors.Is(err, datadir.ErrForeign) {
		t.Errorf("somebody's directory gave %v, want ErrForeign", err)
	}
	site := t.TempDir()
	d, err := datadir.Open(site, datadir.Site, true)
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	if _, err := datadir.Open(site, datadir.Server, true); err == nil {
		t.Error("a site's directory was opened as a server's")
	}
	if _, err := datadir.Open(filepath.Join(foreign, "none"), datadir.Site, false); !errors.Is(err, datadir.ErrNone) {
		t.Errorf("a missing directory gave %v, want ErrNone", err)
	}
	newer := t.TempDir()
	if err := os.WriteFile(filepath.Join(newer, "role.json"), []byte(`{"role":"site","format":99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := datadir.Open(newer, datadir.Site, true); err == nil {
		t.Error("a directory of a newer program was opened")
	}
}

func TestKeysAreMadeOnceAndForTheirOwnerAlone(t *testing.T) {
	d, err := datadir.Open(t.TempDir(), datadir.Site, true)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Key("device.key", nil); err == nil {
		t.Error("a key that must be there was made")
	}
	first, err := d.Key("device.key", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	second, err := d.Key("device.key", nil)
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("read again it is another key, or %v", err)
	}
	info, err := os.Stat(d.File("device.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key has mode %v, %v; want 0600", info.Mode(), err)
	}
	if err := os.WriteFile(d.File("device.key"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Key("device.key", rand.Reader); err == nil {
		t.Error("a damaged key was taken or replaced")
	}
}

func TestTheHolderCanBeFound(t *testing.T) {
	d, err := datadir.Open(t.TempDir(), datadir.Server, true)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	token, err := d.Announce("http://127.0.0.1:1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a, err := datadir.ReadAddress(d.Path())
	if err != nil || a.Token != token || a.URL != "http://127.0.0.1:1" {
		t.Errorf("announced %+v, %v", a, err)
	}
	if err := d.Withdraw(); err != nil {
		t.Fatal(err)
	}
	if _, err := datadir.ReadAddress(d.Path()); !errors.Is(err, datadir.ErrSilent) {
		t.Errorf("a withdrawn address gave %v, want ErrSilent", err)
	}
}

func TestTheAddressOfAKilledHolderIsNotFound(t *testing.T) {
	path := t.TempDir()
	d, err := datadir.Open(path, datadir.Server, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Announce("http://127.0.0.1:1", rand.Reader); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil { // without Withdraw, as a process that is killed
		t.Fatal(err)
	}
	d, err = datadir.Open(path, datadir.Server, false)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if a, err := datadir.ReadAddress(path); !errors.Is(err, datadir.ErrSilent) {
		t.Errorf("found %v, %v; want ErrSilent", a, err)
	}
}

func TestADatabaseAloneIsASite(t *testing.T) {
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, "site.db"), []byte("whatever"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := datadir.Open(path, datadir.Server, true); err == nil {
		t.Error("it was opened as a server's")
	}
	d, err := datadir.Open(path, datadir.Site, false)
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	if role, err := datadir.ReadRole(path); err != nil || role != datadir.Site {
		t.Errorf("then it is a %q, %v", role, err)
	}
	foreign := t.TempDir()
	for _, name := range []string{"site.db", "letters.txt"} {
		if err := os.WriteFile(filepath.Join(foreign, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := datadir.Open(foreign, datadir.Site, true); !errors.Is(err, datadir.ErrForeign) {
		t.Errorf("somebody's directory gave %v, want ErrForeign", err)
	}
}

func TestTheNextKeyIsTheSameUntilItIsUsed(t *testing.T) {
	keys := datadir.Keys{Path: t.TempDir(), Rand: rand.Reader}
	used := map[string]bool{}
	next := func() ed25519.PrivateKey {
		key, err := keys.Next(func(k ed25519.PublicKey) bool { return used[string(k)] })
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	first := next()
	if !first.Equal(next()) {
		t.Error("a key that was not used was made again")
	}
	used[string(first.Public().(ed25519.PublicKey))] = true
	second := next()
	if first.Equal(second) {
		t.Error("a key that is used was given again")
	}
	for _, key := range []ed25519.PrivateKey{first, second} {
		if found, err := keys.Of(key.Public().(ed25519.PublicKey)); err != nil || !key.Equal(found) {
			t.Errorf("by its public key it is found as %v, %v", found, err)
		}
	}
	if found, err := keys.Of(make(ed25519.PublicKey, ed25519.PublicKeySize)); err != nil || found != nil {
		t.Errorf("a key that is not there was found: %v, %v", found, err)
	}
}
