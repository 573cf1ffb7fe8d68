package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of fair.
const (
	FairClass     syncproto.FieldID = 4
	FairOrganiser syncproto.FieldID = 5
	FairVenue     syncproto.FieldID = 6
	FairStartsOn  syncproto.FieldID = 7
	FairEndsOn    syncproto.FieldID = 8

	FairGroupKind  syncproto.GroupID = 2
	FairGroupDates syncproto.GroupID = 3
)

// Fields of participation: one record for a fair and a family (R7, ParticipationID).
const (
	PartFair   syncproto.FieldID = 1
	PartFamily syncproto.FieldID = 2
	PartBranch syncproto.FieldID = 3 // the family's branch
	PartStall  syncproto.FieldID = 4 // number of its stall
	PartState  syncproto.FieldID = 5

	PartGroupWho   syncproto.GroupID = 1
	PartGroupStall syncproto.GroupID = 2
	PartGroupState syncproto.GroupID = 3
)

var participationStates = &Machine{
	Initial: []string{"invited", "applied"},
	Arrows: []Arrow{
		{"invited", "accepted"}, {"invited", "waiting"}, {"invited", "declined"},
		{"applied", "accepted"}, {"applied", "waiting"}, {"applied", "declined"},
		{"waiting", "accepted"}, {"waiting", "declined"},
		{"accepted", "confirmed"}, {"accepted", "withdrawn"},
		{"confirmed", "took_part"}, {"confirmed", "absent"}, {"confirmed", "withdrawn"},
		{"took_part", "settled"},
	},
}

var fairs = []*Table{
	{
		ID: Fair, Name: "fair", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeOrg}},
		Fields: append(names(),
			Field{ID: FairClass, Name: "class", Kind: syncproto.Text, Form: OneOf, Words: []string{"exhibition", "event", "atayeb"}},
			Field{ID: FairOrganiser, Name: "organiser", Kind: syncproto.Text, Form: OneOf, Words: []string{"own", "other"}},
			Field{ID: FairVenue, Name: "venue", Kind: syncproto.Text, Form: OneOf, Words: []string{"department", "branch", "partner", "government", "other"}},
			Field{ID: FairStartsOn, Name: "starts_on", Kind: syncproto.Text, Form: Date, Max: 10},
			Field{ID: FairEndsOn, Name: "ends_on", Kind: syncproto.Text, Form: Date, Max: 10},
			voided(),
		),
		Groups: []Group{
			namesGroup(),
			{ID: FairGroupKind, Name: "kind", Fields: []syncproto.FieldID{FairClass, FairOrganiser, FairVenue}},
			{ID: FairGroupDates, Name: "dates", Fields: []syncproto.FieldID{FairStartsOn, FairEndsOn}},
			voidedGroup(),
		},
		Fold: []syncproto.FieldID{NameAr, NameFa, NameEn},
	},
	{
		ID: Participation, Name: "participation", Class: syncproto.ClassS, Scopes: siteAndFair(PartBranch, PartFair),
		Fields: []Field{
			{ID: PartFair, Name: "fair", Kind: syncproto.Bytes, Ref: Fair, Required: true},
			{ID: PartFamily, Name: "family", Kind: syncproto.Bytes, Ref: Family, Required: true},
			{ID: PartBranch, Name: "branch", Kind: syncproto.Bytes, Ref: Site},
			{ID: PartStall, Name: "stall", Kind: syncproto.Text, Max: 20},
			{ID: PartState, Name: "state", Kind: syncproto.Text, Required: true, Form: OneOf, Words: participationStates.words()},
		},
		Groups: []Group{
			{ID: PartGroupWho, Name: "who", Rule: OnceStrict, Fields: []syncproto.FieldID{PartFair, PartFamily, PartBranch}},
			{ID: PartGroupStall, Name: "stall", Fields: []syncproto.FieldID{PartStall}},
			{ID: PartGroupState, Name: "state", Rule: State, Fields: []syncproto.FieldID{PartState}, Machine: participationStates},
		},
	},
}
