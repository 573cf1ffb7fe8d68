package sim

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/syncproto"
)

// connect opens a line and has both sides begin.
func (w *World) connect(s *site) {
	if s.line != nil || !s.open || s.refused || !w.centre.up {
		return
	}
	w.connections++
	l := &line{w: w, site: s, number: w.connections}
	l.up = end{line: l, limits: syncproto.GreetingLimits}
	l.down = end{line: l, server: true, limits: syncproto.GreetingLimits}
	w.tracef("line %d of %s", l.number, s.name)
	l.visit = s.client.Visit(&l.up)
	l.peer = w.centre.server.Peer(&l.down)
	s.line = l
	w.lines = append(w.lines, l)
	l.down.start(func() error { return l.peer.Greet() })
	l.up.start(func() error { return l.visit.Greet(ctx) })
	w.reap()
}

func (e *end) start(f func() error) {
	e.greet = begin(func(*task) error { return f() })
	e.line.w.tasks = append(e.line.w.tasks, e.greet)
	e.resume()
}

// resume goes on with a greeting.
func (e *end) resume() {
	if _, waits := e.greet.next(); waits {
		return
	}
	err := e.greet.err
	e.greet = nil
	if e.welcome = err == nil; !e.welcome {
		e.finish(err)
	} else if e.server {
		e.line.w.placed(e.line)
	}
}

// errOver ends a session whose device said Bye.
var errOver = errors.New("over")

// finish is the end of a session here, for what reason ever.
func (e *end) finish(err error) {
	if e.over {
		return
	}
	if err == nil {
		err = net.ErrClosed
	}
	e.over = true
	if e.greet != nil {
		t := e.greet
		e.greet = nil
		e.closed = true
		t.stop()
	}
	if errors.Is(err, errOver) {
		err = nil
	}
	w, l := e.line.w, e.line
	if e.server {
		if w.centre.up && !w.centre.dying {
			l.peer.End(e.welcome, err)
		}
		e.closed = true
		return
	}
	for i, t := range l.lane {
		if t != nil {
			e.closed = true
			l.lane[i] = nil
			t.stop()
		}
	}
	s := l.site
	if s.line == l {
		s.line = nil
	}
	if !s.open || s.dying {
		e.closed = true
		return
	}
	before := s.device()
	if err == nil {
		err = io.EOF
	}
	err = l.visit.End(ctx, e.welcome, err)
	w.tracef("%s: line %d ended: %v", s.name, l.number, brief(err))
	e.Close(&syncproto.Bye{Code: syncproto.CodeBye})
	if errors.Is(err, client.ErrRefused) {
		s.refused = true
		if s.store.Identity().WipedAt != 0 && !s.wiped {
			w.wiped(s)
		}
	}
	if s.open && !s.dying && s.device() != before {
		w.hit(CopyNamed)
		w.tracef("%s has a name of its own", s.name)
	}
}

func brief(err error) string {
	if err == nil {
		return "-"
	}
	s := err.Error()
	return s[:min(len(s), 120)]
}

// reap ends what was closed from within, and forgets lines that are over.
func (w *World) reap() {
	for again := true; again; {
		again = false
		for _, l := range w.lines {
			for _, e := range []*end{&l.up, &l.down} {
				if e.closed && !e.over {
					e.finish(net.ErrClosed)
					again = true
				}
			}
		}
	}
	kept := w.lines[:0]
	for _, l := range w.lines {
		if !l.up.over || !l.down.over {
			kept = append(kept, l)
		}
	}
	w.lines = kept
	w.aftermath()
}

var errReset = fmt.Errorf("receive: %w", io.ErrUnexpectedEOF)

// cut breaks a line: of what is under way in each direction so many messages still
// arrive, and then each side hears of it.
func (l *line) cut(up, down int) {
	for _, d := range []struct {
		e *end
		n int
	}{{&l.down, up}, {&l.up, down}} {
		if d.n < len(d.e.wire) {
			d.e.wire = d.e.wire[:d.n]
			l.w.hit(LostOnTheWay)
		}
		d.e.wire = append(d.e.wire, message{err: errReset})
		d.e.other().mute = true
	}
}

// half has one side hear nothing of a line's end.
func (l *line) half(serverHears bool) {
	l.up.mute, l.down.mute = true, true
	l.up.wire, l.down.wire = nil, nil
	if serverHears {
		l.down.wire = []message{{err: errReset}}
	} else {
		l.up.wire = []message{{err: errReset}}
	}
}

// timeouts ends what nothing was heard of for long.
func (w *World) timeouts() {
	for _, l := range w.lines {
		for _, e := range []*end{&l.up, &l.down} {
			if !e.over && e.other().mute && len(e.wire) == 0 {
				e.wire = []message{{err: os.ErrDeadlineExceeded}}
			}
		}
	}
}
