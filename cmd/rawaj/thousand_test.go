//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/bench"
	"github.com/rawaj/rawaj/internal/recorder"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

var (
	clientsFlag = flag.Int("clients", 0, "clients that come back over bad lines; 0: 40")
	seedFlag    = flag.Uint64("weather", 0, "seed of its lines; 0: a new one")
)

const (
	eachRecords = 20 // transactions of a client, offline: a till, a person with a photo, and sales
	eachSells   = eachRecords - 2
	spread      = 10 * time.Second // within which they come back
	eachSite    = 10               // clients of a site, who hear each other
)

// badLines are slow mobile lines at a fair's edge.
var badLines = simtest.Weather{
	Rate: [2]int{8 << 10, 64 << 10}, Delay: [2]time.Duration{20 * time.Millisecond, 250 * time.Millisecond},
	StallEvery: 32 << 10, Stall: [2]time.Duration{200 * time.Millisecond, 3 * time.Second},
	CutEvery: 64 << 10, HalfOpen: 0.02, SilentAt: 4 << 10,
}

// A server's memory over what it takes when nobody is there, by docs/BOUNDS.md: the budget
// of usual batches, all pages, 64 KiB for each chunk of a photo that has its turn, and as
// much for each that greets or waits. No batch here is a larger one.
func roomFor(clients int) int64 { return 64<<20 + 32*2<<20 + 128*64<<10 + int64(clients)*64<<10 }

func TestAThousandClientsComeBackOverBadLinesWhileTheServerIsKilled(t *testing.T) {
	t.Parallel()
	n, start := 40, time.Now() // make thousand has them all
	if *clientsFlag > 0 {
		n = *clientsFlag
	}
	enoughFiles(t, n)
	weather := badLines
	if weather.Seed = *seedFlag; weather.Seed == 0 {
		weather.Seed = mrand.Uint64()
	}
	t.Logf("%d clients; %v (-weather %d repeats the lines)", n, weather, weather.Seed)
	r := newRush(t, n)
	r.comesToKnow()
	r.records()
	t.Logf("all stand ready after %v", time.Since(start).Round(time.Millisecond))
	idle := r.memory("VmRSS")
	r.line.Weather(weather)

	r.began = time.Now()
	stop := r.returns(weather.Seed)
	r.waits("half has arrived", 5*time.Minute, func() bool { return r.arrived() >= r.total/2 })
	peak := r.memory("VmHWM")
	atKill, killed := r.arrived(), time.Since(r.began)
	r.serve.kill()
	r.serves()
	r.waits("all is settled", 8*time.Minute, r.settled)
	took := time.Since(r.began)
	peak = max(peak, r.memory("VmHWM"))
	stop()
	t.Logf("killed after %v with %d of %d transactions arrived; all settled after %v", killed.Round(time.Millisecond), atKill, r.total, took.Round(time.Millisecond))
	t.Logf("%d lines were cut, %d fell silent, %d stalls; %d KiB up, %d KiB down", r.line.Cuts(), r.line.HalfOpen(), r.line.Stalls(), r.line.Carried(simtest.Up)>>10, r.line.Carried(simtest.Down)>>10)
	each := (r.line.Carried(simtest.Up) + r.line.Carried(simtest.Down)) / int64(n)
	mean := int64(badLines.Rate[0]+badLines.Rate[1]) / 2
	t.Logf("%d KiB for each client, which the mean line carries in %v without its stalls, the slowest in %v", each>>10,
		(time.Duration(each) * time.Second / time.Duration(mean)).Round(time.Second/10), (time.Duration(each) * time.Second / time.Duration(badLines.Rate[0])).Round(time.Second/10))
	t.Logf("the server had %d MiB at most, %d MiB before anybody came", peak>>20, idle>>20)
	if most := roomFor(n); peak-idle > most {
		t.Errorf("the server took %d MiB for %d clients, want at most %d", (peak-idle)>>20, n, most>>20)
	}
	r.serve.stop()
	rawaj(t, "verify", "--data", r.dir)
	r.everythingOnce()
	r.everybodyEqual()
	r.photosThere()
}

// enoughFiles skips where this process may not open what so many clients need.
func enoughFiles(t *testing.T, clients int) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if need := uint64(clients)*16 + 256; limit.Cur < need {
		t.Skipf("%d files may be open, %d clients take %d: raise ulimit -n, or give -clients", limit.Cur, clients, need)
	}
}

// rush is a server's process, and many clients of it in this one.
type rush struct {
	t       *testing.T
	dir     string
	listen  string
	serve   *process
	line    *simtest.Proxy
	clients []*rusher
	product syncproto.RecordID
	total   uint64
	at      int // so many clients, the first ones, are settled
	began   time.Time
}

type rusher struct {
	store  *store.Store
	flight *recorder.Recorder
	client *client.Client
	sold   []syncproto.RecordID
	photo  syncproto.Root
}

// newRush makes an organisation of n devices, and starts its server.
func newRush(t *testing.T, n int) *rush {
	t.Helper()
	r := &rush{t: t, dir: filepath.Join(t.TempDir(), "centre"), listen: freeAddress(t), total: uint64(n * eachRecords)}
	r.line = simtest.NewProxy(t, r.listen)
	c, err := openCentre(t.Context(), r.dir, "Organisation of a test", quiet(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var fleet *bench.Fleet
	err = c.working(t.Context(), func(ctx context.Context, s *server.Server) error {
		var err error
		fleet, err = bench.EnrolFleet(ctx, s, n, schema.KindBranch)
		return err
	})
	if err := errors.Join(err, c.close()); err != nil {
		t.Fatal(err)
	}
	r.serves()
	sites := t.TempDir()
	r.clients = make([]*rusher, n)
	t.Cleanup(r.closes)
	r.each(func(ctx context.Context, i int, _ *rusher) error {
		dir := filepath.Join(sites, fmt.Sprint(i))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		st, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, fileSite), Now: time.Now, Rand: rand.Reader})
		if err != nil {
			return err
		}
		c := &rusher{store: st}
		r.clients[i] = c
		if c.flight, err = recorder.Open(filepath.Join(dir, fileFlight), time.Now); err != nil {
			return err
		}
		id, key := fleet.Device(i, r.line.URL())
		c.client = client.New(client.Config{Store: st, Key: key, Now: time.Now, Rand: rand.Reader, Logger: quiet(), Recorder: c.flight})
		return st.Enrol(ctx, id)
	})
	return r
}

// freeAddress is one on which a server can listen again after it was killed: no end of
// somebody's connection takes its port meanwhile.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+mrand.IntN(10000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

func (r *rush) serves() {
	r.t.Helper()
	os.Remove(filepath.Join(r.dir, "token"))
	r.serve = start(r.t, "serve", "--data", r.dir, "--listen", r.listen)
	r.serve.announced(r.dir)
}

func (r *rush) closes() {
	var g errgroup.Group
	g.SetLimit(16)
	for _, c := range r.clients {
		if c != nil {
			g.Go(func() error { return errors.Join(c.store.Close(), c.flight.Close()) })
		}
	}
	if err := g.Wait(); err != nil {
		r.t.Error(err)
	}
}

// each runs f for every client, some at a time.
func (r *rush) each(f func(ctx context.Context, i int, c *rusher) error) {
	r.t.Helper()
	g, ctx := errgroup.WithContext(r.t.Context())
	g.SetLimit(16)
	for i, c := range r.clients {
		g.Go(func() error {
			if err := f(ctx, i, c); err != nil {
				return fmt.Errorf("client %d: %w", i, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		r.t.Fatal(err)
	}
}

// comesToKnow lets each client hear what there is to sell, over a good line.
func (r *rush) comesToKnow() {
	r.t.Helper()
	var err error
	if r.product, err = r.clients[0].client.AddProduct(r.t.Context(), client.NewProduct{Name: "Made-up tea", PriceMinor: 1250, Currency: "AED"}); err != nil {
		r.t.Fatal(err)
	}
	r.total++
	hears := func(ctx context.Context, _ int, c *rusher) error {
		_, err := c.client.Sync(ctx, time.Minute, nil)
		return err
	}
	if err := hears(r.t.Context(), 0, r.clients[0]); err != nil {
		r.t.Fatal(err)
	}
	r.each(hears)
}

// records has each client record its transactions offline.
func (r *rush) records() {
	r.t.Helper()
	r.each(func(ctx context.Context, i int, c *rusher) error {
		till, err := c.client.OpenTill(ctx, client.NewTill{FloatMinor: 10000, Currency: "AED"})
		err = errors.Join(err, c.photographs(ctx, i))
		for range eachSells {
			sold, serr := c.client.Sell(ctx, client.NewSale{Till: till, Currency: "AED", Lines: []client.Line{{Product: r.product, Quantity: 2, PriceMinor: 1250}}})
			err = errors.Join(err, serr)
			c.sold = append(c.sold, sold.Sale)
		}
		return err
	})
}

// returns connects the clients, each at a time of its own, and keeps them so until stop.
func (r *rush) returns(seed uint64) (stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	when := mrand.New(mrand.NewPCG(seed, 0))
	var all sync.WaitGroup
	for i, c := range r.clients {
		after := time.Duration(when.Int64N(int64(spread)))
		all.Go(func() {
			select {
			case <-time.After(after):
			case <-ctx.Done():
				return
			}
			if err := c.client.Run(ctx); err != nil {
				r.t.Errorf("client %d: %v", i, err)
			}
		})
	}
	return func() { cancel(); r.line.Cut(); all.Wait() }
}

func (r *rush) waits(what string, most time.Duration, holds func() bool) {
	r.t.Helper()
	tick, over, told := time.NewTicker(20*time.Millisecond), time.After(most), time.Now()
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-over:
			r.t.Fatalf("waited %v in vain: %s; %d of %d have arrived; the server says %s", most, what, r.arrived(), r.total, tail(r.serve.stderr.String()))
		}
		if time.Since(told) > 5*time.Second {
			told = time.Now()
			fmt.Fprintf(os.Stderr, "%s: %d of %d have arrived, %d clients are settled, the server has %d MiB\n", what, r.arrived(), r.total, r.at, r.memory("VmRSS")>>20)
		}
	}
}

func tail(s string) string { return s[max(0, len(s)-2000):] }

// arrived counts the transactions of which the clients have receipts.
func (r *rush) arrived() (n uint64) {
	for _, c := range r.clients {
		acknowledged, _ := c.store.Counts()
		n += acknowledged
	}
	return n
}

// settled says whether each client has nothing left to send, has heard what became of it,
// and all that others of its site recorded.
func (r *rush) settled() bool {
	for ; r.at < len(r.clients); r.at++ {
		if c := r.clients[r.at]; c.store.Pending() || c.store.Unsettled() || r.sales(r.at) < r.wantSales(r.at) || !c.delivered() {
			return false
		}
	}
	return true
}

// wantSales is how many sales the site of a client has.
func (r *rush) wantSales(i int) int {
	first := i / eachSite * eachSite
	return eachSells * (min(first+eachSite, len(r.clients)) - first)
}

func (r *rush) sales(i int) (n int) {
	err := r.clients[i].store.Read(context.Background(), func(rd *store.Reader) error {
		return rd.Each(schema.Sale, func(*records.Row) error { n++; return nil })
	})
	if err != nil {
		r.t.Error(err)
	}
	return n
}

// memory reads a line of the server's status in /proc, bytes.
func (r *rush) memory(name string) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.serve.cmd.Process.Pid))
	if err != nil {
		r.t.Error(err)
	}
	for line := range strings.Lines(string(b)) {
		var kib int64
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			fmt.Sscan(rest, &kib)
			return kib << 10
		}
	}
	r.t.Errorf("no %s in the server's status", name)
	return 0
}

// everythingOnce fails unless the server has each sale, with its line and payment, once and
// no other, and holds none; and counts what was carried twice.
func (r *rush) everythingOnce() {
	r.t.Helper()
	st, err := state.OpenReadOnly(r.t.Context(), filepath.Join(r.dir, fileState))
	if err != nil {
		r.t.Fatal(err)
	}
	defer st.Close()
	sales, counts := map[syncproto.RecordID]int{}, map[syncproto.TableID]int{}
	err = st.Read(r.t.Context(), func(rd *state.Reader) error {
		var errs []error
		for _, table := range []syncproto.TableID{schema.TillSession, schema.Sale, schema.SaleLine, schema.Payment, schema.Verdict} {
			errs = append(errs, rd.Each(table, func(row *records.Row) error {
				if counts[table]++; table == schema.Sale {
					sales[row.ID]++
				}
				return nil
			}))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		r.t.Fatal(err)
	}
	n := len(r.clients)
	for _, c := range r.clients {
		for _, id := range c.sold {
			if sales[id] != 1 {
				r.t.Errorf("the server has sale %v %d times", id, sales[id])
			}
		}
	}
	all := n * eachSells
	if len(sales) != all || counts[schema.SaleLine] != all || counts[schema.Payment] != all || counts[schema.TillSession] != n || counts[schema.Verdict] != 0 {
		r.t.Errorf("the server has %d sales and %v, want %d of %d clients", len(sales), counts, all, n)
	}
	batches, once, twice := r.logged()
	pushed, receipts, bytes := r.pushed()
	r.t.Logf("%d batches with %d transactions were carried %d times, %d KiB, and %d receipts came; the log holds %d transactions again", batches, once, pushed, bytes>>10, receipts, twice)
	if once != r.total {
		r.t.Errorf("the log holds %d transactions, want %d", once, r.total)
	}
}

// pushed counts what the clients sent of their batches, and the receipts they heard.
func (r *rush) pushed() (pieces, receipts int, bytes uint64) {
	r.t.Helper()
	for _, c := range r.clients {
		events, err := c.flight.Events()
		if err != nil {
			r.t.Fatal(err)
		}
		for _, e := range events {
			switch {
			case e.What == recorder.Sent && e.Frame == syncproto.TypePush:
				pieces++
				bytes += e.Bytes
			case e.What == recorder.Heard && e.Frame == syncproto.TypeReceipt:
				receipts++
			}
		}
	}
	return pieces, receipts, bytes
}

// logged counts the batches of devices in the log, their transactions, and those of them
// that it has twice.
func (r *rush) logged() (batches int, once, twice uint64) {
	r.t.Helper()
	log, err := sqlitelog.Open(filepath.Join(r.dir, fileLog), sqlitelog.Options{Rand: rand.Reader, Logger: quiet()})
	if err != nil {
		r.t.Fatal(err)
	}
	defer log.Close()
	type place struct {
		inc syncproto.Incarnation
		seq syncproto.Seq
	}
	seen := map[place]bool{}
	err = log.Read(r.t.Context(), 1, func(rec oplog.Record) error {
		e, err := state.DecodeEntry(rec.Data)
		if err != nil || e.Kind != state.EntryBatch || e.Road != state.RoadSocket {
			return err
		}
		b, err := syncproto.ParseBatch(e.Payload)
		if err != nil {
			return err
		}
		batches++
		for seq := b.Header.First; seq <= b.Header.Last; seq++ {
			if p := (place{b.Header.Incarnation, seq}); seen[p] {
				twice++
			} else {
				seen[p] = true
				once++
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return batches, once, twice
}

// everybodyEqual fails unless each client has all sales of its site, none held, and its
// digests are the server's.
func (r *rush) everybodyEqual() {
	r.t.Helper()
	for i, c := range r.clients {
		st, err := c.store.Status(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		if got, want := r.sales(i), r.wantSales(i); got != want || st.Quarantined != 0 || st.Pending != 0 || st.Settled != st.Transactions || st.Progress.Unequal != "" {
			r.t.Errorf("client %d has %d sales, want %d, and says %+v", i, got, want, st)
		}
	}
}
