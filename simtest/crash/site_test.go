//go:build linux

package crash

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"log/slog"
	mathrand "math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/crashfs"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const siteFile = "site.db"

// stall is a site at work in a directory that is recorded.
type stall struct {
	t       testing.TB
	dir     string
	key     ed25519.PrivateKey
	store   *store.Store
	client  *client.Client
	product syncproto.RecordID
	till    syncproto.RecordID
	fails   int
}

func openSite(dir string) (*store.Store, error) {
	return store.Open(ctx, store.Config{Path: filepath.Join(dir, siteFile), Now: time.Now, Rand: rand.Reader})
}

func (s *stall) open() {
	s.t.Helper()
	var err error
	if s.store, err = openSite(s.dir); err != nil {
		s.t.Fatal(err)
	}
	s.client = client.New(client.Config{Store: s.store, Key: s.key, Now: time.Now, Rand: rand.Reader, Logger: slog.New(slog.DiscardHandler)})
}

func (s *stall) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// recordSite records a stall that is made, enrolled, sells, syncs and is started anew.
func recordSite(t testing.TB, seed uint64, steps int) *crashfs.Trace {
	return recordFailing(t, seed, steps, 0)
}

// recordFailing is recordSite on a disk on which one flush in so many fails; none where
// that is 0.
func recordFailing(t testing.TB, seed uint64, steps, fails int) *crashfs.Trace {
	t.Helper()
	r := mathrand.New(mathrand.NewPCG(seed, 2))
	centre := simtest.NewCentre(t)
	other := centre.NewSite("Branch", schema.KindBranch)
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &stall{t: t, dir: shm(t), key: key, fails: fails}
	rec, err := crashfs.Record(s.dir, siteFile+"-mark")
	s.must(err)
	s.open()
	defer func() { s.store.Close() }()
	code, err := centre.Server.EnrolCode(ctx, server.NewSite{Site: "Stall", Kind: schema.KindStall})
	s.must(err)
	_, err = client.Enrol(ctx, s.store, key, centre.HTTP.URL, code.Code, "Stall")
	s.must(err)
	for n := range steps {
		s.step(r, rec, other, n)
	}
	return rec.End()
}

func (s *stall) step(r *mathrand.Rand, rec *crashfs.Recorder, other *simtest.Site, n int) {
	s.t.Helper()
	var err error
	switch k := r.IntN(20); {
	case n == 0 || n > 1 && k == 0:
		s.product, err = s.client.AddProduct(ctx, client.NewProduct{Name: "Incense " + strings.Repeat("x", r.IntN(150)), PriceMinor: 1250, Currency: "AED"})
	case n == 1, k == 1:
		if n > 1 {
			s.must(s.client.CloseTill(ctx, s.till, 0))
			rec.Say(saved)
		}
		s.till, err = s.client.OpenTill(ctx, client.NewTill{Currency: "AED"})
	case k == 2:
		s.must(s.store.Close())
		s.open()
		return
	case k <= 4:
		_, err = other.Client.AddProduct(ctx, client.NewProduct{Name: "Honey", PriceMinor: 900, Currency: "AED"})
		s.must(err)
		other.Sync()
		fallthrough
	case k <= 6:
		_, err = s.client.Sync(ctx, 20*time.Second, nil)
		s.must(err)
		return // nobody was told that it is on disk here
	default:
		lines := make([]client.Line, 1+r.IntN(3))
		for i := range lines {
			lines[i] = client.Line{Product: s.product, Quantity: 1 + int64(r.IntN(5)), PriceMinor: 1250}
		}
		fail := s.fails > 0 && r.IntN(s.fails) == 0
		if fail {
			_, err = s.client.Sync(ctx, 20*time.Second, nil) // whose commits wait for the next flush
			s.must(err)
			rec.FailSync(siteFile + "-wal")
		}
		_, err = s.client.Sell(ctx, client.NewSale{Till: s.till, Currency: "AED", Lines: lines})
		if fail {
			if err == nil {
				s.t.Error("a sale was saved though its flush failed")
			}
			return
		}
	}
	s.must(err)
	rec.Say(saved)
}

// judgeSite opens a site's files, looks at all of them, and records something more.
func judgeSite(dir string) (o outcome) {
	s, err := openSite(dir)
	if errors.Is(err, store.ErrLost) {
		return outcome{named: err.Error()}
	}
	if err != nil {
		return outcome{found: "open: " + err.Error()}
	}
	defer s.Close()
	o.named = s.Lost()
	findings, err := s.Verify(ctx)
	if err != nil {
		return outcome{found: "verify: " + err.Error()}
	}
	for _, f := range findings {
		if o.named == "" || !strings.Contains(f.What, "missing") {
			o.found += f.Where + ": " + f.What + "; "
		}
	}
	if o.content, err = dump(filepath.Join(dir, siteFile)); err != nil {
		o.found += "dump: " + err.Error()
	}
	if s.Identity() == nil || o.found != "" {
		return o
	}
	if err := goOn(s); err != nil {
		o.found += "go on: " + err.Error()
	}
	return o
}

// goOn records one more product.
func goOn(s *store.Store) error {
	return s.Write(ctx, func(w *store.Writer) error {
		return w.Transaction(syncproto.RecordID{}, 0, func(d *store.Draft) error {
			id, err := d.NewID()
			if err != nil {
				return err
			}
			return d.Create(schema.Product, id, store.Field{Field: schema.NameEn, Value: syncproto.TextValue("after the cut")})
		})
	})
}

var sites = subject{databases: []string{siteFile}, judge: judgeSite}

func TestASiteKeepsWhatItSaidIsSavedAtAnyPowerCut(t *testing.T) {
	explored(t, 0.45, 700, func(t testing.TB, seed uint64) *trial { return newTrial(t, recordSite(t, seed, 40), sites) })
}
