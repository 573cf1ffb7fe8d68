package sim

import (
	"github.com/rawaj/rawaj/syncproto"
)

const (
	// settleSteps is the most that one connection may take to say all there is to say, in
	// worlds of some hundred transactions; what has no end would take more.
	settleSteps = 4000
	// most is the messages that may be under way to one end, of a peer that gives credit
	// for so many bytes.
	most = 2000
)

// bounded holds a queue to its bound.
func (w *World) bounded(e *end) {
	if len(e.wire) > most {
		w.failf("%d messages wait on a line", len(e.wire))
	}
}

func (e *end) traceArrival(m message) {
	w, way := e.line.w, "to site "+e.line.site.name
	if e.server {
		way = "from " + e.line.site.name
	}
	if m.err != nil {
		w.tracef("%s: %v", way, m.err)
		return
	}
	w.hit(Delivered)
	f, err := syncproto.DecodeFrame(m.b, syncproto.ServerLimits)
	if err != nil {
		w.tracef("%s: a frame that is none: %v", way, err)
		return
	}
	switch f := f.(type) {
	case *syncproto.Checkpoint:
		w.tracef("%s: Checkpoint %d, %d settled, %d digests", way, f.Position, len(f.Settled), len(f.Digests))
	case *syncproto.Rows:
		w.tracef("%s: Rows of %d, %d of them, %v", way, f.Table, len(f.IDs)/16, f.Scope)
	case *syncproto.Leave:
		w.tracef("%s: Leave %v %v", way, f.Class, f.Scope)
	case *syncproto.Bye:
		if f.Code == syncproto.CodeReplaced {
			w.hit(Replaced)
		}
		w.tracef("%s: Bye %v %s", way, f.Code, f.Detail)
	case *syncproto.Range:
		w.hit(Repaired)
		w.tracef("%s: Range of %v %v", way, f.Class, f.Scope)
	case *syncproto.Salvage:
		if len(f.Batches) > 0 {
			w.hit(Salvaged)
		}
		w.tracef("%s: Salvage of %d", way, len(f.Batches))
	case *syncproto.Welcome:
		if w.history != (syncproto.HistoryID{}) && w.history != f.History {
			w.hit(HistoryBegun)
		}
		w.history = f.History
		w.tracef("%s: Welcome at %d, %d heads, copy %v, credit %d", way, f.Position, len(f.Heads), f.Copy, f.Credit)
	case *syncproto.Hello:
		w.tracef("%s: Hello, %d heads, %d pending", way, len(f.Heads), f.Declared.Transactions)
	case *syncproto.Resume:
		e.line.older = len(f.Older)
		w.tracef("%s: Resume, salvage %v, %d older", way, f.Salvage, len(f.Older))
	default:
		w.tracef("%s: %T", way, f)
	}
}

// push has a site send what is due.
func (w *World) push(l *line) bool {
	e := &l.up
	if !e.welcome || e.over || e.closed || !l.site.open || !l.due {
		return false
	}
	n := len(l.down.wire)
	sent, err := l.visit.Push(ctx)
	l.due = sent
	if err == nil && !sent {
		err = w.attach(l)
	}
	if err != nil {
		e.finish(err)
		return true
	}
	return len(l.down.wire) > n
}

// fold has the server judge what is in its log.
func (w *World) fold() bool {
	c := w.centre
	if !c.up {
		return false
	}
	before := c.state.Head()
	err := c.server.Fold(ctx)
	after := c.state.Head()
	if before.Applied == after.Applied && err == nil {
		return false
	}
	w.tracef("folded to %d, position %d: %s", after.Applied, after.Position, brief(err))
	if err != nil && !c.dying && !c.disk.full {
		w.failf("the fold stopped: %v", err)
	}
	if err != nil && !c.dying { // the process ends, and is started again
		c.crash(0)
	}
	return err == nil
}

// feed has the server send a device what it lacks.
func (w *World) feed(l *line) bool {
	e := &l.down
	if !e.welcome || e.over || e.closed || !w.centre.up || !l.peer.Woken() {
		return false
	}
	if err := l.peer.Feed(); err != nil {
		e.finish(err)
	}
	return true
}

// aftermath ends processes that died within a step.
func (w *World) aftermath() {
	if c := w.centre; c.up && c.dying {
		w.hit(ServerCrashed)
		w.tracef("the server died")
		c.crash(0)
		for _, l := range w.lines {
			l.up.wire = append(l.up.wire, message{err: errReset})
		}
	}
	for _, s := range w.sites {
		if s.open && s.dying {
			w.hit(SiteCrashed)
			w.tracef("%s died", s.name)
			l := s.line
			s.crash(0)
			if l != nil {
				l.down.wire = append(l.down.wire, message{err: errReset})
			}
		}
	}
}

// step lets something happen on a line, as draw decides.
func (w *World) step(l *line, draw uint32) {
	switch draw % 8 {
	case 0, 1:
		w.push(l)
	case 2, 3:
		l.down.deliver()
	case 4, 5:
		l.up.deliver()
	case 6:
		w.fold()
	case 7:
		w.feed(l)
	}
	w.reap()
}

// settle lets all be said on a site's line that there is to say, or until it is over.
func (w *World) settle(s *site) {
	l := s.line
	if l == nil {
		return
	}
	for n := 0; !l.up.over || !l.down.over; n++ {
		if n > settleSteps {
			w.failf("%s and the server do not come to an end with each other", s.name)
		}
		moved := w.push(l)
		moved = l.down.deliver() || moved
		w.reap()
		moved = w.fold() || moved
		w.reap()
		moved = w.feed(l) || moved
		w.reap()
		moved = l.up.deliver() || moved
		w.reap()
		if l.up.over && !l.down.over && len(l.down.wire) == 0 || l.down.over && !l.up.over && len(l.up.wire) == 0 {
			l.cut(0, 0)
			continue
		}
		if !moved {
			return
		}
	}
}

// hangUp ends a site's line in an orderly way.
func (w *World) hangUp(s *site) {
	l := s.line
	if l == nil {
		return
	}
	l.up.finish(nil)
	for l.down.deliver() {
		w.reap()
	}
	for l.up.deliver() {
		w.reap()
	}
	l.up.over, l.down.over = true, true
	w.reap()
}
