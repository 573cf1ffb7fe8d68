package schema

import (
	"slices"
	"strconv"
	"strings"

	"github.com/rawaj/rawaj/syncproto"
)

// Fields of till_sheet: how far a till session has come. The record has the id of its
// till session.
const (
	SheetSite   syncproto.FieldID = 1
	SheetFair   syncproto.FieldID = 2
	SheetState  syncproto.FieldID = 3
	SheetReason syncproto.FieldID = 4 // of declaring the device lost

	SheetGroupWhere  syncproto.GroupID = 1
	SheetGroupState  syncproto.GroupID = 2
	SheetGroupReason syncproto.GroupID = 3
)

// States of a till.
const (
	TillOpened   = "opened"
	TillSelling  = "selling"
	TillPaused   = "paused"
	TillCounting = "counting"
	TillClosed   = "closed"
	TillVariance = "variance_review"
	TillLate     = "late_sales"
	TillApproved = "approved"
	TillLost     = "declared_lost"
	TillBack     = "recovered"
	TillOff      = "written_off"
)

// tillStates: a device that goes on was not lost, so what it says of its till wins over
// head office's word that it is; and what a person has yet to look at, a variance or a
// late sale, is not approved away by somebody who had not seen it.
var tillStates = &Machine{
	Initial: []string{TillOpened},
	Arrows: []Arrow{
		{TillOpened, TillSelling}, {TillSelling, TillPaused}, {TillPaused, TillSelling},
		{TillOpened, TillCounting}, {TillSelling, TillCounting}, {TillPaused, TillCounting}, {TillCounting, TillSelling},
		{TillCounting, TillClosed},
		{TillClosed, TillApproved}, {TillClosed, TillVariance}, {TillClosed, TillLate},
		{TillVariance, TillApproved}, {TillVariance, TillLate},
		{TillApproved, TillLate}, {TillLate, TillApproved}, {TillLate, TillVariance},
		{TillOpened, TillLost}, {TillSelling, TillLost}, {TillPaused, TillLost}, {TillCounting, TillLost},
		{TillLost, TillBack}, {TillLost, TillOff}, {TillOff, TillBack},
		{TillBack, TillSelling}, {TillBack, TillCounting}, {TillBack, TillLost},
	},
	Rank: []string{TillOpened, TillLost, TillOff, TillBack, TillPaused, TillSelling, TillCounting, TillClosed, TillApproved, TillVariance, TillLate},
}

// TillMayGo says whether a till may go from one state to another.
func TillMayGo(from, to string) bool { return slices.Contains(tillStates.Arrows, Arrow{from, to}) }

// Fields of till_count: what was counted in a till, by denomination. The last count before
// the closing is the one that TillCounted says.
const (
	CountTill     syncproto.FieldID = 1
	CountSite     syncproto.FieldID = 2
	CountFair     syncproto.FieldID = 3
	CountAt       syncproto.FieldID = 4
	CountBy       syncproto.FieldID = 5
	CountCurrency syncproto.FieldID = 6
	CountPieces   syncproto.FieldID = 7 // "20000x3+500x11": minor units of a note or coin, and how many

	CountGroupWhat syncproto.GroupID = 1
)

// Fields of till_approval: somebody with the right signed what a till closed with: the
// count, a difference with a second person, or the addendum of sales that came late (R15).
const (
	ApprovalTill     syncproto.FieldID = 1
	ApprovalSite     syncproto.FieldID = 2
	ApprovalFair     syncproto.FieldID = 3
	ApprovalKind     syncproto.FieldID = 4
	ApprovalAmount   syncproto.FieldID = 5 // minor units: of the difference, or of the late sales
	ApprovalCurrency syncproto.FieldID = 6
	ApprovalBy       syncproto.FieldID = 7
	ApprovalSecond   syncproto.FieldID = 8
	ApprovalReason   syncproto.FieldID = 9
	ApprovalAt       syncproto.FieldID = 10

	ApprovalGroupWhat syncproto.GroupID = 1
)

// Fields of price_change: what a product cost from when on. Price holds the present one.
const (
	ChangeProduct  syncproto.FieldID = 1
	ChangeSite     syncproto.FieldID = 2 // null: everywhere
	ChangeAmount   syncproto.FieldID = 3
	ChangeCurrency syncproto.FieldID = 4
	ChangeAt       syncproto.FieldID = 5
	ChangeBy       syncproto.FieldID = 6
	ChangeReason   syncproto.FieldID = 7

	ChangeGroupWhat syncproto.GroupID = 1
)

// Fields of line_owner: whose a sale line was that was sold as "to assign" (R12,
// LineOwnerID). The line itself stays as it was sold and signed.
const (
	OwnerLine   syncproto.FieldID = 1
	OwnerSite   syncproto.FieldID = 2
	OwnerFair   syncproto.FieldID = 3
	OwnerFamily syncproto.FieldID = 4
	OwnerBy     syncproto.FieldID = 5
	OwnerAt     syncproto.FieldID = 6

	OwnerGroupLine   syncproto.GroupID = 1
	OwnerGroupFamily syncproto.GroupID = 2
)

// maxDenominations bounds the kinds of notes and coins of one count.
const maxDenominations = 40

// Denomination is a kind of note or coin and how many were counted.
type Denomination struct{ Minor, Pieces int64 }

// ReadCount reads what was counted, "20000x3+500x11"; together it is MaxAmount at most.
func ReadCount(s string) (counted []Denomination, ok bool) {
	left := int64(MaxAmount)
	for part := range strings.SplitSeq(s, "+") {
		minor, pieces, found := strings.Cut(part, "x")
		m, err := strconv.ParseInt(minor, 10, 64)
		n, err2 := strconv.ParseInt(pieces, 10, 64)
		if !found || err != nil || err2 != nil || m < 1 || n < 0 || n > MaxQuantity || n > left/m || len(counted) == maxDenominations {
			return nil, false
		}
		left -= m * n
		counted = append(counted, Denomination{m, n})
	}
	return counted, true
}

var tills = []*Table{
	{
		ID: PriceChange, Name: "price_change", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeSite, Field: ChangeSite, Org: true}},
		Fields: []Field{
			ref(ChangeProduct, "product", Product, true),
			ref(ChangeSite, "site", Site, false),
			count(ChangeAmount, "amount_minor", 0, MaxAmount, true),
			currency(ChangeCurrency, true),
			instant(ChangeAt, "at", true),
			text(ChangeBy, "by", MaxName),
			text(ChangeReason, "reason", MaxReason),
		},
		Groups: []Group{{ID: ChangeGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{ChangeProduct, ChangeSite, ChangeAmount, ChangeCurrency, ChangeAt, ChangeBy, ChangeReason}}},
	},
	{
		ID: LineOwner, Name: "line_owner", Class: syncproto.ClassS, Scopes: siteAndFair(OwnerSite, OwnerFair),
		Fields: []Field{
			ref(OwnerLine, "line", SaleLine, true),
			ref(OwnerSite, "site", Site, true),
			ref(OwnerFair, "fair", Fair, false),
			ref(OwnerFamily, "family", Family, true),
			text(OwnerBy, "by", MaxName),
			instant(OwnerAt, "at", true),
		},
		Groups: []Group{
			{ID: OwnerGroupLine, Name: "line", Rule: OnceStrict, Fields: []syncproto.FieldID{OwnerLine, OwnerSite, OwnerFair}},
			{ID: OwnerGroupFamily, Name: "family", Fields: []syncproto.FieldID{OwnerFamily, OwnerBy, OwnerAt}},
		},
	},
	{
		ID: TillSheet, Name: "till_sheet", Class: syncproto.ClassS, Scopes: siteAndFair(SheetSite, SheetFair),
		Fields: []Field{
			ref(SheetSite, "site", Site, true),
			ref(SheetFair, "fair", Fair, false),
			states(SheetState, tillStates),
			text(SheetReason, "reason", MaxReason),
		},
		Groups: []Group{
			{ID: SheetGroupWhere, Name: "where", Rule: OnceStrict, Fields: []syncproto.FieldID{SheetSite, SheetFair}},
			{ID: SheetGroupState, Name: "state", Rule: State, Fields: []syncproto.FieldID{SheetState}, Machine: tillStates},
			{ID: SheetGroupReason, Name: "reason", Fields: []syncproto.FieldID{SheetReason}},
		},
	},
	{
		ID: TillCount, Name: "till_count", Class: syncproto.ClassS, Scopes: siteAndFair(CountSite, CountFair),
		Fields: []Field{
			ref(CountTill, "till_session", TillSession, true),
			ref(CountSite, "site", Site, true),
			ref(CountFair, "fair", Fair, false),
			instant(CountAt, "at", true),
			text(CountBy, "by", MaxName),
			currency(CountCurrency, true),
			required(code(CountPieces, "pieces", 1000)),
		},
		Groups: []Group{{ID: CountGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{CountTill, CountSite, CountFair, CountAt, CountBy, CountCurrency, CountPieces}}},
		Whole: func(t *Table, v Values) *Flaw {
			if _, ok := ReadCount(t.Of(v, CountPieces).Text()); !ok {
				return &Flaw{Kind: FlawForm, Field: "pieces", Detail: "is no count such as 20000x3+500x11"}
			}
			return nil
		},
	},
}

var approvals = []*Table{
	{
		ID: TillApproval, Name: "till_approval", Class: syncproto.ClassS, Scopes: siteAndFair(ApprovalSite, ApprovalFair),
		Fields: []Field{
			ref(ApprovalTill, "till_session", TillSession, true),
			ref(ApprovalSite, "site", Site, true),
			ref(ApprovalFair, "fair", Fair, false),
			required(oneOf(ApprovalKind, "kind", "count", "variance", "late")),
			money(ApprovalAmount, "amount_minor", true),
			currency(ApprovalCurrency, true),
			required(text(ApprovalBy, "by", MaxName)),
			text(ApprovalSecond, "second", MaxName),
			text(ApprovalReason, "reason", MaxReason),
			instant(ApprovalAt, "at", true),
		},
		Groups: []Group{{ID: ApprovalGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{
			ApprovalTill, ApprovalSite, ApprovalFair, ApprovalKind, ApprovalAmount, ApprovalCurrency, ApprovalBy, ApprovalSecond, ApprovalReason, ApprovalAt,
		}}},
		Whole: func(t *Table, v Values) *Flaw {
			if t.Of(v, ApprovalKind).Text() == "variance" && (t.Of(v, ApprovalSecond).IsNull() || Fold(t.Of(v, ApprovalSecond).Text()) == Fold(t.Of(v, ApprovalBy).Text())) {
				return &Flaw{Kind: FlawRequired, Field: "second", Detail: "is missing: a difference is signed by two persons"}
			}
			return nil
		},
	},
}
