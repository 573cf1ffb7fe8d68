// Package backup copies a server's directory into one file and puts it back. A backup is
// verified by restoring it, before it gets its name: what nobody has read back is none.
package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
	"github.com/rawaj/rawaj/server/state"
)

// Progress hears what is being done and how far it is; total is -1 where it is not known.
type Progress func(what string, done, total int64)

// Options says how a backup is made.
type Options struct {
	WithoutKeys bool // org.key and device.key stay out, and are kept elsewhere
	Program     string
	Now         func() time.Time
	Progress    Progress
}

// Made is a backup that was made, and holds.
type Made struct {
	Manifest
	Bytes int64
	Heads []state.DeviceHead // up to where it holds the work of devices
}

// Make writes a verified backup of a server's directory to a file that is not there yet;
// the server may be running. It needs room for three copies of the log and of the
// attachments and two of the state beside the file, and leaves nothing of it.
func Make(ctx context.Context, dir, to string, o Options) (*Made, error) {
	if _, err := os.Lstat(to); !errors.Is(err, os.ErrNotExist) {
		if err == nil {
			err = fmt.Errorf("%s is there already: a backup takes no other's place, give it a new name", to)
		}
		return nil, err
	}
	temporary, err := os.MkdirTemp(filepath.Dir(to), ".rawaj-backup-*") // 0700
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temporary)
	b := &making{Options: o, dir: dir, in: temporary}
	m, err := b.write(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.verify(ctx, m); err != nil {
		return nil, fmt.Errorf("the backup does not hold, and is not kept: %w", err)
	}
	return m, publish(b.file("backup.tar"), to)
}

// publish gives a file its name.
func publish(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

type making struct {
	Options
	dir, in string
}

func (b *making) file(name string) string { return filepath.Join(b.in, name) }

// write copies the log and says what it has to fold to.
func (b *making) write(ctx context.Context) (*Made, error) {
	b.Progress("copying the log", 0, -1)
	copied := b.file(Log)
	end, hash, err := sqlitelog.Copy(ctx, filepath.Join(b.dir, Log), copied)
	if err != nil {
		return nil, err
	}
	if end == 0 {
		return nil, fmt.Errorf("%s has no entries: there is nothing to back up", filepath.Join(b.dir, Log))
	}
	small := map[string][]byte{}
	names := []string{Role, OrgKey, DeviceKey}
	if b.WithoutKeys {
		names = names[:1]
	}
	for _, name := range names {
		if small[name], err = os.ReadFile(filepath.Join(b.dir, name)); err != nil {
			return nil, err
		}
	}
	head, fingerprint, err := b.standing(ctx, end)
	if err != nil {
		return nil, err
	}
	file, err := fileSum(ctx, copied)
	if err != nil {
		return nil, err
	}
	attached, attachments, err := b.attached(ctx)
	if err != nil {
		return nil, err
	}
	attachFile, err := fileSum(ctx, attached)
	if err != nil {
		return nil, err
	}
	m := &Made{Manifest: Manifest{
		Format: format, Org: head.Org, History: head.History, Entries: uint64(end), LogHash: hash.String(), LogFile: file, AttachFile: attachFile, Attachments: attachments,
		Position: head.Position, Fingerprint: fingerprint,
		MadeAt: b.Now().UTC().Truncate(time.Second), Program: b.Program, Keys: !b.WithoutKeys,
	}}
	b.Progress("writing the backup", 0, -1)
	if err := archive(ctx, b.file("backup.tar"), &m.Manifest, small, copied, attached); err != nil {
		return nil, err
	}
	return m, errors.Join(os.Remove(copied), os.Remove(attached))
}

// attached copies the attachments, after the log: all that it names and that had arrived
// is there. A server that never had any has an empty file.
func (b *making) attached(ctx context.Context) (copied string, attachments int64, err error) {
	b.Progress("copying the attachments", 0, -1)
	from := filepath.Join(b.dir, Attached)
	if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
		from = b.file("none.db")
		s, err := attach.Open(ctx, from)
		if err == nil {
			err = s.Close()
		}
		if err != nil {
			return "", 0, err
		}
	}
	copied = b.file(Attached)
	if err := sqlitedb.Copy(ctx, from, copied); err != nil {
		return "", 0, err
	}
	s, err := attach.OpenReadOnly(copied)
	if err != nil {
		return "", 0, err
	}
	attachments, _, err = s.Counts(ctx)
	return copied, attachments, errors.Join(err, s.Close())
}

// standing is what the server's own state says that the log folds to at an entry; where
// the state has gone on, or cannot be read, what the server's log is folded to up to there.
func (b *making) standing(ctx context.Context, end oplog.Index) (head state.Head, fingerprint string, err error) {
	if st, err := state.OpenReadOnly(ctx, filepath.Join(b.dir, State)); err == nil {
		head, text, err := st.FingerprintAt(ctx)
		if err := errors.Join(err, st.Close()); err == nil && head.Applied == end {
			return head, sum(text), nil
		}
	}
	anew := b.file("standing.db")
	st, err := fold(ctx, filepath.Join(b.dir, Log), anew, end, b.Progress)
	if err != nil {
		return head, "", err
	}
	head, text, err := st.FingerprintAt(ctx)
	return head, sum(text), errors.Join(err, st.Close(), removeDatabase(anew))
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// verify restores what was written into a directory of its own.
func (b *making) verify(ctx context.Context, m *Made) error {
	into := b.file("restored")
	if err := os.Mkdir(into, 0o700); err != nil {
		return err
	}
	keys := ""
	if b.WithoutKeys {
		keys = b.dir
	}
	o, err := unpack(ctx, b.file("backup.tar"), into, keys, b.Progress)
	if err != nil {
		return err
	}
	defer o.state.Close()
	if o.Manifest != m.Manifest {
		return fmt.Errorf("its manifest reads %+v, what was written is %+v", o.Manifest, m.Manifest)
	}
	if err := o.state.Read(ctx, func(r *state.Reader) (err error) {
		m.Heads, err = r.DeviceHeads()
		return err
	}); err != nil {
		return err
	}
	info, err := os.Stat(b.file("backup.tar"))
	if err == nil {
		m.Bytes = info.Size()
	}
	return err
}

// fold folds a log's file up to an entry into a new state.
func fold(ctx context.Context, log, into string, upto oplog.Index, progress Progress) (*state.State, error) {
	st, err := state.Open(ctx, into)
	if err != nil {
		return nil, err
	}
	err = st.Fold(ctx, func(ctx context.Context, from oplog.Index, f func(oplog.Record) error) error {
		return sqlitelog.ReadFile(ctx, log, from, f)
	}, upto, func(at oplog.Index) { progress("folding the log", int64(at), int64(upto)) })
	if at := st.Head().Applied; err == nil && at != upto {
		err = fmt.Errorf("%s ends at entry %d, want %d", log, at, upto)
	}
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return st, nil
}

func removeDatabase(path string) error {
	var errs []error
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
