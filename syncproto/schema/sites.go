package schema

import "github.com/rawaj/rawaj/syncproto"

// Numbers of tables. Append-only.
const (
	Organisation     syncproto.TableID = 1
	Site             syncproto.TableID = 2
	Device           syncproto.TableID = 3
	User             syncproto.TableID = 4
	Category         syncproto.TableID = 5
	Family           syncproto.TableID = 6
	Product          syncproto.TableID = 7
	Price            syncproto.TableID = 8
	Fair             syncproto.TableID = 9
	Participation    syncproto.TableID = 10
	TillSession      syncproto.TableID = 11
	Sale             syncproto.TableID = 12
	SaleLine         syncproto.TableID = 13
	Payment          syncproto.TableID = 14
	Verdict          syncproto.TableID = 15
	Conflict         syncproto.TableID = 16
	Grant            syncproto.TableID = 17
	Enrolment        syncproto.TableID = 18
	Backed           syncproto.TableID = 19
	Person           syncproto.TableID = 20
	FamilyPrivate    syncproto.TableID = 21
	Workshop         syncproto.TableID = 22
	WorkshopSession  syncproto.TableID = 23
	Scan             syncproto.TableID = 24
	Referral         syncproto.TableID = 25
	ConflictPersonal syncproto.TableID = 26
	Decision         syncproto.TableID = 27
	Control          syncproto.TableID = 28
	Attendance       syncproto.TableID = 29
	Closing          syncproto.TableID = 30
	ClosingAnswer    syncproto.TableID = 31

	IdentityDocument     syncproto.TableID = 32
	Ground               syncproto.TableID = 33
	Policy               syncproto.TableID = 34
	PolicySignature      syncproto.TableID = 35
	Membership           syncproto.TableID = 36
	Standing             syncproto.TableID = 37
	RosterEntry          syncproto.TableID = 38
	Credit               syncproto.TableID = 39
	AttendanceCorrection syncproto.TableID = 40
	FairPlan             syncproto.TableID = 41
	Coordination         syncproto.TableID = 42
	CheckIn              syncproto.TableID = 43
	PriceChange          syncproto.TableID = 44
	LineOwner            syncproto.TableID = 45
	TillSheet            syncproto.TableID = 46
	TillCount            syncproto.TableID = 47
	Consignment          syncproto.TableID = 48
	StockMovement        syncproto.TableID = 49
	OutletAgreement      syncproto.TableID = 50
	Statement            syncproto.TableID = 51
	StatementLine        syncproto.TableID = 52
	Adjustment           syncproto.TableID = 53
	Payout               syncproto.TableID = 54
	FamilyAccount        syncproto.TableID = 55
	IncomeNote           syncproto.TableID = 56
	PersonAlias          syncproto.TableID = 57
	ConflictEligibility  syncproto.TableID = 58
	TillApproval         syncproto.TableID = 59
	PolicyText           syncproto.TableID = 60
	PublishedFigure      syncproto.TableID = 61
)

// Kinds of sites, which are also the kinds of their devices.
const (
	KindStall   = "stall"
	KindBranch  = "branch"
	KindRooyesh = "rooyesh_centre"
	KindDesk    = "partner_desk"
	KindOutlet  = "outlet"
)

// KindServerDevice is the kind of the server's own devices, which belong to no site.
const KindServerDevice = "server"

// SiteKinds are the kinds a person may choose from.
var SiteKinds = []string{KindStall, KindBranch, KindRooyesh, KindDesk, KindOutlet}

// Names of a catalogue record: three languages, at least one filled (domain §3).
const (
	NameAr syncproto.FieldID = 1
	NameFa syncproto.FieldID = 2
	NameEn syncproto.FieldID = 3

	GroupNames  syncproto.GroupID = 1
	GroupVoided syncproto.GroupID = 15
)

// MaxName bounds a name, in letters.
const MaxName = 200

func names() []Field {
	return []Field{
		{ID: NameAr, Name: "name_ar", Kind: syncproto.Text, Max: MaxName},
		{ID: NameFa, Name: "name_fa", Kind: syncproto.Text, Max: MaxName},
		{ID: NameEn, Name: "name_en", Kind: syncproto.Text, Max: MaxName},
	}
}

func namesGroup() Group {
	return Group{ID: GroupNames, Name: "names", Fields: []syncproto.FieldID{NameAr, NameFa, NameEn}, AtLeastOne: true}
}

// Voided is deletion: a register, so that it can be taken back.
const Voided syncproto.FieldID = 60

func voided() Field { return Field{ID: Voided, Name: "voided", Kind: syncproto.Bool} }
func voidedGroup() Group {
	return Group{ID: GroupVoided, Name: "voided", Fields: []syncproto.FieldID{Voided}}
}

// Fields of organisation, beside its names.
const (
	OrganisationFounded syncproto.FieldID = 4 // first day, or 1 January where the year alone is known

	OrganisationGroupFounded syncproto.GroupID = 2
)

// Fields of site.
const (
	SiteKind   syncproto.FieldID = 4
	SiteZone   syncproto.FieldID = 5
	SiteLang   syncproto.FieldID = 6
	SiteStatus syncproto.FieldID = 7

	SiteGroupKind   syncproto.GroupID = 2
	SiteGroupPlace  syncproto.GroupID = 3
	SiteGroupStatus syncproto.GroupID = 4
)

// Fields of device.
const (
	DeviceSite     syncproto.FieldID = 1 // null for the server's own
	DeviceKind     syncproto.FieldID = 2
	DeviceKey      syncproto.FieldID = 3 // Ed25519 public key
	DevicePrefix   syncproto.FieldID = 4 // its receipt numbers begin with it
	DeviceIssuedAt syncproto.FieldID = 5 // UTC ms
	DeviceLabel    syncproto.FieldID = 6
	DeviceRevoked  syncproto.FieldID = 7 // UTC ms; null while it is not revoked
	DeviceReason   syncproto.FieldID = 8 // why it was revoked
	DeviceCopyOf   syncproto.FieldID = 9 // that it was before it was copied and renamed

	DeviceGroupIdentity syncproto.GroupID = 1
	DeviceGroupLabel    syncproto.GroupID = 2
	DeviceGroupRevoked  syncproto.GroupID = 3
	DeviceGroupCopy     syncproto.GroupID = 4
)

// Fields of user.
const (
	UserSite   syncproto.FieldID = 1
	UserName   syncproto.FieldID = 2
	UserRole   syncproto.FieldID = 3
	UserActive syncproto.FieldID = 4

	UserGroupSite   syncproto.GroupID = 1
	UserGroupName   syncproto.GroupID = 2
	UserGroupRole   syncproto.GroupID = 3
	UserGroupActive syncproto.GroupID = 4
)

// MaxReason bounds what a person writes of why, in letters: a few sentences.
const MaxReason = 500

var sites = []*Table{
	{
		ID: Organisation, Name: "organisation", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeOrg}},
		Fields: append(names(), day(OrganisationFounded, "founded_on", false)),
		Groups: []Group{namesGroup(), {ID: OrganisationGroupFounded, Name: "founded", Fields: []syncproto.FieldID{OrganisationFounded}}},
		Fold:   []syncproto.FieldID{NameAr, NameFa, NameEn},
	},
	{
		ID: Site, Name: "site", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeOrg}},
		Fields: append(names(),
			Field{ID: SiteKind, Name: "kind", Kind: syncproto.Text, Required: true, Form: OneOf, Words: SiteKinds},
			Field{ID: SiteZone, Name: "zone", Kind: syncproto.Text, Required: true, Form: Code, Max: 64}, // IANA name
			Field{ID: SiteLang, Name: "lang", Kind: syncproto.Text, Required: true, Form: OneOf, Words: []string{"ar", "fa", "en"}},
			Field{ID: SiteStatus, Name: "status", Kind: syncproto.Text, Required: true, Form: OneOf, Words: []string{"planned", "under_construction", "active", "closed"}},
		),
		Groups: []Group{
			namesGroup(),
			{ID: SiteGroupKind, Name: "kind", Rule: Once, Fields: []syncproto.FieldID{SiteKind}},
			{ID: SiteGroupPlace, Name: "place", Fields: []syncproto.FieldID{SiteZone, SiteLang}},
			{ID: SiteGroupStatus, Name: "status", Fields: []syncproto.FieldID{SiteStatus}},
		},
		Fold: []syncproto.FieldID{NameAr, NameFa, NameEn},
	},
	{
		ID: Device, Name: "device", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeOrg}},
		Fields: []Field{
			{ID: DeviceSite, Name: "site", Kind: syncproto.Bytes, Ref: Site},
			{ID: DeviceKind, Name: "kind", Kind: syncproto.Text, Required: true, Form: OneOf, Words: append([]string{KindServerDevice}, SiteKinds...)},
			{ID: DeviceKey, Name: "key", Kind: syncproto.Bytes, Required: true, Max: 32},
			{ID: DevicePrefix, Name: "prefix", Kind: syncproto.Text, Form: Code, Max: 16},
			{ID: DeviceIssuedAt, Name: "issued_at", Kind: syncproto.Int},
			{ID: DeviceLabel, Name: "label", Kind: syncproto.Text, Max: MaxName},
			{ID: DeviceRevoked, Name: "revoked_at", Kind: syncproto.Int},
			{ID: DeviceReason, Name: "revoke_reason", Kind: syncproto.Text, Max: MaxReason},
			{ID: DeviceCopyOf, Name: "copy_of", Kind: syncproto.Bytes, Ref: Device},
		},
		Groups: []Group{
			{ID: DeviceGroupIdentity, Name: "identity", Rule: OnceStrict, Fields: []syncproto.FieldID{DeviceSite, DeviceKind, DeviceKey, DevicePrefix, DeviceIssuedAt}},
			{ID: DeviceGroupLabel, Name: "label", Fields: []syncproto.FieldID{DeviceLabel}},
			{ID: DeviceGroupRevoked, Name: "revoked", Fields: []syncproto.FieldID{DeviceRevoked, DeviceReason}},
			{ID: DeviceGroupCopy, Name: "copy", Rule: OnceStrict, Fields: []syncproto.FieldID{DeviceCopyOf}},
		},
	},
	{
		ID: User, Name: "user", Class: syncproto.ClassP, Scopes: []ScopeRule{{Kind: syncproto.ScopeSite, Field: UserSite}}, Movable: true,
		Fields: []Field{
			{ID: UserSite, Name: "site", Kind: syncproto.Bytes, Ref: Site, Required: true},
			{ID: UserName, Name: "name", Kind: syncproto.Text, Required: true, Max: MaxName},
			{ID: UserRole, Name: "role", Kind: syncproto.Text, Required: true, Form: Code, Max: 40},
			{ID: UserActive, Name: "active", Kind: syncproto.Bool, Required: true},
		},
		Groups: []Group{
			{ID: UserGroupSite, Name: "site", Fields: []syncproto.FieldID{UserSite}},
			{ID: UserGroupName, Name: "name", Fields: []syncproto.FieldID{UserName}},
			{ID: UserGroupRole, Name: "role", Fields: []syncproto.FieldID{UserRole}},
			{ID: UserGroupActive, Name: "active", Fields: []syncproto.FieldID{UserActive}},
		},
		Fold: []syncproto.FieldID{UserName},
	},
}
