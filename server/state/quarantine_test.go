package state_test

import (
	"testing"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestWhatADeviceMayNotWriteIsHeldAndTheNextFlows(t *testing.T) {
	o := newOrg(t)
	stall := o.stall()
	far := o.newSite("Far", schema.KindStall)
	goods := o.newID()
	elsewhere := create(schema.TillSession, o.newID(), ref(schema.TillSite, far), ref(schema.TillDevice, syncproto.RecordID(stall.id)), number(schema.TillOpenedAt, noon), number(schema.TillFloat, 0), text(schema.TillCurrency, "AED"))
	r := stall.chain()
	table := r.writes([]syncproto.Change{create(schema.Site, o.newID(), text(schema.NameEn, "Mine"), text(schema.SiteKind, schema.KindStall), text(schema.SiteZone, "UTC"), text(schema.SiteLang, "en"), text(schema.SiteStatus, "active"))})
	scope := r.writes([]syncproto.Change{elsewhere})
	fine := r.writes([]syncproto.Change{product(goods, "Incense")})
	r.arrives(1, 3)
	o.fold()
	o.held(table, syncproto.CodeNotGranted)
	o.held(scope, syncproto.CodeNotGranted)
	o.applied(fine)
	o.sound()
}

func TestWhatARevokedDeviceDeliversWaitsForAPerson(t *testing.T) {
	o := newOrg(t)
	stall := o.stall()
	before := stall.does(product(o.newID(), "Incense"))
	o.node.doesSo([]syncproto.Change{update(schema.Device, syncproto.RecordID(stall.id), number(schema.DeviceRevoked, o.now))}, seeing(o.here()))
	late := stall.does(product(o.newID(), "Basket"))
	o.applied(before)
	o.held(late, syncproto.CodeRevokedLate)
	if !syncproto.CodeRevokedLate.Escrow() {
		t.Error("the code is none of escrow")
	}
	o.sound()
}

func TestAGrantEndsDeliveryAtItsTime(t *testing.T) {
	o := newOrg(t)
	fair := o.newID()
	o.node.does(create(schema.Fair, fair, text(schema.NameEn, "Spring")))
	stall := o.stall()
	scope := syncproto.Scope{Kind: syncproto.ScopeFair, ID: fair}
	o.node.does(grant(stall.id, scope, "S", true, number(schema.GrantRecordsUntil, o.now), number(schema.GrantDeliverUntil, o.now+60_000)))
	far := o.newSite("Far", schema.KindStall)
	till := func() syncproto.Change {
		return create(schema.TillSession, o.newID(), ref(schema.TillSite, far), ref(schema.TillFair, fair), ref(schema.TillDevice, syncproto.RecordID(stall.id)), number(schema.TillOpenedAt, noon), number(schema.TillFloat, 0), text(schema.TillCurrency, "AED"))
	}
	inTime := stall.does(till())
	o.now += 120_000
	late := stall.does(till())
	o.applied(inTime)
	o.held(late, syncproto.CodeGrantEnded)
	o.sound()
}

func TestATableOfTomorrowWaits(t *testing.T) {
	o := newOrg(t)
	r := o.stall().chain()
	unknown := product(o.newID(), "x")
	unknown.Table = 4000
	table := r.writes([]syncproto.Change{unknown})
	unknown = product(o.newID(), "x")
	unknown.Groups[0].Group = 400
	group := r.writes([]syncproto.Change{unknown})
	field := product(o.newID(), "x")
	field.Groups[0].Fields = append(field.Groups[0].Fields, syncproto.FieldValue{Field: 500, Value: syncproto.IntValue(7)})
	kept := r.writes([]syncproto.Change{field})
	r.arrives(1, 3)
	o.fold()
	o.held(table, syncproto.CodeUnknownTable)
	o.held(group, syncproto.CodeUnknownTable)
	o.applied(kept) // an unknown field of a known group is kept and handed on
	if extra := o.get(schema.Product, field.Record).Extra; len(extra) != 1 || extra[0].Value.Int() != 7 {
		t.Errorf("the field of tomorrow is %v", extra)
	}
	o.sound()
}

func TestABodyThatIsNoneIsHeldAndTheNextFlows(t *testing.T) {
	o := newOrg(t)
	r := o.stall().chain()
	good := r.writes([]syncproto.Change{product(o.newID(), "Incense")})
	garbage := r.add([]byte("garbage"))
	long := r.add(append(append([]byte{}, r.bodies[0].Bytes...), 0))
	next := r.writes([]syncproto.Change{product(o.newID(), "Basket")})
	r.arrives(1, 4)
	o.fold()
	o.applied(good, next)
	o.held(garbage, syncproto.CodeBody)
	o.held(long, syncproto.CodeBody)
	o.sound()
}

func TestAnErasedBodyThatWasNeverJudgedIsHeld(t *testing.T) {
	o := newOrg(t)
	r := o.stall().chain()
	erased := r.writes([]syncproto.Change{product(o.newID(), "Incense")})
	r.bodies[0].Bytes = nil
	next := r.writes([]syncproto.Change{product(o.newID(), "Basket")})
	r.arrives(1, 2)
	o.fold()
	o.held(erased, syncproto.CodeErased)
	o.applied(next)
	o.sound()
}

func TestAnUpdateOfWhatIsNotKnownYetWaitsUntilItIsMade(t *testing.T) {
	o := newOrg(t)
	a, b := o.stall(), o.stall()
	id, alone := o.newID(), o.newID()
	early := b.does(named(id, "early"))
	dependant := b.does(named(id, "later"))
	free := b.does(product(alone, "flows"))
	o.held(early, syncproto.CodeGone)
	o.held(dependant, syncproto.CodeDependant)
	o.applied(free)

	made := a.doesSo([]syncproto.Change{product(id, "as made")}, at(0))
	o.verdictIs(early, schema.VerdictReleased, syncproto.CodeGone)
	o.verdictIs(dependant, schema.VerdictReleased, syncproto.CodeDependant)
	o.nameIs(id, "later")
	where := o.judged(made).Position
	if got := o.get(schema.Product, id).Meta[0]; got != int64(where) {
		t.Errorf("the record stands at position %d, want %d, where it was made", got, where)
	}
	// What was released took effect there: a screen loaded after it has seen it (A5, A9).
	seen := a.doesSo([]syncproto.Change{named(id, "seen")}, seeing(o.here()), at(0))
	o.applied(seen)
	o.nameIs(id, "seen")
	o.sound()
}

func TestWhatRestsOnAHeldTransactionWaitsWithItAndTheRestFlows(t *testing.T) {
	o := newOrg(t)
	stall := o.stall()
	id, goods := o.newID(), o.newID()
	bad := product(id, "Incense")
	bad.Groups[0].Fields[2].Value = syncproto.IntValue(5) // no text
	first := stall.does(bad)
	update := stall.does(update(schema.Product, id, text(schema.ProductSku, "S1")))
	sale := stall.does(o.sale(o.newID(), id, 1)...)
	free := stall.does(product(goods, "Basket"))
	other := o.stall().does(o.sale(o.newID(), goods, 1)...)
	stall.restart()
	reborn := stall.does(named(id, "in a new life"))
	o.held(first, syncproto.CodeBadValue)
	o.held(update, syncproto.CodeDependant)
	o.held(sale, syncproto.CodeDependant)
	o.held(reborn, syncproto.CodeDependant)
	o.applied(free, other)

	mended := stall.doesSo([]syncproto.Change{product(id, "Incense")}, mending(first))
	o.applied(mended)
	o.verdictIs(first, schema.VerdictReplaced, syncproto.CodeBadValue)
	for _, x := range []tx{update, sale, reborn} {
		o.verdictIs(x, schema.VerdictReleased, syncproto.CodeDependant)
	}
	o.nameIs(id, "Incense") // the mend is the latest of the two
	o.ledgerIs(loses{reborn, mended})
	if len(o.all(schema.Sale)) != 2 {
		t.Errorf("%d sales, want 2", len(o.all(schema.Sale)))
	}
	o.sound()
}

func TestAHeldTransactionIsReplacedOnce(t *testing.T) {
	o := newOrg(t)
	stall := o.stall()
	id := o.newID()
	bad := product(id, "Incense")
	bad.Groups[0].Fields[2].Value = syncproto.IntValue(5)
	first := stall.does(bad)

	stillBad := stall.doesSo([]syncproto.Change{bad}, mending(first))
	o.held(stillBad, syncproto.CodeBadValue)
	o.held(first, syncproto.CodeBadValue) // a replacement that is held leaves it held

	stranger := o.stall().doesSo([]syncproto.Change{product(o.newID(), "theirs")}, mending(first))
	o.held(stranger, syncproto.CodeNotGranted)

	o.applied(stall.doesSo([]syncproto.Change{product(id, "Incense")}, mending(first)))
	o.verdictIs(first, schema.VerdictReplaced, syncproto.CodeBadValue)
	again := stall.doesSo([]syncproto.Change{named(id, "Twice")}, mending(first))
	o.held(again, syncproto.CodeSettled)
	o.nameIs(id, "Incense")
	o.sound()
}

func TestHeadOfficeMayReplaceWhatADeviceCannot(t *testing.T) {
	o := newOrg(t)
	stall := o.stall()
	x := stall.does(create(schema.Fair, o.newID(), text(schema.NameEn, "Ours")))
	o.held(x, syncproto.CodeNotGranted)
	o.applied(o.node.doesSo([]syncproto.Change{create(schema.Fair, o.newID(), text(schema.NameEn, "Theirs"))}, mending(x)))
	o.verdictIs(x, schema.VerdictReplaced, syncproto.CodeNotGranted)
	o.sound()
}

func TestAWriteThatHasSeenTheVerdictIsNoDependant(t *testing.T) {
	o := newOrg(t)
	stall := o.stall()
	id := o.newID()
	stall.does(product(id, "as made"))
	bad := named(id, "x")
	bad.Groups[0].Fields[2].Value = syncproto.IntValue(5)
	held := stall.doesSo([]syncproto.Change{bad}, seeing(o.here()))
	o.held(held, syncproto.CodeBadValue)
	blind := stall.does(named(id, "blind"))
	o.held(blind, syncproto.CodeDependant)
	seen := stall.doesSo([]syncproto.Change{update(schema.Product, id, text(schema.ProductSku, "S"))}, seeing(o.here()))
	informed := stall.doesSo([]syncproto.Change{named(id, "informed")}, seeing(o.here()))
	o.applied(seen, informed)
	o.nameIs(id, "informed")
	o.sound()
}

func TestALineWaitsForItsSaleAndOneOfNoSaleIsRefused(t *testing.T) {
	o := newOrg(t)
	a, b := o.stall(), o.stall()
	goods, id := o.newID(), o.newID()
	a.does(product(goods, "Incense"))
	early := b.does(o.line(id, 3, goods, 5))
	o.held(early, syncproto.CodeGone)
	a.does(o.sale(id, goods, 1, 1)...)
	o.verdictIs(early, schema.VerdictReleased, syncproto.CodeGone)
	stray := o.line(id, 4, goods, 5)
	stray.Record = o.newID()
	o.held(b.does(stray), syncproto.CodeBadValue)
	o.sound()
}

func TestAGraveRefusesACreation(t *testing.T) {
	o := newOrg(t)
	a, b := o.stall(), o.stall()
	id := o.newID()
	a.does(product(id, "Incense"))
	a.doesSo([]syncproto.Change{update(schema.Product, id, boolean(schema.Voided, true))}, seeing(o.here()))
	o.held(b.does(product(id, "Incense")), syncproto.CodeGone)
	o.sound()
}

func TestAVerdictSaysWhatIsWrongNow(t *testing.T) {
	o := newOrg(t)
	stall := o.stall()
	id := o.newID()
	x := stall.does(update(schema.Organisation, id, text(schema.NameEn, "mine")))
	o.held(x, syncproto.CodeGone)
	o.node.does(create(schema.Organisation, id, text(schema.NameEn, "theirs")))
	o.held(x, syncproto.CodeNotGranted) // judged again, by other rules
	o.sound()
}

func TestVerdictsAndConflictsGoToTheDevicesConcerned(t *testing.T) {
	o := newOrg(t)
	a, b := o.stall(), o.stall()
	id := o.newID()
	o.node.does(product(id, "as made"))
	base := o.here()
	a.doesSo([]syncproto.Change{named(id, "a")}, seeing(base))
	b.doesSo([]syncproto.Change{named(id, "b")}, seeing(base))
	a.chain().add([]byte("garbage"))
	a.chain().arrives(a.chain().last(), a.chain().last())
	o.fold()
	for _, row := range append(o.all(schema.Conflict), o.all(schema.Verdict)...) {
		o.isIn(row, a.id, true)
		o.isIn(row, b.id, row.Table.ID == schema.Conflict)
	}
	o.sound()
}

// isIn says whether a device hears of a record in its own scope.
func (o *org) isIn(row *records.Row, d syncproto.DeviceID, want bool) {
	o.t.Helper()
	share := syncproto.Share{Class: syncproto.ClassS, Scope: syncproto.Scope{Kind: syncproto.ScopeDevice, ID: syncproto.RecordID(d)}}
	p, err := o.state.ReadPage(ctx, d, []state.Reading{{Share: share}}, 0, 1000)
	if err != nil {
		o.t.Fatal(err)
	}
	heard := false
	for _, f := range p.Frames {
		if rows, ok := f.(*syncproto.Rows); ok && rows.Table == row.Table.ID {
			for _, id := range rows.IDs {
				heard = heard || id == row.ID
			}
		}
	}
	if heard != want {
		o.t.Errorf("device %v hears of the %s: %v, want %v", d, row.Table.Name, heard, want)
	}
}

func TestWhatCameBeforeARevocationIsNotLateWhenItIsJudgedAgain(t *testing.T) {
	o := newOrg(t)
	stall := o.stall()
	id := o.newID()
	early := stall.doesSo([]syncproto.Change{named(id, "before")}, seeing(o.here()))
	o.held(early, syncproto.CodeGone)
	o.node.doesSo([]syncproto.Change{update(schema.Device, syncproto.RecordID(stall.id), number(schema.DeviceRevoked, o.now))}, seeing(o.here()))
	late := stall.doesSo([]syncproto.Change{named(id, "after")}, seeing(o.here()))
	o.held(late, syncproto.CodeRevokedLate)
	o.node.does(product(id, "as made"))
	o.verdictIs(early, schema.VerdictReleased, syncproto.CodeGone)
	o.held(late, syncproto.CodeRevokedLate)
	o.sound()
}
