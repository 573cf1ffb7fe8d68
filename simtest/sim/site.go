package sim

import (
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/attach"
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
	dir     string    // its slot
	files   siteFiles // while the process is not there
	open    bool
	dying   bool
	disk    disk
	photos  disk
	store   *store.Store
	client  *client.Client
	key     ed25519.PrivateKey
	keys    *keys
	skew    time.Duration
	line    *line
	refused bool // by the server, until somebody starts it again
	wiped   bool
	cloned  bool
	limited bool  // somebody wanted a right ended, of it or of a copy
	chain   []*tx // that its own chain holds
	forms   []form
	stood   trodden
	images  []*siteImage
	id      syncproto.RecordID // of the site
	till    syncproto.RecordID
}

// siteImage is a copy of a site's files.
type siteImage struct {
	files siteFiles
	keys  []ed25519.PrivateKey
	chain []*tx
	stood trodden
	wiped bool
}

func (s *site) now() time.Time { return time.Now().Add(s.skew) }

func (s *site) device() syncproto.DeviceID { return s.store.Identity().Device }

// siteFiles are what a site has on its disk.
type siteFiles struct {
	db, photos files
	mark       []byte
}

func (s *site) path() string { return filepath.Join(s.dir, siteFile) }

// start opens what is on disk. It may fail, as a full disk has it.
func (s *site) start() error {
	if s.open {
		return nil
	}
	s.dying, s.refused = false, false
	s.disk = disk{path: s.path(), dying: &s.dying, left: -1, full: s.disk.full}
	s.photos = disk{path: filepath.Join(s.dir, attach.File), dying: &s.dying, left: -1}
	if err := s.put(); err != nil {
		return err
	}
	sqlitedb.Inject(s.disk.path, s.disk.faults())
	sqlitedb.Inject(s.photos.path, s.photos.faults())
	var err error
	if s.store, err = store.Open(ctx, store.Config{Path: s.disk.path, Now: s.now, Rand: s.w.random}); err != nil {
		s.files = s.read(0)
		return err
	}
	s.client = client.New(client.Config{Store: s.store, Key: s.key, Keys: s.keys, Now: s.now, Rand: s.w.random, Logger: quiet})
	s.open = true
	return nil
}

// put puts the files where they are opened.
func (s *site) put() error {
	mark := s.path() + "-mark"
	if s.files.mark == nil {
		if err := os.Remove(mark); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	} else if err := os.WriteFile(mark, s.files.mark, 0o600); err != nil {
		return err
	}
	return errors.Join(s.files.db.put(s.disk.path), s.files.photos.put(s.photos.path))
}

// read reads the files as a crash leaves them.
func (s *site) read(lose int) (f siteFiles) {
	var lost int
	var err error
	f.db, lost = s.disk.read(lose)
	if lost > 0 {
		s.w.hit(SiteTailLost)
		s.stood = trodden{partial: true}
	}
	f.photos, _ = s.photos.read(lose)
	if f.mark, err = os.ReadFile(s.path() + "-mark"); err != nil && !errors.Is(err, os.ErrNotExist) {
		s.w.must(err)
	}
	return f
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
	s.files = s.read(lose)
	s.close()
	s.forms = nil
}

func (s *site) close() {
	s.open = false
	s.store.Close()
	sqlitedb.Inject(s.disk.path, nil)
	sqlitedb.Inject(s.photos.path, nil)
}

func (s *site) image() *siteImage {
	return &siteImage{files: s.read(0), keys: slices.Clip(s.keys.list), chain: slices.Clip(s.chain), stood: s.stood, wiped: s.wiped}
}

// putBack puts an image's files in place of the site's own; without the mark, the one
// that is there stays, and tells.
func (s *site) putBack(i *siteImage, withMark bool) {
	s.crash(0)
	mark := s.files.mark
	s.files = i.files
	if !withMark {
		s.files.mark = mark
	}
	s.keys = &keys{s.w, i.keys}
	s.chain, s.stood, s.wiped = i.chain, i.stood, i.wiped
}

// clone makes another device of an image: both go on.
func (s *site) clone(i *siteImage, name string) *site {
	s.cloned = true
	return &site{w: s.w, name: name, kind: s.kind, key: s.key, keys: &keys{s.w, i.keys}, chain: i.chain, stood: i.stood, id: s.id, till: s.till, dir: s.w.slot(siteSlot), files: i.files, wiped: i.wiped, cloned: true, limited: s.limited}
}
