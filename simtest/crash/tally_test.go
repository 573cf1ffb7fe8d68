//go:build linux

package crash

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/rawaj/rawaj/internal/crashfs"
)

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
}

func (a *tally) String() string {
	var ways []string
	for w, n := range a.ways {
		ways = append(ways, fmt.Sprintf("%v %d", crashfs.Way(w), n))
	}
	return fmt.Sprintf("%d states of %d records (%d ops), %d distinct, %d as SQLite reads them: %d held, %d lost and named, %d lost without a word, %d never stood, %d broken, %d said to be lost and there (%s)",
		a.states, a.traces, a.ops, a.distinct, a.images, a.held, a.named, a.lost, a.mixed, a.broken, a.mistaken, strings.Join(ways, ", "))
}

func (a *tally) count(tr *trial, s left, o *outcome, fresh bool) {
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
