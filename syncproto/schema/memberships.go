package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of membership: one a person (MembershipID). The conditions are no fields: they
// are computed from documents, grounds, signatures and hours by rules.Conditions (R44).
const (
	MembershipSite   syncproto.FieldID = 1 // home branch
	MembershipPerson syncproto.FieldID = 2
	MembershipFamily syncproto.FieldID = 3
	MembershipSince  syncproto.FieldID = 4 // day of the application
	MembershipState  syncproto.FieldID = 5
	MembershipReason syncproto.FieldID = 6 // why it ended
	MembershipNote   syncproto.FieldID = 7

	MembershipGroupSite   syncproto.GroupID = 1
	MembershipGroupWho    syncproto.GroupID = 2
	MembershipGroupFamily syncproto.GroupID = 3
	MembershipGroupSince  syncproto.GroupID = 4
	MembershipGroupState  syncproto.GroupID = 5
	MembershipGroupReason syncproto.GroupID = 6
)

// States of a membership.
const (
	MemberApplied     = "applied"
	MemberOpen        = "conditions_open"
	MemberProvisional = "provisional" // all but the hours (R2)
	MemberEligible    = "eligible"
	MemberAtRisk      = "at_risk" // eligible, and a condition runs out within a month
	MemberSuspended   = "suspended"
	MemberEnded       = "ended"
)

// membershipStates: who ends a membership ends it, whatever a nightly run found meanwhile.
// Of two that looked at the conditions, the one that saw more of them met stands until
// somebody looks again; what a day shows is computed from the facts all the same.
var membershipStates = &Machine{
	Initial: []string{MemberApplied, MemberOpen},
	Arrows: []Arrow{
		{MemberApplied, MemberOpen}, {MemberApplied, MemberEnded},
		{MemberOpen, MemberProvisional}, {MemberOpen, MemberEligible}, {MemberOpen, MemberEnded},
		{MemberProvisional, MemberOpen}, {MemberProvisional, MemberEligible}, {MemberProvisional, MemberEnded},
		{MemberEligible, MemberAtRisk}, {MemberEligible, MemberSuspended}, {MemberEligible, MemberEnded},
		{MemberAtRisk, MemberEligible}, {MemberAtRisk, MemberSuspended}, {MemberAtRisk, MemberEnded},
		{MemberSuspended, MemberEligible}, {MemberSuspended, MemberAtRisk}, {MemberSuspended, MemberEnded},
		{MemberEnded, MemberApplied},
	},
	Rank: []string{MemberApplied, MemberOpen, MemberProvisional, MemberSuspended, MemberAtRisk, MemberEligible, MemberEnded},
}

// Fields of standing: all that a stall knows of a family's eligibility (R1, R40). The
// centre alone writes it: for the family's branch, and once more for each fair that the
// family takes part in (StandingID).
const (
	StandingFamily        syncproto.FieldID = 1
	StandingFair          syncproto.FieldID = 2 // null: the branch's own
	StandingBranch        syncproto.FieldID = 3
	StandingState         syncproto.FieldID = 4
	StandingEligibleUntil syncproto.FieldID = 5 // last day; null where not eligible

	StandingGroupWho   syncproto.GroupID = 1
	StandingGroupState syncproto.GroupID = 2
)

var memberships = []*Table{
	{
		ID: Membership, Name: "membership", Class: syncproto.ClassE, Scopes: atSite(MembershipSite), Movable: true,
		Fields: []Field{
			ref(MembershipSite, "site", Site, true),
			ref(MembershipPerson, "person", Person, true),
			ref(MembershipFamily, "family", Family, false),
			day(MembershipSince, "since", true),
			states(MembershipState, membershipStates),
			oneOf(MembershipReason, "ended_reason", "left", "independent", "removed"),
			text(MembershipNote, "note", MaxReason),
		},
		Groups: []Group{
			{ID: MembershipGroupSite, Name: "site", Fields: []syncproto.FieldID{MembershipSite}},
			{ID: MembershipGroupWho, Name: "who", Rule: OnceStrict, Fields: []syncproto.FieldID{MembershipPerson}},
			{ID: MembershipGroupFamily, Name: "family", Fields: []syncproto.FieldID{MembershipFamily}},
			{ID: MembershipGroupSince, Name: "since", Fields: []syncproto.FieldID{MembershipSince}},
			{ID: MembershipGroupState, Name: "state", Rule: State, Fields: []syncproto.FieldID{MembershipState}, Machine: membershipStates},
			{ID: MembershipGroupReason, Name: "reason", Fields: []syncproto.FieldID{MembershipReason, MembershipNote}},
		},
		Whole: wholeMembership,
	},
	{
		ID: Standing, Name: "standing", Class: syncproto.ClassS, Scopes: siteAndFair(StandingBranch, StandingFair), Movable: true,
		Fields: []Field{
			ref(StandingFamily, "family", Family, true),
			ref(StandingFair, "fair", Fair, false),
			ref(StandingBranch, "branch", Site, false),
			required(oneOf(StandingState, "state", MemberOpen, MemberProvisional, MemberEligible, MemberSuspended, MemberEnded)),
			day(StandingEligibleUntil, "eligible_until", false),
		},
		Groups: []Group{
			{ID: StandingGroupWho, Name: "who", Fields: []syncproto.FieldID{StandingFamily, StandingFair, StandingBranch}},
			{ID: StandingGroupState, Name: "state", Fields: []syncproto.FieldID{StandingState, StandingEligibleUntil}},
		},
		Whole: wholeStanding,
	},
}

func wholeMembership(t *Table, v Values) *Flaw {
	if t.Of(v, MembershipState).Text() == MemberEnded && t.Of(v, MembershipReason).IsNull() {
		return &Flaw{Kind: FlawRequired, Field: "ended_reason", Detail: "is missing: ended without a reason"}
	}
	return nil
}

func wholeStanding(t *Table, v Values) *Flaw {
	if eligible := t.Of(v, StandingState).Text() == MemberEligible; eligible == t.Of(v, StandingEligibleUntil).IsNull() {
		return &Flaw{Kind: FlawRequired, Field: "eligible_until", Detail: "goes with being eligible, and with nothing else"}
	}
	return nil
}
