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

// Classes of fairs, who organises one, and whose place it is held at: three questions (R9).
const (
	FairExhibition = "exhibition"
	FairEvent      = "event"
	FairAtayeb     = "atayeb" // food, for employees of a host body

	FairOwn   = "own"
	FairOther = "other"

	VenueDepartment = "department"
	VenueBranch     = "branch"
	VenuePartner    = "partner"
	VenueGovernment = "government"
	VenueOther      = "other"
)

// Fields of participation: one record for a fair and a family (R7, ParticipationID). Any
// branch may register any family, so all who read the catalogue read it: a scope of one of
// two branches that register a family apart would hide the record from the other.
const (
	PartFair   syncproto.FieldID = 1
	PartFamily syncproto.FieldID = 2
	// 3 was a branch, and is not used again.
	PartStall  syncproto.FieldID = 4 // number of its stall
	PartState  syncproto.FieldID = 5
	PartSite   syncproto.FieldID = 6 // that registered it
	PartAt     syncproto.FieldID = 7 // UTC ms by that site's clock
	PartReason syncproto.FieldID = 8 // of a decline or a withdrawal

	PartGroupWho        syncproto.GroupID = 1
	PartGroupStall      syncproto.GroupID = 2
	PartGroupState      syncproto.GroupID = 3
	PartGroupRegistered syncproto.GroupID = 4 // once: a second site that registers it is a conflict, which tells both (R7)
	PartGroupReason     syncproto.GroupID = 5
)

// States of a participation. Only ParticipationTookPart counts in figures.
const (
	ParticipationApplied   = "applied"
	ParticipationAccepted  = "accepted"
	ParticipationConfirmed = "confirmed"
	ParticipationTookPart  = "took_part"
)

// Came says whether a participation in a state counts: the family was there.
func Came(state string) bool { return state == ParticipationTookPart || state == "settled" }

// participationStates: a family that came took part, whatever was noted elsewhere; that it
// withdrew is its own word and stands over what the office did.
var participationStates = &Machine{
	Initial: []string{"invited", ParticipationApplied},
	Arrows: []Arrow{
		{"invited", "accepted"}, {"invited", "waiting"}, {"invited", "declined"},
		{"applied", "accepted"}, {"applied", "waiting"}, {"applied", "declined"},
		{"waiting", "accepted"}, {"waiting", "declined"},
		{"accepted", "confirmed"}, {"accepted", "withdrawn"}, {"accepted", "took_part"},
		{"confirmed", "took_part"}, {"confirmed", "absent"}, {"confirmed", "withdrawn"},
		{"took_part", "settled"},
	},
	Rank: []string{"invited", "applied", "waiting", "declined", "accepted", "confirmed", "absent", "withdrawn", "took_part", "settled"},
}

var fairs = []*Table{
	{
		ID: Fair, Name: "fair", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeOrg}},
		Fields: append(names(),
			Field{ID: FairClass, Name: "class", Kind: syncproto.Text, Form: OneOf, Words: []string{FairExhibition, FairEvent, FairAtayeb}},
			Field{ID: FairOrganiser, Name: "organiser", Kind: syncproto.Text, Form: OneOf, Words: []string{FairOwn, FairOther}},
			Field{ID: FairVenue, Name: "venue", Kind: syncproto.Text, Form: OneOf, Words: []string{VenueDepartment, VenueBranch, VenuePartner, VenueGovernment, VenueOther}},
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
		ID: Participation, Name: "participation", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeOrg}},
		Fields: []Field{
			{ID: PartFair, Name: "fair", Kind: syncproto.Bytes, Ref: Fair, Required: true},
			{ID: PartFamily, Name: "family", Kind: syncproto.Bytes, Ref: Family, Required: true},
			{ID: PartStall, Name: "stall", Kind: syncproto.Text, Max: 20},
			{ID: PartState, Name: "state", Kind: syncproto.Text, Required: true, Form: OneOf, Words: participationStates.words()},
			{ID: PartSite, Name: "registered_by", Kind: syncproto.Bytes, Ref: Site},
			{ID: PartAt, Name: "registered_at", Kind: syncproto.Int},
			{ID: PartReason, Name: "reason", Kind: syncproto.Text, Max: MaxReason},
		},
		Groups: []Group{
			{ID: PartGroupWho, Name: "who", Rule: OnceStrict, Fields: []syncproto.FieldID{PartFair, PartFamily}},
			{ID: PartGroupStall, Name: "stall", Fields: []syncproto.FieldID{PartStall}},
			{ID: PartGroupState, Name: "state", Rule: State, Fields: []syncproto.FieldID{PartState}, Machine: participationStates},
			{ID: PartGroupRegistered, Name: "registered", Rule: Once, Fields: []syncproto.FieldID{PartSite, PartAt}, Together: true},
			{ID: PartGroupReason, Name: "reason", Fields: []syncproto.FieldID{PartReason}},
		},
	},
}
