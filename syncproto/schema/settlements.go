package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of statement: what a family is owed for a span of days. A draft has no lines:
// they are computed. Head office alone writes statements and their lines.
const (
	StatementFamily     syncproto.FieldID = 1
	StatementBranch     syncproto.FieldID = 2 // that pays
	StatementNumber     syncproto.FieldID = 3
	StatementFrom       syncproto.FieldID = 4
	StatementTo         syncproto.FieldID = 5
	StatementCurrency   syncproto.FieldID = 6
	StatementState      syncproto.FieldID = 7
	StatementApprovedBy syncproto.FieldID = 8
	StatementApprovedAt syncproto.FieldID = 9

	StatementGroupWhat     syncproto.GroupID = 1
	StatementGroupState    syncproto.GroupID = 2
	StatementGroupApproved syncproto.GroupID = 3
)

// States of a statement. Whether it is paid, its payout tells.
const (
	StatementDraft     = "draft"
	StatementApproved  = "approved"
	StatementCancelled = "cancelled"
)

// statementStates: an approval made the lines, and they stand.
var statementStates = &Machine{
	Initial: []string{StatementDraft, StatementApproved},
	Arrows:  []Arrow{{StatementDraft, StatementApproved}, {StatementDraft, StatementCancelled}},
	Rank:    []string{StatementDraft, StatementCancelled, StatementApproved},
}

// Fields of statement_line: a sale line in an approved statement. Its id follows from the
// line (StatementLineID), and what it says is written once: that a line is in one approved
// statement at most is the order of the log (R16).
const (
	SettledStatement  syncproto.FieldID = 1
	SettledBranch     syncproto.FieldID = 2
	SettledFamily     syncproto.FieldID = 3
	SettledKind       syncproto.FieldID = 4
	SettledLine       syncproto.FieldID = 5 // sale line
	SettledAdjustment syncproto.FieldID = 6
	SettledGross      syncproto.FieldID = 7 // minor units; below zero for a deduction
	SettledShare      syncproto.FieldID = 8 // hundredths of a percent that somebody else keeps
	SettledNet        syncproto.FieldID = 9
	SettledCurrency   syncproto.FieldID = 10
	SettledFlagged    syncproto.FieldID = 11 // sold outside of an agreement (R17)

	// What was sold, where and when, for the page of the family: its branch, which pays, does
	// not read the sales of other places.
	SettledProduct  syncproto.FieldID = 12
	SettledQuantity syncproto.FieldID = 13
	SettledSite     syncproto.FieldID = 14
	SettledFair     syncproto.FieldID = 15
	SettledDay      syncproto.FieldID = 16 // business day of the sale, or day of the adjustment

	SettledGroupWhat syncproto.GroupID = 1
)

// Kinds of statement lines.
const (
	SettledSale  = "sale"       // a sale line; a refund's is below zero
	SettledVoid  = "void"       // takes back a line that was settled and whose sale was voided since
	SettledOther = "adjustment" // the answer to a dispute
)

// Fields of adjustment: money that a dispute gives or takes, with a reason.
const (
	AdjustmentFamily   syncproto.FieldID = 1
	AdjustmentBranch   syncproto.FieldID = 2
	AdjustmentAmount   syncproto.FieldID = 3
	AdjustmentCurrency syncproto.FieldID = 4
	AdjustmentReason   syncproto.FieldID = 5
	AdjustmentBy       syncproto.FieldID = 6
	AdjustmentOn       syncproto.FieldID = 7
	AdjustmentOf       syncproto.FieldID = 8 // statement that was disputed

	AdjustmentGroupWhat syncproto.GroupID = 1
)

// Fields of payout: what the branch handed over for a statement, and what the family said
// to it. There is one a statement (PayoutID), so that two who pay it apart clash.
const (
	PayoutStatement syncproto.FieldID = 1
	PayoutBranch    syncproto.FieldID = 2
	PayoutState     syncproto.FieldID = 3
	PayoutPaidAt    syncproto.FieldID = 4
	PayoutAmount    syncproto.FieldID = 5
	PayoutCurrency  syncproto.FieldID = 6
	PayoutMethod    syncproto.FieldID = 7
	PayoutReceiptNo syncproto.FieldID = 8 // device's prefix, the statement's number and letters
	PayoutBy        syncproto.FieldID = 9
	PayoutSignature syncproto.FieldID = 10 // of who received it
	PayoutDispute   syncproto.FieldID = 11 // what the family says

	PayoutGroupWhat      syncproto.GroupID = 1
	PayoutGroupState     syncproto.GroupID = 2
	PayoutGroupPaid      syncproto.GroupID = 3
	PayoutGroupSignature syncproto.GroupID = 4
	PayoutGroupDispute   syncproto.GroupID = 5
)

// States of a payout.
const (
	PayoutPaid     = "paid"
	PayoutDisputed = "disputed"
	PayoutAnswered = "answered" // by an adjustment, or with a word
)

// payoutStates: what a family disputes is not closed by somebody who had not heard it.
var payoutStates = &Machine{
	Initial: []string{PayoutPaid, PayoutDisputed},
	Arrows:  []Arrow{{PayoutPaid, PayoutDisputed}, {PayoutDisputed, PayoutPaid}, {PayoutDisputed, PayoutAnswered}, {PayoutAnswered, PayoutDisputed}},
	Rank:    []string{PayoutPaid, PayoutAnswered, PayoutDisputed},
}

var settlements = []*Table{
	{
		ID: Statement, Name: "statement", Class: syncproto.ClassS, Scopes: atSite(StatementBranch),
		Fields: []Field{
			ref(StatementFamily, "family", Family, true),
			ref(StatementBranch, "branch", Site, true),
			required(code(StatementNumber, "number", 40)),
			day(StatementFrom, "from_day", true),
			day(StatementTo, "to_day", true),
			currency(StatementCurrency, true),
			states(StatementState, statementStates),
			text(StatementApprovedBy, "approved_by", MaxName),
			instant(StatementApprovedAt, "approved_at", false),
		},
		Groups: []Group{
			{ID: StatementGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{StatementFamily, StatementBranch, StatementNumber, StatementFrom, StatementTo, StatementCurrency}},
			{ID: StatementGroupState, Name: "state", Rule: State, Fields: []syncproto.FieldID{StatementState}, Machine: statementStates},
			{ID: StatementGroupApproved, Name: "approved", Rule: Once, Fields: []syncproto.FieldID{StatementApprovedBy, StatementApprovedAt}, Together: true},
		},
		Whole: inOrder(StatementFrom, StatementTo),
	},
	{
		ID: StatementLine, Name: "statement_line", Class: syncproto.ClassS, Scopes: atSite(SettledBranch),
		Fields: []Field{
			ref(SettledStatement, "statement", Statement, true),
			ref(SettledBranch, "branch", Site, true),
			ref(SettledFamily, "family", Family, true),
			required(oneOf(SettledKind, "kind", SettledSale, SettledVoid, SettledOther)),
			ref(SettledLine, "line", SaleLine, false),
			ref(SettledAdjustment, "adjustment", Adjustment, false),
			money(SettledGross, "gross_minor", true),
			share(SettledShare, true),
			money(SettledNet, "net_minor", true),
			currency(SettledCurrency, true),
			{ID: SettledFlagged, Name: "flagged", Kind: syncproto.Bool},
			ref(SettledProduct, "product", Product, false),
			count(SettledQuantity, "quantity", -MaxQuantity, MaxQuantity, false),
			ref(SettledSite, "site", Site, false),
			ref(SettledFair, "fair", Fair, false),
			day(SettledDay, "day", false),
		},
		Groups: []Group{{ID: SettledGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{
			SettledStatement, SettledBranch, SettledFamily, SettledKind, SettledLine, SettledAdjustment, SettledGross, SettledShare, SettledNet, SettledCurrency, SettledFlagged,
			SettledProduct, SettledQuantity, SettledSite, SettledFair, SettledDay,
		}}},
		Whole: func(t *Table, v Values) *Flaw {
			if adjusts := t.Of(v, SettledKind).Text() == SettledOther; t.Of(v, SettledAdjustment).IsNull() == adjusts || t.Of(v, SettledLine).IsNull() != adjusts {
				return &Flaw{Kind: FlawRequired, Field: "line", Detail: "is a sale line, or an adjustment where the kind says so"}
			}
			return nil
		},
	},
	{
		ID: Adjustment, Name: "adjustment", Class: syncproto.ClassS, Scopes: atSite(AdjustmentBranch),
		Fields: []Field{
			ref(AdjustmentFamily, "family", Family, true),
			ref(AdjustmentBranch, "branch", Site, true),
			money(AdjustmentAmount, "amount_minor", true),
			currency(AdjustmentCurrency, true),
			required(text(AdjustmentReason, "reason", MaxReason)),
			required(text(AdjustmentBy, "by", MaxName)),
			day(AdjustmentOn, "on_day", true),
			ref(AdjustmentOf, "statement", Statement, false),
		},
		Groups: []Group{{ID: AdjustmentGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{
			AdjustmentFamily, AdjustmentBranch, AdjustmentAmount, AdjustmentCurrency, AdjustmentReason, AdjustmentBy, AdjustmentOn, AdjustmentOf,
		}}},
	},
	{
		ID: Payout, Name: "payout", Class: syncproto.ClassS, Scopes: atSite(PayoutBranch),
		Fields: []Field{
			ref(PayoutStatement, "statement", Statement, true),
			ref(PayoutBranch, "branch", Site, true),
			states(PayoutState, payoutStates),
			instant(PayoutPaidAt, "paid_at", false),
			money(PayoutAmount, "amount_minor", false),
			currency(PayoutCurrency, false),
			oneOf(PayoutMethod, "method", "cash", "transfer", "voucher"),
			code(PayoutReceiptNo, "receipt_no", 40),
			text(PayoutBy, "by", MaxName),
			attachment(PayoutSignature, "signature"),
			text(PayoutDispute, "dispute", MaxReason),
		},
		Groups: []Group{
			{ID: PayoutGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{PayoutStatement, PayoutBranch}},
			{ID: PayoutGroupState, Name: "state", Rule: State, Fields: []syncproto.FieldID{PayoutState}, Machine: payoutStates},
			{ID: PayoutGroupPaid, Name: "paid", Rule: OnceStrict, Fields: []syncproto.FieldID{PayoutPaidAt, PayoutAmount, PayoutCurrency, PayoutMethod, PayoutReceiptNo, PayoutBy}, Together: true},
			{ID: PayoutGroupSignature, Name: "signature", Rule: Once, Fields: []syncproto.FieldID{PayoutSignature}},
			{ID: PayoutGroupDispute, Name: "dispute", Fields: []syncproto.FieldID{PayoutDispute}},
		},
		Whole: wholePayout,
	},
}

func wholePayout(t *Table, v Values) *Flaw {
	switch state := t.Of(v, PayoutState).Text(); {
	case state == PayoutPaid && t.Of(v, PayoutPaidAt).IsNull():
		return &Flaw{Kind: FlawRequired, Field: "paid_at", Detail: "is missing: paid, and nothing was handed over"}
	case state == PayoutDisputed && t.Of(v, PayoutDispute).IsNull():
		return &Flaw{Kind: FlawRequired, Field: "dispute", Detail: "is missing: disputed without a word"}
	}
	return nil
}
