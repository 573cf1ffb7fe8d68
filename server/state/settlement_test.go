package state_test

import (
	"testing"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// approves is a statement that is approved with one line of it.
func (o *org) approves(statement, family, line syncproto.RecordID, number_ string) []syncproto.Change {
	return []syncproto.Change{
		create(schema.Statement, statement, ref(schema.StatementFamily, family), ref(schema.StatementBranch, o.site), text(schema.StatementNumber, number_),
			text(schema.StatementFrom, "2026-11-01"), text(schema.StatementTo, "2026-11-30"), text(schema.StatementCurrency, "AED"), text(schema.StatementState, schema.StatementApproved)),
		create(schema.StatementLine, schema.StatementLineID(line, schema.SettledSale), ref(schema.SettledStatement, statement), ref(schema.SettledBranch, o.site),
			ref(schema.SettledFamily, family), text(schema.SettledKind, schema.SettledSale), ref(schema.SettledLine, line),
			number(schema.SettledGross, 2000), number(schema.SettledShare, 0), number(schema.SettledNet, 2000), text(schema.SettledCurrency, "AED")),
	}
}

func TestASaleLineIsInOneApprovedStatementAtMost(t *testing.T) {
	o := newOrg(t)
	stall, goods, sale, family := o.stall(), o.newID(), o.newID(), o.newID()
	o.node.does(create(schema.Family, family, text(schema.NameEn, "Family")))
	stall.does(product(goods, "Incense"))
	stall.does(o.sale(sale, goods, 2)...)
	first, second := o.newID(), o.newID()
	base := o.here()
	paid := o.node.doesSo(o.approves(first, family, sale.Child(1), "S-1"), seeing(base))
	again := o.node.does(o.approves(first, family, sale.Child(1), "S-1")...) // the same run once more
	other := o.node.doesSo(o.approves(second, family, sale.Child(1), "S-2"), seeing(base))
	o.applied(paid, again)
	o.held(other, syncproto.CodeOnceDiffers)
	if o.get(schema.Statement, second) != nil {
		t.Error("a statement was approved without its line")
	}
	if got := o.get(schema.StatementLine, schema.StatementLineID(sale.Child(1), schema.SettledSale)).Of(schema.SettledStatement).ID(); got != first {
		t.Errorf("the line is in %v, want the first, %v", got, first)
	}
	o.sound()
}

func TestAStatementIsPaidOnceThoughTwoDevicesOfTheBranchPayIt(t *testing.T) {
	o := newOrg(t)
	a, b := o.branch(), o.branch()
	statement := o.newID()
	pays := func(receipt string) syncproto.Change {
		return create(schema.Payout, schema.PayoutID(statement), ref(schema.PayoutStatement, statement), ref(schema.PayoutBranch, o.site), text(schema.PayoutState, schema.PayoutPaid),
			number(schema.PayoutPaidAt, noon), number(schema.PayoutAmount, 2000), text(schema.PayoutCurrency, "AED"), text(schema.PayoutMethod, "cash"), text(schema.PayoutReceiptNo, receipt), text(schema.PayoutBy, "made up"))
	}
	first := a.does(pays("A-1"))
	second := b.does(pays("B-1"))
	o.applied(first)
	o.held(second, syncproto.CodeOnceDiffers)
	o.sound()
}

func TestTwoBranchesThatRegisterAFamilyMakeOneParticipationAndBothAreTold(t *testing.T) {
	o := newOrg(t)
	elsewhere := o.newSite("Khor Fakkan", schema.KindBranch)
	a, b := o.branch(), o.enrol(schema.KindBranch, elsewhere)
	fair, family := o.newID(), o.newID()
	o.node.does(create(schema.Fair, fair, text(schema.NameEn, "Spring")), create(schema.Family, family, text(schema.NameEn, "Family")))
	registers := func(site syncproto.RecordID, at int64) syncproto.Change {
		return create(schema.Participation, schema.ParticipationID(fair, family), ref(schema.PartFair, fair), ref(schema.PartFamily, family),
			text(schema.PartState, "applied"), ref(schema.PartSite, site), number(schema.PartAt, at))
	}
	first, second := a.does(registers(o.site, noon)), b.does(registers(elsewhere, noon+1))
	o.applied(first, second)
	o.ledgerIs(loses{second, first})
	if n := len(o.all(schema.Participation)); n != 1 {
		t.Errorf("%d participations, want 1", n)
	}
	o.sound()
}

func TestWhatTwoSitesWroteOfSomebodysPapersIsKeptInALedgerOfItsClass(t *testing.T) {
	o := newOrg(t)
	a, b := o.branch(), o.branch()
	person := o.newID()
	id := schema.DocumentID(person, schema.DocumentPassport, "X1")
	sees := func(until string) syncproto.Change {
		return create(schema.IdentityDocument, id, ref(schema.DocumentSite, o.site), ref(schema.DocumentPerson, person), text(schema.DocumentKind, schema.DocumentPassport),
			text(schema.DocumentNumber, "X1"), text(schema.DocumentExpiresOn, until))
	}
	o.applied(a.does(sees("2026-11-30")), b.does(sees("2027-11-30")))
	o.ledgerIs()
	if n := len(o.all(schema.ConflictEligibility)); n != 1 {
		t.Errorf("the ledger of class E has %d lines, want 1", n)
	}
	o.sound()
}
