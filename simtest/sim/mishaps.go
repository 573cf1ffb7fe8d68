package sim

import (
	"time"

	"github.com/rawaj/rawaj/syncproto"
)

func (w *World) opCut(o Op) {
	if l, ok := pick(w.lines, o.A); ok {
		l.cut(int(o.B%4), int(o.B>>4%4))
	}
}

func (w *World) opHalf(o Op) {
	if l, ok := pick(w.lines, o.A); ok && !l.up.over && !l.down.over {
		w.hit(HalfOpen)
		l.half(o.B%4 == 0)
		for l.up.deliver() { // this side knows at once
		}
		w.reap()
	}
}

func (w *World) opCrash(o Op) {
	s := w.site(o.A)
	if !s.open {
		return
	}
	w.hit(SiteCrashed)
	l := s.line
	s.crash(int(o.B % 8))
	if l != nil && o.B&8 == 0 {
		l.down.wire = append(l.down.wire, message{err: errReset})
	} else if l != nil {
		l.up.mute = true
		w.hit(HalfOpen)
	}
	w.reap()
}

func (w *World) opCrashAt(o Op) {
	if s := w.site(o.A); s.open {
		s.disk.left = int(o.B % 12)
		w.hit(SiteCrashedAtCommit)
	}
}

func (w *World) opStart(o Op) {
	if s := w.site(o.A); !s.open {
		w.starts(s)
	} else {
		s.refused = false
	}
}

func (w *World) starts(s *site) {
	if err := s.start(); err != nil && !s.disk.full {
		w.failf("%s does not start: %v", s.name, err)
	}
}

func (w *World) opDown(o Op) {
	if !w.centre.up {
		return
	}
	w.hit(ServerCrashed)
	w.centre.crash(int(o.B % 20))
	for _, l := range w.lines {
		if o.A&1 == 0 {
			l.up.wire = append(l.up.wire[:min(len(l.up.wire), int(o.A>>4%4))], message{err: errReset})
		} else {
			l.down.mute = true
			w.hit(HalfOpen)
		}
	}
	w.reap()
}

func (w *World) opDownAt(o Op) {
	c := w.centre
	if !c.up {
		return
	}
	if o.A&1 == 0 {
		c.disk.left = int(o.B % 6)
		w.hit(ServerCrashedAtCommit)
	} else {
		c.log.left, c.log.after = int(o.B%6), o.A&2 == 0
		w.hit(ServerCrashedAtAppend)
	}
}

func (w *World) opUp(Op) { w.startCentre() }

func (w *World) startCentre() {
	c := w.centre
	if err := c.start(); err != nil && !c.disk.full && !c.dying {
		w.failf("the server does not start: %v", err)
	}
	w.photosBack()
}

func (w *World) opFull(o Op) {
	switch o.A % 3 {
	case 0:
		w.site(o.B).disk.full = true
		w.hit(SiteFull)
	case 1:
		w.centre.disk.full = true
		w.hit(StateFull)
	case 2:
		if w.centre.log != nil {
			w.centre.log.full = true
			w.hit(LogFull)
		}
	}
}

func (w *World) opRoom(Op) { w.room() }

func (w *World) room() {
	for _, s := range w.sites {
		s.disk.full = false
	}
	w.centre.disk.full, w.centre.log.full = false, false
}

func (w *World) opSkew(o Op) {
	s := w.site(o.A)
	w.hit(SiteClock)
	s.skew = []time.Duration{time.Minute, -time.Hour, 90 * time.Minute, 30 * 24 * time.Hour, -10 * 365 * 24 * time.Hour, 20 * 365 * 24 * time.Hour, 0, 3 * time.Second}[o.B%8]
}

func (w *World) opServerClock(o Op) {
	c := w.centre
	if o.B&1 == 1 && c.up {
		w.hit(ClockConfirmed)
		_, err := c.server.ConfirmClock(ctx)
		w.decided(err)
		return
	}
	w.hit(ServerClock)
	c.skew += []time.Duration{-30 * time.Second, -2 * time.Hour, 10 * time.Minute, 20 * time.Hour, 400 * 24 * time.Hour, 0}[o.A%6]
	if c.up {
		c.server.Clock()
	}
}

// opWait lets time pass.
func (w *World) opWait(o Op) {
	w.hit(TimePassed)
	d := []time.Duration{50 * time.Millisecond, 2 * time.Second, 25 * time.Second, 2 * time.Minute, 3 * time.Hour, 9 * time.Hour}[o.A%6]
	if o.B%24 == 0 {
		d = 32 * 24 * time.Hour
	}
	time.Sleep(d + time.Duration(o.B>>8%1000)*time.Millisecond)
	if d > syncproto.PingTimeout {
		w.timeouts()
	}
	w.reap()
}

func (w *World) opImage(o Op) {
	if s := w.site(o.A); s.open && len(s.images) < 3 {
		s.images = append(s.images, s.image())
	}
}

// maxSites bounds the sites of a world, clones among them.
const maxSites = 6

func (w *World) opClone(o Op) {
	s := w.site(o.A)
	if !s.open || len(w.sites) >= maxSites {
		return
	}
	i := s.image()
	if old, ok := pick(s.images, o.B>>4); ok && o.B&3 == 0 {
		i = old
	}
	c := s.clone(i, s.name+"'")
	c.skew = s.skew
	w.sites = append(w.sites, c)
	w.hit(Cloned)
	w.starts(c)
}

func (w *World) opRestore(o Op) {
	s := w.site(o.A)
	i, ok := pick(s.images, o.B>>4)
	if !ok {
		return
	}
	if l := s.line; l != nil {
		l.cut(int(o.B>>8%4), 0)
	}
	s.putBack(i, o.B&1 == 0)
	w.hit(SiteRestored)
	w.reap()
	w.starts(s)
}

func (w *World) opKeep(Op) {
	if c := w.centre; c.up && len(c.images) < 4 {
		c.images = append(c.images, c.image())
	}
}

func (w *World) opPutBack(o Op) {
	c := w.centre
	i, ok := pick(c.images[c.backed:], o.B>>4)
	if !ok {
		return
	}
	w.putBack(i, o.B&1 == 0)
	if o.A&1 == 0 { // somebody brings a file that was on its way
		w.opTake(Op{A: uint32(len(w.parcels)) - 1})
	}
}

// putBack puts an older copy in the server's place, and starts it.
func (w *World) putBack(i *serverImage, withState bool) {
	w.centre.putBack(i, withState)
	w.hit(ServerRestored)
	for _, l := range w.lines {
		l.up.wire = append(l.up.wire, message{err: errReset})
	}
	w.reap()
	w.centre.older = true
	w.startCentre()
}

func (w *World) opScrub(o Op) {
	if o.A&1 == 0 && w.centre.up {
		w.hit(Scrubbed)
		err := w.centre.server.Scrub(ctx)
		if err != nil && !w.centre.dying {
			w.failf("the server's scrub: %v", err)
		}
		w.reap()
		return
	}
	if s := w.site(o.B); s.open {
		w.hit(Scrubbed)
		damaged, err := s.store.Scrub(ctx)
		if err == nil && len(damaged) > 0 {
			w.failf("%s: shares %v changed by themselves", s.name, damaged)
		}
		w.reap()
	}
}

// opEnforce is the minute's look whether a right has ended.
func (w *World) opEnforce(o Op) {
	s := w.site(o.A)
	if !s.open {
		return
	}
	if err := s.client.Enforce(ctx); err != nil && !s.dying && !s.disk.full {
		w.failf("%s: %v", s.name, err)
	}
	if s.line != nil && s.line.up.welcome && o.B&1 == 0 {
		s.line.visit.LetGo(ctx)
	}
	w.reap()
}
