package sim

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"

	"github.com/rawaj/rawaj/syncproto"
)

var ctx = context.Background()

var quiet = slog.New(slog.DiscardHandler)

// World is all there is in one run.
type World struct {
	slots       *slots
	taken       [][2]string // slots, with their kinds
	empty       files       // a state that has folded nothing
	whole       bool        // the log is SQLite's too, and everybody speaks in each round of healing
	host        string
	random      *rand.ChaCha8 // of ids, nonces and keys; the operations are drawn elsewhere
	centre      *centre
	sites       []*site
	lines       []*line
	tasks       []*task
	parcels     []*parcel
	model       *model
	hits        *Hits
	connections int
	history     syncproto.HistoryID // that was last heard of
	trace       hasher
	say         func(string) // nil where nobody reads along
	products    []syncproto.RecordID
	persons     []syncproto.RecordID
	families    []syncproto.RecordID
	lots        []lot
	session     syncproto.RecordID // to which people come
	values      int
	referrals   []syncproto.RecordID
	photos      [][]byte // that somebody took
}

// hasher is what a run is known by: two runs of one list have the same.
type hasher struct{ sum uint64 }

func (w *World) tracef(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	h := fnv.New64a()
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], w.trace.sum)
	h.Write(b[:])
	io.WriteString(h, s)
	w.trace.sum = h.Sum64()
	if w.say != nil {
		w.say("    " + s)
	}
}

// Failure is why a run failed: the product's, unless the model is wrong.
type Failure struct{ What string }

func (f *Failure) Error() string { return f.What }

func (w *World) failf(format string, args ...any) {
	panic(&Failure{fmt.Sprintf(format, args...)})
}

func (w *World) must(err error) {
	if err != nil {
		w.failf("%v", err)
	}
}

func (w *World) hit(f Fault) { w.hits[f]++ }

// close ends everything, for good.
func (w *World) close() {
	for _, s := range w.sites {
		if s.open {
			s.dying = true
			if s.line != nil {
				s.line.up.finish(errDead)
			}
			s.close()
		}
	}
	if c := w.centre; c != nil && c.up {
		c.dying = true
		for _, l := range w.lines {
			l.down.finish(errDead)
		}
		c.close()
	}
	for _, t := range w.tasks {
		t.stop()
	}
	worlds.Delete(w.host)
	for _, s := range w.taken {
		w.slots.give(s[0], s[1])
	}
}

// worlds are those that run, by the host of their server.
var worlds sync.Map
