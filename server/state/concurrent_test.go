package state_test

import (
	"bytes"
	"testing"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/hlc"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func (o *org) name(id syncproto.RecordID) string {
	o.t.Helper()
	r := o.get(schema.Product, id)
	if r == nil {
		return "no record"
	}
	return r.Of(schema.NameEn).Text()
}

func (o *org) nameIs(id syncproto.RecordID, want string) {
	o.t.Helper()
	if got := o.name(id); got != want {
		o.t.Errorf("name is %q, want %q", got, want)
	}
}

// loses is a line of the ledger: the transaction that lost, and to which.
type loses struct{ loser, winner tx }

func (o *org) ledgerIs(want ...loses) {
	o.t.Helper()
	rows := o.all(schema.Conflict)
	if len(rows) != len(want) {
		o.t.Errorf("the ledger has %d lines, want %d", len(rows), len(want))
	}
	for _, w := range want {
		if !o.inLedger(rows, w) {
			o.t.Errorf("the ledger lacks seq %d that lost to seq %d", w.loser.seq, w.winner.seq)
		}
	}
}

func (o *org) inLedger(rows []*records.Row, w loses) bool {
	for _, r := range rows {
		loser, winner := w.loser.hash(), w.winner.hash()
		if bytes.Equal(r.Of(schema.ConflictLoserHash).Bytes(), loser[:]) && bytes.Equal(r.Of(schema.ConflictWinnerHash).Bytes(), winner[:]) {
			return syncproto.DeviceID(r.Of(schema.ConflictLoser).ID()) == w.loser.run.d.id && syncproto.DeviceID(r.Of(schema.ConflictWinner).ID()) == w.winner.run.d.id
		}
	}
	return false
}

func TestWhoSawTheValueWinsWhateverTheStamp(t *testing.T) {
	o := newOrg(t)
	a, b := o.stall(), o.stall()
	id := o.newID()
	a.doesSo([]syncproto.Change{product(id, "as made")}, at(noon+1e9)) // a clock days ahead, as measured nowhere
	saw := b.doesSo([]syncproto.Change{named(id, "as corrected")}, seeing(o.here()), at(0))
	o.applied(saw)
	o.nameIs(id, "as corrected")
	o.ledgerIs()
	o.sound()
}

func TestWhatOneChainWroteItHasSeen(t *testing.T) {
	o := newOrg(t)
	a := o.stall()
	id := o.newID()
	r := a.chain()
	r.writes([]syncproto.Change{product(id, "first")}, at(noon))
	r.writes([]syncproto.Change{named(id, "second")}, at(noon-5000)) // its clock was set back
	r.arrives(1, 2)
	o.fold()
	a.restart() // a new life has seen what the ones before wrote
	last := a.doesSo([]syncproto.Change{named(id, "third")}, at(1000))
	o.applied(last)
	o.nameIs(id, "third")
	o.ledgerIs()
	o.sound()
}

func TestOfTwoPricesTheLaterStampStandsAndTheOtherIsKept(t *testing.T) {
	for _, test := range []struct {
		name       string
		early      int64 // raw time of the first to arrive
		late       int64 // of the second
		secondWins bool
	}{
		{"the second to arrive is later", noon, noon + 1, true},
		{"the second to arrive is earlier", noon + 1, noon, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := newOrg(t)
			a, b := o.stall(), o.stall()
			goods := o.newID()
			id := schema.PriceID(goods, syncproto.RecordID{})
			a.doesSo([]syncproto.Change{create(schema.Price, id, ref(schema.PriceProduct, goods), number(schema.PriceAmount, 100), text(schema.PriceCurrency, "AED"))}, at(noon-1000))
			base := o.here()
			set := func(d *device, n, ms int64) tx {
				return d.doesSo([]syncproto.Change{update(schema.Price, id, number(schema.PriceAmount, n), text(schema.PriceCurrency, "AED"))}, seeing(base), at(ms))
			}
			first, second := set(a, 110, test.early), set(b, 120, test.late)
			want := loses{second, first}
			amount := int64(110)
			if test.secondWins {
				want, amount = loses{first, second}, 120
			}
			if got := o.get(schema.Price, id).Of(schema.PriceAmount).Int(); got != amount {
				t.Errorf("price is %d, want %d", got, amount)
			}
			o.ledgerIs(want)
			o.bothValuesAreKept()
			o.sound()
		})
	}
}

// bothValuesAreKept looks into the only line of the ledger.
func (o *org) bothValuesAreKept() {
	o.t.Helper()
	r := o.all(schema.Conflict)[0]
	amounts := map[int64]bool{}
	for _, side := range []syncproto.FieldID{schema.ConflictLoserFields, schema.ConflictWinnerFields} {
		fields, err := records.ReadFields(r.Of(side).Bytes())
		if err != nil {
			o.t.Fatal(err)
		}
		for _, f := range fields {
			amounts[f.Value.Int()] = true
		}
	}
	if !amounts[110] || !amounts[120] {
		o.t.Errorf("the ledger has %v, want 110 and 120", amounts)
	}
}

func TestEqualConcurrentValuesAreNoConflict(t *testing.T) {
	o := newOrg(t)
	a, b, c := o.stall(), o.stall(), o.stall()
	id := o.newID()
	a.doesSo([]syncproto.Change{product(id, "as made")}, at(noon-1000))
	base := o.here()
	a.doesSo([]syncproto.Change{named(id, "same")}, seeing(base), at(noon))
	touched := o.get(schema.Product, id).Meta[0]
	later := b.doesSo([]syncproto.Change{named(id, "same")}, seeing(base), at(noon+2000))
	o.ledgerIs()
	if now := o.get(schema.Product, id).Meta[0]; now != touched {
		t.Errorf("an equal value moved the record from position %d to %d", touched, now)
	}
	// The writer moved: between the two stamps the later one stands.
	lost := c.doesSo([]syncproto.Change{named(id, "other")}, seeing(base), at(noon+1000))
	o.nameIs(id, "same")
	o.ledgerIs(loses{lost, later})
	o.sound()
}

func TestEqualStampsAreDecidedByDeviceThenIncarnationThenSeq(t *testing.T) {
	for _, order := range []string{"low first", "high first"} {
		t.Run(order, func(t *testing.T) {
			o := newOrg(t)
			low, high := o.stall(), o.stall() // ids count up
			id := o.newID()
			o.stall().doesSo([]syncproto.Change{product(id, "as made")}, at(noon-1000))
			base := o.here()
			first, second := low, high
			if order == "high first" {
				first, second = high, low
			}
			writes := map[*device]tx{}
			for _, d := range []*device{first, second} {
				name := map[bool]string{true: "low", false: "high"}[d == low]
				writes[d] = d.doesSo([]syncproto.Change{named(id, name)}, seeing(base), at(noon))
			}
			o.nameIs(id, "high")
			o.ledgerIs(loses{writes[low], writes[high]})
			o.sound()
		})
	}
}

func TestABaseThatTheLogDoesNotHoldHasSeenNothing(t *testing.T) {
	o := newOrg(t)
	a, b := o.stall(), o.stall()
	id := o.newID()
	made := a.doesSo([]syncproto.Change{product(id, "as made")}, at(noon))
	forged := o.here()
	forged.Hash[0] ^= 1
	lost := b.doesSo([]syncproto.Change{named(id, "of another history")}, seeing(forged), at(noon-1))
	beyond := o.here()
	beyond.Position += 100
	lost2 := b.doesSo([]syncproto.Change{named(id, "of the future")}, seeing(beyond), at(noon-1))
	o.nameIs(id, "as made")
	o.ledgerIs(loses{lost, made}, loses{lost2, made})
	o.sound()
}

func TestTheFirstOfAOnceFieldHolds(t *testing.T) {
	o := newOrg(t)
	a, b := o.stall(), o.stall()
	till := o.newID()
	a.does(create(schema.TillSession, till, ref(schema.TillSite, o.site), ref(schema.TillDevice, syncproto.RecordID(a.id)), number(schema.TillOpenedAt, noon), number(schema.TillFloat, 0), text(schema.TillCurrency, "AED")))
	base := o.here()
	closes := func(d *device, counted int64) tx {
		return d.doesSo([]syncproto.Change{update(schema.TillSession, till, number(schema.TillClosedAt, noon), number(schema.TillCounted, counted))}, seeing(base))
	}
	first, second, same := closes(a, 500), closes(b, 700), closes(b, 500)
	o.applied(first, second, same)
	if got := o.get(schema.TillSession, till).Of(schema.TillCounted).Int(); got != 500 {
		t.Errorf("counted is %d, want the first, 500", got)
	}
	o.ledgerIs(loses{second, first})
	// With the base seen it is the same: once is once.
	third := b.doesSo([]syncproto.Change{update(schema.TillSession, till, number(schema.TillClosedAt, noon), number(schema.TillCounted, 900))}, seeing(o.here()))
	o.ledgerIs(loses{second, first}, loses{third, first})
	o.sound()
}

func TestAnotherValueOfAStrictOnceFieldIsRefused(t *testing.T) {
	o := newOrg(t)
	a, b := o.stall(), o.stall()
	goods, id := o.newID(), o.newID()
	a.does(product(goods, "Incense"))
	a.does(o.sale(id, goods, 2)...)
	same := b.does(o.sale(id, goods, 2)...)
	other := o.sale(id, goods, 3)
	refused := b.does(other...)
	o.applied(same)
	o.held(refused, syncproto.CodeOnceDiffers)
	if got := o.get(schema.SaleLine, id.Child(1)).Of(schema.LineQuantity).Int(); got != 2 {
		t.Errorf("%d pieces, want 2", got)
	}
	o.sound()
}

func TestAStateMovesAlongItsArrowsOnly(t *testing.T) {
	o := newOrg(t)
	a, b := o.branch(), o.branch()
	fair, family := o.newID(), o.newID()
	id := schema.ParticipationID(fair, family)
	o.node.does(create(schema.Fair, fair, text(schema.NameEn, "Spring")), create(schema.Family, family, text(schema.NameEn, "Family")))
	takesPart := func(state string) syncproto.Change {
		return create(schema.Participation, id, ref(schema.PartFair, fair), ref(schema.PartFamily, family), text(schema.PartState, state))
	}
	move := func(from, to string) syncproto.Change {
		return moves(schema.Participation, id, schema.PartState, from, to)
	}
	state := func() string { return o.get(schema.Participation, id).Of(schema.PartState).Text() }

	wrongStart := a.does(takesPart("settled"))
	o.held(wrongStart, syncproto.CodeBadState)
	a.restart()
	b.does(takesPart("invited"))
	base := o.here()
	accepted := b.doesSo([]syncproto.Change{move("invited", "accepted")}, seeing(base))
	noArrow := b.doesSo([]syncproto.Change{move("accepted", "settled")}, seeing(o.here()))
	clash := o.enrol(schema.KindBranch, o.site).doesSo([]syncproto.Change{move("invited", "declined")}, seeing(base))
	agreed := o.enrol(schema.KindBranch, o.site).doesSo([]syncproto.Change{move("invited", "accepted")}, seeing(base))
	o.applied(accepted, agreed, clash)
	o.held(noArrow, syncproto.CodeBadState)
	o.ledgerIs(loses{clash, accepted})
	if state() != "accepted" {
		t.Errorf("state is %q, want accepted", state())
	}
	o.applied(o.enrol(schema.KindBranch, o.site).doesSo([]syncproto.Change{move("accepted", "confirmed")}, seeing(o.here())))
	if state() != "confirmed" {
		t.Errorf("state is %q, want confirmed", state())
	}
	o.sound()
}

func TestWhatDecidesTheScopeIsWrittenOnce(t *testing.T) {
	o := newOrg(t)
	branch := o.branch()
	other := o.newSite("Second branch", schema.KindBranch)
	elsewhere := o.enrol(schema.KindBranch, other)
	user := o.newID()
	person := func(site syncproto.RecordID) syncproto.Change {
		return create(schema.User, user, ref(schema.UserSite, site), text(schema.UserName, "Amal"), text(schema.UserRole, "cashier"), boolean(schema.UserActive, true))
	}
	branch.does(person(o.site))
	o.held(elsewhere.does(person(other)), syncproto.CodeScopeFixed)
	// An update may move where the table allows it, with the right to write where it was.
	move := update(schema.User, user, ref(schema.UserSite, other))
	o.held(o.enrol(schema.KindBranch, other).doesSo([]syncproto.Change{move}, seeing(o.here())), syncproto.CodeNotGranted)
	o.applied(branch.doesSo([]syncproto.Change{move}, seeing(o.here())))
	if got := o.get(schema.User, user).Of(schema.UserSite).ID(); got != other {
		t.Errorf("user is at %v, want %v", got, other)
	}
	o.sound()
}

func TestAWrongClockNeitherRefusesNorWins(t *testing.T) {
	const year1970, year2099 = 0, 4_070_908_800_000
	for _, test := range []struct {
		name  string
		clock int64 // raw ms
		first bool  // it arrives before the right one
		wins  bool
	}{
		// Measured, a clock that is wrong is as good as a right one: here it is the later.
		{"1970, arrives first", year1970, true, false},
		{"1970, arrives second", year1970, false, true},
		{"2099, arrives first", year2099, true, false},
		{"2099, arrives second", year2099, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := newOrg(t)
			right, wrong := o.stall(), o.stall()
			wrong.clock = test.clock - o.now
			id := o.newID()
			o.node.does(product(id, "as made"))
			base := o.here()
			devices := []*device{right, wrong}
			if test.first {
				devices = []*device{wrong, right}
			}
			for _, d := range devices {
				name := map[bool]string{true: "wrong", false: "right"}[d == wrong]
				x := d.doesSo([]syncproto.Change{named(id, name)}, seeing(base)) // a second after the other
				o.applied(x)
				if j := o.judged(x); j.Stamp.MS() > o.now || j.Stamp.MS() < o.now-2000 {
					t.Errorf("%s clock: effective time is %d ms from arrival", name, j.Stamp.MS()-o.now)
				}
			}
			o.nameIs(id, map[bool]string{true: "wrong", false: "right"}[test.wins])
			o.sound()
		})
	}
}

func TestAnUnmeasuredClockAheadDoesNotWinForEver(t *testing.T) {
	o := newOrg(t)
	ahead, right := o.stall(), o.stall()
	id := o.newID()
	o.node.does(product(id, "as made"))
	base := o.here()
	r := ahead.chain()
	lost := r.writes([]syncproto.Change{named(id, "ahead")}, seeing(base), at(4_070_908_800_000))
	r.comes(1, 1) // in a parcel
	o.fold()
	if j := o.judged(lost); j.Stamp > hlc.At(o.now) {
		t.Errorf("effective time is %d ms after arrival", j.Stamp.MS()-o.now)
	}
	won := right.doesSo([]syncproto.Change{named(id, "right")}, seeing(base))
	o.nameIs(id, "right")
	o.ledgerIs(loses{lost, won})
	o.sound()
}

func TestAMeasuredOffsetIsTakenOff(t *testing.T) {
	o := newOrg(t)
	a := o.stall()
	a.clock = 3_600_000 // an hour ahead
	x := a.doesSo([]syncproto.Change{product(o.newID(), "Incense")}, at(noon-5000+3_600_000))
	if got := o.judged(x).Stamp; got != hlc.At(noon-5000) {
		t.Errorf("effective time is %d, want %d", got.MS(), int64(noon-5000))
	}
	// Within a chain stamps only grow, whatever the clock does.
	y := a.doesSo([]syncproto.Change{product(o.newID(), "Basket")}, at(0))
	if got, before := o.judged(y).Stamp, o.judged(x).Stamp; got != before+1 {
		t.Errorf("stamp %d follows %d", got, before)
	}
	o.sound()
}

func TestTwoWritesOfAGroupInOneTransactionEndWithTheSecond(t *testing.T) {
	o := newOrg(t)
	a := o.stall()
	id := o.newID()
	a.does(product(id, "first"))
	a.does(named(id, "second"), named(id, "first"))
	o.nameIs(id, "first")
	o.ledgerIs()
	o.sound()
}

func TestWhatADeviceDidLaterCountsAsLaterThoughItsClockWentBack(t *testing.T) {
	o := newOrg(t)
	a, b := o.stall(), o.stall()
	id := o.newID()
	o.stall().doesSo([]syncproto.Change{product(id, "as made")}, at(noon-7_200_000))
	base := o.here()
	a.doesSo([]syncproto.Change{product(o.newID(), "Tea")}, at(noon-1_000))
	later := a.doesSo([]syncproto.Change{named(id, "of a")}, seeing(base), at(noon-3_600_000)) // its clock was put back
	before := b.doesSo([]syncproto.Change{named(id, "of b")}, seeing(base), at(noon-1_800_000))
	o.nameIs(id, "of a")
	o.ledgerIs(loses{before, later})
	o.sound()
}

// What a correction was made of had won over the third value, which saw neither; so the
// correction wins over it too, though its author's clock is behind.
func TestACorrectionCountsAsLaterThanWhatItCorrectsThoughItsClockIsBehind(t *testing.T) {
	o := newOrg(t)
	wrote, corrects, third := o.stall(), o.stall(), o.stall()
	id := o.newID()
	o.stall().doesSo([]syncproto.Change{product(id, "as made")}, at(noon-7_200_000))
	base := o.here()
	wrote.doesSo([]syncproto.Change{named(id, "Incence")}, seeing(base), at(noon-1_000))
	won := corrects.doesSo([]syncproto.Change{named(id, "Incense")}, seeing(o.here()), at(noon-3_600_000))
	lost := third.doesSo([]syncproto.Change{named(id, "Basket")}, seeing(base), at(noon-1_800_000))
	o.nameIs(id, "Incense")
	o.ledgerIs(loses{lost, won})
	o.sound()
}
