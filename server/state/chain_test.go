package state_test

import (
	"testing"

	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// products records n transactions that make a product each, and sends none.
func (r *run) products(n int) (all []tx) {
	for range n {
		id := r.d.o.newID()
		all = append(all, r.writes([]syncproto.Change{product(id, id.String())}))
	}
	return all
}

func (o *org) branches(r *run) (n int64) {
	o.t.Helper()
	o.read(func(rd *state.Reader) (err error) { n, err = rd.Branches(r.inc); return err })
	return n
}

func (o *org) parked() (n int64) {
	o.t.Helper()
	o.read(func(rd *state.Reader) (err error) { _, n, err = rd.Held(); return err })
	return n
}

// takes runs f and checks that it took so many positions.
func (o *org) takes(positions syncproto.Position, f func()) {
	o.t.Helper()
	before := o.state.Head().Position
	f()
	o.fold()
	if took := o.state.Head().Position - before; took != positions {
		o.t.Errorf("%d positions were taken, want %d", took, positions)
	}
}

func TestOverlapsAndRepeatsByAnyRoadTakeOnePositionEach(t *testing.T) {
	o := newOrg(t)
	r := o.stall().chain()
	all := r.products(9)
	o.takes(4, func() { r.arrives(1, 4) })
	o.takes(0, func() { r.arrives(1, 4); r.arrives(2, 3); r.comes(1, 2) })
	o.takes(3, func() { r.comes(3, 7) })
	o.takes(2, func() { r.arrives(1, 9); r.comes(1, 9) })
	o.applied(all...)
	o.sound()
}

func TestARunWithoutItsPredecessorIsParkedAndTakenWhenThatComes(t *testing.T) {
	o := newOrg(t)
	r := o.stall().chain()
	all := r.products(9)
	o.takes(0, func() { r.arrives(7, 9); r.arrives(4, 5) })
	if n := o.parked(); n != 5 {
		t.Errorf("%d transactions are parked, want 5", n)
	}
	o.takes(5, func() { r.arrives(1, 3) })
	o.takes(4, func() { r.arrives(6, 6) })
	if n := o.parked(); n != 0 {
		t.Errorf("%d transactions are parked, want none", n)
	}
	o.applied(all...)
	o.sound()
}

func TestAParkedRunThatOverlapsIsTakenOnce(t *testing.T) {
	o := newOrg(t)
	r := o.stall().chain()
	all := r.products(10)
	o.takes(0, func() { r.arrives(6, 10); r.arrives(6, 8); r.arrives(6, 10); r.arrives(9, 9) })
	o.takes(3, func() { r.arrives(1, 3) })
	o.takes(7, func() { r.arrives(4, 7) }) // the run that was waited for goes on into what waits
	o.applied(all...)
	if n := o.parked(); n != 0 {
		t.Errorf("%d transactions are parked, want none", n)
	}
	if n := o.branches(r); n != 1 {
		t.Errorf("%d branches, want 1", n)
	}
	o.sound()
}

func TestALifeWhoseParentIsMissingIsParked(t *testing.T) {
	o := newOrg(t)
	d := o.stall()
	first := d.chain()
	before := first.products(3)
	second := d.restart()
	between := second.products(2)
	third := d.restart()
	after := third.products(2)
	o.takes(0, func() { third.arrives(1, 2); second.arrives(1, 2) })
	o.takes(2, func() { first.arrives(1, 2) })
	o.takes(5, func() { first.arrives(3, 3) })
	for _, all := range [][]tx{before, between, after} {
		o.applied(all...)
	}
	o.sound()
}

func TestACopiedDeviceGoesOnInTwoBranches(t *testing.T) {
	o := newOrg(t)
	d := o.stall()
	id := o.newID()
	original := d.chain()
	original.writes([]syncproto.Change{product(id, "before the copy")})
	original.products(1)
	copied := original.copied()
	mine := original.products(3)
	original.arrives(1, 5)
	theirs := copied.products(2)
	changed := copied.writes([]syncproto.Change{named(id, "by the copy")})
	o.takes(8, func() { copied.arrives(2, 5) }) // begins before the place where they part
	o.applied(mine...)
	o.applied(theirs...)
	o.applied(changed)
	o.nameIs(id, "by the copy") // which had seen what both of them wrote
	if n := o.branches(original); n != 2 {
		t.Errorf("%d branches, want 2", n)
	}
	// Both go on, each from its own head, and repeats of either are known.
	more, theirMore := original.products(2), copied.products(2)
	o.takes(4, func() { copied.arrives(6, 7); original.arrives(6, 7) })
	o.takes(0, func() { copied.arrives(1, 7); original.arrives(1, 7); copied.arrives(7, 7); original.arrives(4, 6) })
	o.applied(more...)
	o.applied(theirMore...)
	// A new life of the copy continues the copy.
	d.run = copied
	reborn := d.restart()
	rename := reborn.writes([]syncproto.Change{named(id, "in a new life")}, at(0))
	o.takes(1, func() { reborn.arrives(1, 1) })
	o.applied(rename)
	o.nameIs(id, "in a new life")
	o.ledgerIs()
	o.sound()
}

func TestTwoBranchesAreConcurrent(t *testing.T) {
	o := newOrg(t)
	d := o.stall()
	id := o.newID()
	original := d.chain()
	original.writes([]syncproto.Change{product(id, "before the copy")}, at(noon-5000))
	copied := original.copied()
	early := original.writes([]syncproto.Change{named(id, "mine")}, at(noon-4000))
	late := copied.writes([]syncproto.Change{named(id, "theirs")}, at(noon-3000))
	o.takes(3, func() { copied.arrives(1, 2); original.arrives(1, 2) })
	o.nameIs(id, "theirs")
	o.ledgerIs(loses{early, late})
	o.sound()
}

func TestABranchAtTheFirstTransaction(t *testing.T) {
	o := newOrg(t)
	original := o.stall().chain()
	copied := original.copied()
	mine, theirs := original.products(2), copied.products(2)
	o.takes(4, func() { original.arrives(1, 2); copied.arrives(1, 1); copied.arrives(2, 2) })
	o.applied(mine...)
	o.applied(theirs...)
	o.sound()
}

func TestAnotherDeviceCannotGoOnWithAChain(t *testing.T) {
	o := newOrg(t)
	a, b := o.stall(), o.stall()
	r := a.chain()
	r.products(2)
	o.takes(2, func() { r.arrives(1, 2) })
	stolen := r.copied()
	stolen.d = b
	stolen.products(1)
	o.takes(0, func() { stolen.arrives(3, 3) }) // parked: b has no such chain
	o.sound()
}

func TestWhatCannotBeAttributedIsCountedAndLeftOut(t *testing.T) {
	o := newOrg(t)
	d := o.stall()
	r := d.chain()
	all := r.products(3)
	forger := d.o.newDevice() // not enrolled
	forged := forger.chain()
	forged.products(1)
	wrongStart := o.stall().chain()
	wrongStart.hashes[0][0] ^= 1
	wrongStart.products(1)
	o.takes(0, func() {
		forged.arrives(1, 1)
		forged.d = &device{o: o, id: d.id, key: forger.key} // d's name under another key
		forged.arrives(1, 1)
		wrongStart.arrives(1, 1)
		o.entry(state.Entry{Kind: state.EntryBatch, Road: state.RoadParcel, Payload: []byte("no batch")})
	})
	if n := o.state.Head().Unsound; n != 4 {
		t.Errorf("%d entries are unsound, want 4", n)
	}
	o.takes(3, func() { r.arrives(1, 3) })
	o.applied(all...)
	o.sound()
}

func TestRefusedTransactionsTakeAPosition(t *testing.T) {
	o := newOrg(t)
	r := o.stall().chain()
	r.add([]byte("garbage"))
	r.writes([]syncproto.Change{named(o.newID(), "of nothing")})
	r.products(1)
	r.writes([]syncproto.Change{create(schema.Fair, o.newID(), text(schema.NameEn, "Ours"))})
	o.takes(4, func() { r.arrives(1, 4) })
	o.sound()
}

func TestABatchThatWaitsIsParkedOnceHoweverOftenItComes(t *testing.T) {
	o := newOrg(t)
	r := o.stall().chain()
	for range 3 {
		r.add([]byte("a body"))
	}
	for range 3 {
		r.arrives(3, 3)
		r.comes(3, 3)
	}
	o.fold()
	if n := o.parked(); n != 1 {
		t.Errorf("%d transactions are parked, want 1", n)
	}
}
