package sim

import (
	"fmt"
	"runtime/debug"
	"strings"
	"time"
)

// Result is what became of a run.
type Result struct {
	Seed  uint64
	Ops   []Op
	Trace uint64 // two runs of one list have the same
	Hits  Hits
	Err   error
	Done  int // operations that were run; more than there are while the world is healed
}

// Run runs the list of a seed.
func (t *Template) Run(host string, seed uint64, say func(string)) Result {
	return t.RunOps(host, seed, draw(seed), say)
}

// RunOps runs a list. A seed says how many sites there are, and what ids and keys they
// draw. It is called in a synctest bubble, which gives it its time.
func (t *Template) RunOps(host string, seed uint64, ops []Op, say func(string)) (r Result) {
	r = Result{Seed: seed, Ops: ops}
	var w *World
	defer func() {
		if p := recover(); p != nil {
			f, ok := p.(*Failure)
			if !ok {
				f = &Failure{fmt.Sprintf("panic: %v\n%s", p, debug.Stack())}
			}
			r.Err = f
		}
		if w != nil {
			r.Trace, r.Hits = w.trace.sum, *w.hits
			func() {
				defer func() {
					if p := recover(); p != nil && r.Err == nil {
						r.Err = &Failure{fmt.Sprintf("panic at the end: %v", p)}
					}
				}()
				w.close()
			}()
		}
	}()
	w = t.world(host, seed, 2+int(seed%3))
	w.say = say
	for i, o := range ops {
		r.Done = i
		if say != nil {
			say(fmt.Sprintf("%d %v", i, o))
		}
		time.Sleep(time.Duration(1+o.A%9) * time.Millisecond) // in the bubble
		byName[o.Kind](w, o)
	}
	r.Done = len(ops)
	w.heal()
	w.judge()
	end, hash := w.centre.log.End()
	w.tracef("log of %d: %x", end, hash)
	return r
}

// healRounds is the most rounds of connections after which a world in which nothing goes
// wrong any more has to be at rest.
const healRounds = 12

// heal ends all that is wrong, and lets everybody speak until nobody has anything to say.
func (w *World) heal() {
	if w.say != nil {
		w.say("heal")
	}
	w.room()
	for _, s := range w.sites {
		s.disk.left = -1
		if l := s.line; l != nil {
			l.cut(0, 0)
		}
	}
	for _, l := range w.lines {
		l.cut(0, 0)
	}
	for len(w.lines) > 0 {
		for _, l := range w.lines {
			l.up.deliver()
			l.down.deliver()
		}
		w.reap()
	}
	for range 2 { // what was armed may strike once more
		w.centre.disk.left, w.centre.log.left = -1, -1
		w.startCentre()
		for _, s := range w.sites {
			w.starts(s)
			s.refused = false
		}
	}
	w.centre.skew = 0
	_, err := w.centre.server.ConfirmClock(ctx)
	w.decided(err)
	for _, p := range w.parcels {
		w.take(p)
	}
	for n := 1; ; n++ {
		for _, s := range w.sites {
			s.refused = s.refused && s.wiped
			time.Sleep(time.Second)
			if n == 1 || w.whole || w.unrest(s) != "" {
				w.quietly(s)
			}
		}
		w.fold()
		if _, err := w.centre.server.Vouch(ctx); err != nil { // after the log went back a person looks who takes part
			w.failf("nobody can vouch: %v", err)
		}
		rest := w.atRest()
		w.tracef("round %d: %s", n, strings.Join(rest, "; "))
		if len(rest) == 0 && n > 1 {
			return
		}
		if n == healRounds {
			w.failf("after %d rounds: %s", n, strings.Join(rest, "; "))
		}
	}
}

// atRest says what is not.
func (w *World) atRest() (unrest []string) {
	for _, s := range w.sites {
		if u := w.unrest(s); u != "" {
			unrest = append(unrest, u)
		}
	}
	return unrest
}

// unrest says why a site is not at rest.
func (w *World) unrest(s *site) string {
	if s.wiped || s.refused {
		return ""
	}
	p := s.store.Progress()
	switch head := w.centre.state.Head(); {
	case s.store.Pending() || p.Unequal != "":
		return fmt.Sprintf("%s has work pending, or unequal are %q", s.name, p.Unequal)
	case p.Position != head.Position || p.Hash != head.PositionHash || p.History != head.History: // a lost log may have had the same there, and what is own waits
		return fmt.Sprintf("%s stands at %d, the server at %d", s.name, p.Position, head.Position)
	}
	return w.lacksPhotos(s)
}
