package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of person: somebody a branch or centre looks after.
const (
	PersonSite          syncproto.FieldID = 1 // home branch or centre
	PersonName          syncproto.FieldID = 2 // one field, as typed
	PersonPhone         syncproto.FieldID = 3
	PersonBirthYear     syncproto.FieldID = 4
	PersonNeighbourhood syncproto.FieldID = 5
	PersonFamily        syncproto.FieldID = 6 // productive family it belongs to
	PersonCard          syncproto.FieldID = 7 // code on its card, for scanning
	PersonPhoto         syncproto.FieldID = 8

	PersonGroupSite    syncproto.GroupID = 1
	PersonGroupName    syncproto.GroupID = 2
	PersonGroupContact syncproto.GroupID = 3
	PersonGroupBirth   syncproto.GroupID = 4
	PersonGroupFamily  syncproto.GroupID = 5
	PersonGroupCard    syncproto.GroupID = 6
	PersonGroupPhoto   syncproto.GroupID = 7
)

// Fields of family_private: what of a family is nobody's but its branch's. The
// record has the id of its family.
const (
	FamilyPrivateBranch syncproto.FieldID = 1
	FamilyPrivateHead   syncproto.FieldID = 2 // person
	FamilyPrivatePhone  syncproto.FieldID = 3
	FamilyPrivatePayout syncproto.FieldID = 4
	FamilyPrivateLang   syncproto.FieldID = 5 // of what is printed for it

	FamilyPrivateGroupBranch syncproto.GroupID = 1
	FamilyPrivateGroupHead   syncproto.GroupID = 2
	FamilyPrivateGroupPhone  syncproto.GroupID = 3
	FamilyPrivateGroupPayout syncproto.GroupID = 4
	FamilyPrivateGroupLang   syncproto.GroupID = 5
)

// Fields of workshop.
const (
	WorkshopKind    syncproto.FieldID = 4
	WorkshopMinutes syncproto.FieldID = 5 // accredited minutes of a session, unless it says otherwise
	WorkshopCounts  syncproto.FieldID = 6 // counts for membership (M5)
	WorkshopTrainer syncproto.FieldID = 7 // who usually gives it

	WorkshopGroupKind    syncproto.GroupID = 2
	WorkshopGroupMinutes syncproto.GroupID = 3
	WorkshopGroupTrainer syncproto.GroupID = 4
)

// Fields of workshop_session.
const (
	SessionSite     syncproto.FieldID = 1
	SessionWorkshop syncproto.FieldID = 2
	SessionStartsAt syncproto.FieldID = 3 // UTC ms
	SessionEndsAt   syncproto.FieldID = 4 // UTC ms
	SessionMinutes  syncproto.FieldID = 5 // accredited
	SessionStatus   syncproto.FieldID = 6
	SessionAlso     syncproto.FieldID = 7 // a second site that holds it too and scans for it
	SessionRoom     syncproto.FieldID = 8
	SessionTrainer  syncproto.FieldID = 9
	SessionCapacity syncproto.FieldID = 10
	SessionReason   syncproto.FieldID = 11 // of a cancellation

	SessionGroupWhat   syncproto.GroupID = 1
	SessionGroupTimes  syncproto.GroupID = 2
	SessionGroupStatus syncproto.GroupID = 3
	SessionGroupAlso   syncproto.GroupID = 4
	SessionGroupPlace  syncproto.GroupID = 5
	SessionGroupReason syncproto.GroupID = 6
)

// Kinds of workshops.
const (
	WorkshopPractical      = "practical"
	WorkshopAdministrative = "administrative"
)

// SessionHeld is the status of a session that took place: it alone counts. One that was
// cancelled credits nobody.
const SessionHeld = "held"

// SessionCancelled is the status of one that did not take place, with its reason.
const SessionCancelled = "cancelled"

// Fields of scan: one check-in or check-out. Scans are only added; first in, last
// out and credited minutes are derived (R4).
const (
	ScanSite    syncproto.FieldID = 1
	ScanSession syncproto.FieldID = 2
	ScanPerson  syncproto.FieldID = 3
	ScanKind    syncproto.FieldID = 4 // in or out
	ScanAt      syncproto.FieldID = 5 // UTC ms by the site's clock, as claimed
	ScanSource  syncproto.FieldID = 6
	ScanAlso    syncproto.FieldID = 7 // SessionAlso

	ScanGroupWhat syncproto.GroupID = 1
	ScanGroupAlso syncproto.GroupID = 2
)

// Kinds of scans.
const (
	ScanIn  = "in"
	ScanOut = "out"
)

// Fields of attendance: what a person decided about one line of a roster that waited for
// it (R4). There is one a session and person (AttendanceID).
const (
	AttendanceSite    syncproto.FieldID = 1
	AttendanceSession syncproto.FieldID = 2
	AttendancePerson  syncproto.FieldID = 3
	AttendanceVerdict syncproto.FieldID = 4
	AttendanceOutAt   syncproto.FieldID = 5 // UTC ms: when the person left, as somebody says; null where void
	AttendanceBy      syncproto.FieldID = 6 // who decided
	AttendanceReason  syncproto.FieldID = 7
	AttendanceAt      syncproto.FieldID = 8 // UTC ms by the site's clock
	AttendanceAlso    syncproto.FieldID = 9 // SessionAlso

	AttendanceGroupWhat    syncproto.GroupID = 1
	AttendanceGroupVerdict syncproto.GroupID = 2
	AttendanceGroupAlso    syncproto.GroupID = 3
)

// Verdicts about an attendance.
const (
	AttendanceConfirmed = "confirmed"
	AttendanceVoid      = "void"
)

var people = []*Table{
	{
		ID: Person, Name: "person", Class: syncproto.ClassP, Scopes: []ScopeRule{{Kind: syncproto.ScopeSite, Field: PersonSite}}, Movable: true,
		Fields: []Field{
			{ID: PersonSite, Name: "site", Kind: syncproto.Bytes, Ref: Site, Required: true},
			{ID: PersonName, Name: "name", Kind: syncproto.Text, Required: true, Max: MaxName},
			{ID: PersonPhone, Name: "phone", Kind: syncproto.Text, Form: Code, Max: 24},
			{ID: PersonBirthYear, Name: "birth_year", Kind: syncproto.Int, Min: 1900, Max: 2200},
			{ID: PersonNeighbourhood, Name: "neighbourhood", Kind: syncproto.Text, Max: MaxName},
			{ID: PersonFamily, Name: "family", Kind: syncproto.Bytes, Ref: Family},
			{ID: PersonCard, Name: "card", Kind: syncproto.Text, Form: Code, Max: 40},
			photo(PersonPhoto),
			voided(),
		},
		Groups: []Group{
			{ID: PersonGroupSite, Name: "site", Fields: []syncproto.FieldID{PersonSite}},
			{ID: PersonGroupName, Name: "name", Fields: []syncproto.FieldID{PersonName}},
			{ID: PersonGroupContact, Name: "contact", Fields: []syncproto.FieldID{PersonPhone, PersonNeighbourhood}},
			{ID: PersonGroupBirth, Name: "birth", Fields: []syncproto.FieldID{PersonBirthYear}},
			{ID: PersonGroupFamily, Name: "family", Fields: []syncproto.FieldID{PersonFamily}},
			{ID: PersonGroupCard, Name: "card", Fields: []syncproto.FieldID{PersonCard}},
			{ID: PersonGroupPhoto, Name: "photo", Fields: []syncproto.FieldID{PersonPhoto}},
			voidedGroup(),
		},
		Fold: []syncproto.FieldID{PersonName, PersonCard},
	},
	{
		ID: FamilyPrivate, Name: "family_private", Class: syncproto.ClassP, Scopes: []ScopeRule{{Kind: syncproto.ScopeSite, Field: FamilyPrivateBranch}}, Movable: true,
		Fields: []Field{
			{ID: FamilyPrivateBranch, Name: "branch", Kind: syncproto.Bytes, Ref: Site, Required: true},
			{ID: FamilyPrivateHead, Name: "head", Kind: syncproto.Bytes, Ref: Person},
			{ID: FamilyPrivatePhone, Name: "phone", Kind: syncproto.Text, Form: Code, Max: 24},
			{ID: FamilyPrivatePayout, Name: "payout", Kind: syncproto.Text, Form: OneOf, Words: []string{"cash", "transfer", "voucher"}},
			oneOf(FamilyPrivateLang, "lang", "ar", "fa", "en"),
		},
		Groups: []Group{
			{ID: FamilyPrivateGroupBranch, Name: "branch", Fields: []syncproto.FieldID{FamilyPrivateBranch}},
			{ID: FamilyPrivateGroupHead, Name: "head", Fields: []syncproto.FieldID{FamilyPrivateHead}},
			{ID: FamilyPrivateGroupPhone, Name: "phone", Fields: []syncproto.FieldID{FamilyPrivatePhone}},
			{ID: FamilyPrivateGroupPayout, Name: "payout", Fields: []syncproto.FieldID{FamilyPrivatePayout}},
			{ID: FamilyPrivateGroupLang, Name: "lang", Fields: []syncproto.FieldID{FamilyPrivateLang}},
		},
	},
	{
		ID: Workshop, Name: "workshop", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeOrg}},
		Fields: append(names(),
			Field{ID: WorkshopKind, Name: "kind", Kind: syncproto.Text, Required: true, Form: OneOf, Words: []string{WorkshopPractical, WorkshopAdministrative}},
			Field{ID: WorkshopMinutes, Name: "minutes", Kind: syncproto.Int, Required: true, Min: 1, Max: maxMinutes},
			Field{ID: WorkshopCounts, Name: "counts", Kind: syncproto.Bool, Required: true},
			Field{ID: WorkshopTrainer, Name: "trainer", Kind: syncproto.Text, Max: MaxName},
			voided(),
		),
		Groups: []Group{
			namesGroup(),
			{ID: WorkshopGroupKind, Name: "kind", Fields: []syncproto.FieldID{WorkshopKind}},
			{ID: WorkshopGroupMinutes, Name: "minutes", Fields: []syncproto.FieldID{WorkshopMinutes, WorkshopCounts}},
			{ID: WorkshopGroupTrainer, Name: "trainer", Fields: []syncproto.FieldID{WorkshopTrainer}},
			voidedGroup(),
		},
		Fold: []syncproto.FieldID{NameAr, NameFa, NameEn},
	},
	{
		ID: WorkshopSession, Name: "workshop_session", Class: syncproto.ClassS, Scopes: atSites(SessionSite, SessionAlso),
		Fields: []Field{
			{ID: SessionSite, Name: "site", Kind: syncproto.Bytes, Ref: Site, Required: true},
			{ID: SessionWorkshop, Name: "workshop", Kind: syncproto.Bytes, Ref: Workshop, Required: true},
			{ID: SessionStartsAt, Name: "starts_at", Kind: syncproto.Int, Required: true},
			{ID: SessionEndsAt, Name: "ends_at", Kind: syncproto.Int, Required: true},
			{ID: SessionMinutes, Name: "minutes", Kind: syncproto.Int, Required: true, Min: 1, Max: maxMinutes},
			{ID: SessionStatus, Name: "status", Kind: syncproto.Text, Required: true, Form: OneOf, Words: []string{"planned", "open", SessionHeld, SessionCancelled}},
			ref(SessionAlso, "also_site", Site, false),
			{ID: SessionRoom, Name: "room", Kind: syncproto.Text, Max: MaxName},
			{ID: SessionTrainer, Name: "trainer", Kind: syncproto.Text, Max: MaxName},
			{ID: SessionCapacity, Name: "capacity", Kind: syncproto.Int, Min: 1, Max: maxCapacity},
			{ID: SessionReason, Name: "reason", Kind: syncproto.Text, Max: MaxReason},
		},
		Groups: []Group{
			{ID: SessionGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{SessionSite, SessionWorkshop}},
			{ID: SessionGroupTimes, Name: "times", Fields: []syncproto.FieldID{SessionStartsAt, SessionEndsAt, SessionMinutes}},
			{ID: SessionGroupStatus, Name: "status", Fields: []syncproto.FieldID{SessionStatus}},
			{ID: SessionGroupAlso, Name: "also", Rule: OnceStrict, Fields: []syncproto.FieldID{SessionAlso}},
			{ID: SessionGroupPlace, Name: "place", Fields: []syncproto.FieldID{SessionRoom, SessionTrainer, SessionCapacity}},
			{ID: SessionGroupReason, Name: "reason", Fields: []syncproto.FieldID{SessionReason}},
		},
		Whole: wholeSession,
	},
	{
		ID: Scan, Name: "scan", Class: syncproto.ClassP, Scopes: atSites(ScanSite, ScanAlso),
		Fields: []Field{
			{ID: ScanSite, Name: "site", Kind: syncproto.Bytes, Ref: Site, Required: true},
			{ID: ScanSession, Name: "session", Kind: syncproto.Bytes, Ref: WorkshopSession, Required: true},
			{ID: ScanPerson, Name: "person", Kind: syncproto.Bytes, Ref: Person, Required: true},
			{ID: ScanKind, Name: "kind", Kind: syncproto.Text, Required: true, Form: OneOf, Words: []string{ScanIn, ScanOut}},
			{ID: ScanAt, Name: "at", Kind: syncproto.Int, Required: true},
			{ID: ScanSource, Name: "source", Kind: syncproto.Text, Required: true, Form: OneOf, Words: []string{"scan", "list", "paper", "correction"}},
			ref(ScanAlso, "also_site", Site, false),
		},
		Groups: []Group{
			{ID: ScanGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{ScanSite, ScanSession, ScanPerson, ScanKind, ScanAt, ScanSource}},
			{ID: ScanGroupAlso, Name: "also", Rule: OnceStrict, Fields: []syncproto.FieldID{ScanAlso}},
		},
	},
	{
		ID: Attendance, Name: "attendance", Class: syncproto.ClassP, Scopes: atSites(AttendanceSite, AttendanceAlso),
		Fields: []Field{
			{ID: AttendanceSite, Name: "site", Kind: syncproto.Bytes, Ref: Site, Required: true},
			{ID: AttendanceSession, Name: "session", Kind: syncproto.Bytes, Ref: WorkshopSession, Required: true},
			{ID: AttendancePerson, Name: "person", Kind: syncproto.Bytes, Ref: Person, Required: true},
			{ID: AttendanceVerdict, Name: "verdict", Kind: syncproto.Text, Required: true, Form: OneOf, Words: []string{AttendanceConfirmed, AttendanceVoid}},
			{ID: AttendanceOutAt, Name: "out_at", Kind: syncproto.Int},
			{ID: AttendanceBy, Name: "by", Kind: syncproto.Text, Required: true, Max: MaxName},
			{ID: AttendanceReason, Name: "reason", Kind: syncproto.Text, Max: MaxReason},
			{ID: AttendanceAt, Name: "at", Kind: syncproto.Int, Required: true},
			ref(AttendanceAlso, "also_site", Site, false),
		},
		Groups: []Group{
			{ID: AttendanceGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{AttendanceSite, AttendanceSession, AttendancePerson}},
			{ID: AttendanceGroupVerdict, Name: "verdict", Fields: []syncproto.FieldID{AttendanceVerdict, AttendanceOutAt, AttendanceBy, AttendanceReason, AttendanceAt}},
			{ID: AttendanceGroupAlso, Name: "also", Rule: OnceStrict, Fields: []syncproto.FieldID{AttendanceAlso}},
		},
		Whole: wholeAttendance,
	},
}

// maxCapacity bounds the people of one session: a hall.
const maxCapacity = 10_000

// maxMinutes bounds the accredited minutes of a session: a whole day.
const maxMinutes = 24 * 60

func wholeSession(t *Table, v Values) *Flaw {
	if t.Of(v, SessionEndsAt).Int() <= t.Of(v, SessionStartsAt).Int() {
		return &Flaw{Kind: FlawTimes, Field: "ends_at", Detail: "is not after its start"}
	}
	return nil
}

// wholeAttendance wants a time where an attendance is confirmed, and a reason where not.
func wholeAttendance(t *Table, v Values) *Flaw {
	switch confirmed := t.Of(v, AttendanceVerdict).Text() == AttendanceConfirmed; {
	case confirmed && t.Of(v, AttendanceOutAt).IsNull():
		return &Flaw{Kind: FlawRequired, Field: "out_at", Detail: "is missing: confirmed without a time"}
	case !confirmed && t.Of(v, AttendanceReason).IsNull():
		return &Flaw{Kind: FlawRequired, Field: "reason", Detail: "is missing: void without a reason"}
	}
	return nil
}
