// Package simtest runs whole systems in one process: a server and sites that are
// cut off from it, brought back, killed and restarted. Besides the program it is
// the only place that sees both sides.
package simtest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/recorder"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/wsconn"
)

// Quiet drops what the programs say.
var Quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// Centre is a server with its files, which it can be stopped and started on.
type Centre struct {
	t      testing.TB
	dir    string
	config server.Config
	HTTP   *httptest.Server
	Server *server.Server
	State  *state.State
	Log    oplog.Log
	ahead  atomic.Int64 // of this machine's clock, ns
	stop   context.CancelFunc
	done   chan error
}

// NewCentre makes an organisation.
func NewCentre(t testing.TB) *Centre { return NewNarrowCentre(t, server.Limits{}) }

// NewNarrowCentre makes one whose server has narrower bounds.
func NewNarrowCentre(t testing.TB, limits server.Limits) *Centre {
	c := &Centre{t: t, dir: t.TempDir()}
	c.config.Limits = limits
	_, c.config.OrgKey = newKey(t)
	_, c.config.DeviceKey = newKey(t)
	c.config.Now = func() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }
	c.config.Rand, c.config.Logger = rand.Reader, Quiet
	c.Start()
	t.Cleanup(func() {
		if c.stop != nil {
			c.Stop()
		}
	})
	return c
}

func newKey(t testing.TB) (ed25519.PublicKey, ed25519.PrivateKey) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return public, key
}

// Path is a file of the server's.
func (c *Centre) Path(name string) string { return filepath.Join(c.dir, name) }

// Off sets how far the clock of the server's machine is off.
func (c *Centre) Off(d time.Duration) { c.ahead.Store(int64(d)) }

// Later sets the server's clock on, or back, and a person confirms it.
func (c *Centre) Later(d time.Duration) {
	c.t.Helper()
	c.ahead.Add(int64(d))
	if _, err := c.Server.ConfirmClock(context.Background()); err != nil {
		c.t.Fatal(err)
	}
}

// Start opens the files and listens.
func (c *Centre) Start() {
	c.t.Helper()
	if err := c.TryStart(); err != nil {
		c.t.Fatal(err)
	}
}

// TryStart is Start where it may fail; nothing is open then.
func (c *Centre) TryStart() error {
	ctx, cancel := context.WithCancel(context.Background())
	if err := c.open(ctx); err != nil {
		cancel()
		return err
	}
	c.stop = cancel
	c.done = make(chan error, 1)
	go func() { c.done <- c.Server.Run(ctx) }()
	c.HTTP = httptest.NewServer(c.Server.Handler(localapi.NewGate("token of a test"), http.NotFoundHandler()))
	return nil
}

func (c *Centre) open(ctx context.Context) error {
	log, err := sqlitelog.Open(c.Path("log.db"), sqlitelog.Options{Rand: rand.Reader})
	if err != nil {
		return err
	}
	st, err := state.Open(ctx, c.Path("state.db"))
	if err != nil {
		return errors.Join(err, log.Close())
	}
	if c.config.Attachments, err = attach.Open(ctx, c.Path(attach.File)); err != nil {
		return errors.Join(err, st.Close(), log.Close())
	}
	c.Log, c.State = log, st
	c.config.Log, c.config.State = log, st
	if end, _ := log.End(); end == 0 {
		c.config.Certificate, err = server.FirstStart(ctx, c.config, "Organisation of a test")
	}
	if err == nil {
		c.Server, err = server.New(ctx, c.config, nil)
	}
	if err != nil {
		return errors.Join(err, c.config.Attachments.Close(), st.Close(), log.Close())
	}
	return nil
}

// Stop ends the server in an orderly way.
func (c *Centre) Stop() {
	c.t.Helper()
	c.stop()
	if err := <-c.done; err != nil {
		c.t.Error(err)
	}
	c.HTTP.Close()
	if err := errors.Join(c.State.Close(), c.config.Attachments.Close()); err != nil {
		c.t.Error(err)
	}
	if err := c.Log.Close(); err != nil {
		c.t.Error(err)
	}
	c.stop = nil
}

// Address is where the server listens, host:port.
func (c *Centre) Address() string { return c.HTTP.Listener.Addr().String() }

// Folded waits until everything in the log is folded.
func (c *Centre) Folded() {
	c.t.Helper()
	end, _ := c.Log.End()
	c.until(func(h state.Head) bool { return h.Applied >= end })
}

// Judged waits until so many transactions have been judged.
func (c *Centre) Judged(n syncproto.Position) {
	c.t.Helper()
	c.until(func(h state.Head) bool { return h.Position >= n })
}

func (c *Centre) until(reached func(state.Head) bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for view := c.Server.Live().View(); !reached(view.Head()); view = c.Server.Live().View() {
		if err := view.Wait(ctx); err != nil {
			c.t.Fatalf("the fold stands at %+v: %v", view.Head(), err)
		}
	}
}

// Site is a device of a site.
type Site struct {
	t      testing.TB
	dir    string
	Key    ed25519.PrivateKey
	Now    func() time.Time
	Dial   wsconn.DialOptions
	Store  *store.Store
	Client *client.Client
	flight *recorder.Recorder
}

// NewSite enrols a device of a site.
func (c *Centre) NewSite(name, kind string, fairs ...string) *Site {
	c.t.Helper()
	s := &Site{t: c.t, dir: c.t.TempDir(), Now: time.Now}
	_, s.Key = newKey(c.t)
	code, err := c.Server.EnrolCode(context.Background(), server.NewSite{Site: name, Kind: kind, Fairs: fairs})
	if err != nil {
		c.t.Fatal(err)
	}
	s.Open()
	c.t.Cleanup(func() { s.Store.Close(); s.flight.Close() })
	if _, err := client.Enrol(context.Background(), s.Store, s.Key, c.HTTP.URL, code.Code, name); err != nil {
		c.t.Fatal(err)
	}
	return s
}

// KeyOf is the key that the site was enrolled with.
func (s *Site) KeyOf(syncproto.DeviceID) (ed25519.PrivateKey, error) { return s.Key, nil }

// Open opens the site's files, as a process does that starts.
func (s *Site) Open() {
	s.t.Helper()
	var err error
	s.Store, err = store.Open(context.Background(), store.Config{Path: s.Path("site.db"), Now: func() time.Time { return s.Now() }, Rand: rand.Reader})
	if err != nil {
		s.t.Fatal(err)
	}
	s.flight.Close()
	if s.flight, err = recorder.Open(s.Path("recorder"), func() time.Time { return s.Now() }); err != nil {
		s.t.Fatal(err)
	}
	s.Client = client.New(client.Config{Store: s.Store, Key: s.Key, Keys: datadir.Keys{Path: s.dir, Rand: rand.Reader}, Now: func() time.Time { return s.Now() }, Rand: rand.Reader, Logger: Quiet, Recorder: s.flight, Dial: s.Dial})
}

// Twin is a copy of the site's files, which nobody may have open, at work in another
// directory.
func (s *Site) Twin(dir string) *Site {
	s.t.Helper()
	if err := os.CopyFS(dir, os.DirFS(s.dir)); err != nil {
		s.t.Fatal(err)
	}
	twin := &Site{t: s.t, dir: dir, Key: s.Key, Now: s.Now}
	twin.Open()
	s.t.Cleanup(func() { twin.Store.Close() })
	return twin
}

// Reopen ends the process and starts another.
func (s *Site) Reopen() {
	s.t.Helper()
	if err := s.Store.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.Open()
}

// Path is a file of the site's.
func (s *Site) Path(name string) string { return filepath.Join(s.dir, name) }

// Sound fails unless all that the site keeps holds together.
func (s *Site) Sound() {
	s.t.Helper()
	found, err := s.Store.Verify(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range found {
		s.t.Errorf("%s: %s", f.Where, f.What)
	}
}

// Moved tells a site where the server listens now.
func (s *Site) Moved(c *Centre) { s.Through(c.HTTP.URL) }

// Through lets a site reach the server by another address, such as a proxy's.
func (s *Site) Through(url string) {
	s.t.Helper()
	id := *s.Store.Identity()
	id.Server = url
	if err := s.Store.Enrol(context.Background(), id); err != nil {
		s.t.Fatal(err)
	}
}

// Sync syncs until nothing is left, and fails unless all digests are equal.
func (s *Site) Sync() client.SyncResult {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	r, err := s.Client.Sync(ctx, 20*time.Second, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if !r.Equal {
		s.t.Fatal(fmt.Errorf("digests differ: %s", s.Store.Progress().Unequal))
	}
	return r
}
