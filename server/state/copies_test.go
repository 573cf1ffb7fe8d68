package state_test

import (
	"testing"

	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// end is the head of a run as its device has it.
func (r *run) end() syncproto.Head {
	return syncproto.Head{Incarnation: r.inc, Seq: r.last(), Hash: r.hashes[r.last()]}
}

// hello is a contact that names the run's head.
func (r *run) hello() {
	h := r.end()
	c := state.Contact{Device: r.d.id, Newest: &h}
	r.d.o.entry(state.Entry{Kind: state.EntryContact, Payload: c.Encode()})
}

// copyIs fails unless of some runs those that are told so are copies.
func (o *org) copyIs(want bool, runs ...*run) {
	o.t.Helper()
	o.fold()
	o.read(func(r *state.Reader) error {
		for i, one := range runs {
			if got, err := r.Copy(one.d.id, one.end()); err != nil || got != want {
				o.t.Errorf("run %d is a copy: %v, %v", i, got, err)
			}
		}
		return nil
	})
}

// reborn is another life of a copy, after a place of a run.
func (r *run) reborn(after syncproto.Seq) *run {
	was := r.copied()
	was.bodies, was.hashes = was.bodies[:after], was.hashes[:after+1]
	present := r.d.run
	defer func() { r.d.run = present }()
	r.d.run = was
	return r.d.restart()
}

// goesOn writes more, which arrives.
func (r *run) goesOn(n int) {
	r.d.o.t.Helper()
	first := r.last() + 1
	r.products(n)
	r.arrives(first, r.last())
}

func TestOfTwoRunsThatPartTheLaterIsACopyOnceBothGoOn(t *testing.T) {
	parts := map[string]func(*run) (*run, *run){
		"the original in its old life": func(r *run) (*run, *run) { return r, r.reborn(5) },
		"both in new lives":            func(r *run) (*run, *run) { return r.reborn(5), r.reborn(5) },
		"both in the old life":         func(r *run) (*run, *run) { return r, r.copied() },
	}
	for name, part := range parts {
		t.Run(name, func(t *testing.T) {
			for _, swap := range []bool{false, true} {
				o := newOrg(t)
				start := o.stall().chain()
				start.goesOn(5)
				first, later := part(start)
				if swap {
					first, later = later, first
				}
				first.goesOn(2)
				later.goesOn(2)
				o.copyIs(false, first, later)
				later.goesOn(1)
				later.hello()
				o.copyIs(false, first, later) // it may have been put back
				first.hello()
				o.copyIs(false, first)
				again := later.reborn(later.last())
				again.goesOn(1)
				o.copyIs(true, later, again)
				o.sound()
			}
		})
	}
}

func TestADeviceThatWasPutBackIsNoCopy(t *testing.T) {
	o := newOrg(t)
	start := o.stall().chain()
	start.goesOn(9)
	for range 3 {
		back := start.reborn(5)
		old := *start
		old.bodies, old.hashes = old.bodies[:5], old.hashes[:6]
		old.hello() // it names what it knows, which is not where the log's chain ends
		back.goesOn(2)
		back.hello()
		back.goesOn(2)
		o.copyIs(false, back, start)
	}
	o.sound()
}

func TestAParcelDoesNotShowThatACopyIsAlive(t *testing.T) {
	o := newOrg(t)
	start := o.stall().chain()
	start.goesOn(5)
	lost := start.copied()
	lost.products(4)
	back := start.reborn(5)
	back.goesOn(2)
	lost.comes(6, 9) // written before, and carried by hand for days
	back.goesOn(2)
	o.copyIs(false, back, lost)
	lost.hello()
	o.copyIs(false, back)
	o.copyIs(true, lost)
	o.sound()
}

func TestOfThreeCopiesTheFirstKeepsTheName(t *testing.T) {
	o := newOrg(t)
	first := o.stall().chain()
	first.goesOn(5)
	second := first.reborn(5)
	first.goesOn(1)
	second.goesOn(3)
	third := second.reborn(2) // of the copy, before its last
	third.goesOn(1)
	for _, r := range []*run{first, second, third} {
		r.goesOn(1)
		r.hello()
	}
	o.copyIs(false, first)
	o.copyIs(true, second, third)
	o.sound()
}

func TestAContactOfAnEarlierBuildIsRead(t *testing.T) {
	o := newOrg(t)
	d := o.stall()
	c := state.Contact{Device: d.id, Declared: &syncproto.Declared{Transactions: 3}}
	now := c.Encode()
	before := append([]byte{0x82}, now[1:len(now)-1]...) // two parts, without the head
	o.entry(state.Entry{Kind: state.EntryContact, Payload: before})
	o.fold()
	o.read(func(r *state.Reader) error {
		h, _, err := r.HealthOf(d.id)
		if h.Declared.Transactions != 3 {
			t.Errorf("declared are %+v", h.Declared)
		}
		return err
	})
}

func TestARenamedCopyMendsWhatItRecordedBeforeAndNobodyElseDoes(t *testing.T) {
	o := newOrg(t)
	old := o.stall()
	held := old.does(create(schema.Fair, o.newID(), text(schema.NameEn, "not a stall's to make")))
	o.held(held, syncproto.CodeNotGranted)
	stranger := o.stall().chain()
	refused := stranger.writes([]syncproto.Change{product(o.newID(), "a stranger's")}, mending(held))
	stranger.arrives(1, 1)
	o.fold()
	o.held(refused, syncproto.CodeNotGranted)
	renamed := o.stall()
	renamed.run = held.run
	r := renamed.restart()
	mended := r.writes([]syncproto.Change{product(o.newID(), "mended")}, mending(held))
	r.arrives(1, 1)
	o.fold()
	o.applied(mended)
	o.verdictIs(held, schema.VerdictReplaced, syncproto.CodeNotGranted)
	o.sound()
}
