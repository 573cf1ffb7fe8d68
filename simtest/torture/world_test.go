//go:build linux

package torture

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
)

type body = map[string]any

// world is a centre and its stalls.
type world struct {
	t      testing.TB
	centre *machine
	proxy  *simtest.Proxy
	stalls []*stall
	stamp  atomic.Int64 // sales acknowledged
}

// stall is a machine that sells, and what its callers know of the sales.
type stall struct {
	*machine
	till, product string
	acknowledged  map[syncproto.RecordID]bool
	asked         map[syncproto.RecordID]bool
	receipts      map[string]syncproto.RecordID
}

// rawaj runs the program to its end and gives what it prints.
func rawaj(args ...string) (string, error) {
	path, err := program()
	if err != nil {
		return "", err
	}
	var stderr strings.Builder
	c := exec.Command(path, args...)
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("rawaj %s: %w: %s%s", strings.Join(args, " "), err, out, &stderr)
	}
	return string(out), err
}

const stallCount = 2

func newWorld(t testing.TB, ownDisk bool) *world {
	t.Helper()
	work, err := os.MkdirTemp(memory(), "rawaj-torture-*")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(work) })
	w := &world{t: t, centre: newMachine(t, work, "centre", ownDisk, "serve")}
	t.Cleanup(w.centre.kill)
	must(t, w.centre.start())
	w.proxy = simtest.NewProxy(t, w.centre.address())
	for n := range stallCount {
		name := fmt.Sprintf("stall%d", n+1)
		s := &stall{machine: newMachine(t, work, name, ownDisk, "site", "run"), acknowledged: map[syncproto.RecordID]bool{}, asked: map[syncproto.RecordID]bool{}, receipts: map[string]syncproto.RecordID{}}
		t.Cleanup(s.kill)
		out, err := rawaj("admin", "enrol-code", "--data", w.centre.dir, "--site", name, "--kind", "stall", "--json")
		must(t, err)
		var code struct{ Code string }
		must(t, json.Unmarshal([]byte(out), &code))
		_, err = rawaj("site", "enrol", "--data", s.dir, "--server", w.proxy.URL(), "--code", code.Code)
		must(t, err)
		must(t, s.start())
		var made struct{ ID string }
		must(t, s.call(t.Context(), "POST", "/api/products", body{"name": "Incense"}, &made))
		s.product = made.ID
		must(t, s.call(t.Context(), "POST", "/api/tills", body{"currency": "AED", "float_minor": 0}, &made))
		s.till = made.ID
		w.stalls = append(w.stalls, s)
	}
	return w
}

// memory is where disks are made: in memory, where the system has such a place.
func memory() string {
	const shm = "/dev/shm"
	if _, err := os.Stat(shm); err != nil {
		return ""
	}
	return shm
}

func (m *machine) call(ctx context.Context, method, route string, in, out any) error {
	return localapi.Call(ctx, m.dir, method, route, in, out)
}

const priceMinor = 700

// slow is how long a seller waits for an answer before he does not know.
const slow = 3 * time.Second

// sell asks for sales until ctx ends. One that was not acknowledged is mostly asked for
// again, under its id.
func (s *stall) sell(ctx context.Context, r *mathrand.Rand, acknowledged *atomic.Int64) {
	ids := syncproto.NewIDs(rand.Reader, time.Now)
	for ctx.Err() == nil {
		id, err := ids.Record()
		must(s.t, err)
		s.asked[id] = true
		for ctx.Err() == nil {
			asking, cancel := context.WithTimeout(ctx, slow)
			var sold struct {
				ID      syncproto.RecordID
				Receipt string `json:"receipt_no"`
			}
			err := s.call(asking, "POST", "/api/sales", body{"id": id, "till": s.till, "currency": "AED", "lines": []body{{"product": s.product, "quantity": 1, "unit_price_minor": priceMinor}}}, &sold)
			cancel()
			if err == nil {
				if other, known := s.receipts[sold.Receipt]; known && other != id || sold.ID != id {
					s.t.Errorf("%s: sale %v was answered as %v, receipt %s, which is %v", s.name, id, sold.ID, sold.Receipt, other)
				}
				s.receipts[sold.Receipt] = id
				s.acknowledged[id] = true
				acknowledged.Add(1)
				break
			}
			within(time.Duration(1+r.IntN(10))*time.Millisecond, func() bool { return ctx.Err() != nil })
			if r.IntN(4) == 0 {
				break // the customer went away
			}
		}
	}
}

// selling runs all sellers beside f.
func (w *world) selling(r *mathrand.Rand, f func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for _, s := range w.stalls {
		own := mathrand.New(mathrand.NewPCG(r.Uint64(), 0))
		all.Go(func() { s.sell(ctx, own, &w.stamp) })
	}
	f()
	cancel()
	all.Wait()
}

// some waits until some more sales were acknowledged, or for a while where none can be.
func (w *world) some(r *mathrand.Rand) {
	upto := w.stamp.Load() + 1 + int64(r.IntN(20))
	within(time.Duration(50+r.IntN(500))*time.Millisecond, func() bool { return w.stamp.Load() >= upto })
}

func (w *world) machines() []*machine {
	all := []*machine{w.centre}
	for _, s := range w.stalls {
		all = append(all, s.machine)
	}
	return all
}

// starts starts a machine; the link leads to the centre again.
func (w *world) starts(m *machine) {
	w.t.Helper()
	must(w.t, m.start())
	if m == w.centre {
		w.proxy.Aim(m.address())
	}
}

// heals takes all faults back and waits until everything has arrived.
func (w *world) heals() (restarted int) {
	w.t.Helper()
	for _, d := range []simtest.Direction{simtest.Up, simtest.Down} {
		w.proxy.CutEvery(d, 0)
		w.proxy.Hold(d, false)
	}
	w.proxy.Refuse(false)
	for _, m := range w.machines() {
		os.Remove(m.filler())
		if m.running() {
			m.thaw()
		}
	}
	for _, s := range w.stalls {
		var r struct{ Equal bool }
		var err error
		if !within(patience, func() bool {
			for _, m := range w.machines() { // as whatever supervises them would
				if !m.running() {
					restarted++
					w.starts(m)
				}
			}
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			err = s.call(ctx, "POST", "/api/sync?patience=20s", nil, &r)
			return err == nil && r.Equal
		}) {
			w.t.Errorf("%s does not sync: equal %v, %v\n%s\n%s", s.name, r.Equal, err, &s.stderr, &w.centre.stderr)
		}
	}
	return restarted
}

// program builds the binary that ships. The cache of test results does not see what the
// build reads, so the sources that the tests do not import are read here.
var program = sync.OnceValues(func() (string, error) {
	for _, pattern := range []string{"../../cmd/rawaj/*.go", "../../client/*.go", "../../server/*.go"} {
		sources, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		for _, name := range sources {
			if _, err := os.ReadFile(name); err != nil {
				return "", err
			}
		}
	}
	dir, err := os.MkdirTemp("", "rawaj-program-*")
	if err != nil {
		return "", err
	}
	programDir = dir
	path := filepath.Join(dir, "rawaj")
	c := exec.Command("go", "build", "-trimpath", "-o", path, "github.com/rawaj/rawaj/cmd/rawaj")
	c.Env = append(os.Environ(), "CGO_ENABLED=1", "GOFLAGS=")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return path, nil
})

var programDir string
