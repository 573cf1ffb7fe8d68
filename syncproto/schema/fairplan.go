package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of fair_plan: how far a fair has come, and what its days look like. The record
// has the id of its fair; head office writes it.
const (
	PlanState         syncproto.FieldID = 1
	PlanReason        syncproto.FieldID = 2 // of a cancellation
	PlanOrganiserName syncproto.FieldID = 3
	PlanVenueName     syncproto.FieldID = 4
	PlanAddress       syncproto.FieldID = 5
	PlanOpensAt       syncproto.FieldID = 6 // 16:00, each day
	PlanClosesAt      syncproto.FieldID = 7
	PlanStalls        syncproto.FieldID = 8
	PlanConnectivity  syncproto.FieldID = 9
	PlanProvisional   syncproto.FieldID = 10 // families whose member is provisional may join (R2)

	PlanGroupState  syncproto.GroupID = 1
	PlanGroupReason syncproto.GroupID = 2
	PlanGroupPlace  syncproto.GroupID = 3
	PlanGroupDays   syncproto.GroupID = 4
	PlanGroupAdmits syncproto.GroupID = 5
)

// States of a fair.
const (
	FairPlanned     = "planned"
	FairCoordinated = "coordinated"
	FairAnnounced   = "announced"
	FairOpen        = "open"
	FairClosed      = "closed"
	FairReconciled  = "reconciled"
	FairCancelled   = "cancelled"
)

// fairStates: what was open was held, and its sales stand, so opening and closing win over
// a cancellation; before that the cancellation wins.
var fairStates = &Machine{
	Initial: []string{FairPlanned},
	Arrows: []Arrow{
		{FairPlanned, FairCoordinated}, {FairPlanned, FairAnnounced}, {FairPlanned, FairCancelled},
		{FairCoordinated, FairAnnounced}, {FairCoordinated, FairCancelled},
		{FairAnnounced, FairOpen}, {FairAnnounced, FairCancelled},
		{FairOpen, FairClosed}, {FairOpen, FairCancelled},
		{FairClosed, FairReconciled},
	},
	Rank: []string{FairPlanned, FairCoordinated, FairAnnounced, FairCancelled, FairOpen, FairClosed, FairReconciled},
}

// Fields of coordination: who agreed with whom that a fair is held on somebody else's
// premises, or run by others (R8). The branch that agreed keeps it; head office sees all.
const (
	CoordinationFair   syncproto.FieldID = 1
	CoordinationSite   syncproto.FieldID = 2 // branch that coordinated; null: head office
	CoordinationWith   syncproto.FieldID = 3
	CoordinationBy     syncproto.FieldID = 4
	CoordinationOn     syncproto.FieldID = 5
	CoordinationLetter syncproto.FieldID = 6
	CoordinationNote   syncproto.FieldID = 7

	CoordinationGroupWhat syncproto.GroupID = 1
)

// Fields of check_in: a family came on a day. Check-ins are only added, and several of a
// day are one. One against the red card names who admitted it for this day, and why (R6).
const (
	CheckInFair   syncproto.FieldID = 1
	CheckInFamily syncproto.FieldID = 2
	CheckInSite   syncproto.FieldID = 3 // stall or branch that saw it
	CheckInDay    syncproto.FieldID = 4
	CheckInAt     syncproto.FieldID = 5
	CheckInBy     syncproto.FieldID = 6 // supervisor who admitted
	CheckInReason syncproto.FieldID = 7

	CheckInGroupWhat     syncproto.GroupID = 1
	CheckInGroupAdmitted syncproto.GroupID = 2
)

// maxStalls bounds the stalls of one fair.
const maxStalls = 10_000

var fairPlans = []*Table{
	{
		ID: FairPlan, Name: "fair_plan", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeOrg}},
		Fields: []Field{
			states(PlanState, fairStates),
			text(PlanReason, "reason", MaxReason),
			text(PlanOrganiserName, "organiser_name", MaxName),
			text(PlanVenueName, "venue_name", MaxName),
			text(PlanAddress, "address", MaxReason),
			code(PlanOpensAt, "opens_at", 5),
			code(PlanClosesAt, "closes_at", 5),
			count(PlanStalls, "stalls", 1, maxStalls, false),
			oneOf(PlanConnectivity, "connectivity", "none", "weak", "good"),
			{ID: PlanProvisional, Name: "provisional", Kind: syncproto.Bool},
		},
		Groups: []Group{
			{ID: PlanGroupState, Name: "state", Rule: State, Fields: []syncproto.FieldID{PlanState}, Machine: fairStates},
			{ID: PlanGroupReason, Name: "reason", Fields: []syncproto.FieldID{PlanReason}},
			{ID: PlanGroupPlace, Name: "place", Fields: []syncproto.FieldID{PlanOrganiserName, PlanVenueName, PlanAddress}},
			{ID: PlanGroupDays, Name: "days", Fields: []syncproto.FieldID{PlanOpensAt, PlanClosesAt, PlanStalls, PlanConnectivity}},
			{ID: PlanGroupAdmits, Name: "admits", Fields: []syncproto.FieldID{PlanProvisional}},
		},
		Whole: func(t *Table, v Values) *Flaw {
			if t.Of(v, PlanState).Text() == FairCancelled && t.Of(v, PlanReason).IsNull() {
				return &Flaw{Kind: FlawRequired, Field: "reason", Detail: "is missing: cancelled without a reason"}
			}
			return nil
		},
	},
	{
		ID: Coordination, Name: "coordination", Class: syncproto.ClassS,
		Scopes: append(atSite(CoordinationSite), ScopeRule{Kind: syncproto.ScopeCentre}),
		Fields: []Field{
			ref(CoordinationFair, "fair", Fair, true),
			ref(CoordinationSite, "site", Site, false),
			required(text(CoordinationWith, "with_whom", MaxName)),
			required(text(CoordinationBy, "by", MaxName)),
			day(CoordinationOn, "on_day", true),
			attachment(CoordinationLetter, "letter"),
			text(CoordinationNote, "note", MaxReason),
			voided(),
		},
		Groups: []Group{
			{ID: CoordinationGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{
				CoordinationFair, CoordinationSite, CoordinationWith, CoordinationBy, CoordinationOn, CoordinationLetter, CoordinationNote,
			}},
			voidedGroup(),
		},
	},
	{
		ID: CheckIn, Name: "check_in", Class: syncproto.ClassS, Scopes: siteAndFair(CheckInSite, CheckInFair),
		Fields: []Field{
			ref(CheckInFair, "fair", Fair, true),
			ref(CheckInFamily, "family", Family, true),
			ref(CheckInSite, "site", Site, true),
			day(CheckInDay, "day", true),
			instant(CheckInAt, "at", true),
			text(CheckInBy, "admitted_by", MaxName),
			text(CheckInReason, "reason", MaxReason),
			voided(),
		},
		Groups: []Group{
			{ID: CheckInGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{CheckInFair, CheckInFamily, CheckInSite, CheckInDay, CheckInAt}},
			{ID: CheckInGroupAdmitted, Name: "admitted", Rule: OnceStrict, Fields: []syncproto.FieldID{CheckInBy, CheckInReason}, Together: true},
			voidedGroup(),
		},
	},
}
