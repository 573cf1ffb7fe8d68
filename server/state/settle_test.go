package state_test

import (
	"bytes"
	"testing"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// disputed is a product that two stalls named without having seen each other's name, so
// that "of b" stands and "of a" is in the ledger.
func disputed(t *testing.T) (o *org, a, b *device, id syncproto.RecordID) {
	o = newOrg(t)
	a, b = o.stall(), o.stall()
	id = o.newID()
	a.doesSo([]syncproto.Change{product(id, "as made")}, at(noon-1000))
	base := o.here()
	a.doesSo([]syncproto.Change{named(id, "of a")}, seeing(base), at(noon))
	b.doesSo([]syncproto.Change{named(id, "of b")}, seeing(base), at(noon+1))
	o.nameIs(id, "of b")
	return o, a, b, id
}

func (o *org) conflict() *records.Row {
	o.t.Helper()
	rows := o.all(schema.Conflict)
	if len(rows) != 1 {
		o.t.Fatalf("the ledger has %d lines", len(rows))
	}
	return rows[0]
}

func (o *org) choiceIs(want string, by *device) {
	o.t.Helper()
	c := o.conflict()
	if got := c.Of(schema.ConflictChoice).Text(); got != want {
		o.t.Errorf("it was settled by taking %q, want %q", got, want)
	}
	if by != nil && !bytes.Equal(c.Of(schema.ConflictSettledBy).Bytes(), by.id[:]) {
		o.t.Error("it was settled by somebody else")
	}
}

func TestAConflictIsSettledByTheNextWriteOfWhoSawIt(t *testing.T) {
	for _, test := range []struct{ name, choice string }{{"of a", schema.ChoiceLoser}, {"of b", schema.ChoiceWinner}, {"a third", schema.ChoiceOther}} {
		t.Run(test.choice, func(t *testing.T) {
			o, a, _, id := disputed(t)
			o.choiceIs("", nil)
			x := a.doesSo([]syncproto.Change{named(id, test.name)}, seeing(o.here()), at(noon-5000))
			o.applied(x)
			o.nameIs(id, test.name)
			o.choiceIs(test.choice, a)
			a.doesSo([]syncproto.Change{named(id, "later")}, seeing(o.here()))
			o.choiceIs(test.choice, a)
			o.sound()
		})
	}
}

func TestAConflictStaysOpenForWhoDidNotSeeIt(t *testing.T) {
	o := newOrg(t)
	a, b, other := o.stall(), o.stall(), o.stall()
	id := o.newID()
	a.doesSo([]syncproto.Change{product(id, "as made")}, at(noon-1000))
	base := o.here()
	b.doesSo([]syncproto.Change{named(id, "of b")}, seeing(base), at(noon+1))
	before := o.here() // the winner's value, and no conflict yet
	a.doesSo([]syncproto.Change{named(id, "of a")}, seeing(base), at(noon))
	o.applied(b.doesSo([]syncproto.Change{named(id, "again of b")}, seeing(before)))
	o.choiceIs("", nil)
	o.applied(other.doesSo([]syncproto.Change{named(id, "of a third stall")}, seeing(o.here())))
	o.choiceIs("", nil)
	o.applied(a.doesSo([]syncproto.Change{named(id, "of a")}, seeing(o.here())))
	o.choiceIs(schema.ChoiceLoser, a)
	o.sound()
}

func TestTwoWhoTakeDifferentSidesAreAConflictOfTheirOwn(t *testing.T) {
	o, a, b, id := disputed(t)
	saw := o.here()
	a.doesSo([]syncproto.Change{named(id, "of a")}, seeing(saw), at(noon+10))
	b.doesSo([]syncproto.Change{named(id, "of b")}, seeing(saw), at(noon+20))
	o.nameIs(id, "of b")
	rows := o.all(schema.Conflict)
	open := 0
	for _, c := range rows {
		if c.Of(schema.ConflictChoice).IsNull() {
			open++
		}
	}
	if len(rows) != 2 || open != 1 {
		t.Errorf("of %d conflicts %d are open, want the second of two", len(rows), open)
	}
	o.sound()
}

func TestOfSeveralAttemptsTheOneThatIsTakenStands(t *testing.T) {
	o := newOrg(t)
	a := o.stall()
	site := o.newID()
	bad := func() []syncproto.Change { // a stall may not write people
		return []syncproto.Change{create(schema.Person, o.newID(), ref(schema.PersonSite, site), text(schema.PersonName, "made up"))}
	}
	person := bad()
	first := a.does(person...)
	second := a.doesSo(bad(), mending(first))
	third := a.doesSo(person, mending(second)) // as a page does: the same ids
	o.held(third, syncproto.CodeNotGranted)
	o.held(first, syncproto.CodeNotGranted)
	o.held(second, syncproto.CodeNotGranted)
	id := o.newID()
	o.applied(a.doesSo([]syncproto.Change{product(id, "mended")}, mending(third)))
	for _, x := range []tx{first, second, third} {
		if s := o.verdict(x).Of(schema.VerdictState).Text(); s != schema.VerdictReplaced {
			t.Errorf("seq %d is %s", x.seq, s)
		}
	}
	o.sound()
}
