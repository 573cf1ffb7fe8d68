package sim

import "github.com/rawaj/rawaj/syncproto"

// place is where a device stood: how far it had heard a log, and the log's hash there.
type place struct {
	at   syncproto.Position
	hash syncproto.ShortHash
}

// trodden are the places where a site's device stood, as a person with a pencil has them.
type trodden struct {
	list    []place
	partial bool // some went with a disk
}

// keptPlaces is the most places of which a device names each one when it is asked; of more
// it leaves some out that have others near.
const keptPlaces = 32

// stands notes where a site stands, after it has heard something.
func (w *World) stands(s *site) {
	if !s.open || s.dying {
		return
	}
	p := s.store.Progress()
	last := place{p.Position, p.Hash.Short()}
	t := &s.stood
	switch {
	case p.Cursor == nil:
		t.list = nil
	case len(t.list) == 0 || t.list[len(t.list)-1] != last:
		n := len(t.list)
		for n > 0 && t.list[n-1].at >= last.at { // of a log that is gone
			n--
		}
		t.list = append(t.list[:n:n], last)
	}
}

// placed holds the server to the newest place that its log and the device have in common: a
// device that is not told what is behind it lacks that, one that is told what is before it
// is told twice.
func (w *World) placed(l *line) {
	s, from := l.site, l.peer.From()
	for _, p := range s.stood.list {
		if have, ok, err := w.centre.state.HashAt(ctx, from); p.at == from && (err != nil || !ok || have != p.hash) {
			w.failf("%s goes on from %d, where it heard another log than the server has", s.name, from)
		}
	}
	if l.older == 0 {
		return
	}
	common := syncproto.Position(0)
	for _, p := range s.stood.list {
		have, ok, err := w.centre.state.HashAt(ctx, p.at)
		w.must(err)
		if ok && have == p.hash {
			common = p.at
		}
	}
	if from > 0 {
		w.hit(OlderPlace)
	}
	w.tracef("%s goes on from %d", s.name, from)
	if few := len(s.stood.list) <= keptPlaces; few && from < common || !s.stood.partial && (few || from > common) && from != common {
		w.failf("%s and the server have %d in common, and it goes on from %d", s.name, common, from)
	}
}

// opGoBack has the server go back behind what some have heard, and those speak again.
func (w *World) opGoBack(o Op) {
	c := w.centre
	s := w.site(o.A)
	if !c.up || !s.open {
		return
	}
	w.opSettle(o)
	w.hangUp(s)
	i := c.image()
	for n := range 1 + o.B%3 {
		w.opSell(Op{A: o.A + n, B: o.B})
		w.opWrite(Op{A: o.A + n, B: o.B >> 4})
		w.opSettle(Op{A: o.A + n})
		w.opSettle(o)
	}
	w.putBack(i, o.B>>8&1 == 0)
	if o.B>>9&1 == 0 { // others come first
		w.opSettle(Op{A: o.A + 1})
	}
	w.opSettle(o)
}
