package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of referral: the unclassified part, which sender and receiver share. Only
// what the sender ticked of a person stands in it (R37); without consent or a legal
// basis it names a case code alone (R36).
const (
	ReferralFrom      syncproto.FieldID = 1 // site
	ReferralTo        syncproto.FieldID = 2 // site
	ReferralPurpose   syncproto.FieldID = 3
	ReferralUrgency   syncproto.FieldID = 4
	ReferralCode      syncproto.FieldID = 5 // case code, always there
	ReferralPerson    syncproto.FieldID = 6 // the sender's record of the person; its id says nothing to others
	ReferralName      syncproto.FieldID = 7 // shared: name
	ReferralPhone     syncproto.FieldID = 8 // shared: phone
	ReferralNote      syncproto.FieldID = 9 // shared: what is asked for
	ReferralConsentBy syncproto.FieldID = 10
	ReferralConsentAt syncproto.FieldID = 11 // UTC ms
	ReferralBasis     syncproto.FieldID = 12 // legal basis instead of consent
	ReferralState     syncproto.FieldID = 13
	ReferralReason    syncproto.FieldID = 14 // of a decline, or of naming another desk
	ReferralOutcome   syncproto.FieldID = 15
	ReferralSentAt    syncproto.FieldID = 16 // UTC ms
	ReferralRedirect  syncproto.FieldID = 17 // site that the receiver names instead of itself
	ReferralReply     syncproto.FieldID = 18 // the sender's, to what the receiver asked
	ReferralQuestion  syncproto.FieldID = 19 // what more the receiver needs

	ReferralGroupRoute   syncproto.GroupID = 1
	ReferralGroupWhat    syncproto.GroupID = 2
	ReferralGroupConsent syncproto.GroupID = 3
	ReferralGroupState   syncproto.GroupID = 4
	ReferralGroupAnswer  syncproto.GroupID = 5
	ReferralGroupSent    syncproto.GroupID = 6
	ReferralGroupReply   syncproto.GroupID = 7
)

// States of a referral. A draft is the sender's own affair: the record that both
// share begins when it is sent.
const (
	ReferralSent       = "sent"
	ReferralReceived   = "received"
	ReferralAccepted   = "accepted"
	ReferralDeclined   = "declined"
	ReferralMoreNeeded = "more_needed" // the receiver asks; the sender replies or withdraws
	ReferralRedirected = "redirected"  // the receiver names another desk; the sender sends it there anew
	ReferralCompleted  = "completed"
	ReferralWithdrawn  = "withdrawn"
	ReferralSeen       = "seen_closed"
)

// awaiting are the states in which a receiver may find a referral that it has not
// answered: delivered and overdue are set by the server, which a desk that is offline
// does not wait for.
var awaiting = []string{ReferralSent, "delivered", ReferralReceived, "overdue"}

func referralMachine() *Machine {
	m := &Machine{
		Initial: []string{ReferralSent},
		Waiting: awaiting,
		Arrows: []Arrow{
			{ReferralSent, "delivered"}, {"delivered", "overdue"}, {ReferralReceived, "overdue"},
			{ReferralMoreNeeded, ReferralReceived}, {ReferralMoreNeeded, ReferralWithdrawn},
			// A route is written once, and consent is asked anew: the sender makes a
			// referral to the other desk and closes this one.
			{ReferralRedirected, ReferralSeen}, {ReferralRedirected, ReferralWithdrawn},
			{ReferralDeclined, ReferralSeen},
			{ReferralAccepted, "in_service"}, {ReferralAccepted, "lost_contact"},
			{"in_service", ReferralCompleted}, {"in_service", "lost_contact"},
			{ReferralCompleted, ReferralSeen},
			{"lost_contact", "in_service"}, {"lost_contact", ReferralCompleted},
		},
	}
	for _, from := range awaiting {
		for _, to := range []string{ReferralReceived, ReferralAccepted, ReferralDeclined, ReferralMoreNeeded, ReferralRedirected, ReferralWithdrawn} {
			if from != to {
				m.Arrows = append(m.Arrows, Arrow{from, to})
			}
		}
	}
	for _, left := range awaiting {
		// Accept against withdraw: accept wins, in both orders.
		m.Clashes = append(m.Clashes,
			Clash{left, ReferralAccepted, ReferralWithdrawn, ReferralAccepted},
			Clash{left, ReferralWithdrawn, ReferralAccepted, ReferralAccepted},
			Clash{left, ReferralWithdrawn, ReferralDeclined, ReferralDeclined},
			Clash{left, ReferralDeclined, ReferralWithdrawn, ReferralWithdrawn})
		// A question, or another desk, against withdraw: it is withdrawn, in both orders.
		for _, asked := range []string{ReferralMoreNeeded, ReferralRedirected} {
			m.Clashes = append(m.Clashes,
				Clash{left, asked, ReferralWithdrawn, ReferralWithdrawn},
				Clash{left, ReferralWithdrawn, asked, ReferralWithdrawn})
		}
	}
	// Two devices of the sender, one replies and one withdraws: it is withdrawn.
	m.Clashes = append(m.Clashes,
		Clash{ReferralMoreNeeded, ReferralReceived, ReferralWithdrawn, ReferralWithdrawn},
		Clash{ReferralMoreNeeded, ReferralWithdrawn, ReferralReceived, ReferralWithdrawn})
	return m
}

var referralStates = referralMachine()

var referrals = []*Table{
	{
		ID: Referral, Name: "referral", Class: syncproto.ClassP,
		Scopes: []ScopeRule{{Kind: syncproto.ScopeDesk, Field: ReferralFrom}, {Kind: syncproto.ScopeDesk, Field: ReferralTo}},
		Fields: []Field{
			{ID: ReferralFrom, Name: "from_site", Kind: syncproto.Bytes, Ref: Site, Required: true},
			{ID: ReferralTo, Name: "to_site", Kind: syncproto.Bytes, Ref: Site, Required: true},
			{ID: ReferralPurpose, Name: "purpose", Kind: syncproto.Text, Required: true, Form: OneOf, Words: []string{"loan", "exam", "job", "support", "case", "other"}},
			{ID: ReferralUrgency, Name: "urgency", Kind: syncproto.Text, Required: true, Form: OneOf, Words: []string{"normal", "urgent", "emergency"}},
			{ID: ReferralCode, Name: "case_code", Kind: syncproto.Text, Required: true, Form: Code, Max: 40},
			{ID: ReferralPerson, Name: "person", Kind: syncproto.Bytes, Ref: Person},
			{ID: ReferralName, Name: "shared_name", Kind: syncproto.Text, Max: MaxName},
			{ID: ReferralPhone, Name: "shared_phone", Kind: syncproto.Text, Form: Code, Max: 24},
			{ID: ReferralNote, Name: "note", Kind: syncproto.Text, Max: 2000},
			{ID: ReferralConsentBy, Name: "consent_by", Kind: syncproto.Text, Max: MaxName},
			{ID: ReferralConsentAt, Name: "consent_at", Kind: syncproto.Int},
			{ID: ReferralBasis, Name: "legal_basis", Kind: syncproto.Text, Max: MaxName},
			{ID: ReferralState, Name: "state", Kind: syncproto.Text, Required: true, Form: OneOf, Words: referralStates.words()},
			{ID: ReferralReason, Name: "reason", Kind: syncproto.Text, Max: MaxReason},
			{ID: ReferralOutcome, Name: "outcome", Kind: syncproto.Text, Max: MaxReason},
			{ID: ReferralSentAt, Name: "sent_at", Kind: syncproto.Int},
			{ID: ReferralRedirect, Name: "redirect_to", Kind: syncproto.Bytes, Ref: Site},
			{ID: ReferralReply, Name: "reply", Kind: syncproto.Text, Max: MaxReason},
			{ID: ReferralQuestion, Name: "question", Kind: syncproto.Text, Max: MaxReason},
		},
		Groups: []Group{
			{ID: ReferralGroupRoute, Name: "route", Rule: OnceStrict, Fields: []syncproto.FieldID{ReferralFrom, ReferralTo}},
			{ID: ReferralGroupWhat, Name: "what", Fields: []syncproto.FieldID{ReferralPurpose, ReferralUrgency, ReferralCode, ReferralPerson, ReferralName, ReferralPhone, ReferralNote}},
			{ID: ReferralGroupConsent, Name: "consent", Fields: []syncproto.FieldID{ReferralConsentBy, ReferralConsentAt, ReferralBasis}},
			{ID: ReferralGroupState, Name: "state", Rule: State, Fields: []syncproto.FieldID{ReferralState}, Machine: referralStates},
			{ID: ReferralGroupAnswer, Name: "answer", Fields: []syncproto.FieldID{ReferralReason, ReferralOutcome, ReferralRedirect, ReferralQuestion}},
			{ID: ReferralGroupSent, Name: "sent", Fields: []syncproto.FieldID{ReferralSentAt}},
			{ID: ReferralGroupReply, Name: "reply", Fields: []syncproto.FieldID{ReferralReply}},
		},
		Whole: wholeReferral,
	},
}

// wholeReferral holds a referral that leaves its sender to the consent guard (R36): a
// name or phone goes only with consent, by whom and when, or a named legal basis.
func wholeReferral(t *Table, v Values) *Flaw {
	personal := !t.Of(v, ReferralName).IsNull() || !t.Of(v, ReferralPhone).IsNull()
	consent := !t.Of(v, ReferralConsentBy).IsNull() && !t.Of(v, ReferralConsentAt).IsNull()
	if personal && !consent && t.Of(v, ReferralBasis).IsNull() {
		return &Flaw{Kind: FlawConsent, Field: "consent_by", Detail: "is missing: names a person without consent or a legal basis"}
	}
	return nil
}
