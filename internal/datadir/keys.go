package datadir

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Keys are the further keys of a device, one a file: device-XXXXXXXX.key, named by the
// first bytes of its public key. Files are only ever added, so whoever dies between a new
// key and its use finds both at the next start.
type Keys struct {
	Path string // of the directory
	Rand io.Reader
}

// Of gives the key with a public key, nil where it is not here.
func (k Keys) Of(public ed25519.PublicKey) (found ed25519.PrivateKey, err error) {
	err = k.each(func(key ed25519.PrivateKey) {
		if public.Equal(key.Public()) {
			found = key
		}
	})
	return found, err
}

// Next gives a key that is not used yet, and makes one where there is none.
func (k Keys) Next(used func(ed25519.PublicKey) bool) (next ed25519.PrivateKey, err error) {
	if err := k.each(func(key ed25519.PrivateKey) {
		if !used(key.Public().(ed25519.PublicKey)) {
			next = key
		}
	}); err != nil || next != nil {
		return next, err
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(k.Rand, seed); err != nil {
		return nil, fmt.Errorf("draw a key: %w", err)
	}
	next = ed25519.NewKeyFromSeed(seed)
	name := fmt.Sprintf("device-%x.key", []byte(next.Public().(ed25519.PublicKey)[:8]))
	return next, writeSecret(k.Path, name, []byte(hex.EncodeToString(seed)+"\n"))
}

func (k Keys) each(f func(ed25519.PrivateKey)) error {
	files, err := filepath.Glob(filepath.Join(k.Path, "device-*.key"))
	if err != nil {
		return err
	}
	for _, file := range files {
		b, err := readSecret(file)
		if err != nil {
			return err
		}
		key, err := parseKey(file, b)
		if err != nil {
			return err
		}
		f(key)
	}
	return nil
}

func parseKey(path string, b []byte) (ed25519.PrivateKey, error) {
	seed, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%s is not a key of %d hexadecimal digits", path, 2*ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}
