package server

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	mrand "math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server/oplog/memlog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// looker is head office with made-up people, and nobody but who asks looks at them.
type looker struct {
	t testing.TB
	*Stepped
	made uint16

	applied                                                       map[syncproto.RecordID]bool // who has a membership
	sites, families, fairs, people, workshops, sessions, policies []syncproto.RecordID
}

// present is a moment of which it is the 21st, the 22nd or the 23rd somewhere.
var present = time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)

func newLooker(t testing.TB) *looker {
	st, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	_, org, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, node, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Log: memlog.New(), State: st, OrgKey: org, DeviceKey: node, Now: func() time.Time { return present }, Rand: rand.Reader, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if c.Certificate, err = FirstStart(t.Context(), c, "Organisation of a test"); err != nil {
		t.Fatal(err)
	}
	l := &looker{t: t, applied: map[syncproto.RecordID]bool{}}
	if l.Stepped, err = NewStepped(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return l
}

// ids are some of its own, in the order in which they are asked for.
func (l *looker) ids(n int) (list []syncproto.RecordID) {
	for range n {
		l.made++
		list = append(list, syncproto.RecordID{5: 1, 6: 0x70, 8: 0x80, 9: byte(l.made >> 8), 10: byte(l.made)})
	}
	return list
}

// has makes a record, or writes what it has otherwise; a step that a state machine has not is none.
func (l *looker) has(table syncproto.TableID, id syncproto.RecordID, fields ...syncproto.FieldValue) {
	l.t.Helper()
	if err := l.decide(l.t.Context(), &id, table, fields...); err != nil && refusal.Of(err).Code != refusal.BadStep {
		l.t.Fatal(err)
	}
}

func text(id syncproto.FieldID, s string) syncproto.FieldValue { return typed(id, s) }

func number(id syncproto.FieldID, n int64) syncproto.FieldValue {
	return set(id, syncproto.IntValue(n))
}

func yes(id syncproto.FieldID, b bool) syncproto.FieldValue { return set(id, syncproto.BoolValue(b)) }

func names(id syncproto.FieldID, of syncproto.RecordID) syncproto.FieldValue {
	if of.IsZero() {
		return syncproto.FieldValue{Field: id}
	}
	return set(id, syncproto.IDValue(of))
}

// looks looks at whom changes touched, and then fails where a look at everybody finds more.
func (l *looker) looks(what string) (written int) {
	l.t.Helper()
	before := l.State.Head().Position
	which := l.members.take()
	if _, err := l.look(l.t.Context(), which); err != nil {
		l.t.Fatalf("%s: %v", what, err)
	}
	l.whole(what)
	return int(l.State.Head().Position - before)
}

func (l *looker) whole(what string) {
	l.t.Helper()
	if err := l.State.Read(l.t.Context(), func(r *state.Reader) error {
		more, err := missing(r, &touched{all: true}, present)
		for _, c := range more {
			l.t.Errorf("%s: a look at everybody writes %s %v as well: %v", what, schema.Lookup(c.Table).Name, c.Record, c.Groups)
		}
		return err
	}); err != nil {
		l.t.Fatal(err)
	}
	if l.t.Failed() {
		l.t.FailNow()
	}
}

// papers are all that membership asks of somebody but hours.
func (l *looker) papers(person syncproto.RecordID, site syncproto.RecordID) {
	l.has(schema.Ground, syncproto.DerivedID(1, "ground", person[:]), names(schema.GroundSite, site), names(schema.GroundPerson, person), text(schema.GroundKind, schema.GroundBeneficiary), text(schema.GroundFrom, "2020-01-01"))
	for _, kind := range []string{schema.DocumentIDCard, schema.DocumentPassport, schema.DocumentLicence} {
		l.has(schema.IdentityDocument, schema.DocumentID(person, kind, "X1"), names(schema.DocumentSite, site), names(schema.DocumentPerson, person), text(schema.DocumentKind, kind), text(schema.DocumentNumber, "X1"), text(schema.DocumentExpiresOn, "2030-01-01"))
	}
	l.signs(person, site, l.policies[0])
}

func (l *looker) signs(person, site, policy syncproto.RecordID) {
	l.has(schema.PolicySignature, syncproto.DerivedID(1, "signature", person[:], policy[:]), names(schema.SignatureSite, site), names(schema.SignaturePerson, person), names(schema.SignaturePolicy, policy),
		text(schema.SignatureSignedOn, "2026-01-02"), number(schema.SignatureSignedAt, 1), text(schema.SignatureMethod, "screen"), text(schema.SignatureLang, "ar"),
		set(schema.SignatureImage, syncproto.RootValue(syncproto.Root{1})))
}

// began is when a session of half a day began that is over at present.
var began = present.Add(-12 * time.Hour).UnixMilli()

func (l *looker) scans(session, person, site syncproto.RecordID, kind string, at int64) {
	l.made++
	l.has(schema.Scan, syncproto.DerivedID(at+int64(l.made), "scan", []byte{byte(l.made >> 8), byte(l.made)}, session[:], person[:]), names(schema.ScanSite, site), names(schema.ScanSession, session), names(schema.ScanPerson, person),
		text(schema.ScanKind, kind), number(schema.ScanAt, at), text(schema.ScanSource, "scan"))
}

func (l *looker) settles() {
	l.policies = l.ids(3)
	l.sites, l.families, l.fairs, l.people, l.workshops, l.sessions = l.ids(3), l.ids(3), l.ids(2), l.ids(6), l.ids(2), l.ids(7)
}

// step does one thing at random of all that standings and credits follow from, and says which.
func (l *looker) step(d *mrand.Rand) string {
	any := func(of []syncproto.RecordID) (syncproto.RecordID, int) { n := d.IntN(len(of)); return of[n], n }
	person, p := any(l.people)
	other, o := any(l.people)
	site, s := any(l.sites)
	family, f := any(l.families)
	session, at := any(l.sessions)
	workshop, w := any(l.workshops)
	fair, e := any(l.fairs)
	coin := d.IntN(2) == 0
	switch d.IntN(20) {
	case 0:
		l.has(schema.Person, person, names(schema.PersonSite, site), text(schema.PersonName, "a made-up person"))
		return fmt.Sprintf("person %d is of site %d", p, s)
	case 1, 18:
		if d.IntN(4) == 0 {
			family, f = syncproto.RecordID{}, -1
		}
		state := []string{schema.MemberOpen, schema.MemberOpen, schema.MemberApplied, schema.MemberEnded}[d.IntN(4)]
		if state == schema.MemberEnded && !l.applied[person] {
			state = schema.MemberApplied // none is made ended
		}
		l.applied[person] = true
		l.has(schema.Membership, schema.MembershipID(person), names(schema.MembershipSite, site), names(schema.MembershipPerson, person), names(schema.MembershipFamily, family),
			text(schema.MembershipSince, "2026-01-01"), text(schema.MembershipState, state), text(schema.MembershipReason, "left"))
		return fmt.Sprintf("person %d is a member of family %d at site %d: %s", p, f, s, state)
	case 2:
		l.has(schema.Ground, syncproto.DerivedID(1, "ground", person[:]), names(schema.GroundSite, site), names(schema.GroundPerson, person), text(schema.GroundKind, schema.GroundBeneficiary),
			text(schema.GroundFrom, "2020-01-01"), yes(schema.Voided, coin))
		return fmt.Sprintf("the ground of person %d is void: %v", p, coin)
	case 3:
		l.has(schema.IdentityDocument, schema.DocumentID(person, schema.DocumentPassport, "X1"), names(schema.DocumentSite, site), names(schema.DocumentPerson, person), text(schema.DocumentKind, schema.DocumentPassport),
			text(schema.DocumentNumber, "X1"), text(schema.DocumentExpiresOn, fmt.Sprintf("2026-11-%02d", 19+d.IntN(6))))
		return fmt.Sprintf("person %d has a passport of another day", p)
	case 4:
		policy, n := any(l.policies[:2])
		l.signs(person, site, policy)
		return fmt.Sprintf("person %d signs policy %d", p, n)
	case 5:
		if d.IntN(4) != 0 {
			return "nothing"
		}
		policy := l.policies[1]
		l.has(schema.Policy, policy, text(schema.NameEn, "made-up policies"), number(schema.PolicyVersion, 2), text(schema.PolicyFrom, "2026-10-01"))
		return "a policy is published"
	case 6:
		status := []string{schema.SessionHeld, schema.SessionHeld, schema.SessionCancelled}[d.IntN(3)]
		l.has(schema.WorkshopSession, session, names(schema.SessionSite, l.sites[0]), names(schema.SessionWorkshop, l.workshops[at%2]), number(schema.SessionStartsAt, began+int64(d.IntN(2))*3600_000),
			number(schema.SessionEndsAt, present.UnixMilli()), number(schema.SessionMinutes, 720), text(schema.SessionStatus, status))
		return fmt.Sprintf("session %d was %s", at, status)
	case 7:
		l.has(schema.Workshop, workshop, text(schema.NameEn, "Incense"), text(schema.WorkshopKind, schema.WorkshopPractical), number(schema.WorkshopMinutes, 720), yes(schema.WorkshopCounts, coin))
		return fmt.Sprintf("workshop %d counts: %v", w, coin)
	case 8, 9, 10, 11:
		kind := []string{schema.ScanIn, schema.ScanOut}[d.IntN(2)]
		when := map[string]int64{schema.ScanIn: began, schema.ScanOut: present.UnixMilli()}[kind]
		l.scans(session, person, site, kind, when)
		return fmt.Sprintf("scan %s of person %d in session %d", kind, p, at)
	case 12:
		fields := []syncproto.FieldValue{text(schema.AttendanceVerdict, schema.AttendanceVoid), text(schema.AttendanceReason, "a made-up reason"), {Field: schema.AttendanceOutAt}}
		if coin {
			fields = []syncproto.FieldValue{text(schema.AttendanceVerdict, schema.AttendanceConfirmed), text(schema.AttendanceReason, ""), number(schema.AttendanceOutAt, present.UnixMilli())}
		}
		l.has(schema.Attendance, schema.AttendanceID(session, person), append(fields, names(schema.AttendanceSite, l.sites[0]), names(schema.AttendanceSession, session), names(schema.AttendancePerson, person),
			text(schema.AttendanceBy, "Mariam"), number(schema.AttendanceAt, d.Int64N(10)))...)
		return fmt.Sprintf("person %d in session %d is confirmed: %v", p, at, coin)
	case 13:
		l.made++
		l.has(schema.AttendanceCorrection, syncproto.DerivedID(1, "correction", []byte{byte(l.made >> 8), byte(l.made)}, session[:], person[:]), names(schema.CorrectionSite, site), names(schema.CorrectionSession, session), names(schema.CorrectionPerson, person),
			number(schema.CorrectionWas, 1), number(schema.CorrectionMinutes, []int64{0, 300, 720}[d.IntN(3)]), text(schema.CorrectionReason, "a made-up reason"), text(schema.CorrectionBy, "Mariam"), number(schema.CorrectionAt, d.Int64N(1000)))
		return fmt.Sprintf("person %d in session %d is corrected", p, at)
	case 14, 15:
		if p == o {
			return "nothing"
		}
		l.has(schema.PersonAlias, schema.AliasID(person), names(schema.AliasPerson, person), names(schema.AliasSite, site), names(schema.AliasInto, site), names(schema.AliasOf, other),
			text(schema.AliasBy, "Mariam"), number(schema.AliasAt, 1), yes(schema.Voided, coin))
		return fmt.Sprintf("person %d is person %d, void: %v", p, o, coin)
	case 16:
		if coin {
			l.has(schema.Participation, schema.ParticipationID(fair, family), names(schema.PartFair, fair), names(schema.PartFamily, family), text(schema.PartState, schema.ParticipationApplied))
			return fmt.Sprintf("family %d takes part in fair %d", f, e)
		}
		end := []string{"2026-11-21", "2026-11-23"}[d.IntN(2)]
		l.has(schema.Fair, fair, text(schema.NameEn, "Made-up fair"), text(schema.FairStartsOn, "2026-11-20"), text(schema.FairEndsOn, end))
		return fmt.Sprintf("fair %d ends on %s", e, end)
	case 17: // as head office hears it from who kept it, of a session whose scans it has lost
		at, session = 6, l.ids(1)[0]
		l.sessions[at] = session
		l.has(schema.Credit, schema.CreditID(session, person), names(schema.CreditHome, site), names(schema.CreditSession, session), names(schema.CreditPerson, person), number(schema.CreditStartsAt, began),
			number(schema.CreditEndsAt, present.UnixMilli()), number(schema.CreditEntered, 1), number(schema.CreditMinutes, 720), yes(schema.CreditReview, false), yes(schema.CreditCounts, true))
		if _, err := l.look(l.t.Context(), &touched{all: true}); err != nil {
			l.t.Fatal(err)
		}
		return fmt.Sprintf("session %d is credited to person %d", at, p)
	default:
		zone := []string{"Pacific/Pago_Pago", "Asia/Dubai", "Pacific/Kiritimati"}[d.IntN(3)]
		l.has(schema.Site, site, text(schema.NameEn, "Branch"), text(schema.SiteKind, schema.KindBranch), text(schema.SiteZone, zone), text(schema.SiteLang, "ar"), text(schema.SiteStatus, "active"))
		return fmt.Sprintf("site %d lies in %s", s, zone)
	}
}

// The mapping from what changed to whom it concerns leaves nobody out.
func TestALookAtWhomChangesTouchedWritesWhatALookAtEverybodyWould(t *testing.T) {
	written := 0
	for seed := range uint64(8) {
		l := newLooker(t)
		l.settles()
		d := mrand.New(mrand.NewPCG(seed, 1))
		l.has(schema.Policy, l.policies[0], text(schema.NameEn, "made-up policies"), number(schema.PolicyVersion, 1), text(schema.PolicyFrom, "2026-01-01"))
		for range 60 { // most of which make something
			l.step(d)
		}
		for i, person := range l.people[1:] { // one has less
			l.papers(person, l.sites[0])
			l.scans(l.sessions[i%2], person, l.sites[0], schema.ScanIn, began)
			l.scans(l.sessions[i%2], person, l.sites[0], schema.ScanOut, present.UnixMilli())
		}
		l.looks("at the start")
		for n := range 100 {
			what := ""
			for range 1 + d.IntN(2) {
				what += l.step(d) + "; "
			}
			written += l.looks(fmt.Sprintf("seed %d, step %d: %s", seed, n, what))
		}
	}
	if written < 100 {
		t.Errorf("%d transactions were written: nothing was shown", written)
	}
}
