package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of roster_entry: a place on the list of a session, one a person (RosterID).
const (
	RosterSite    syncproto.FieldID = 1 // of the session
	RosterAlso    syncproto.FieldID = 2 // SessionAlso
	RosterSession syncproto.FieldID = 3
	RosterPerson  syncproto.FieldID = 4
	RosterState   syncproto.FieldID = 5

	RosterGroupWhat  syncproto.GroupID = 1
	RosterGroupState syncproto.GroupID = 2
)

// Fields of credit: what a session gave a person, as the centre reads it off all scans,
// verdicts and corrections, for the branch that the person belongs to (CreditID).
const (
	CreditHome     syncproto.FieldID = 1 // home branch
	CreditSession  syncproto.FieldID = 2
	CreditPerson   syncproto.FieldID = 3
	CreditStartsAt syncproto.FieldID = 4 // of the session
	CreditEndsAt   syncproto.FieldID = 5
	CreditEntered  syncproto.FieldID = 6 // UTC ms: when its first scan was made; the later of two sessions waits (R4)
	CreditMinutes  syncproto.FieldID = 7
	CreditReview   syncproto.FieldID = 8 // somebody has to look
	CreditCounts   syncproto.FieldID = 9 // for membership

	CreditGroupWhat    syncproto.GroupID = 1
	CreditGroupHome    syncproto.GroupID = 2
	CreditGroupMinutes syncproto.GroupID = 3
)

// Fields of attendance_correction: other minutes than were credited, and why. Corrections
// are only added: the old value stays, and the last one holds (R4).
const (
	CorrectionSite    syncproto.FieldID = 1 // of the session
	CorrectionAlso    syncproto.FieldID = 2 // SessionAlso
	CorrectionSession syncproto.FieldID = 3
	CorrectionPerson  syncproto.FieldID = 4
	CorrectionWas     syncproto.FieldID = 5 // minutes
	CorrectionMinutes syncproto.FieldID = 6
	CorrectionReason  syncproto.FieldID = 7
	CorrectionBy      syncproto.FieldID = 8
	CorrectionAt      syncproto.FieldID = 9

	CorrectionGroupWhat syncproto.GroupID = 1
)

var hours = []*Table{
	{
		ID: RosterEntry, Name: "roster_entry", Class: syncproto.ClassP, Scopes: atSites(RosterSite, RosterAlso),
		Fields: []Field{
			ref(RosterSite, "site", Site, true),
			ref(RosterAlso, "also_site", Site, false),
			ref(RosterSession, "session", WorkshopSession, true),
			ref(RosterPerson, "person", Person, true),
			required(oneOf(RosterState, "state", "listed", "waiting", "withdrawn")),
		},
		Groups: []Group{
			{ID: RosterGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{RosterSite, RosterAlso, RosterSession, RosterPerson}},
			{ID: RosterGroupState, Name: "state", Fields: []syncproto.FieldID{RosterState}},
		},
	},
	{
		ID: Credit, Name: "credit", Class: syncproto.ClassP, Scopes: atSite(CreditHome), Movable: true,
		Fields: []Field{
			ref(CreditHome, "home", Site, true),
			ref(CreditSession, "session", WorkshopSession, true),
			ref(CreditPerson, "person", Person, true),
			instant(CreditStartsAt, "starts_at", true),
			instant(CreditEndsAt, "ends_at", true),
			instant(CreditEntered, "entered_at", true),
			count(CreditMinutes, "minutes", 0, maxMinutes, true),
			{ID: CreditReview, Name: "review", Kind: syncproto.Bool, Required: true},
			{ID: CreditCounts, Name: "counts", Kind: syncproto.Bool, Required: true},
		},
		Groups: []Group{
			{ID: CreditGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{CreditSession, CreditPerson}},
			{ID: CreditGroupHome, Name: "home", Fields: []syncproto.FieldID{CreditHome}},
			{ID: CreditGroupMinutes, Name: "minutes", Fields: []syncproto.FieldID{CreditStartsAt, CreditEndsAt, CreditEntered, CreditMinutes, CreditReview, CreditCounts}},
		},
	},
	{
		ID: AttendanceCorrection, Name: "attendance_correction", Class: syncproto.ClassP, Scopes: atSites(CorrectionSite, CorrectionAlso),
		Fields: []Field{
			ref(CorrectionSite, "site", Site, true),
			ref(CorrectionAlso, "also_site", Site, false),
			ref(CorrectionSession, "session", WorkshopSession, true),
			ref(CorrectionPerson, "person", Person, true),
			count(CorrectionWas, "was_minutes", 0, maxMinutes, true),
			count(CorrectionMinutes, "minutes", 0, maxMinutes, true),
			required(text(CorrectionReason, "reason", MaxReason)),
			required(text(CorrectionBy, "by", MaxName)),
			instant(CorrectionAt, "at", true),
		},
		Groups: []Group{{ID: CorrectionGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{
			CorrectionSite, CorrectionAlso, CorrectionSession, CorrectionPerson, CorrectionWas, CorrectionMinutes, CorrectionReason, CorrectionBy, CorrectionAt,
		}}},
	},
}
