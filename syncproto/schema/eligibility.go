package schema

import "github.com/rawaj/rawaj/syncproto"

// What the eligibility of a person is decided from (R1): class E, and with the branch that
// looks after it. None of it leaves for a stall, which knows a Standing.

// Fields of identity_document: a paper that was seen (DocumentID).
const (
	DocumentSite       syncproto.FieldID = 1 // home branch
	DocumentPerson     syncproto.FieldID = 2
	DocumentKind       syncproto.FieldID = 3
	DocumentNumber     syncproto.FieldID = 4
	DocumentIssuedOn   syncproto.FieldID = 5
	DocumentExpiresOn  syncproto.FieldID = 6 // last day printed on it (R3)
	DocumentImage      syncproto.FieldID = 7
	DocumentVerifiedBy syncproto.FieldID = 8
	DocumentVerifiedOn syncproto.FieldID = 9

	DocumentGroupSite     syncproto.GroupID = 1
	DocumentGroupWhat     syncproto.GroupID = 2
	DocumentGroupDates    syncproto.GroupID = 3
	DocumentGroupImage    syncproto.GroupID = 4
	DocumentGroupVerified syncproto.GroupID = 5
)

// Kinds of documents that membership asks for.
const (
	DocumentIDCard   = "id_card"
	DocumentPassport = "passport"
	DocumentLicence  = "licence" // of the economic department; the client says what it is called
)

// Fields of ground: why somebody may be a member at all (M1), from a day to a day.
const (
	GroundSite        syncproto.FieldID = 1 // home branch
	GroundPerson      syncproto.FieldID = 2
	GroundKind        syncproto.FieldID = 3
	GroundDependantOf syncproto.FieldID = 4 // person
	GroundFrom        syncproto.FieldID = 5
	GroundTo          syncproto.FieldID = 6 // last day; null: no end known
	GroundConfirmedBy syncproto.FieldID = 7
	GroundConfirmedOn syncproto.FieldID = 8

	GroundGroupSite      syncproto.GroupID = 1
	GroundGroupWhat      syncproto.GroupID = 2
	GroundGroupDates     syncproto.GroupID = 3
	GroundGroupConfirmed syncproto.GroupID = 4
)

// Kinds of grounds. There are two where the conditions name three: who lives in a home of
// the department is a beneficiary here, as whoever gets its money is, so that nothing of
// this class tells the two apart (R40).
const (
	GroundBeneficiary = "beneficiary"
	GroundDependant   = "dependant"
)

// Fields of policy: one version of the centre's policies and procedures.
const (
	PolicyVersion syncproto.FieldID = 4 // counts from 1
	PolicyFrom    syncproto.FieldID = 5 // first day it is in force

	PolicyGroupWhat syncproto.GroupID = 2
)

// Fields of policy_text: what a policy says in one language. Its id is a child of the
// policy's. It never changes: another text is another version.
const (
	PolicyTextPolicy syncproto.FieldID = 1
	PolicyTextLang   syncproto.FieldID = 2
	PolicyTextText   syncproto.FieldID = 3

	PolicyTextGroupWhat syncproto.GroupID = 1
)

// Fields of policy_signature.
const (
	SignatureSite     syncproto.FieldID = 1 // home branch
	SignaturePerson   syncproto.FieldID = 2
	SignaturePolicy   syncproto.FieldID = 3
	SignatureSignedOn syncproto.FieldID = 4
	SignatureSignedAt syncproto.FieldID = 5
	SignatureMethod   syncproto.FieldID = 6
	SignatureImage    syncproto.FieldID = 7
	SignatureWitness  syncproto.FieldID = 8
	SignatureLang     syncproto.FieldID = 9 // that the text was read in

	SignatureGroupSite syncproto.GroupID = 1
	SignatureGroupWhat syncproto.GroupID = 2
)

// maxPolicy bounds the text of a policy in one language, in letters: as many as one value
// may hold at four bytes each, some two pages.
const maxPolicy = syncproto.MaxText / 4

var eligibility = []*Table{
	{
		ID: IdentityDocument, Name: "identity_document", Class: syncproto.ClassE, Scopes: atSite(DocumentSite), Movable: true,
		Fields: []Field{
			ref(DocumentSite, "site", Site, true),
			ref(DocumentPerson, "person", Person, true),
			required(oneOf(DocumentKind, "kind", DocumentIDCard, DocumentPassport, DocumentLicence, "other")),
			required(code(DocumentNumber, "number", 40)),
			day(DocumentIssuedOn, "issued_on", false),
			day(DocumentExpiresOn, "expires_on", true),
			attachment(DocumentImage, "image"),
			text(DocumentVerifiedBy, "verified_by", MaxName),
			day(DocumentVerifiedOn, "verified_on", false),
			voided(),
		},
		Groups: []Group{
			{ID: DocumentGroupSite, Name: "site", Fields: []syncproto.FieldID{DocumentSite}},
			{ID: DocumentGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{DocumentPerson, DocumentKind, DocumentNumber}},
			{ID: DocumentGroupDates, Name: "dates", Fields: []syncproto.FieldID{DocumentIssuedOn, DocumentExpiresOn}},
			{ID: DocumentGroupImage, Name: "image", Fields: []syncproto.FieldID{DocumentImage}},
			{ID: DocumentGroupVerified, Name: "verified", Fields: []syncproto.FieldID{DocumentVerifiedBy, DocumentVerifiedOn}, Together: true},
			voidedGroup(),
		},
		Whole: inOrder(DocumentIssuedOn, DocumentExpiresOn),
	},
	{
		ID: Ground, Name: "ground", Class: syncproto.ClassE, Scopes: atSite(GroundSite), Movable: true,
		Fields: []Field{
			ref(GroundSite, "site", Site, true),
			ref(GroundPerson, "person", Person, true),
			required(oneOf(GroundKind, "kind", GroundBeneficiary, GroundDependant)),
			ref(GroundDependantOf, "dependant_of", Person, false),
			day(GroundFrom, "from_day", true),
			day(GroundTo, "to_day", false),
			text(GroundConfirmedBy, "confirmed_by", MaxName),
			day(GroundConfirmedOn, "confirmed_on", false),
			voided(),
		},
		Groups: []Group{
			{ID: GroundGroupSite, Name: "site", Fields: []syncproto.FieldID{GroundSite}},
			{ID: GroundGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{GroundPerson, GroundKind, GroundDependantOf}},
			{ID: GroundGroupDates, Name: "dates", Fields: []syncproto.FieldID{GroundFrom, GroundTo}},
			{ID: GroundGroupConfirmed, Name: "confirmed", Fields: []syncproto.FieldID{GroundConfirmedBy, GroundConfirmedOn}, Together: true},
			voidedGroup(),
		},
		Whole: inOrder(GroundFrom, GroundTo),
	},
	{
		ID: Policy, Name: "policy", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeOrg}},
		Fields: append(names(),
			count(PolicyVersion, "version", 1, 1<<31, true),
			day(PolicyFrom, "from_day", true),
		),
		Groups: []Group{
			namesGroup(),
			{ID: PolicyGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{PolicyVersion, PolicyFrom}},
		},
	},
	{
		ID: PolicySignature, Name: "policy_signature", Class: syncproto.ClassE, Scopes: atSite(SignatureSite), Movable: true,
		Fields: []Field{
			ref(SignatureSite, "site", Site, true),
			ref(SignaturePerson, "person", Person, true),
			ref(SignaturePolicy, "policy", Policy, true),
			day(SignatureSignedOn, "signed_on", true),
			instant(SignatureSignedAt, "signed_at", true),
			required(oneOf(SignatureMethod, "method", "screen", "paper")),
			required(attachment(SignatureImage, "image")),
			text(SignatureWitness, "witness", MaxName),
			required(oneOf(SignatureLang, "lang", "ar", "fa", "en")),
		},
		Groups: []Group{
			{ID: SignatureGroupSite, Name: "site", Fields: []syncproto.FieldID{SignatureSite}},
			{ID: SignatureGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{SignaturePerson, SignaturePolicy, SignatureSignedOn, SignatureSignedAt, SignatureMethod, SignatureImage, SignatureWitness, SignatureLang}},
		},
	},
}

// inOrder wants the second of two days, where both are there, not before the first.
func inOrder(from, to syncproto.FieldID) func(*Table, Values) *Flaw {
	return func(t *Table, v Values) *Flaw {
		a, b := t.Of(v, from).Text(), t.Of(v, to).Text()
		if a != "" && b != "" && b < a {
			return &Flaw{Kind: FlawTimes, Field: t.Fields[t.Index(to)].Name, Detail: "is before its start"}
		}
		return nil
	}
}

var policyTexts = []*Table{{
	ID: PolicyText, Name: "policy_text", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeOrg}}, Child: PolicyTextPolicy,
	Fields: []Field{
		ref(PolicyTextPolicy, "policy", Policy, true),
		required(oneOf(PolicyTextLang, "lang", "ar", "fa", "en")),
		required(text(PolicyTextText, "text", maxPolicy)),
	},
	Groups: []Group{{ID: PolicyTextGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{PolicyTextPolicy, PolicyTextLang, PolicyTextText}}},
}}
