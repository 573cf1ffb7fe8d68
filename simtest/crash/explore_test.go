//go:build linux

package crash

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rawaj/rawaj/internal/crashfs"
)

// outcome is what a program makes of the files that a power cut left.
type outcome struct {
	content [32]byte // of the database, as its rows say
	named   string   // what the program itself says is lost
	found   string   // what is wrong besides
}

// subject is a program whose files are cut.
type subject struct {
	databases []string
	// judge opens the files of a directory as the program does that starts.
	judge func(dir string) outcome
}

// want is what must be there after a cut: a content that stood at one of these places.
type want struct{ told, upper int }

// trial is a record and how what is left of it is judged.
type trial struct {
	t       testing.TB
	trace   *crashfs.Trace
	of      subject
	wants   []want             // by cut: after so many ops
	places  map[[32]byte][]int // where a content stood
	weights []float64
}

// The words of a recorder: the caller was told that all that he did is on disk, or
// already that what he does next is.
const (
	saved = iota
	early
)

// commitFrame is the length of the head of a WAL's frame, which is written by itself.
const commitFrame = 24

// ends says at which ops a commit may have ended, so that what stands there must be known.
func ends(trace *crashfs.Trace) []bool {
	at := make([]bool, len(trace.Ops)+1)
	at[0], at[len(trace.Ops)] = true, true
	commits := false
	for i, op := range trace.Ops {
		switch op.Kind {
		case crashfs.Said, crashfs.Sync, crashfs.Delete, crashfs.Truncate:
			at[i+1] = true
		case crashfs.Write:
			if commits {
				at[i+1] = true
			}
			commits = len(op.Data) == commitFrame && binary.BigEndian.Uint32(op.Data[4:]) != 0
		}
	}
	return at
}

// newTrial finds what stood at each place of a trace: what a killed process would find.
func newTrial(t testing.TB, trace *crashfs.Trace, of subject) *trial {
	t.Helper()
	tr := &trial{t: t, trace: trace, of: of, places: map[[32]byte][]int{}, wants: make([]want, len(trace.Ops)+1), weights: make([]float64, len(trace.Ops)+1)}
	disk, at, dir := trace.Disk(), ends(trace), shm(t)
	place, told := 0, 0
	var last [32]byte
	seen := map[uint64]outcome{}
	for n := range tr.wants {
		disk.Done(n)
		if at[n] {
			files := disk.Whole()
			key := sum(files)
			o, ok := seen[key]
			if !ok {
				lay(t, dir, files)
				if o = of.judge(dir); o.found != "" || o.named != "" {
					t.Fatalf("a process killed after op %d of %d leaves files of which is said %q %q", n, len(trace.Ops), o.named, o.found)
				}
				seen[key] = o
			}
			if o.content != last || place == 0 {
				place++
				last = o.content
				tr.places[last] = append(tr.places[last], place)
			}
			for k := n; k >= 0 && tr.wants[k].upper == 0; k-- {
				tr.wants[k].upper = place
			}
		}
		if n > 0 && trace.Ops[n-1].Kind == crashfs.Said {
			told = place + tr.trace.Ops[n-1].Word
		}
		tr.wants[n].told = told
		tr.weights[n] = weight(told)
	}
	return tr
}

// weight has fewer cuts of a database's making, before anything was promised.
func weight(told int) float64 {
	if told == 0 {
		return 0.1
	}
	return 1
}

// tally counts what came of cuts.
type tally struct {
	sync.Mutex
	traces, ops             int
	states, distinct        int
	images                  int // distinct as SQLite reads them: each was judged in full
	ways                    [crashfs.Ways]int
	held, named, lost       int // of states: all is there; something lacks and the program says so; it does not
	mixed, broken, mistaken int // what never stood; a finding; said to be lost and is there
	examples                []string
	seen                    map[uint64]bool
}

func (a *tally) String() string {
	var ways []string
	for w, n := range a.ways {
		ways = append(ways, fmt.Sprintf("%v %d", crashfs.Way(w), n))
	}
	return fmt.Sprintf("%d states of %d records (%d ops), %d distinct, %d as SQLite reads them: %d held, %d lost and named, %d lost without a word, %d never stood, %d broken, %d said to be lost and there (%s)",
		a.states, a.traces, a.ops, a.distinct, a.images, a.held, a.named, a.lost, a.mixed, a.broken, a.mistaken, strings.Join(ways, ", "))
}

// left is one state that a cut leaves.
type left struct {
	at    int
	way   crashfs.Way
	files map[string][]byte
	key   uint64
}

// explore judges about n states that cuts may leave, drawn from seed. Each that differs
// is opened by SQLite; those that it reads alike are judged in full once.
func (tr *trial) explore(n int, seed uint64, a *tally) {
	tr.t.Helper()
	a.traces++
	a.ops += len(tr.trace.Ops)
	states := make(chan left, 16)
	go tr.cuts(n, seed, states)
	files, images := &memo{of: map[uint64]*outcome{}}, &memo{of: map[uint64]*outcome{}}
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		dir := shm(tr.t)
		all.Go(func() {
			for s := range states {
				full := false
				o, fresh := files.get(s.key, func() *outcome {
					lay(tr.t, dir, s.files)
					var o *outcome
					o, full = images.get(image(dir, tr.of.databases, s.files), func() *outcome {
						lay(tr.t, dir, s.files)
						o := tr.of.judge(dir)
						return &o
					})
					return o
				})
				a.count(tr, s, o, fresh, full)
			}
		})
	}
	all.Wait()
}

func (tr *trial) cuts(n int, seed uint64, to chan<- left) {
	defer close(to)
	r := rand.New(rand.NewPCG(seed, 1))
	total := 0.0
	for _, w := range tr.weights {
		total += w
	}
	disk := tr.trace.Disk()
	for at := range tr.weights {
		disk.Done(at)
		share := float64(n) * tr.weights[at] / total
		times := int(share)
		if r.Float64() < share-float64(times) {
			times++
		}
		for range times {
			way := crashfs.Way(r.IntN(int(crashfs.Ways)))
			files := disk.Cut(way, r)
			to <- left{at, way, files, sum(files)}
		}
	}
}

func (a *tally) count(tr *trial, s left, o *outcome, fresh, full bool) {
	w := tr.wants[s.at]
	places := tr.places[o.content]
	within := slices.ContainsFunc(places, func(p int) bool { return p >= w.told && p <= w.upper })
	before := slices.ContainsFunc(places, func(p int) bool { return p < w.told })
	a.Lock()
	defer a.Unlock()
	a.states++
	a.ways[s.way]++
	if fresh {
		a.distinct++
	}
	if full {
		a.images++
	}
	what := ""
	switch {
	case o.found != "":
		a.broken++
		what = o.found
	case within && o.named == "":
		a.held++
		return
	case within:
		a.mistaken++
		what = "said to be lost: " + o.named
	case o.named != "":
		a.named++
		return
	case before:
		a.lost++
		what = fmt.Sprintf("told place %d, found %v", w.told, places)
	default:
		a.mixed++
		what = fmt.Sprintf("told place %d, at most %d, found %v", w.told, w.upper, places)
	}
	if len(a.examples) < 5 {
		a.examples = append(a.examples, fmt.Sprintf("cut after op %d of %d, %v: %s%s", s.at, len(tr.trace.Ops), s.way, what, keep(s)))
	}
}

// keep puts the files of a state that does not hold where a person can look at them.
func keep(s left) string {
	if *keepIn == "" {
		return ""
	}
	dir := filepath.Join(*keepIn, fmt.Sprintf("%x", s.key))
	err := os.MkdirAll(dir, 0o700)
	for name, b := range s.files {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	return fmt.Sprintf(" (%s %v)", dir, err)
}

// memo judges equal files once.
type memo struct {
	sync.Mutex
	of map[uint64]*outcome
}

func (m *memo) get(key uint64, f func() *outcome) (o *outcome, fresh bool) {
	m.Lock()
	o = m.of[key]
	m.Unlock()
	if o != nil {
		return o, false
	}
	made := f()
	m.Lock()
	defer m.Unlock()
	if o = m.of[key]; o != nil { // another worker had the same
		return o, false
	}
	m.of[key] = made
	return made, true
}

var hashSeed = maphash.MakeSeed()

func sum(files map[string][]byte) uint64 {
	var h maphash.Hash
	h.SetSeed(hashSeed)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h.WriteString(name)
		binary.Write(&h, binary.BigEndian, int64(len(files[name])))
		h.Write(files[name])
	}
	return h.Sum64()
}

// shm is a directory of the test's, in memory where the system has such.
func shm(t testing.TB) string {
	t.Helper()
	base := "/dev/shm"
	if _, err := os.Stat(base); err != nil {
		base = ""
	}
	dir, err := os.MkdirTemp(base, "rawaj-crash-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// lay makes the directory hold these files and no others.
func lay(t testing.TB, dir string, files map[string][]byte) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			t.Error(err)
		}
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), bytes.Clone(b), 0o600); err != nil {
			t.Error(err)
		}
	}
}
