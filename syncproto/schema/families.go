package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of family_account: where a family's money is transferred to. The record has the
// id of its family.
const (
	AccountBranch syncproto.FieldID = 1
	AccountHolder syncproto.FieldID = 2
	AccountBank   syncproto.FieldID = 3
	AccountNumber syncproto.FieldID = 4

	AccountGroupBranch syncproto.GroupID = 1
	AccountGroupWhere  syncproto.GroupID = 2
)

// Fields of income_note: what a family had in a month from somewhere else than the sales
// that Rawaj knows, which are computed (IncomeNoteID).
const (
	IncomeBranch     syncproto.FieldID = 1
	IncomeFamily     syncproto.FieldID = 2
	IncomeMonth      syncproto.FieldID = 3 // 2026-11
	IncomeSource     syncproto.FieldID = 4
	IncomeAmount     syncproto.FieldID = 5
	IncomeCurrency   syncproto.FieldID = 6
	IncomeVerifiedBy syncproto.FieldID = 7
	IncomeNoted      syncproto.FieldID = 8

	IncomeGroupBranch syncproto.GroupID = 1
	IncomeGroupWhat   syncproto.GroupID = 2
	IncomeGroupAmount syncproto.GroupID = 3
)

// IncomeAssistance is the source that stands beside a family's sales; it is shown to
// nobody without the right to class E.
const IncomeAssistance = "assistance"

var families = []*Table{
	{
		ID: FamilyAccount, Name: "family_account", Class: syncproto.ClassE, Scopes: atSite(AccountBranch), Movable: true,
		Fields: []Field{
			ref(AccountBranch, "branch", Site, true),
			required(text(AccountHolder, "holder", MaxName)),
			text(AccountBank, "bank", MaxName),
			required(code(AccountNumber, "number", 40)),
		},
		Groups: []Group{
			{ID: AccountGroupBranch, Name: "branch", Fields: []syncproto.FieldID{AccountBranch}},
			{ID: AccountGroupWhere, Name: "where", Fields: []syncproto.FieldID{AccountHolder, AccountBank, AccountNumber}},
		},
	},
	{
		ID: IncomeNote, Name: "income_note", Class: syncproto.ClassE, Scopes: atSite(IncomeBranch), Movable: true,
		Fields: []Field{
			ref(IncomeBranch, "branch", Site, true),
			ref(IncomeFamily, "family", Family, true),
			required(code(IncomeMonth, "month", 7)),
			required(oneOf(IncomeSource, "source", IncomeAssistance, "work", "business", "other")),
			count(IncomeAmount, "amount_minor", 0, MaxAmount, true),
			currency(IncomeCurrency, true),
			text(IncomeVerifiedBy, "verified_by", MaxName),
			text(IncomeNoted, "note", MaxReason),
			voided(),
		},
		Groups: []Group{
			{ID: IncomeGroupBranch, Name: "branch", Fields: []syncproto.FieldID{IncomeBranch}},
			{ID: IncomeGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{IncomeFamily, IncomeMonth, IncomeSource}},
			{ID: IncomeGroupAmount, Name: "amount", Fields: []syncproto.FieldID{IncomeAmount, IncomeCurrency, IncomeVerifiedBy, IncomeNoted}},
			voidedGroup(),
		},
		Whole: func(t *Table, v Values) *Flaw {
			if !ValidDay(t.Of(v, IncomeMonth).Text() + "-01") {
				return &Flaw{Kind: FlawForm, Field: "month", Detail: "is no month such as 2026-11"}
			}
			return nil
		},
	},
}
