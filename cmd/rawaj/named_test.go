//go:build linux

package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/smalldisk"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// points are the stations of a sale's way at which faults are caused, each before and
// after, and whose process is struck there.
var points = []struct{ name, who string }{
	{"local.commit", "stall"},
	{"enqueue", "stall"},
	{"send", "stall"},
	{"append", "centre"},
	{"apply", "centre"},
	{"receipt.send", "centre"},
	{"receipt.keep", "stall"},
	{"settle", "stall"},
}

// atEachPoint runs f at every point beside each other, and fails unless each was hit.
func atEachPoint(t *testing.T, faults int, f func(t *testing.T, point, who string) (hit int)) {
	var begun, hits atomic.Int64
	t.Cleanup(func() {
		if t.Logf("%d faults of %d were caused", hits.Load(), begun.Load()); hits.Load() != begun.Load() {
			t.Errorf("%d faults were not caused", begun.Load()-hits.Load())
		}
	})
	for _, p := range points {
		for _, when := range []string{"before", "after"} {
			point := p.name + "." + when
			t.Run(point, func(t *testing.T) {
				t.Parallel()
				begun.Add(int64(faults))
				hits.Add(int64(f(t, point, p.who)))
			})
		}
	}
}

func TestAProcessKilledAtEachNamedPointLosesNothingAndDoublesNothing(t *testing.T) {
	t.Parallel()
	times := []int{1, 4}
	atEachPoint(t, len(times), func(t *testing.T, point, who string) (hit int) {
		for _, n := range times {
			t.Run(fmt.Sprintf("time %d", n), func(t *testing.T) {
				f := newFair(t, t.TempDir(), t.TempDir())
				armed := f.begins(who, fmt.Sprintf("%s=kill@%d", point, n))
				f.sells()
				f.settled()
				arm(t, armed)
				struck := f.procs[who]
				until(t, who+" dies at "+point, func() bool { f.sells(); return !struck.running() })
				died, ok := struck.cmd.ProcessState.Sys().(syscall.WaitStatus)
				if said := struck.stderr.String(); !ok || died.Signal() != syscall.SIGKILL || !strings.Contains(said, "failpoint: "+point+": kill") {
					t.Fatalf("%s ended with %v and said %s", who, struck.err, said)
				}
				hit++
				f.starts(who)
				f.atMostOnce()
				f.complete()
			})
		}
		return hit
	})
}

// It has the struck process feel the full disk, and go on by itself once there is room; in a
// second round it is killed while the disk is full.
func TestADiskThatFillsAtEachNamedPointLosesNothingAndDoublesNothing(t *testing.T) {
	t.Parallel()
	smalldisk.New(t, "1m") // or it is skipped here
	atEachPoint(t, 2, func(t *testing.T, point, who string) (hit int) {
		for _, killed := range []bool{false, true} {
			t.Run(fmt.Sprintf("killed %v", killed), func(t *testing.T) {
				dirs, disk := map[string]string{"centre": t.TempDir(), "stall": t.TempDir()}, smalldisk.New(t, "24m")
				dirs[who] = disk
				f := newFair(t, dirs["centre"], dirs["stall"])
				armed := f.begins(who, point+"=full("+disk+")")
				f.sells()
				f.settled()
				arm(t, armed)
				struck := f.procs[who]
				ballast := filepath.Join(disk, "ballast")
				until(t, "the disk fills at "+point, func() bool {
					f.sells()
					_, err := os.Stat(ballast)
					return err == nil && strings.Contains(struck.stderr.String(), "failpoint: "+point+": full")
				})
				hit++
				f.feels(who, struck)
				if killed {
					struck.kill()
				}
				if err := os.Remove(ballast); err != nil {
					t.Fatal(err)
				}
				if killed {
					f.starts(who)
				}
				f.atMostOnce()
				f.complete()
			})
		}
		return hit
	})
}

func arm(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// fair is a server and a stall whose page sells, each a process on a directory of its own.
type fair struct {
	t             *testing.T
	dirs          map[string]string
	procs         map[string]*process
	line          *simtest.Proxy
	product, till syncproto.RecordID
	ids           *syncproto.IDs
	sold          []syncproto.RecordID        // in order of asking
	told          map[syncproto.RecordID]bool // that staff read "saved"
	refused       []error                     // what they read otherwise
	env           map[string][]string
}

var opening sync.Mutex

// newFair opens a till in directories below centre and stall.
func newFair(t *testing.T, centre, stall string) *fair {
	t.Helper()
	f := &fair{t: t, dirs: map[string]string{"centre": filepath.Join(centre, "data"), "stall": filepath.Join(stall, "data")},
		procs: map[string]*process{}, env: map[string][]string{}, told: map[syncproto.RecordID]bool{}, ids: syncproto.NewIDs(rand.Reader, time.Now)}
	f.copies(openedFair(t))
	t.Cleanup(func() {
		for name, p := range f.procs {
			if t.Failed() && p != nil {
				t.Logf("the %s says\n%s", name, &p.stderr)
			}
		}
	})
	f.line = simtest.NewProxy(t, "127.0.0.1:1")
	rawaj(t, "site", "move", "--data", f.dirs["stall"], "--server", f.line.URL())
	return f
}

// openedFair is a fair at which nothing was sold yet, its processes ended: it is made once,
// and each test works on a copy.
func openedFair(t *testing.T) string {
	t.Helper()
	opening.Lock()
	defer opening.Unlock()
	parent, err := programDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(parent, "fair")
	if _, err := os.Stat(filepath.Join(dir, "centre")); err == nil {
		return dir
	}
	at := t.TempDir()
	f := &fair{t: t, dirs: map[string]string{"centre": filepath.Join(at, "centre"), "stall": filepath.Join(at, "stall")}, procs: map[string]*process{}}
	var url string
	f.procs["centre"], url = serving(t, f.dirs["centre"])
	enrolled(t, f.dirs["centre"], f.dirs["stall"], "Made-up stall", url)
	f.starts("stall")
	var made struct{ ID syncproto.RecordID }
	f.asks("POST", "/api/products", map[string]any{"name": "Made-up tea", "amount_minor": 500, "currency": "AED"}, &made)
	f.asks("POST", "/api/tills", map[string]any{"float_minor": 10000, "currency": "AED"}, &made)
	f.asks("POST", "/api/sync", nil, &synced{})
	f.procs["stall"].stop()
	f.procs["centre"].stop()
	if err := os.CopyFS(dir, os.DirFS(at)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (f *fair) copies(dir string) {
	f.t.Helper()
	for _, who := range []string{"centre", "stall"} {
		if err := os.CopyFS(f.dirs[who], os.DirFS(filepath.Join(dir, who))); err != nil {
			f.t.Fatal(err)
		}
	}
}

// begins starts both processes, and one of them with a fault that counts once the file is
// there whose path it gives.
func (f *fair) begins(who, fault string) (armed string) {
	f.t.Helper()
	armed = filepath.Join(f.t.TempDir(), "armed")
	f.env[who] = []string{"RAWAJ_FAILPOINTS=" + fault, "RAWAJ_FAILPOINTS_ARMED=" + armed}
	f.opens()
	f.env = map[string][]string{} // whoever starts again is sound
	return armed
}

// opens starts both processes and looks up what is sold.
func (f *fair) opens() {
	f.t.Helper()
	f.starts("centre")
	f.starts("stall")
	var till struct{ ID syncproto.RecordID }
	var products []struct{ ID syncproto.RecordID }
	f.asks("GET", "/api/products", nil, &products)
	f.asks("GET", "/api/till", nil, &till)
	f.product, f.till = products[0].ID, till.ID
}

// starts starts the process of one of the two, in the build that ships unless it has a fault.
func (f *fair) starts(who string) {
	f.t.Helper()
	build := program
	if len(f.env[who]) > 0 {
		build = faulty
	}
	path, err := build()
	if err != nil {
		f.t.Fatal(err)
	}
	os.Remove(filepath.Join(f.dirs[who], "token"))
	args := []string{"serve", "--data", f.dirs[who], "--listen", "127.0.0.1:0"}
	if who == "stall" {
		args = append([]string{"site", "run"}, args[1:]...)
	}
	f.procs[who] = startOf(f.t, path, f.env[who], args...)
	url := f.procs[who].announced(f.dirs[who])
	if who == "centre" && f.line != nil {
		f.line.Aim(strings.TrimPrefix(url, "http://"))
	}
}

// call calls the stall's local API.
func (f *fair) call(method, route string, body, out any) error {
	return localapi.Call(f.t.Context(), f.dirs["stall"], method, route, body, out)
}

// asks is call where the answer has to be good.
func (f *fair) asks(method, route string, body, out any) {
	f.t.Helper()
	if err := f.call(method, route, body, out); err != nil {
		f.t.Fatalf("%s %s: %v\n%s", method, route, err, &f.procs["stall"].stderr)
	}
}

// sells sells one thing more, as a page asks for it, and notes whether staff read "saved".
func (f *fair) sells() {
	id, err := f.ids.Record()
	if err != nil {
		f.t.Fatal(err)
	}
	f.sold = append(f.sold, id)
	f.asksFor(id)
}

func (f *fair) asksFor(id syncproto.RecordID) {
	var made struct{ ID syncproto.RecordID }
	err := f.call("POST", "/api/sales", map[string]any{
		"id": id, "till": f.till, "currency": "AED", "lines": []map[string]any{{"product": f.product, "quantity": 1, "unit_price_minor": 500}},
	}, &made)
	switch {
	case err != nil:
		f.refused = append(f.refused, err)
	case made.ID != id:
		f.t.Errorf("sale %v was answered with %v", id, made.ID)
	default:
		f.told[id] = true
	}
}

// feels waits until the process on the full disk has met it: the stall refuses a sale in
// words that staff are shown, and still answers; the centre says in its log what is wrong.
func (f *fair) feels(who string, struck *process) {
	f.t.Helper()
	until(f.t, who+" feels that its disk is full", func() bool {
		f.sells()
		if who == "centre" {
			return strings.Contains(struck.stderr.String(), "is full")
		}
		no, ok := errors.AsType[*refusal.Error](errors.Join(f.refused...))
		return ok && no.Code == refusal.NoRoom
	})
	if who == "stall" {
		f.listed()
	}
}

// sale is one as the stall lists it.
type sale struct {
	ID      syncproto.RecordID `json:"id"`
	Receipt string             `json:"receipt_no"`
	Arrived bool               `json:"arrived"`
	Held    bool               `json:"held"`
}

func (f *fair) listed() (all []sale) {
	f.t.Helper()
	for cursor := ""; ; {
		var page struct {
			Items []sale `json:"items"`
			Next  string `json:"next"`
		}
		f.asks("GET", "/api/sales?limit=100&cursor="+cursor, nil, &page)
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}

// settled waits, while both processes run, until all that the stall lists is at head office.
func (f *fair) settled() {
	f.t.Helper()
	until(f.t, "all sales have arrived", func() bool {
		for who, p := range f.procs {
			if !p.running() {
				f.t.Fatalf("%s has ended: %v", who, p.err)
			}
		}
		for _, s := range f.listed() {
			if !s.Arrived {
				return false
			}
		}
		var st status
		f.asks("GET", "/api/status", nil, &st)
		return st.Pending == 0
	})
}

// atMostOnce fails unless the stall has each sale of which staff read "saved" once, and no
// other twice.
func (f *fair) atMostOnce() {
	f.t.Helper()
	times := map[syncproto.RecordID]int{}
	for _, s := range f.listed() {
		times[s.ID]++
	}
	for _, id := range f.sold {
		if n := times[id]; n > 1 || f.told[id] && n == 0 {
			f.t.Errorf("sale %v is there %d times, staff read saved: %v", id, n, f.told[id])
		}
	}
}

// complete has the page ask again for what nobody read "saved" of, and fails unless each
// sale is then on both sides once, under one receipt number, and both hold together.
func (f *fair) complete() {
	f.t.Helper()
	for _, id := range f.sold {
		if !f.told[id] {
			f.asksFor(id)
		}
		if !f.told[id] {
			f.t.Fatalf("asked again, it answers %v", f.refused[len(f.refused)-1])
		}
	}
	f.call("POST", "/api/sync?patience=1m", nil, &synced{}) // sooner than by itself
	f.settled()
	receipts, times := map[string]bool{}, map[syncproto.RecordID]int{}
	for _, s := range f.listed() {
		receipts[s.Receipt] = true
		if times[s.ID]++; s.Held {
			f.t.Errorf("sale %v is held", s.ID)
		}
	}
	f.exactly("the stall", times)
	if len(receipts) != len(f.sold) {
		f.t.Errorf("%d sales have %d receipt numbers", len(f.sold), len(receipts))
	}
	for _, who := range []string{"stall", "centre"} {
		f.procs[who].stop()
		rawaj(f.t, "verify", "--data", f.dirs[who])
	}
	f.exactly("the centre", f.atCentre())
}

func (f *fair) exactly(where string, times map[syncproto.RecordID]int) {
	f.t.Helper()
	for _, id := range f.sold {
		if times[id] != 1 {
			f.t.Errorf("%s has sale %v %d times", where, id, times[id])
		}
	}
	if len(times) != len(f.sold) {
		f.t.Errorf("%s has %d sales, want %d", where, len(times), len(f.sold))
	}
}

// atCentre counts the sales at the centre that have their line and their payment.
func (f *fair) atCentre() map[syncproto.RecordID]int {
	f.t.Helper()
	st, err := state.OpenReadOnly(f.t.Context(), filepath.Join(f.dirs["centre"], fileState))
	if err != nil {
		f.t.Fatal(err)
	}
	defer st.Close()
	sales, parts := map[syncproto.RecordID]int{}, map[syncproto.TableID]int{}
	err = st.Read(f.t.Context(), func(r *state.Reader) error {
		var errs []error
		for _, table := range []syncproto.TableID{schema.Sale, schema.SaleLine, schema.Payment} {
			errs = append(errs, r.Each(table, func(row *records.Row) error {
				if parts[table]++; table == schema.Sale {
					sales[row.ID]++
				}
				return nil
			}))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		f.t.Fatal(err)
	}
	if parts[schema.SaleLine] != len(f.sold) || parts[schema.Payment] != len(f.sold) {
		f.t.Errorf("the centre has %d lines and %d payments of %d sales", parts[schema.SaleLine], parts[schema.Payment], len(f.sold))
	}
	return sales
}
