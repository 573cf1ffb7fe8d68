package backup_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/backup"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
	"github.com/rawaj/rawaj/server/state"
)

var ctx = context.Background()

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// organisation makes a server's directory as its first start does.
func organisation(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "centre")
	d, err := datadir.Open(path, datadir.Server, true)
	must(t, err)
	defer d.Close()
	c := server.Config{Now: time.Now, Rand: rand.Reader, Logger: slog.New(slog.DiscardHandler)}
	c.OrgKey, err = d.Key(backup.OrgKey, rand.Reader)
	must(t, err)
	c.DeviceKey, err = d.Key(backup.DeviceKey, rand.Reader)
	must(t, err)
	log, err := sqlitelog.Open(d.File(backup.Log), sqlitelog.Options{})
	must(t, err)
	c.Log = log
	c.Certificate, err = server.FirstStart(ctx, c, "Made up")
	must(t, err)
	must(t, log.Close())
	return path
}

func quietly(string, int64, int64) {}

func options() backup.Options {
	return backup.Options{Now: time.Now, Progress: quietly, Program: "test"}
}

func makes(t *testing.T, dir string, o backup.Options) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "made.backup")
	_, err := backup.Make(ctx, dir, file, o)
	must(t, err)
	return file
}

func restores(file, into, keys string) (*backup.Manifest, error) {
	return backup.Restore(ctx, file, into, keys, time.Now, quietly)
}

func headOf(t *testing.T, dir string) state.Head {
	t.Helper()
	st, err := state.Open(ctx, filepath.Join(dir, backup.State))
	must(t, err)
	defer st.Close()
	return st.Head()
}

func TestARestoredBackupGoesOnUnderANewHistory(t *testing.T) {
	dir := organisation(t)
	file := makes(t, dir, options())
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup has mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); len(left) > 0 {
		t.Errorf("%v was left beside it", left)
	}
	into := filepath.Join(t.TempDir(), "restored")
	m, err := restores(file, into, "")
	must(t, err)
	head := headOf(t, into)
	if head.Org != m.Org || head.Applied != oplog.Index(m.Entries)+1 || head.Position != m.Position || head.History == m.History {
		t.Errorf("restored to %+v from %+v", head, m)
	}
	if role, err := datadir.ReadRole(into); role != datadir.Server {
		t.Errorf("the directory is a %q: %v", role, err)
	}
	found, err := sqlitelog.Verify(ctx, filepath.Join(into, backup.Log), nil)
	if err != nil || len(found) > 0 {
		t.Errorf("its log: %v, %v", found, err)
	}
	if _, err := os.Stat(sqlitelog.MarkPath(filepath.Join(into, backup.Log))); err != nil {
		t.Errorf("its log has no mark: %v", err)
	}
}

// Bytes that are the filling of a tar, or what a manifest tells people, may change: what
// is restored is then the same.
func TestAChangedByteOfABackupIsFoundOrChangesNothing(t *testing.T) {
	dir := organisation(t)
	file := makes(t, dir, options())
	whole, err := os.ReadFile(file)
	must(t, err)
	log := bytes.Index(whole, []byte("SQLite format 3"))
	if log < 0 {
		t.Fatal("there is no log in the backup")
	}
	found := 0
	places := []int{0, 600, log + 100, log + 4000}
	for at := 0; at < len(whole); at += len(whole)/50 + 1 {
		places = append(places, at)
	}
	for _, at := range places {
		changed := bytes.Clone(whole)
		changed[at] ^= 0x11
		must(t, os.WriteFile(file, changed, 0o600))
		into := filepath.Join(t.TempDir(), "restored")
		if _, err := restores(file, into, ""); err != nil {
			found++
			if _, err := datadir.ReadRole(into); !errors.Is(err, datadir.ErrNone) {
				t.Errorf("byte %d: a refused restore left something: %v", at, err)
			}
			continue
		}
		if at >= log && at < len(whole)-2048 {
			t.Errorf("byte %d of the log was changed and restored", at)
		}
		if head := headOf(t, into); head.Applied != 4 {
			t.Errorf("byte %d: restored to %+v", at, head)
		}
	}
	if found < 4 {
		t.Errorf("only %d changes were found", found)
	}
	must(t, os.WriteFile(file, whole[:len(whole)/2], 0o600))
	if _, err := restores(file, filepath.Join(t.TempDir(), "cut"), ""); err == nil {
		t.Error("half a backup was restored")
	}
}

func TestNeitherABackupNorARestoreTakesAnothersPlace(t *testing.T) {
	dir := organisation(t)
	file := makes(t, dir, options())
	if _, err := backup.Make(ctx, dir, file, options()); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("over a backup: %v", err)
	}
	if _, err := restores(file, dir, ""); err == nil || !strings.Contains(err.Error(), "move that directory away") {
		t.Errorf("over a server: %v", err)
	}
	broken := t.TempDir()
	must(t, os.Mkdir(filepath.Join(broken, ".restore-1"), 0o700))
	if _, err := restores(file, broken, ""); err == nil || !strings.Contains(err.Error(), "a restore was broken off here") {
		t.Errorf("over a restore that was broken off: %v", err)
	}
}

func TestABackupWithoutKeysIsRestoredWithTheKeysOfItsLogOnly(t *testing.T) {
	dir := organisation(t)
	o := options()
	o.WithoutKeys = true
	file := makes(t, dir, o)
	b, err := os.ReadFile(file)
	must(t, err)
	key, err := os.ReadFile(filepath.Join(dir, backup.OrgKey))
	must(t, err)
	if bytes.Contains(b, key) {
		t.Error("the key is in the backup")
	}
	if _, err := restores(file, filepath.Join(t.TempDir(), "none"), ""); err == nil || !strings.Contains(err.Error(), "--keys") {
		t.Errorf("without keys: %v", err)
	}
	if _, err := restores(file, filepath.Join(t.TempDir(), "others"), organisation(t)); err == nil || !strings.Contains(err.Error(), "is not the key of organisation") {
		t.Errorf("with another organisation's: %v", err)
	}
	if _, err := restores(file, filepath.Join(t.TempDir(), "own"), dir); err != nil {
		t.Errorf("with its own: %v", err)
	}
}

func TestABackupThatDoesNotHoldIsNotKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "centre")
	_, err := restores(makes(t, organisation(t), options()), dir, "")
	must(t, err)
	file := filepath.Join(t.TempDir(), "made.backup")
	for _, sql := range []string{
		`UPDATE entry SET data = zeroblob(length(data)) WHERE idx = 2`,
		`UPDATE entry SET hash = zeroblob(32) WHERE idx = 1`,
	} {
		db, err := sqlitedb.Open(filepath.Join(dir, backup.Log), sqlitedb.Options{})
		must(t, err)
		must(t, db.Write(ctx, func(tx *sqlitedb.Tx) error { return tx.Script(sql) }))
		must(t, db.Close())
		if _, err := backup.Make(ctx, dir, file, options()); err == nil || !strings.Contains(err.Error(), "is not kept") {
			t.Errorf("%s: it was backed up with %v", sql, err)
		}
		if left, _ := os.ReadDir(filepath.Dir(file)); len(left) > 0 {
			t.Errorf("%s: %v is left", sql, left)
		}
	}
}

func TestALogThatLostItsTailIsNotBackedUp(t *testing.T) {
	dir := organisation(t)
	path := filepath.Join(dir, backup.Log)
	kept, err := os.ReadFile(path)
	must(t, err)
	log, err := sqlitelog.Open(path, sqlitelog.Options{})
	must(t, err)
	_, err = log.Append(ctx, []byte("made up"))
	must(t, err)
	must(t, log.Close())
	must(t, os.WriteFile(path, kept, 0o600))
	if _, err := backup.Make(ctx, dir, filepath.Join(t.TempDir(), "b"), options()); !errors.Is(err, oplog.ErrShort) {
		t.Errorf("it was backed up with %v", err)
	}
}
