//go:build linux

package torture

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

var (
	roundsFlag = flag.Int("rounds", 0, "how many rounds; a few where 0")
	seedFlag   = flag.Uint64("seed", 1, "what faults are drawn from, and their moments")
)

const inNamespace = "RAWAJ_TORTURE_NAMESPACE"

// TestMain runs the tests of root in a mount namespace of their own: whatever becomes of
// them, no disk stays mounted.
func TestMain(m *testing.M) {
	if os.Getuid() == 0 && os.Getenv(inNamespace) == "" {
		c := exec.Command("/proc/self/exe", os.Args[1:]...)
		c.Env = append(os.Environ(), inNamespace+"=1")
		c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
		c.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
		if err := c.Start(); err == nil {
			c.Wait()
			os.Exit(c.ProcessState.ExitCode())
		} // it may not: then no disk can be mounted either
	}
	code := m.Run()
	if programDir != "" {
		os.RemoveAll(programDir)
	}
	os.Exit(code)
}

// perWorld is after how many rounds all is looked at, and a new world begun.
const perWorld = 12

// faultsARound is the most faults of one round.
const faultsARound = 4

func TestEachSaleSurvivesKillsPowerCutsFullDisksAndABadLinkOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("-short was given: this starts real processes, kills them, and takes some 30 s")
	}
	all, ownDisk, skipped := possible(t)
	for _, s := range skipped {
		t.Log("left out: ", s)
	}
	rounds := 5
	if *roundsFlag > 0 {
		rounds = *roundsFlag
	}
	began, seed := time.Now(), *seedFlag
	h, lost, sold := hits{}, 0, 0
	for done := 0; done < rounds && !t.Failed(); seed++ {
		n := min(perWorld, rounds-done)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWorld(t, ownDisk)
			r := rand.New(rand.NewPCG(seed, 0))
			for range n {
				w.round(r, all, h)
			}
			acknowledged, missing, found := w.looks(h)
			sold, lost = sold+acknowledged, lost+missing
			for _, f := range found {
				t.Error(f)
			}
			if t.Failed() {
				t.Logf("repeat with -rounds %d -seed %d", n, seed)
			}
		})
		done += n
		if *roundsFlag > 0 {
			fmt.Printf("%d of %d rounds, %.1f a minute: %d sales acknowledged, %d lost; %v\n", done, rounds, float64(done)/time.Since(began).Minutes(), sold, lost, h)
		}
	}
	t.Logf("%d rounds: %d sales acknowledged, %d lost; %v", rounds, sold, lost, h)
}

// round lets some faults happen while stalls sell, and takes them back.
func (w *world) round(r *rand.Rand, all []fault, h hits) {
	w.t.Helper()
	w.selling(r, func() {
		for range 1 + r.IntN(faultsARound) {
			w.some(r)
			f := all[r.IntN(len(all))]
			h[f.name] += f.does(w, r)
		}
		w.some(r)
	})
	h["processes that ended by themselves"] += w.heals()
}

// looks compares what each side holds with what callers were told.
func (w *world) looks(h hits) (acknowledged, missing int, found []string) {
	w.t.Helper()
	find := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	for _, s := range w.stalls {
		must(w.t, s.stop())
	}
	must(w.t, w.centre.stop())
	for _, m := range w.machines() {
		if out, err := rawaj("verify", "--data", m.dir); err != nil {
			find("%s: %v\n%s", m.name, err, out)
		}
	}
	ctx := context.Background()
	atCentre := map[syncproto.RecordID]int64{}
	st, err := state.OpenReadOnly(ctx, filepath.Join(w.centre.dir, "state.db"))
	must(w.t, err)
	var counted, amount int64
	must(w.t, st.Read(ctx, func(rd *state.Reader) error {
		figures, err := rd.Figures()
		if err != nil {
			return err
		}
		if f := figures[report.Key{By: report.Total}]; f != nil {
			counted, amount = f.Receipts, f.AmountMinor["AED"]
		}
		return rd.Each(schema.Sale, func(row *records.Row) error { atCentre[row.ID]++; return nil })
	}))
	must(w.t, st.Close())
	all := 0
	for _, s := range w.stalls {
		own := map[syncproto.RecordID]int64{}
		st, err := store.OpenReadOnly(ctx, filepath.Join(s.dir, "site.db"))
		must(w.t, err)
		must(w.t, st.Read(ctx, func(rd *store.Reader) error {
			return rd.Each(schema.Sale, func(row *records.Row) error { own[row.ID]++; return nil })
		}))
		must(w.t, st.Close())
		for id := range s.acknowledged {
			if own[id] != 1 || atCentre[id] != 1 {
				missing++
				find("%s: sale %v was acknowledged and is %d times there, %d times at the centre", s.name, id, own[id], atCentre[id])
			}
		}
		for id, n := range own {
			if !s.asked[id] || n != 1 || atCentre[id] != 1 {
				find("%s: sale %v (asked for: %v) is %d times there, %d times at the centre", s.name, id, s.asked[id], n, atCentre[id])
			}
		}
		acknowledged, all = acknowledged+len(s.acknowledged), all+len(own)
		h["sales kept that nobody heard of"] += len(own) - len(s.acknowledged)
	}
	if len(atCentre) != all || counted != int64(all) || amount != int64(all)*priceMinor {
		find("the centre holds %d sales and counts %d of %d; the stalls hold %d", len(atCentre), counted, amount, all)
	}
	if out, err := rawaj("admin", "rebuild", "--data", w.centre.dir); err != nil || !strings.Contains(out, "equal to the state that stood") {
		find("rebuild says %s %v", out, err)
	}
	return acknowledged, missing, found
}

// A disk that says of flushes that they were done and does them not takes what was
// acknowledged: the rounds above would say so.
func TestSalesThatAPowerCutTookAreFoundToBeLost(t *testing.T) {
	_, ownDisk, skipped := possible(t)
	if len(skipped) > 0 {
		t.Skipf("what this needs is missing: %s", strings.Join(skipped, "; "))
	}
	w, r := newWorld(t, ownDisk), rand.New(rand.NewPCG(*seedFlag, 1))
	s := w.stalls[0]
	w.proxy.Refuse(true)
	lies, err := s.inject("fsync,fdatasync", "retval=0", 1)
	must(t, err)
	w.selling(r, func() {
		for range 5 {
			w.some(r)
		}
	})
	must(t, s.powerCut())
	if lies.end() == 0 {
		t.Fatal("no flush was left out")
	}
	w.heals()
	if acknowledged, missing, found := w.looks(hits{}); missing == 0 {
		t.Errorf("none of %d sales is missing; found %v", acknowledged, found)
	} else {
		t.Logf("%d of %d sales are missing", missing, acknowledged)
	}
}
