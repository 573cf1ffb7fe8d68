package backup

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// opened is a backup that was taken apart and holds.
type opened struct {
	Manifest
	dir   string
	state *state.State // what its log folds to, by itself
}

// unpack takes a backup apart into an empty directory and verifies all of it: the chain
// of the log, what it folds to, and that the keys are those of this log. keys is where
// they stand when the backup holds none.
func unpack(ctx context.Context, file, dir, keys string, progress Progress) (_ *opened, err error) {
	progress("reading the backup", 0, -1)
	m, err := extract(ctx, file, dir)
	if err != nil {
		return nil, err
	}
	if !m.Keys {
		if err := bring(keys, dir); err != nil {
			return nil, err
		}
	}
	log := filepath.Join(dir, Log)
	found, err := sqlitelog.Verify(ctx, log, func(done, total oplog.Index) { progress("verifying the log", int64(done), int64(total)) })
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return nil, fmt.Errorf("%s: its log is damaged: %v", file, found[0])
	}
	if err := verifyAttached(ctx, filepath.Join(dir, Attached), m, progress); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	o := &opened{Manifest: *m, dir: dir}
	if o.state, err = fold(ctx, log, filepath.Join(dir, State), oplog.Index(m.Entries), progress); err != nil {
		return nil, err
	}
	if err := o.check(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", file, err), o.state.Close())
	}
	return o, nil
}

// verifyAttached looks whether every attachment of a backup is what its name says. A backup
// of format 1 holds none.
func verifyAttached(ctx context.Context, path string, m *Manifest, progress Progress) error {
	if m.AttachFile == "" {
		return nil
	}
	progress("verifying the attachments", 0, -1)
	s, err := attach.OpenReadOnly(path)
	if err != nil {
		return err
	}
	found, err := s.Verify(ctx)
	n, _, cerr := s.Counts(ctx)
	if err := errors.Join(err, cerr, s.Close()); err != nil {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("its attachments are damaged: %s", found[0])
	}
	if n != m.Attachments {
		return fmt.Errorf("it holds %d attachments, it should %d", n, m.Attachments)
	}
	return nil
}

// bring copies the keys from where their keeper says they are.
func bring(from, to string) error {
	if from == "" {
		return fmt.Errorf("the backup holds no keys: say with --keys in which directory %s and %s are", OrgKey, DeviceKey)
	}
	for _, name := range []string{OrgKey, DeviceKey} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// check holds what the log folded to against the manifest and the keys.
func (o *opened) check(ctx context.Context) error {
	head, text, err := o.state.FingerprintAt(ctx)
	switch {
	case err != nil:
		return err
	case head.LogHash.String() != o.LogHash:
		return fmt.Errorf("its log ends with %v, it should with %s", head.LogHash, o.LogHash)
	case sum(text) != o.Fingerprint || head.Org != o.Org || head.History != o.History || head.Position != o.Position:
		return errors.New("its log does not fold to what the server had")
	}
	orgKey, deviceKey, err := keysIn(o.dir)
	if err != nil {
		return err
	}
	if !head.OrgKey.Equal(orgKey.Public()) {
		return fmt.Errorf("%s is not the key of organisation %v", OrgKey, head.Org)
	}
	_, err = o.node(ctx, deviceKey)
	return err
}

func keysIn(dir string) (org, device ed25519.PrivateKey, err error) {
	if org, err = datadir.ReadKey(filepath.Join(dir, OrgKey)); err == nil {
		device, err = datadir.ReadKey(filepath.Join(dir, DeviceKey))
	}
	return org, device, err
}

// node is the server device that a key belongs to.
func (o *opened) node(ctx context.Context, key ed25519.PrivateKey) (node syncproto.DeviceID, err error) {
	found := false
	err = o.state.Read(ctx, func(r *state.Reader) error {
		head, err := r.Head()
		if err != nil {
			return err
		}
		return r.Nodes(func(device syncproto.DeviceID, certificate []byte) {
			c, err := syncproto.VerifyCertificate(head.OrgKey, head.Org, certificate)
			if err == nil && c.Key.Equal(key.Public()) {
				node, found = device, true
			}
		})
	})
	if err == nil && !found {
		err = fmt.Errorf("%s is the key of no server that this log knows", DeviceKey)
	}
	return node, err
}

// brokenOff begins the name of the directory in which a restore is at work.
const brokenOff = ".restore-"

// Restore puts a backup into a new or empty directory and begins a new history there.
// Everything is verified before any of it is put in place; until the last step the
// directory is none that a server would open. keys is where org.key and device.key are,
// for a backup without them.
func Restore(ctx context.Context, file, path, keys string, now func() time.Time, progress Progress) (m *Manifest, err error) {
	dir, err := prepare(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	work, err := os.MkdirTemp(path, brokenOff+"*") // 0700
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(work)
		}
	}()
	o, err := unpack(ctx, file, work, keys, progress)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(o.begin(ctx, now), o.state.Close()); err != nil {
		return nil, err
	}
	return &o.Manifest, o.place(ctx, dir)
}

// prepare refuses a directory with anything in it, and says what to do.
func prepare(path string) (*datadir.Dir, error) {
	dir, err := datadir.Prepare(path)
	if !errors.Is(err, datadir.ErrForeign) && !errors.Is(err, datadir.ErrFull) {
		return dir, err
	}
	names, _ := os.ReadDir(path)
	if slices.ContainsFunc(names, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), brokenOff) }) {
		return nil, fmt.Errorf("%s: a restore was broken off here, nothing of it is used: remove the directory and restore again", path)
	}
	return nil, fmt.Errorf("%w; a restore puts nothing over what is there: move that directory away, or name another", err)
}

// begin appends to the log that a new history begins, and folds that.
func (o *opened) begin(ctx context.Context, now func() time.Time) error {
	orgKey, deviceKey, err := keysIn(o.dir)
	if err != nil {
		return err
	}
	node, err := o.node(ctx, deviceKey)
	if err != nil {
		return err
	}
	id, err := syncproto.Random[syncproto.HistoryID](rand.Reader)
	if err != nil {
		return err
	}
	log, err := sqlitelog.Open(filepath.Join(o.dir, Log), sqlitelog.Options{})
	if err != nil {
		return err
	}
	head := o.state.Head()
	h := state.History{
		Org: head.Org, OrgKey: orgKey.Public().(ed25519.PublicKey), ID: id,
		Parent: head.History, Position: head.Position, Hash: head.PositionHash, Cause: "restore", Doubt: true,
	}
	e := state.Entry{Kind: state.EntryHistory, ReceivedAt: now().UnixMilli(), Node: node, Payload: h.Encode()}
	end, err := log.Append(ctx, e.Encode())
	if err == nil {
		err = o.state.Fold(ctx, log.Read, end, func(oplog.Index) {})
	}
	return errors.Join(err, log.Close())
}

// place moves everything up, on disk, and then says whose the directory is.
func (o *opened) place(ctx context.Context, dir *datadir.Dir) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(o.dir, Role)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	names, err := os.ReadDir(o.dir)
	if err != nil {
		return err
	}
	for _, e := range names {
		if err := os.Rename(filepath.Join(o.dir, e.Name()), dir.File(e.Name())); err != nil {
			return err
		}
	}
	if err := errors.Join(syncDir(dir.Path()), dir.Begin(datadir.Server)); err != nil {
		return err
	}
	os.Remove(o.dir) // it is empty; what matters is done
	return nil
}
