package sim

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/memfs"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/oplog/memlog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Template is an organisation with four sites that have heard all, from which worlds
// begin: making one takes longer than running a world.
type Template struct {
	model    *model
	data     [][]byte
	slots    *slots
	state    files
	empty    files // a state that has folded nothing
	log      logFiles
	photos   files // of the server
	sites    []madeSite
	products []syncproto.RecordID
	persons  []syncproto.RecordID
	families []syncproto.RecordID // that have a product
	session  syncproto.RecordID
}

type madeSite struct {
	site
	files siteFiles
}

// doors lets enrolment and renaming reach the worlds' servers. What has no host of ours
// goes nowhere.
type doors struct{}

func (doors) RoundTrip(r *http.Request) (*http.Response, error) {
	have, ok := worlds.Load(r.URL.Host)
	if !ok {
		return nil, fmt.Errorf("no such host")
	}
	w := have.(*World)
	if !w.centre.up || w.centre.dying {
		return nil, fmt.Errorf("connection refused")
	}
	answer := httptest.NewRecorder()
	r.RemoteAddr = "192.0.2.1:1"
	w.centre.server.Handler(localapi.NewGate("of a simulation"), http.NotFoundHandler()).ServeHTTP(answer, r)
	if w.centre.dying {
		return nil, io.ErrUnexpectedEOF
	}
	return answer.Result(), nil
}

// OpenDoors has the process's HTTP go to worlds and nowhere else, and its databases under a
// directory be in memory.
func OpenDoors(dir string) error {
	http.DefaultTransport = doors{}
	return memfs.Under(dir)
}

func seeded(what string, n uint64) *rand.ChaCha8 {
	return rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "rawaj/sim/%s/%d", what, n)))
}

func keyOf(what string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("rawaj/sim/key/" + what))
	return ed25519.NewKeyFromSeed(seed[:])
}

func newWorld(slots *slots, host string, m *model, random *rand.ChaCha8) *World {
	w := &World{slots: slots, host: host, random: random, model: m, hits: &Hits{}}
	w.centre = &centre{w: w}
	worlds.Store(host, w)
	return w
}

// NewTemplate makes one. Its worlds work in the directory, under the one that OpenDoors was told.
func NewTemplate(dir string) (t *Template, err error) {
	m := newModel()
	m.orgKey, m.nodeKey = keyOf("organisation"), keyOf("node")
	t = &Template{model: m, slots: &slots{dir: dir, free: map[string][]string{}}}
	w := newWorld(t.slots, "template.sim", m, seeded("template", 0))
	defer func() {
		if p := recover(); p != nil {
			f, ok := p.(*Failure)
			if !ok {
				panic(p)
			}
			err = f
		}
		w.close()
	}()
	w.centre.dir = w.slot(centreSlot)
	first := simLog{Log: memlog.New(), c: w.centre, left: -1}
	config := w.centre.config()
	config.Log = &first
	if _, err := server.FirstStart(ctx, config, "Organisation of a simulation"); err != nil {
		return nil, err
	}
	w.must(w.centre.start())
	for _, d := range []struct{ name, kind, fair string }{
		{"A", schema.KindStall, "Fair"}, {"B", schema.KindStall, "Fair"}, {"C", schema.KindBranch, ""}, {"D", schema.KindBranch, ""},
	} {
		s := &site{w: w, name: d.name, kind: d.kind, dir: w.slot(siteSlot), key: keyOf(d.name)}
		s.keys = &keys{w: w}
		w.must(s.start())
		n := server.NewSite{Site: d.name, Kind: d.kind}
		if d.fair != "" {
			n.Fairs = []string{d.fair}
		}
		code, err := w.centre.server.EnrolCode(ctx, n)
		w.must(err)
		id, err := client.Enrol(ctx, s.store, s.key, "http://"+w.host, code.Code, d.name)
		w.must(err)
		s.id = id.Site
		w.sites = append(w.sites, s)
		w.quietly(s)
	}
	for _, s := range w.sites[2:] {
		f, err := s.client.AddFamily(ctx, client.NewFamily{Name: "Family of " + s.name})
		w.must(err)
		w.families = append(w.families, f)
	}
	for range 2 {
		for _, s := range w.sites {
			w.quietly(s)
		}
	}
	for i, s := range w.sites {
		var fair syncproto.RecordID
		if s.kind == schema.KindStall {
			w.must(s.store.Read(ctx, func(r *store.Reader) error {
				return r.Each(schema.Fair, func(row *records.Row) error { fair = row.ID; return nil })
			}))
		}
		s.till, err = s.client.OpenTill(ctx, client.NewTill{Fair: fair, Currency: "AED"})
		w.must(err)
		if i < 2 {
			p, err := s.client.AddProduct(ctx, client.NewProduct{Name: "Product of " + s.name, Sku: "first-" + s.name, Family: w.families[i], PriceMinor: 500, Currency: "AED"})
			w.must(err)
			t.model.books.owner[p] = w.families[i]
			w.products = append(w.products, p)
		} else {
			p, err := s.client.AddPerson(ctx, client.NewPerson{Name: "Somebody at " + s.name})
			w.must(err)
			w.persons = append(w.persons, p)
		}
	}
	w.session = w.planned(w.sites[2], w.sites[3])
	for range 3 {
		for _, s := range w.sites {
			w.quietly(s)
		}
	}
	t.products, t.persons, t.families = w.products, w.persons, w.families
	t.session = w.session
	for _, s := range w.sites {
		s.crash(0)
		s.files.db, s.files.photos = w.rested(s.files.db), w.rested(s.files.photos)
		t.sites = append(t.sites, madeSite{*s, s.files})
	}
	t.data, t.log = w.centre.data, w.madeLog(w.centre.data)
	w.centre.crash(0)
	t.state, t.photos = w.rested(w.centre.files), w.rested(w.centre.photoFiles)
	path := filepath.Join(dir, "empty.db")
	fresh, err := state.Open(ctx, path)
	w.must(err)
	w.must(fresh.Close())
	t.empty.main = memfs.Read(path)
	return t, nil
}

// planned is a session that two branches hold.
func (w *World) planned(s, also *site) syncproto.RecordID {
	workshop, err := s.client.AddWorkshop(ctx, client.NewWorkshop{Name: "A workshop", Kind: "practical", Minutes: 90, Counts: true})
	w.must(err)
	session, err := s.client.PlanSession(ctx, client.NewSession{Workshop: workshop, Starts: s.now(), Ends: s.now().Add(3 * time.Hour), Also: also.id})
	w.must(err)
	return session
}

// rested is a database whose WAL was moved into its main file.
func (w *World) rested(f files) files {
	path := filepath.Join(w.slots.dir, "rested.db")
	w.must(f.put(path))
	db, err := sqlitedb.Open(path, sqlitedb.Options{})
	w.must(err)
	w.must(db.Write(ctx, func(*sqlitedb.Tx) error { return nil }))
	w.must(db.Close())
	return files{main: memfs.Read(path)}
}

// Close lets go of what worlds worked on.
func (t *Template) Close() { t.slots.close() }

// quietly connects a site, lets all be said that there is to say, and hangs up.
func (w *World) quietly(s *site) {
	w.connect(s)
	w.settle(s)
	w.hangUp(s)
}

// wholeWorlds is how many worlds there are to one that is larger, leaves nothing to a model
// and spares nothing while it is healed.
const wholeWorlds = 10

// world begins a world of a template, with some of its sites.
func (t *Template) world(host string, seed uint64, sites int) *World {
	m := newModel()
	m.orgKey, m.nodeKey = t.model.orgKey, t.model.nodeKey
	maps.Copy(m.books.owner, t.model.books.owner)
	w := newWorld(t.slots, host, m, seeded("world", seed))
	w.empty, w.whole = t.empty, seed%wholeWorlds == 0
	w.products, w.persons = append(w.products, t.products...), append(w.persons, t.persons...)
	w.families, w.session = t.families, t.session
	w.centre.dir, w.centre.files = w.slot(centreSlot), t.state
	w.centre.kept, w.centre.photoFiles = t.log, t.photos
	w.centre.data = t.data[:len(t.data):len(t.data)]
	m.rolledBack(t.data)
	m.restored = false
	w.must(w.centre.start())
	for i := range sites {
		made := t.sites[[]int{0, 2, 3, 1}[i]]
		s := &site{w: w, name: made.name, kind: made.kind, key: made.key, id: made.id, till: made.till, stood: made.stood, dir: w.slot(siteSlot), files: made.files}
		s.keys = &keys{w: w}
		w.must(s.start())
		id := *s.store.Identity()
		id.Server = "http://" + host
		w.must(s.store.Enrol(ctx, id))
		w.sites = append(w.sites, s)
	}
	return w
}
