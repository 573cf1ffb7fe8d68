// Package seal closes what a device may no longer read, but has to keep, to the
// organisation's key: only who holds that key can open it. It is an age file
// (https://age-encryption.org/v1) to the key as ssh has it.
package seal

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"io"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"
)

// Seal closes plain to a key. What comes out is some 350 bytes longer.
func Seal(to ed25519.PublicKey, plain []byte) ([]byte, error) {
	key, err := ssh.NewPublicKey(to)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	recipient, err := agessh.NewEd25519Recipient(key)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, recipient)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return b.Bytes(), nil
}

// Open opens what was sealed to a key. It fails where the key is another, or a byte was
// changed, or where more than limit bytes come out.
func Open(key ed25519.PrivateKey, sealed []byte, limit int) ([]byte, error) {
	identity, err := agessh.NewEd25519Identity(key)
	if err != nil {
		return nil, fmt.Errorf("open a seal: %w", err)
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), identity)
	if err != nil {
		return nil, fmt.Errorf("open a seal: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("open a seal: %w", err)
	}
	if len(plain) > limit {
		return nil, fmt.Errorf("open a seal: more than %d bytes", limit)
	}
	return plain, nil
}
