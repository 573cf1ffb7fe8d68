//go:build linux

package crash

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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
	others    bool // files beside them and their marks count
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
	images  *memo // what was judged, by what SQLite reads
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
		case crashfs.Said, crashfs.Sync, crashfs.Delete, crashfs.Rename, crashfs.Truncate:
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
	tr := &trial{t: t, trace: trace, of: of, places: map[[32]byte][]int{}, wants: make([]want, len(trace.Ops)+1), weights: make([]float64, len(trace.Ops)+1), images: &memo{of: map[uint64]*outcome{}}}
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
				judged, _ := tr.judge(dir, files)
				if o = *judged; o.found != "" || o.named != "" {
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
	files := &memo{of: map[uint64]*outcome{}}
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		dir := shm(tr.t)
		all.Go(func() {
			for s := range states {
				o, fresh := files.get(s.key, func() (o *outcome) {
					o, _ = tr.judge(dir, s.files)
					return o
				})
				a.count(tr, s, o, fresh)
			}
		})
	}
	all.Wait()
	a.images += len(tr.images.of)
}

// judge opens files, and judges them in full where SQLite has not read the like before.
func (tr *trial) judge(dir string, files map[string][]byte) (o *outcome, fresh bool) {
	lay(tr.t, dir, files)
	return tr.images.get(image(dir, &tr.of, files), func() *outcome {
		lay(tr.t, dir, files)
		o := tr.of.judge(dir)
		return &o
	})
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
