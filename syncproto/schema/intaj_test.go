package schema_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func valuesOf(table syncproto.TableID, fields ...syncproto.FieldValue) (*schema.Table, schema.Values) {
	t := schema.Lookup(table)
	v := make(schema.Values, len(t.Fields))
	for _, f := range fields {
		v[t.Index(f.Field)] = f.Value
	}
	return t, v
}

func with(id syncproto.FieldID, v syncproto.Value) syncproto.FieldValue {
	return syncproto.FieldValue{Field: id, Value: v}
}

// Each record is in the shares of the sites that its fields name: home is the family's
// branch, place a stall at a fair. Who gets it follows from the rights of a first enrolment.
func TestADeviceGetsWhatItsPlaceMaySee(t *testing.T) {
	home, other, place, fair := syncproto.RecordID{1}, syncproto.RecordID{2}, syncproto.RecordID{3}, syncproto.RecordID{4}
	reads := func(kind string, site syncproto.RecordID, fairs ...syncproto.RecordID) []syncproto.Share {
		var shares []syncproto.Share
		for _, g := range schema.FirstGrants(kind, syncproto.DeviceID{9}, site, fairs) {
			for c := syncproto.ClassS; c <= syncproto.ClassX; c++ {
				if strings.Contains(g.Classes, c.String()) {
					shares = append(shares, syncproto.Share{Class: c, Scope: g.Scope})
				}
			}
		}
		return shares
	}
	devices := map[string][]syncproto.Share{
		"branch": reads(schema.KindBranch, home), "other": reads(schema.KindBranch, other),
		"stall": reads(schema.KindStall, place, fair), "far": reads(schema.KindStall, syncproto.RecordID{5}),
		"outlet": reads(schema.KindOutlet, place), "desk": reads(schema.KindDesk, syncproto.RecordID{6}),
	}
	at := func(id syncproto.FieldID, r syncproto.RecordID) syncproto.FieldValue {
		return with(id, syncproto.IDValue(r))
	}
	for _, c := range []struct {
		table syncproto.TableID
		where []syncproto.FieldValue
		gets  string // devices, in order of names
	}{
		{schema.IdentityDocument, []syncproto.FieldValue{at(schema.DocumentSite, home)}, "branch"},
		{schema.Ground, []syncproto.FieldValue{at(schema.GroundSite, home)}, "branch"},
		{schema.PolicySignature, []syncproto.FieldValue{at(schema.SignatureSite, home)}, "branch"},
		{schema.Membership, []syncproto.FieldValue{at(schema.MembershipSite, home)}, "branch"},
		{schema.FamilyAccount, []syncproto.FieldValue{at(schema.AccountBranch, home)}, "branch"},
		{schema.IncomeNote, []syncproto.FieldValue{at(schema.IncomeBranch, home)}, "branch"},
		{schema.Policy, nil, "branch desk far other outlet stall"},
		{schema.PolicyText, nil, "branch desk far other outlet stall"},
		{schema.Standing, []syncproto.FieldValue{at(schema.StandingBranch, home)}, "branch"},
		{schema.Standing, []syncproto.FieldValue{at(schema.StandingBranch, home), at(schema.StandingFair, fair)}, "branch stall"},
		{schema.RosterEntry, []syncproto.FieldValue{at(schema.RosterSite, home), at(schema.RosterAlso, other)}, "branch other"},
		{schema.Scan, []syncproto.FieldValue{at(schema.ScanSite, home), at(schema.ScanAlso, other)}, "branch other"},
		{schema.Scan, []syncproto.FieldValue{at(schema.ScanSite, home)}, "branch"},
		{schema.Credit, []syncproto.FieldValue{at(schema.CreditHome, home)}, "branch"},
		{schema.AttendanceCorrection, []syncproto.FieldValue{at(schema.CorrectionSite, home)}, "branch"},
		{schema.Coordination, []syncproto.FieldValue{at(schema.CoordinationSite, home)}, "branch"},
		{schema.Coordination, nil, ""},
		{schema.Participation, []syncproto.FieldValue{at(schema.PartFair, fair)}, "branch desk far other outlet stall"},
		{schema.PublishedFigure, nil, "branch desk far other outlet stall"},
		{schema.CheckIn, []syncproto.FieldValue{at(schema.CheckInSite, place), at(schema.CheckInFair, fair)}, "outlet stall"},
		{schema.PriceChange, nil, "branch desk far other outlet stall"},
		{schema.PriceChange, []syncproto.FieldValue{at(schema.ChangeSite, place)}, "outlet stall"},
		{schema.TillSheet, []syncproto.FieldValue{at(schema.SheetSite, place)}, "outlet stall"},
		{schema.TillApproval, []syncproto.FieldValue{at(schema.ApprovalSite, place)}, "outlet stall"},
		{schema.StockMovement, []syncproto.FieldValue{at(schema.MoveFrom, home), at(schema.MoveTo, place)}, "branch outlet stall"},
		{schema.OutletAgreement, []syncproto.FieldValue{at(schema.AgreementSite, place)}, "outlet stall"},
		{schema.Statement, []syncproto.FieldValue{at(schema.StatementBranch, home)}, "branch"},
		{schema.StatementLine, []syncproto.FieldValue{at(schema.SettledBranch, home)}, "branch"},
		{schema.Adjustment, []syncproto.FieldValue{at(schema.AdjustmentBranch, home)}, "branch"},
		{schema.Payout, []syncproto.FieldValue{at(schema.PayoutBranch, home)}, "branch"},
		{schema.PersonAlias, []syncproto.FieldValue{at(schema.AliasSite, home), at(schema.AliasInto, other)}, "branch other"},
	} {
		table, v := valuesOf(c.table, c.where...)
		var gets []string
		for name, shares := range devices {
			for _, s := range table.ScopesOf(nil, syncproto.RecordID{7}, v) {
				if slices.Contains(shares, syncproto.Share{Class: table.Class, Scope: s}) {
					gets = append(gets, name)
					break
				}
			}
		}
		slices.Sort(gets)
		if got := strings.Join(gets, " "); got != c.gets {
			t.Errorf("%s: %q get it, want %q", table.Name, got, c.gets)
		}
	}
}

// What says why somebody is eligible is of class E or higher, and nothing tells who lives
// in a home of the department (R40).
func TestNothingOutsideEligibilitySaysWhySomebodyIsEligible(t *testing.T) {
	var names []string
	for _, f := range schema.Lookup(schema.Standing).Fields {
		names = append(names, f.Name)
	}
	if want := []string{"family", "fair", "branch", "state", "eligible_until"}; !slices.Equal(names, want) {
		t.Errorf("a standing holds %v, want %v and nothing else", names, want)
	}
	for _, table := range schema.All {
		if table.Class == syncproto.ClassX {
			t.Errorf("%s is of class X, for which no keys stand", table.Name)
		}
		for _, f := range table.Fields {
			if table.Class < syncproto.ClassE && (f.Ref == schema.Ground || f.Ref == schema.IdentityDocument || f.Ref == schema.PolicySignature || f.Ref == schema.Membership) {
				t.Errorf("%s.%s leads to what is protected", table.Name, f.Name)
			}
			for _, w := range f.Words {
				if strings.Contains(w, "home") || strings.Contains(w, "shelter") {
					t.Errorf("%s.%s may say %q", table.Name, f.Name, w)
				}
			}
		}
	}
	if got := schema.Lookup(schema.Ground).Fields[2].Words; !slices.Equal(got, []string{schema.GroundBeneficiary, schema.GroundDependant}) {
		t.Errorf("grounds are %v", got)
	}
}

func TestHeadOfficeAloneWritesWhatSettlesAndWhatIsDerived(t *testing.T) {
	permits := func(c syncproto.Class) []schema.Permit {
		return []schema.Permit{{Share: syncproto.Share{Class: c, Scope: syncproto.OrgScope}, Write: true}}
	}
	for _, id := range []syncproto.TableID{schema.Policy, schema.PolicyText, schema.Standing, schema.Credit, schema.FairPlan, schema.OutletAgreement, schema.Statement, schema.StatementLine, schema.Adjustment} {
		table := schema.Lookup(id)
		for _, kind := range schema.SiteKinds {
			if a := (&schema.Access{Kind: kind, Permits: permits(table.Class)}); a.MayWrite(table, []syncproto.Scope{syncproto.OrgScope}, 1) == 0 {
				t.Errorf("a %s may write a %s", kind, table.Name)
			}
		}
		if a := (&schema.Access{Kind: schema.KindServerDevice}); a.MayWrite(table, nil, 1) != 0 {
			t.Errorf("head office may not write a %s", table.Name)
		}
	}
	a := &schema.Access{Kind: schema.KindStall, Permits: permits(syncproto.ClassP)}
	for _, id := range []syncproto.TableID{schema.Payout, schema.Person, schema.Scan} {
		if a.MayWrite(schema.Lookup(id), []syncproto.Scope{syncproto.OrgScope}, 1) == 0 {
			t.Errorf("a stall may write a %s", schema.Lookup(id).Name)
		}
	}
}

func TestThingsOfWhichThereIsOneHaveIDsOfTheirOwn(t *testing.T) {
	a, b := syncproto.RecordID{6: 1}, syncproto.RecordID{6: 2}
	seen := map[syncproto.RecordID]string{}
	for name, id := range map[string]syncproto.RecordID{
		"membership": schema.MembershipID(a), "another's membership": schema.MembershipID(b),
		"standing": schema.StandingID(a, syncproto.RecordID{}), "standing at a fair": schema.StandingID(a, b),
		"roster": schema.RosterID(a, b), "credit": schema.CreditID(a, b), "attendance": schema.AttendanceID(a, b),
		"owner": schema.LineOwnerID(a), "settled": schema.StatementLineID(a, schema.SettledSale), "taken back": schema.StatementLineID(a, schema.SettledVoid),
		"payout": schema.PayoutID(a), "alias": schema.AliasID(a), "income": schema.IncomeNoteID(a, "2026-11", "work"), "income of another month": schema.IncomeNoteID(a, "2026-12", "work"),
		"passport": schema.DocumentID(a, schema.DocumentPassport, "X1"), "card of that number": schema.DocumentID(a, schema.DocumentIDCard, "X1"),
	} {
		if seen[id] != "" {
			t.Errorf("%s and %s have one id", name, seen[id])
		}
		seen[id] = name
	}
	if schema.DocumentID(a, "passport", "x۱") != schema.DocumentID(a, "passport", "X1") {
		t.Error("a number typed in other digits is another document")
	}
}

func TestARecordThatContradictsItselfIsRefused(t *testing.T) {
	text := syncproto.TextValue
	site := func(n byte) syncproto.Value { return syncproto.IDValue(syncproto.RecordID{n}) }
	for _, c := range []struct {
		name   string
		table  syncproto.TableID
		fields []syncproto.FieldValue
		sound  bool
	}{
		{"a paper that ends before it begins", schema.IdentityDocument, []syncproto.FieldValue{with(schema.DocumentIssuedOn, text("2026-02-01")), with(schema.DocumentExpiresOn, text("2026-01-31"))}, false},
		{"a paper of one day", schema.IdentityDocument, []syncproto.FieldValue{with(schema.DocumentIssuedOn, text("2026-02-01")), with(schema.DocumentExpiresOn, text("2026-02-01"))}, true},
		{"a member that ended, and nobody says why", schema.Membership, []syncproto.FieldValue{with(schema.MembershipState, text("ended"))}, false},
		{"suspended with a day until when it is eligible", schema.Standing, []syncproto.FieldValue{with(schema.StandingState, text("suspended")), with(schema.StandingEligibleUntil, text("2026-11-30"))}, false},
		{"eligible until nobody knows when", schema.Standing, []syncproto.FieldValue{with(schema.StandingState, text("eligible"))}, false},
		{"eligible until a day", schema.Standing, []syncproto.FieldValue{with(schema.StandingState, text("eligible")), with(schema.StandingEligibleUntil, text("2026-11-30"))}, true},
		{"a fair that is cancelled without a reason", schema.FairPlan, []syncproto.FieldValue{with(schema.PlanState, text("cancelled"))}, false},
		{"a count that is none", schema.TillCount, []syncproto.FieldValue{with(schema.CountPieces, text("20000x3+x"))}, false},
		{"a count", schema.TillCount, []syncproto.FieldValue{with(schema.CountPieces, text("20000x3+500x0"))}, true},
		{"a difference that one person signs", schema.TillApproval, []syncproto.FieldValue{with(schema.ApprovalKind, text("variance")), with(schema.ApprovalBy, text("A"))}, false},
		{"a difference that one person signs twice", schema.TillApproval, []syncproto.FieldValue{with(schema.ApprovalKind, text("variance")), with(schema.ApprovalBy, text("A b")), with(schema.ApprovalSecond, text("a  B"))}, false},
		{"a difference that two sign", schema.TillApproval, []syncproto.FieldValue{with(schema.ApprovalKind, text("variance")), with(schema.ApprovalBy, text("A")), with(schema.ApprovalSecond, text("B"))}, true},
		{"goods that moved to where they were", schema.StockMovement, []syncproto.FieldValue{with(schema.MoveKind, text("moved")), with(schema.MoveQuantity, syncproto.IntValue(1)), with(schema.MoveFrom, site(1)), with(schema.MoveTo, site(1))}, false},
		{"goods that came from nowhere to nowhere", schema.StockMovement, []syncproto.FieldValue{with(schema.MoveKind, text("delivered")), with(schema.MoveQuantity, syncproto.IntValue(1))}, false},
		{"nothing was counted, and that is a count", schema.StockMovement, []syncproto.FieldValue{with(schema.MoveKind, text("counted")), with(schema.MoveQuantity, syncproto.IntValue(0)), with(schema.MoveFrom, site(1))}, true},
		{"written off without a reason", schema.StockMovement, []syncproto.FieldValue{with(schema.MoveKind, text("written_off")), with(schema.MoveQuantity, syncproto.IntValue(1)), with(schema.MoveFrom, site(1))}, false},
		{"a statement line of nothing", schema.StatementLine, []syncproto.FieldValue{with(schema.SettledKind, text("sale"))}, false},
		{"a statement line of a sale line", schema.StatementLine, []syncproto.FieldValue{with(schema.SettledKind, text("sale")), with(schema.SettledLine, site(1))}, true},
		{"paid, and nothing was handed over", schema.Payout, []syncproto.FieldValue{with(schema.PayoutState, text("paid"))}, false},
		{"disputed without a word", schema.Payout, []syncproto.FieldValue{with(schema.PayoutState, text("disputed"))}, false},
		{"a month that is none", schema.IncomeNote, []syncproto.FieldValue{with(schema.IncomeMonth, text("2026-13"))}, false},
		{"a person that is itself", schema.PersonAlias, []syncproto.FieldValue{with(schema.AliasPerson, site(1)), with(schema.AliasOf, site(1))}, false},
		{"a refund that sells", schema.SaleLine, []syncproto.FieldValue{with(schema.LineRefunds, site(1)), with(schema.LineQuantity, syncproto.IntValue(1))}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			table, v := valuesOf(c.table, c.fields...)
			if err := table.CheckWhole(v); (err == nil) != c.sound {
				t.Errorf("got %v, want it sound: %v", err, c.sound)
			}
		})
	}
}
