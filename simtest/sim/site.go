package sim

import (
	"crypto/ed25519"
	"os"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
)

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
