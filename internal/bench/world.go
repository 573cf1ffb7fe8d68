package bench

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto/schema"
	"github.com/rawaj/rawaj/syncproto/wsconn"
)

var quiet = slog.New(slog.DiscardHandler)

// patience is how long a sync may get nowhere before a measurement is given up.
const patience = time.Minute

// centre is a server with its files, on loopback.
type centre struct {
	dir    string
	config server.Config
	log    *sqlitelog.Log
	state  *state.State
	server *server.Server
	http   *http.Server
	url    string
	cancel context.CancelFunc
	done   chan error
}

func newCentre(ctx context.Context, dir string) (*centre, error) {
	c := &centre{dir: dir, config: server.Config{Now: time.Now, Rand: rand.Reader, Logger: quiet}}
	var err error
	if _, c.config.OrgKey, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return nil, err
	}
	if _, c.config.DeviceKey, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return c, c.start(ctx)
}

// start opens the files and listens.
func (c *centre) start(ctx context.Context) (err error) {
	if c.log, err = sqlitelog.Open(filepath.Join(c.dir, "log.db"), sqlitelog.Options{Rand: rand.Reader}); err != nil {
		return err
	}
	if c.state, err = state.Open(ctx, filepath.Join(c.dir, "state.db")); err != nil {
		return errors.Join(err, c.log.Close())
	}
	if c.config.Attachments, err = attach.Open(ctx, filepath.Join(c.dir, attach.File)); err != nil {
		return errors.Join(err, c.state.Close(), c.log.Close())
	}
	c.config.Log, c.config.State = c.log, c.state
	if end, _ := c.log.End(); end == 0 {
		if c.config.Certificate, err = server.FirstStart(ctx, c.config, "Organisation of a bench"); err != nil {
			return err
		}
	}
	if c.server, err = server.New(ctx, c.config, nil); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var run context.Context
	run, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	c.done = make(chan error, 1)
	go func() { c.done <- c.server.Run(run) }()
	c.http = &http.Server{Handler: c.server.Handler(localapi.NewGate("token of a bench"), http.NotFoundHandler())}
	go c.http.Serve(listener)
	c.url = "http://" + listener.Addr().String()
	return nil
}

func (c *centre) close() error {
	c.cancel()
	err := <-c.done
	return errors.Join(err, c.http.Close(), c.config.Attachments.Close(), c.state.Close(), c.log.Close())
}

// site is a device of a site.
type site struct {
	store  *store.Store
	client *client.Client
	clock  *clock
	wire   *wire
}

// newSite enrols a device of a stall; two of one name are devices of one stall.
func (c *centre) newSite(ctx context.Context, dir, name string) (*site, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	code, err := c.server.EnrolCode(ctx, server.NewSite{Site: name, Kind: schema.KindStall})
	if err != nil {
		return nil, err
	}
	s := &site{clock: &clock{}, wire: &wire{}}
	if s.store, err = store.Open(ctx, store.Config{Path: filepath.Join(dir, "site.db"), Now: s.clock.now, Rand: rand.Reader}); err != nil {
		return nil, err
	}
	if _, err := client.Enrol(ctx, s.store, key, c.url, code.Code, name); err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	s.client = client.New(client.Config{Store: s.store, Key: key, Now: time.Now, Rand: rand.Reader, Logger: quiet, Dial: wsconn.DialOptions{NetDialContext: s.wire.dial}})
	return s, nil
}

// sync syncs until nothing is left, and fails unless every digest is the server's.
func (s *site) sync(ctx context.Context, progress func(client.SyncResult)) (client.SyncResult, error) {
	r, err := s.client.Sync(ctx, patience, progress)
	switch {
	case err != nil:
		return r, err
	case r.Quarantined > 0:
		return r, fmt.Errorf("%d transactions were held", r.Quarantined)
	case !r.Equal:
		return r, fmt.Errorf("digests differ: %s", s.store.Progress().Unequal)
	}
	return r, nil
}

// wire counts what goes over a site's connections after the websocket's handshake,
// below the websocket.
type wire struct {
	up, down atomic.Int64
	turns    atomic.Int64 // times the site spoke after it had heard
	heard    atomic.Bool
	paused   atomic.Bool
}

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &wireConn{Conn: c, wire: w}, err
}

func (w *wire) reset() {
	w.up.Store(0)
	w.down.Store(0)
	w.turns.Store(0)
	w.heard.Store(false)
	w.paused.Store(false)
}

type wireConn struct {
	net.Conn
	wire     *wire
	upgraded atomic.Bool // the answer to the handshake was read
}

func (c *wireConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	count := n
	if !c.upgraded.Load() {
		end := bytes.Index(b[:n], []byte("\r\n\r\n"))
		if end < 0 {
			return n, err
		}
		c.upgraded.Store(true)
		count = n - end - 4
	}
	if count > 0 && !c.wire.paused.Load() {
		c.wire.down.Add(int64(count))
		c.wire.heard.Store(true)
	}
	return n, err
}

func (c *wireConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if c.upgraded.Load() && !c.wire.paused.Load() {
		c.wire.up.Add(int64(n))
		if c.wire.heard.Swap(false) {
			c.wire.turns.Add(1)
		}
	}
	return n, err
}
