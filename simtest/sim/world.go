package sim

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/memlog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

var ctx = context.Background()

var quiet = slog.New(slog.DiscardHandler)

// World is all there is in one run.
type World struct {
	dir         string
	host        string
	random      *rand.ChaCha8 // of ids, nonces and keys; the operations are drawn elsewhere
	centre      *centre
	sites       []*site
	lines       []*line
	tasks       []*task
	parcels     []*parcel
	model       *model
	hits        *Hits
	connections int
	history     syncproto.HistoryID // that was last heard of
	lives       int
	trace       hasher
	say         func(string) // nil where nobody reads along
	products    []syncproto.RecordID
	persons     []syncproto.RecordID
	values      int
}

// hasher is what a run is known by: two runs of one list have the same.
type hasher struct{ sum uint64 }

func (w *World) tracef(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	h := fnv.New64a()
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], w.trace.sum)
	h.Write(b[:])
	io.WriteString(h, s)
	w.trace.sum = h.Sum64()
	if w.say != nil {
		w.say("    " + s)
	}
}

// Failure is why a run failed: the product's, unless the model is wrong.
type Failure struct{ What string }

func (f *Failure) Error() string { return f.What }

func (w *World) failf(format string, args ...any) {
	panic(&Failure{fmt.Sprintf(format, args...)})
}

func (w *World) must(err error) {
	if err != nil {
		w.failf("%v", err)
	}
}

func (w *World) hit(f Fault) { w.hits[f]++ }

// disk is how a database is kept: what was flushed survives a crash, the rest may not.
type disk struct {
	w       *World
	full    bool
	dying   *bool
	left    int     // commits until the crash; negative: none is due
	sizes   []int64 // of the WAL after each commit that a crash may still take back, beginning with one that it cannot
	lastWAL string
}

var (
	errFull = errors.New("database or disk is full (simulated)")
	errDead = errors.New("the process is dead (simulated)")
)

// walCheckpoint is the size from which SQLite moves the WAL into the main file.
const walCheckpoint = 1000*(4096+24) + 32

func (d *disk) faults() *sqlitedb.Faults {
	return &sqlitedb.Faults{
		Before: func() error {
			if d.left == 0 {
				*d.dying = true
			}
			switch {
			case *d.dying:
				return errDead
			case d.full:
				return errFull
			}
			d.left--
			return nil
		},
		After: func(s sqlitedb.Sync) {
			size := int64(0)
			if info, err := os.Stat(d.lastWAL); err == nil {
				size = info.Size()
			}
			last := int64(0)
			if len(d.sizes) > 0 {
				last = d.sizes[len(d.sizes)-1]
			}
			if s == sqlitedb.Full || size >= walCheckpoint || size < last {
				d.sizes = append(d.sizes[:0], size)
			} else {
				d.sizes = append(d.sizes, size)
			}
		},
	}
}

// copyDB copies a database as a crash leaves it: with so many of its last commits lost as
// may be and as are asked for.
func (d *disk) copyDB(from, to string, lose int) (lost int) {
	copyFile(d.w, from, to)
	wal, err := os.ReadFile(from + "-wal")
	if err != nil {
		return 0
	}
	if n := len(d.sizes); n > 0 && lose > 0 {
		lost = min(lose, n-1)
		if keep := d.sizes[n-1-lost]; keep < int64(len(wal)) {
			wal = wal[:keep]
		}
	}
	if len(wal) > 0 {
		d.w.must(os.WriteFile(to+"-wal", wal, 0o600))
	}
	return lost
}

func copyFile(w *World, from, to string) {
	b, err := os.ReadFile(from)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	w.must(err)
	w.must(os.WriteFile(to, b, 0o600))
}

// life gives a directory for the next life of a process.
func (w *World) life(name string) string {
	w.lives++
	dir := filepath.Join(w.dir, fmt.Sprintf("%s-%d", name, w.lives))
	w.must(os.Mkdir(dir, 0o700))
	return dir
}

// centre is the server with its disk.
type centre struct {
	w      *World
	dir    string // with what is on disk; while up, what it works on
	up     bool
	dying  bool
	disk   disk
	log    *simLog
	data   [][]byte // of the log, on disk
	state  *state.State
	server *server.Stepped
	skew   time.Duration
	images []*serverImage
	backed int // the oldest image that may be put back
}

// serverImage is a copy of the server's files.
type serverImage struct {
	dir  string
	data [][]byte
}

// simLog is the log, whose disk may be full or lose its server.
type simLog struct {
	*memlog.Log
	c     *centre
	full  bool
	left  int  // appends until the crash; negative: none is due
	after bool // the crash comes after the append is durable
}

func (l *simLog) Append(ctx context.Context, data ...[]byte) (oplog.Index, error) {
	crash := l.left == 0
	if l.left >= 0 {
		l.left--
	}
	if crash && !l.after {
		l.c.dying = true
	}
	switch {
	case l.c.dying:
		return 0, errDead
	case l.full:
		return 0, errFull
	}
	index, err := l.Log.Append(ctx, data...)
	if err == nil {
		for i, d := range data {
			l.c.data = append(l.c.data, d)
			l.c.w.model.appended(index-oplog.Index(len(data)-1-i), d)
		}
	}
	if crash {
		l.c.dying = true
		return 0, errDead
	}
	return index, err
}

func (c *centre) now() time.Time { return time.Now().Add(c.skew) }

func (c *centre) config() server.Config {
	return server.Config{
		Log: c.log, State: c.state, OrgKey: c.w.model.orgKey, DeviceKey: c.w.model.nodeKey,
		Now: c.now, Rand: c.w.random, Logger: quiet,
	}
}

// start opens what is on disk. It may fail, as a full disk has it.
func (c *centre) start() error {
	if c.up {
		return nil
	}
	c.dying = false
	c.disk = disk{w: c.w, dying: &c.dying, left: -1, full: c.disk.full, lastWAL: c.dir + "/state.db-wal"}
	c.log = &simLog{Log: memlog.New(), c: c, left: -1, full: c.log != nil && c.log.full}
	if _, err := c.log.Log.Append(ctx, c.data...); err != nil {
		return err
	}
	path := c.dir + "/state.db"
	sqlitedb.Inject(path, c.disk.faults())
	var err error
	if c.state, err = state.Open(ctx, path); err != nil {
		return err
	}
	if c.server, err = server.NewStepped(ctx, c.config()); err != nil {
		c.state.Close()
		return err
	}
	c.up = true
	return nil
}

// crash ends the process, with so many commits of the state lost as may be.
func (c *centre) crash(lose int) {
	if !c.up {
		return
	}
	c.dying = true
	for _, l := range c.w.lines {
		l.down.finish(errDead)
	}
	old := c.dir
	c.dir = c.w.life("centre")
	if c.disk.copyDB(old+"/state.db", c.dir+"/state.db", lose) > 0 {
		c.w.hit(StateTailLost)
	}
	c.close(old)
}

func (c *centre) close(dir string) {
	c.up = false
	c.state.Close()
	sqlitedb.Inject(dir+"/state.db", nil)
	os.RemoveAll(dir)
}

// image copies the server's files as they are.
func (c *centre) image() *serverImage {
	i := &serverImage{dir: c.w.life("image"), data: c.data[:len(c.data):len(c.data)]}
	c.disk.copyDB(c.dir+"/state.db", i.dir+"/state.db", 0)
	return i
}

// putBack puts an image's files in place of the server's own.
func (c *centre) putBack(i *serverImage, withState bool) {
	c.crash(0)
	os.RemoveAll(c.dir)
	c.dir = c.w.life("centre")
	if withState {
		copyFile(c.w, i.dir+"/state.db", c.dir+"/state.db")
		copyFile(c.w, i.dir+"/state.db-wal", c.dir+"/state.db-wal")
	}
	c.data = i.data
	c.w.model.rolledBack(c.data)
}

// keys are the keys that a device made after its first; they lie beside its database.
type keys struct {
	w    *World
	list []ed25519.PrivateKey
}

func (k *keys) Of(public ed25519.PublicKey) (ed25519.PrivateKey, error) {
	for _, key := range k.list {
		if key.Public().(ed25519.PublicKey).Equal(public) {
			return key, nil
		}
	}
	return nil, nil
}

func (k *keys) Next(used func(ed25519.PublicKey) bool) (ed25519.PrivateKey, error) {
	for _, key := range k.list {
		if !used(key.Public().(ed25519.PublicKey)) {
			return key, nil
		}
	}
	seed := make([]byte, ed25519.SeedSize)
	k.w.random.Read(seed)
	key := ed25519.NewKeyFromSeed(seed)
	k.list = append(k.list, key)
	return key, nil
}

// site is a device of a site with its disk.
type site struct {
	w       *World
	name    string
	kind    string
	dir     string
	open    bool
	dying   bool
	disk    disk
	store   *store.Store
	client  *client.Client
	key     ed25519.PrivateKey
	keys    *keys
	skew    time.Duration
	line    *line
	refused bool // by the server, until somebody starts it again
	wiped   bool
	cloned  bool
	chain   []*tx // that its own chain holds
	forms   []form
	images  []*siteImage
	id      syncproto.RecordID // of the site
	till    syncproto.RecordID
}

// siteImage is a copy of a site's files.
type siteImage struct {
	dir   string
	keys  []ed25519.PrivateKey
	chain []*tx
	wiped bool
}

func (s *site) now() time.Time { return time.Now().Add(s.skew) }

func (s *site) device() syncproto.DeviceID { return s.store.Identity().Device }

// start opens what is on disk. It may fail, as a full disk has it.
func (s *site) start() error {
	if s.open {
		return nil
	}
	s.dying, s.refused = false, false
	path := s.dir + "/site.db"
	s.disk = disk{w: s.w, dying: &s.dying, left: -1, full: s.disk.full, lastWAL: path + "-wal"}
	sqlitedb.Inject(path, s.disk.faults())
	var err error
	if s.store, err = store.Open(ctx, store.Config{Path: path, Now: s.now, Rand: s.w.random}); err != nil {
		return err
	}
	s.client = client.New(client.Config{Store: s.store, Key: s.key, Keys: s.keys, Now: s.now, Rand: s.w.random, Logger: quiet})
	s.open = true
	return nil
}

// crash ends the process, with so many lazy commits lost as may be.
func (s *site) crash(lose int) {
	if !s.open {
		return
	}
	s.dying = true
	if s.line != nil {
		s.line.up.finish(errDead)
	}
	old := s.dir
	s.dir = s.w.life(s.name)
	if s.disk.copyDB(old+"/site.db", s.dir+"/site.db", lose) > 0 {
		s.w.hit(SiteTailLost)
	}
	copyFile(s.w, old+"/site.db-mark", s.dir+"/site.db-mark")
	s.open = false
	s.store.Close()
	sqlitedb.Inject(old+"/site.db", nil)
	os.RemoveAll(old)
	s.forms = nil
}

func (s *site) image() *siteImage {
	i := &siteImage{dir: s.w.life("image"), keys: s.keys.list[:len(s.keys.list):len(s.keys.list)], chain: s.chain[:len(s.chain):len(s.chain)], wiped: s.wiped}
	s.disk.copyDB(s.dir+"/site.db", i.dir+"/site.db", 0)
	copyFile(s.w, s.dir+"/site.db-mark", i.dir+"/site.db-mark")
	return i
}

// putBack puts an image's files in place of the site's own; without the mark, the one
// that is there stays, and tells.
func (s *site) putBack(i *siteImage, withMark bool) {
	s.crash(0)
	os.Remove(s.dir + "/site.db-wal")
	copyFile(s.w, i.dir+"/site.db", s.dir+"/site.db")
	copyFile(s.w, i.dir+"/site.db-wal", s.dir+"/site.db-wal")
	if withMark {
		copyFile(s.w, i.dir+"/site.db-mark", s.dir+"/site.db-mark")
	}
	s.keys = &keys{s.w, i.keys}
	s.chain, s.wiped = i.chain, i.wiped
}

// clone makes another device of an image: both go on.
func (s *site) clone(i *siteImage, name string) *site {
	c := &site{w: s.w, name: name, kind: s.kind, key: s.key, keys: &keys{s.w, i.keys}, chain: i.chain, id: s.id, till: s.till, dir: s.w.life(name), wiped: i.wiped, cloned: true}
	s.cloned = true
	copyFile(s.w, i.dir+"/site.db", c.dir+"/site.db")
	copyFile(s.w, i.dir+"/site.db-wal", c.dir+"/site.db-wal")
	copyFile(s.w, i.dir+"/site.db-mark", c.dir+"/site.db-mark")
	return c
}

// close ends everything, for good.
func (w *World) close() {
	for _, s := range w.sites {
		if s.open {
			s.dying = true
			if s.line != nil {
				s.line.up.finish(errDead)
			}
			s.open = false
			s.store.Close()
			sqlitedb.Inject(s.dir+"/site.db", nil)
		}
	}
	if c := w.centre; c != nil && c.up {
		c.dying = true
		for _, l := range w.lines {
			l.down.finish(errDead)
		}
		c.close(c.dir)
	}
	for _, t := range w.tasks {
		t.stop()
	}
	worlds.Delete(w.host)
	os.RemoveAll(w.dir)
}

// worlds are those that run, by the host of their server.
var worlds sync.Map

func newLog() *memlog.Log { return memlog.New() }
