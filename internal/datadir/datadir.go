// Package datadir is a data directory: whose it is, that one process holds it, and
// the secrets in it.
package datadir

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Role is what a directory belongs to.
type Role string

const (
	Server Role = "server"
	Site   Role = "site"
)

// Errors that a caller acts on.
var (
	ErrHeld    = errors.New("another process holds this directory")
	ErrForeign = errors.New("directory is not one of rawaj's")
	ErrFull    = errors.New("it holds data already")
	ErrNone    = errors.New("there is nothing here yet")
	ErrNoKey   = errors.New("put it back from where you keep the organisation's keys")
	ErrSilent  = errors.New("no process that answers others runs on this directory: rawaj serve or rawaj site run is one; if one is starting, or another command is at work there, try again when it is done")
)

// Dir is a data directory that this process holds.
type Dir struct {
	path string
	lock *os.File
}

type role struct {
	Role   Role `json:"role"`
	Format int  `json:"format"`
}

const (
	format   = 1
	roleFile = "role.json"
)

// ofSite are the files of a site. Whoever brings its database alone has brought the site.
var ofSite = []string{"site.db", "site.db-wal", "site.db-shm", "site.db-mark", "attachments.db", "attachments.db-wal", "attachments.db-shm", "device.key", "lock", addressFile}

// ReadRole says what a directory belongs to. It is ErrNone where the directory is
// missing or empty, ErrForeign where it holds something else.
func ReadRole(path string) (Role, error) {
	b, err := os.ReadFile(filepath.Join(path, roleFile))
	if errors.Is(err, os.ErrNotExist) {
		return unmarked(path)
	}
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	var r role
	if err := json.Unmarshal(b, &r); err != nil || r.Role != Server && r.Role != Site {
		return "", fmt.Errorf("%s: role.json says nothing known: %w", path, ErrForeign)
	}
	if r.Format > format {
		return "", fmt.Errorf("%s is of a newer program (format %d, this one knows %d): use that", path, r.Format, format)
	}
	return r.Role, nil
}

// unmarked tells of a directory without role.json.
func unmarked(path string) (Role, error) {
	names, err := os.ReadDir(path)
	names = slices.DeleteFunc(names, func(n os.DirEntry) bool { return halfWritten(n.Name()) })
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("%s: no such directory: %w", path, ErrNone)
	case err != nil:
		return "", fmt.Errorf("read %s: %w", path, err)
	case len(names) == 0 || len(names) == 1 && names[0].Name() == "lock":
		return "", fmt.Errorf("%s is empty: %w", path, ErrNone)
	case isSite(names):
		return Site, nil
	}
	more := ""
	if n := len(names) - 1; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return "", fmt.Errorf("%s holds %s%s: %w; choose an empty directory", path, names[0].Name(), more, ErrForeign)
}

func isSite(names []os.DirEntry) bool {
	base := false
	for _, n := range names {
		further, _ := filepath.Match("device-*.key", n.Name())
		if !further && !slices.Contains(ofSite, n.Name()) {
			return false
		}
		base = base || n.Name() == "site.db"
	}
	return base
}

// Open takes hold of a directory of a role. With make, a missing or empty one is
// made. It is ErrHeld while another process has it. What a holder announced that was
// killed is gone then: nobody is sent to an address where nobody, or somebody else,
// listens.
func Open(path string, want Role, make bool) (*Dir, error) {
	have, err := ReadRole(path)
	switch {
	case err == nil && have != want:
		return nil, fmt.Errorf("%s belongs to a %s, not to a %s", path, have, want)
	case err != nil && !(make && errors.Is(err, ErrNone)):
		return nil, err
	}
	d, err := hold(path, make)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(d.File(roleFile)); errors.Is(err, os.ErrNotExist) {
		if err := d.Begin(want); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	if err := d.Withdraw(); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// hold takes the lock of a directory, and makes it where it may.
func hold(path string, make bool) (*Dir, error) {
	if make {
		if err := makeDir(path); err != nil {
			return nil, fmt.Errorf("make %s: %w", path, err)
		}
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("%s: %w", path, ErrHeld)
	}
	d := &Dir{path, lock}
	if err := d.tidy(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// makeDir makes a directory and those above it, on disk: what is synced in one that a
// power cut takes back goes with it.
func makeDir(path string) error {
	var made []string
	for p := filepath.Clean(path); ; p = filepath.Dir(p) {
		if _, err := os.Stat(p); !errors.Is(err, os.ErrNotExist) {
			break
		}
		made = append(made, p)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	for _, p := range made {
		if err := syncDir(filepath.Dir(p)); err != nil {
			return err
		}
	}
	return nil
}

// tidy removes what was half written when a process was killed, or the power went.
func (d *Dir) tidy() error {
	names, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	for _, n := range names {
		if halfWritten(n.Name()) {
			if err := os.Remove(d.File(n.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// halfWritten says whether a name is one under which a secret is written before it gets
// its own.
func halfWritten(name string) bool {
	name, dot := strings.CutPrefix(name, ".")
	at := strings.LastIndex(name, "-")
	if !dot || at < 0 || strings.Trim(name[at+1:], "0123456789") != "" {
		return false
	}
	of := name[:at]
	return of == roleFile || of == addressFile || strings.HasSuffix(of, ".key")
}

// Prepare takes hold of a new or empty directory that is going to be filled: until Begin
// it belongs to nobody, and Open refuses it once something is in it.
func Prepare(path string) (*Dir, error) {
	if _, err := ReadRole(path); !errors.Is(err, ErrNone) {
		if err == nil {
			err = fmt.Errorf("%s: %w", path, ErrFull)
		}
		return nil, err
	}
	return hold(path, true)
}

// Begin says whose the directory is; all else that has to be in it is there.
func (d *Dir) Begin(want Role) error {
	b, _ := json.Marshal(role{want, format})
	return d.WriteSecret(roleFile, append(b, '\n'))
}

// Sync puts on disk which names the directory holds.
func (d *Dir) Sync() error { return syncDir(d.path) }

// Path is the directory's.
func (d *Dir) Path() string { return d.path }

// File is the path of a file in the directory.
func (d *Dir) File(name string) string { return filepath.Join(d.path, name) }

// Close lets the directory go.
func (d *Dir) Close() error { return d.lock.Close() }

// WriteSecret writes a file that only its owner reads, whole or not at all, and on
// disk when it returns.
func (d *Dir) WriteSecret(name string, data []byte) error { return writeSecret(d.path, name, data) }

func writeSecret(path, name string, data []byte) error {
	temporary, err := os.CreateTemp(path, "."+name+"-*") // 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(data)
	if err := errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(temporary.Name(), filepath.Join(path, name)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return syncDir(path)
}

func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// ReadSecret reads a file of the directory; nil where there is none.
func (d *Dir) ReadSecret(name string) ([]byte, error) { return readSecret(d.File(name)) }

func readSecret(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// ReadKey reads an Ed25519 key wherever it stands.
func ReadKey(path string) (ed25519.PrivateKey, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseKey(path, b)
}

// Keys are the keys that the device of this directory got after its first.
func (d *Dir) Keys(rand io.Reader) Keys { return Keys{d.path, rand} }

// Key reads an Ed25519 key, and makes it where there is none and rand is given.
func (d *Dir) Key(name string, rand io.Reader) (ed25519.PrivateKey, error) {
	b, err := d.ReadSecret(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if b != nil {
		return parseKey(d.File(name), b)
	}
	if rand == nil {
		return nil, fmt.Errorf("%s is missing: %w", d.File(name), ErrNoKey)
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return nil, fmt.Errorf("draw a key: %w", err)
	}
	if err := d.WriteSecret(name, []byte(hex.EncodeToString(seed)+"\n")); err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// Address is how another process of this machine reaches the one that holds a
// directory.
type Address struct {
	URL   string `json:"url"`
	Token string `json:"token"`
}

const addressFile = "token"

// Announce writes down where this process listens and the token it asks for.
func (d *Dir) Announce(url string, rand io.Reader) (token string, err error) {
	b := make([]byte, 24)
	if _, err := io.ReadFull(rand, b); err != nil {
		return "", err
	}
	token = hex.EncodeToString(b)
	data, _ := json.Marshal(Address{url, token})
	return token, d.WriteSecret(addressFile, data)
}

// Withdraw removes what Announce wrote.
func (d *Dir) Withdraw() error { return os.Remove(d.File(addressFile)) }

// ReadAddress reads what the holder of a directory announced; ErrSilent where it has
// announced nothing.
func ReadAddress(path string) (a Address, err error) {
	b, err := os.ReadFile(filepath.Join(path, addressFile))
	if errors.Is(err, os.ErrNotExist) {
		return a, fmt.Errorf("%s: %w", path, ErrSilent)
	}
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(b, &a)
}
