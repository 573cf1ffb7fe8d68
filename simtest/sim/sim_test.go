package sim_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rawaj/rawaj/simtest/sim"
)

var (
	worlds = flag.Int("worlds", 150, "how many schedules are run")
	from   = flag.Uint64("from", 1, "the first seed")
	seed   = flag.Uint64("seed", 0, "the one schedule that is run, with its trace; 0: -worlds of them")
	most   = flag.Int("most", 8, "the failures that end a run: they are likely to be one")
	keep   = flag.String("keep", "", "a directory for the schedules that fail, made short")
)

// enough is the worlds in which each fault has to come about.
const enough = 1000

// workers are the worlds a core that are under way: one waits now and then, for a goroutine
// of its own or for a lock within SQLite.
const workers = 2

// collectAt is how far the heap, of some dozen megabytes that live, may grow: time goes
// into worlds, not into looking for what they have dropped.
const collectAt = 800

func TestMain(m *testing.M) {
	flag.Parse()
	debug.SetGCPercent(collectAt)
	os.Exit(run(m))
}

// base is where worlds stand. Their databases are in memory; of what lies there besides,
// small marks, nothing needs a disk: what a crash takes is decided by the simulation.
var base string

func run(m *testing.M) int {
	shm := "/dev/shm"
	if _, err := os.Stat(shm); err != nil {
		shm = ""
	}
	var err error
	if base, err = os.MkdirTemp(shm, "rawaj-sim-"); err == nil {
		defer os.RemoveAll(base)
		err = sim.OpenDoors(base)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// ground is a template with the worlds that begin from it.
type ground struct {
	made *sim.Template
	next atomic.Uint64
}

func newGround(t *testing.T) *ground {
	t.Helper()
	dir, err := os.MkdirTemp(base, "ground-")
	if err != nil {
		t.Fatal(err)
	}
	g := &ground{}
	synctest.Test(t, func(t *testing.T) {
		if g.made, err = sim.NewTemplate(dir); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(g.made.Close)
	return g
}

// run runs a list, or where it is nil that of the seed.
func (g *ground) run(t *testing.T, seed uint64, ops []sim.Op, say func(string)) (r sim.Result) {
	name := fmt.Sprintf("w%d", g.next.Add(1))
	synctest.Test(t, func(*testing.T) {
		if ops == nil {
			r = g.made.Run(name+".sim", seed, say)
		} else {
			r = g.made.RunOps(name+".sim", seed, ops, say)
		}
	})
	return r
}

func say(s string) { fmt.Println(s) }

// report says how a schedule fails that was made as short as may be.
func (g *ground) report(t *testing.T, r sim.Result) {
	t.Helper()
	whole := len(r.Ops)
	r = sim.Shrink(r, func(ops []sim.Op) sim.Result { return g.run(t, r.Seed, ops, nil) })
	var b strings.Builder
	g.run(t, r.Seed, r.Ops, func(s string) { fmt.Fprintln(&b, s) })
	t.Errorf("seed %d fails (make sim SEED=%d): %v\n%d of its %d operations are enough:\n%s", r.Seed, r.Seed, r.Err, len(r.Ops), whole, b.String())
	if *keep != "" {
		if err := os.MkdirAll(*keep, 0o777); err != nil {
			t.Error(err)
		} else if err := sim.Save(filepath.Join(*keep, fmt.Sprintf("%d.sim", r.Seed)), r); err != nil {
			t.Error(err)
		}
	}
}

func TestHealedWorldsKeepTheirPromises(t *testing.T) {
	g := newGround(t)
	if *seed != 0 {
		r := g.run(t, *seed, nil, say)
		fmt.Printf("trace %016x\n", r.Trace)
		if r.Err != nil {
			t.Errorf("seed %d, after %d of %d operations: %v", *seed, r.Done, len(r.Ops), r.Err)
		}
		return
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var next uint64
	var done int
	var hits sim.Hits
	var failures []sim.Result
	began, told := time.Now(), time.Now()
	take := func() (uint64, bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return *from + next - 1, next <= uint64(*worlds) && len(failures) < *most
	}
	for range workers * runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for seed, more := take(); more; seed, more = take() {
				r := g.run(t, seed, nil, nil)
				mu.Lock()
				hits.Add(&r.Hits)
				if done++; r.Err != nil {
					failures = append(failures, r)
					fmt.Printf("seed %d fails: %v\n", r.Seed, r.Err)
				}
				if time.Since(told) > 5*time.Second {
					told = time.Now()
					rate := float64(done) / time.Since(began).Seconds()
					left := time.Duration(float64(*worlds-done) / rate * float64(time.Second))
					fmt.Printf("%d of %d worlds, %.1f a second, %v left, %d fail, %d of %d faults hit\n", done, *worlds, rate, left.Round(time.Second), len(failures), len(hits)-len(hits.Never()), len(hits))
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	for f, n := range hits {
		fmt.Printf("%9d %v\n", n, sim.Fault(f))
	}
	fmt.Printf("%d worlds in %v, %.1f a second, %d fail\n", done, took.Round(time.Millisecond), float64(done)/took.Seconds(), len(failures))
	if never := hits.Never(); done >= enough && len(never) > 0 {
		t.Errorf("in %d worlds these never came about: %v", done, never)
	}
	for i, r := range failures {
		if i < 2 || *keep != "" { // making one short takes a while
			g.report(t, r)
		} else {
			t.Errorf("seed %d fails too: %v", r.Seed, r.Err)
		}
	}
}

func TestASeedIsOneWorld(t *testing.T) {
	g := newGround(t)
	for n := uint64(1); n <= 16; n++ {
		var first, again []string
		a := g.run(t, n, nil, func(s string) { first = append(first, s) })
		b := g.run(t, n, nil, func(s string) { again = append(again, s) })
		if a.Trace == b.Trace {
			continue
		}
		for i := range min(len(first), len(again)) {
			if first[i] != again[i] {
				t.Errorf("seed %d: step %d is\n%s\nand then\n%s", n, i, first[i], again[i])
				break
			}
		}
		t.Errorf("seed %d has traces %016x and %016x", n, a.Trace, b.Trace)
	}
}

func TestSchedulesThatFailedOnceHold(t *testing.T) {
	files, err := filepath.Glob("testdata/*.sim")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	g := newGround(t)
	for _, file := range files {
		seed, ops, err := sim.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		if r := g.run(t, seed, ops, nil); r.Err != nil {
			t.Errorf("%s: %v", file, r.Err)
		}
	}
}
