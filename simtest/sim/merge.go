package sim

import (
	"fmt"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// claim is what somebody said of a record of a person: that it is read as another, or is not
// any more, and what stood there before.
type claim struct {
	alias      syncproto.RecordID
	value, saw string
	by         *tx // nil: head office
}

// saysOf is what an alias says, as people read it.
func saysOf(row *records.Row) string {
	if row.Of(schema.Voided).Bool() {
		return "itself"
	}
	return fmt.Sprintf("%x", row.Of(schema.AliasOf).ID())
}

// aliases are those that a side has, in the order in which it gives them.
func aliases(r reader) (ids []syncproto.RecordID, says map[syncproto.RecordID]string, err error) {
	says = map[syncproto.RecordID]string{}
	return ids, says, r.Each(schema.PersonAlias, func(row *records.Row) error {
		ids, says[row.ID] = append(ids, row.ID), saysOf(row)
		return nil
	})
}

// changed are the claims that made one view of the aliases another.
func changed(ids []syncproto.RecordID, before, after map[syncproto.RecordID]string, by *tx) (list []claim) {
	for _, id := range ids {
		if after[id] != before[id] {
			list = append(list, claim{id, after[id], before[id], by})
		}
	}
	return list
}

// merging has somebody at a branch say who is whom, and notes what was said.
func (w *World) merging(s *site, f Fault, do func() error) {
	w.person(s, func(t *tx) error {
		var before map[syncproto.RecordID]string
		look := func(r *store.Reader) (err error) {
			_, before, err = aliases(r)
			return err
		}
		if err := s.store.Read(ctx, look); err != nil {
			return err
		}
		if err := do(); err != nil {
			return err
		}
		err := s.store.Read(ctx, func(r *store.Reader) error {
			ids, after, err := aliases(r)
			t.claims = changed(ids, before, after, t)
			return err
		})
		if err == nil && len(t.claims) > 0 {
			t.kind, t.table, t.record = aMerge, schema.PersonAlias, t.claims[0].alias
			w.hit(f)
		}
		return err
	})
}

// officeMerges is the same at head office.
func (w *World) officeMerges(f Fault, do func() error) {
	c := w.centre
	if !c.up {
		return
	}
	var before, after map[syncproto.RecordID]string
	var ids []syncproto.RecordID
	w.must(c.state.Read(ctx, func(r *state.Reader) (err error) {
		_, before, err = aliases(r)
		return err
	}))
	err := do()
	if err == nil && !c.dying {
		w.must(c.state.Read(ctx, func(r *state.Reader) (err error) {
			ids, after, err = aliases(r)
			return err
		}))
		list := changed(ids, before, after, nil)
		if w.model.said = append(w.model.said, list...); len(list) > 0 {
			w.hit(f)
		}
	} else { // it may be in the log nevertheless
		w.model.unsure = true
	}
	w.decided(err)
}

// known are the people of whom a site has a record.
func (w *World) known(s *site) (list []syncproto.RecordID) {
	for _, p := range w.persons {
		if _, there := w.shows(s, register{schema.Person, p, schema.PersonName}); there {
			list = append(list, p)
		}
	}
	return list
}

// couple are two people whom a branch knows; it meets another where it knows one.
func (w *World) couple(s *site, at, n uint32) (a, b syncproto.RecordID, ok bool) {
	if !s.open {
		return a, b, false
	}
	list := w.known(s)
	if len(list) < 2 {
		w.opPerson(Op{A: at})
		if !s.open {
			return a, b, false
		}
		if list = w.known(s); len(list) < 2 {
			return a, b, false
		}
	}
	i := n % uint32(len(list))
	return list[i], list[(i+1+n>>8%uint32(len(list)-1))%uint32(len(list))], true
}

// opMerge has a branch say that two of its people are one, or head office of any two.
func (w *World) opMerge(o Op) {
	if o.B&1 == 0 {
		a, _ := pick(w.persons, o.B>>1)
		b, _ := pick(w.persons, o.B>>9)
		w.officeMerges(OfficeMerged, func() error { return w.officeMerge(a, b) })
		return
	}
	s, at := w.branch(o.A)
	if a, b, ok := w.couple(s, at, o.B>>1); ok {
		w.merging(s, Merged, func() error { return w.merge(s, a, b) })
	}
}

func (w *World) merge(s *site, a, b syncproto.RecordID) error {
	_, err := s.client.MergePersons(ctx, members.NewMerge{Person: a, Into: b, Reason: "one card", By: "a clerk"})
	return err
}

func (w *World) officeMerge(a, b syncproto.RecordID) error {
	_, err := w.centre.server.MergePersons(ctx, members.NewMerge{Person: a, Into: b, Reason: "one card", By: "an auditor"})
	return err
}

// opPart has somebody undo a merge.
func (w *World) opPart(o Op) {
	s, at := w.branch(o.A)
	if o.B&1 == 0 && s.open {
		list := w.merged(s)
		if len(list) == 0 {
			w.opMerge(Op{A: at, B: o.B | 1})
			list = w.merged(s)
		}
		if person, ok := pick(list, o.B>>1); ok {
			w.merging(s, Parted, func() error { return s.client.PartPerson(ctx, person, "a clerk") })
		}
	} else if person, ok := pick(w.persons, o.B>>1); ok {
		w.officeMerges(Parted, func() error { return w.centre.server.PartPerson(ctx, person, "an auditor") })
	}
}

// merged are the people who are read as others at a site.
func (w *World) merged(s *site) (list []syncproto.RecordID) {
	if !s.open {
		return nil
	}
	w.mustAlive(s, s.store.Read(ctx, func(r *store.Reader) error {
		return r.Each(schema.PersonAlias, func(row *records.Row) error {
			if !row.Of(schema.Voided).Bool() {
				list = append(list, row.Of(schema.AliasPerson).ID())
			}
			return nil
		})
	}))
	return list
}

// opCircle has two people merged into each other apart, each of whom came to the same session:
// by a branch, and by head office or another device of the branch.
func (w *World) opCircle(o Op) {
	s, at := w.branch(o.A)
	a, b, ok := w.couple(s, at, o.B>>4)
	if !ok {
		return
	}
	w.scan(s, a, true)
	w.scan(s, b, true)
	w.opSettle(Op{A: at})
	w.hangUp(s)
	n := len(w.sites)
	if o.B>>2&3 == 0 {
		w.opClone(Op{A: at})
	}
	if s.open {
		w.merging(s, Merged, func() error { return w.merge(s, a, b) })
	}
	time.Sleep(time.Millisecond) // in the bubble
	if len(w.sites) == n {
		w.officeMerges(OfficeMerged, func() error { return w.officeMerge(b, a) })
	} else if other := w.sites[n]; other.open {
		w.merging(other, Merged, func() error { return w.merge(other, b, a) })
	}
	if o.B>>1&3 == 0 && s.open {
		w.merging(s, Parted, func() error { return s.client.PartPerson(ctx, a, "a clerk") })
	}
}

// opScan has a branch read a card at the session that there is.
func (w *World) opScan(o Op) {
	s, _ := w.branch(o.A)
	if person, ok := pick(w.persons, o.B>>1); ok && s.open {
		w.scan(s, person, o.B&1 == 0)
	}
}

func (w *World) scan(s *site, person syncproto.RecordID, in bool) {
	w.person(s, func(t *tx) (err error) {
		t.kind, t.table, t.scanned = aRecord, schema.Scan, person
		n := client.NewScan{Session: w.session, Person: person}
		if in {
			t.record, err = s.client.CheckIn(ctx, n)
		} else {
			t.record, err = s.client.CheckOut(ctx, n)
		}
		if err == nil {
			w.hit(Scanned)
		}
		return err
	})
}
