package sim

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// centre is the server with its disk.
type centre struct {
	w          *World
	dir        string // its slot
	files      files  // of the state, while it is down
	photos     disk
	attach     *attach.Store
	photoFiles files               // while it is down
	lostAt     syncproto.HistoryID // the history in which it last lost photos that it had confirmed
	older      bool                // its photos are older than they were when it last ran
	kept       logFiles            // of the log, while it is down, in worlds that have it on a disk
	up         bool
	dying      bool
	disk       disk
	log        *simLog
	data       [][]byte // of the log, on disk
	state      *state.State
	server     *server.Stepped
	skew       time.Duration
	images     []*serverImage
	backed     int // the oldest image that may be put back
}

// serverImage is a copy of the server's files.
type serverImage struct {
	state  files
	photos files
	log    logFiles
	data   [][]byte
}

// simLog is the log, whose disk may be full or lose its server.
type simLog struct {
	oplog.Log
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
		Log: c.log, State: c.state, Attachments: c.attach, OrgKey: c.w.model.orgKey, DeviceKey: c.w.model.nodeKey,
		Now: c.now, Rand: c.w.random, Logger: quiet,
	}
}

// start opens what is on disk. It may fail, as a full disk has it.
func (c *centre) start() error {
	if c.up {
		return nil
	}
	c.dying = false
	path := filepath.Join(c.dir, stateFile)
	c.disk = disk{path: path, dying: &c.dying, left: -1, full: c.disk.full}
	log, err := c.openLog()
	if err != nil {
		return err
	}
	c.log = &simLog{Log: log, c: c, left: -1, full: c.log != nil && c.log.full}
	c.photos = disk{path: filepath.Join(c.dir, attach.File), dying: &c.dying, left: -1}
	if err := errors.Join(c.files.put(path), c.photoFiles.put(c.photos.path)); err != nil {
		return err
	}
	sqlitedb.Inject(path, c.disk.faults())
	sqlitedb.Inject(c.photos.path, c.photos.faults())
	if err := c.open(path); err != nil {
		c.keep(0)
		c.log.Close()
		return err
	}
	c.up = true
	return nil
}

func (c *centre) open(path string) (err error) {
	if c.state, err = state.Open(ctx, path); err != nil {
		return err
	}
	if c.attach, err = attach.Open(ctx, c.photos.path); err != nil {
		c.state.Close()
		return err
	}
	if c.server, err = server.NewStepped(ctx, c.config()); err != nil {
		c.attach.Close()
		c.state.Close()
	}
	return err
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
	if c.keep(lose) > 0 {
		c.w.hit(StateTailLost)
	}
	c.close()
}

func (c *centre) close() {
	c.up = false
	c.state.Close()
	c.attach.Close()
	c.log.Close()
	sqlitedb.Inject(c.photos.path, nil)
	sqlitedb.Inject(c.disk.path, nil)
}

// keep keeps what is on disk.
func (c *centre) keep(lose int) (lost int) {
	c.files, lost = c.disk.read(lose)
	c.photoFiles, _ = c.photos.read(lose)
	c.kept = c.readLog()
	return lost
}

// image copies the server's files as they are.
func (c *centre) image() *serverImage {
	state, _ := c.disk.read(0)
	photos, _ := c.photos.read(0)
	return &serverImage{state: state, photos: photos, log: c.readLog(), data: slices.Clip(c.data)}
}

// putBack puts an image's files in place of the server's own.
func (c *centre) putBack(i *serverImage, withState bool) {
	c.crash(0)
	c.files = files{}
	switch {
	case withState:
		c.files = i.state
	case !c.w.whole: // where nothing is, this is made first, and takes long
		c.files = c.w.empty
	}
	c.data, c.kept, c.photoFiles = i.data, i.log, i.photos
	c.kept.mark = nil // as who puts a log back takes its mark away
	c.w.model.rolledBack(c.data)
}
