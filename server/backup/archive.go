package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/syncproto"
)

// Names of files in a server's directory, which they also have in a backup.
const (
	Log       = "log.db"
	State     = "state.db"
	OrgKey    = "org.key"
	DeviceKey = "device.key"
	Attached  = attach.File
	Role      = "role.json"
)

const manifestName = "manifest.json"

// format is the newest form of a backup that this program reads, and the one it writes.
const format = 2

// maxSmall bounds every file of a backup but the log and the attachments: a manifest is below 1 KiB, a key 65
// bytes.
const maxSmall = 64 << 10

// Manifest says what a backup holds.
type Manifest struct {
	Format      int                 `json:"format"`
	Org         syncproto.OrgID     `json:"org"`
	History     syncproto.HistoryID `json:"history"`
	Entries     uint64              `json:"entries"`                    // of the log
	LogHash     string              `json:"log_hash"`                   // after the last of them
	LogFile     string              `json:"log_file"`                   // SHA-256 of log.db in the backup
	AttachFile  string              `json:"attachments_file,omitempty"` // the same of attachments.db; empty in backups of format 1
	Attachments int64               `json:"attachments"`                // that it holds
	Position    syncproto.Position  `json:"position"`
	Fingerprint string              `json:"fingerprint"` // SHA-256 of what the log folds to, with all digests
	MadeAt      time.Time           `json:"made_at"`
	Program     string              `json:"program"`
	Keys        bool                `json:"keys"` // org.key and device.key are in it
}

// archive writes a backup's one file: the manifest first, the log last. The file is on disk
// when archive returns.
func archive(ctx context.Context, to string, m *Manifest, small map[string][]byte, log, attached string) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	w := tar.NewWriter(f)
	err = func() error {
		b, err := json.MarshalIndent(m, "", "  ")
		if err != nil {
			return err
		}
		if err := entry(w, m, manifestName, append(b, '\n')); err != nil {
			return err
		}
		for _, name := range []string{Role, OrgKey, DeviceKey} {
			if b := small[name]; b != nil {
				if err := entry(w, m, name, b); err != nil {
					return err
				}
			}
		}
		if err := long(ctx, w, m, Attached, attached); err != nil {
			return err
		}
		if err := long(ctx, w, m, Log, log); err != nil {
			return err
		}
		return w.Close()
	}()
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}

// long writes a file that may not fit memory.
func long(ctx context.Context, w *tar.Writer, m *Manifest, name, path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if err := w.WriteHeader(header(m, name, info.Size())); err != nil {
		return err
	}
	_, err = io.Copy(w, reader{ctx, in})
	return err
}

// fileSum is the SHA-256 of a file.
func fileSum(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, reader{ctx, f})
	return hex.EncodeToString(h.Sum(nil)), err
}

func entry(w *tar.Writer, m *Manifest, name string, b []byte) error {
	if err := w.WriteHeader(header(m, name, int64(len(b)))); err != nil {
		return err
	}
	_, err := w.Write(b)
	return err
}

func header(m *Manifest, name string, size int64) *tar.Header {
	return &tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: m.MadeAt, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
}

// extract takes a backup apart into a directory and gives its manifest. Of a file that is
// none of ours, nothing is written but what has the names of ours.
func extract(ctx context.Context, file, dir string) (*Manifest, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	m, err := extractFrom(ctx, tar.NewReader(f), info.Size(), dir)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%s: %w", file, err)
	}
	return m, err
}

// extractFrom writes no more bytes than there are: a tar may claim holes, which cost its
// maker nothing.
func extractFrom(ctx context.Context, r *tar.Reader, size int64, dir string) (m *Manifest, err error) {
	whole, attached := false, false
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			if !whole || m.AttachFile != "" && !attached {
				return nil, errors.New("this is no whole backup of rawaj's")
			}
			return m, nil
		}
		if err != nil {
			return nil, fmt.Errorf("this is no whole backup of rawaj's: %w", err)
		}
		known := h.Name == Log || h.Name == Attached || h.Name == Role || h.Name == OrgKey || h.Name == DeviceKey
		switch {
		case m == nil && h.Name == manifestName:
			if m, err = readManifest(r); err != nil {
				return nil, err
			}
			continue
		case m == nil || !known || h.Typeflag != tar.TypeReg || whole:
			return nil, fmt.Errorf("this is no backup of rawaj's: it holds %q", h.Name)
		case h.Name != Log && h.Name != Attached && h.Size > maxSmall:
			return nil, fmt.Errorf("%s has %d bytes", h.Name, h.Size)
		}
		if size -= h.Size; size < 0 {
			return nil, fmt.Errorf("this is no whole backup of rawaj's: %s says that it has %d bytes", h.Name, h.Size)
		}
		whole, attached = h.Name == Log, attached || h.Name == Attached
		hash := sha256.New()
		out, err := os.OpenFile(filepath.Join(dir, h.Name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(io.MultiWriter(out, hash), reader{ctx, r})
		if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
			return nil, err
		}
		if whole && hex.EncodeToString(hash.Sum(nil)) != m.LogFile {
			return nil, errors.New("its log was changed since it was written")
		}
		if h.Name == Attached && hex.EncodeToString(hash.Sum(nil)) != m.AttachFile {
			return nil, errors.New("its attachments were changed since they were written")
		}
	}
}

func readManifest(r io.Reader) (*Manifest, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxSmall))
	if err != nil {
		return nil, err
	}
	m := &Manifest{}
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestName, err)
	}
	if m.Format < 1 || m.Format > format {
		return nil, fmt.Errorf("it is a backup of format %d, this program knows %d: use a newer one", m.Format, format)
	}
	return m, nil
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}
