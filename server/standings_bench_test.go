package server

import (
	"slices"
	"testing"

	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Sizes of a made-up organisation after some years.
const (
	benchFamilies   = 10_000 // with a member each
	benchScans      = 200_000
	benchAttendees  = 30 // of a session
	benchSites      = 50
	benchAtOnce     = 1_000 // records of a transaction
	benchSessionsMS = 3 * 60 * 60_000
)

// crowd is an organisation of which everybody was looked at.
func crowd(b *testing.B) *looker {
	l := newLooker(b)
	var changes []syncproto.Change
	made := int64(1)
	makes := func(table syncproto.TableID, fields ...syncproto.FieldValue) (id syncproto.RecordID) {
		made++
		id = syncproto.DerivedID(made, "made up", []byte{byte(made), byte(made >> 8), byte(made >> 16)})
		changes = append(changes, create(table, id, fields...))
		return id
	}
	for range benchSites {
		l.sites = append(l.sites, makes(schema.Site, text(schema.NameEn, "Branch"), text(schema.SiteKind, schema.KindBranch), text(schema.SiteZone, "Asia/Dubai"), text(schema.SiteLang, "ar"), text(schema.SiteStatus, "active")))
	}
	policy := makes(schema.Policy, text(schema.NameEn, "made-up policies"), number(schema.PolicyVersion, 1), text(schema.PolicyFrom, "2026-01-01"))
	workshop := makes(schema.Workshop, text(schema.NameEn, "Incense"), text(schema.WorkshopKind, schema.WorkshopPractical), number(schema.WorkshopMinutes, 120), yes(schema.WorkshopCounts, true))
	for i := range benchFamilies {
		site := l.sites[i%benchSites]
		family := makes(schema.Family, text(schema.NameEn, "Made-up family"), names(schema.FamilyBranch, site))
		person := makes(schema.Person, names(schema.PersonSite, site), text(schema.PersonName, "a made-up person"))
		l.families, l.people = append(l.families, family), append(l.people, person)
		makes(schema.Membership, names(schema.MembershipSite, site), names(schema.MembershipPerson, person), names(schema.MembershipFamily, family), text(schema.MembershipSince, "2026-01-01"), text(schema.MembershipState, schema.MemberOpen))
		makes(schema.Ground, names(schema.GroundSite, site), names(schema.GroundPerson, person), text(schema.GroundKind, schema.GroundBeneficiary), text(schema.GroundFrom, "2020-01-01"))
		for _, kind := range []string{schema.DocumentIDCard, schema.DocumentPassport, schema.DocumentLicence} {
			makes(schema.IdentityDocument, names(schema.DocumentSite, site), names(schema.DocumentPerson, person), text(schema.DocumentKind, kind), text(schema.DocumentNumber, "X1"), text(schema.DocumentExpiresOn, "2030-01-01"))
		}
		makes(schema.PolicySignature, names(schema.SignatureSite, site), names(schema.SignaturePerson, person), names(schema.SignaturePolicy, policy), text(schema.SignatureSignedOn, "2026-01-02"),
			number(schema.SignatureSignedAt, 1), text(schema.SignatureMethod, "screen"), text(schema.SignatureLang, "ar"), set(schema.SignatureImage, syncproto.RootValue(syncproto.Root{1})))
	}
	for i := range benchScans / 2 {
		nth := i / benchAttendees
		site, begins := l.sites[nth%benchSites], began-int64(nth)*benchSessionsMS
		if i%benchAttendees == 0 {
			l.sessions = append(l.sessions, makes(schema.WorkshopSession, names(schema.SessionSite, site), names(schema.SessionWorkshop, workshop), number(schema.SessionStartsAt, begins),
				number(schema.SessionEndsAt, begins+2*60*60_000), number(schema.SessionMinutes, 120), text(schema.SessionStatus, schema.SessionHeld)))
		}
		for kind, at := range map[string]int64{schema.ScanIn: begins, schema.ScanOut: begins + 2*60*60_000} {
			makes(schema.Scan, names(schema.ScanSite, site), names(schema.ScanSession, l.sessions[nth]), names(schema.ScanPerson, l.people[i*7919%benchFamilies]), text(schema.ScanKind, kind), number(schema.ScanAt, at), text(schema.ScanSource, "scan"))
		}
	}
	for some := range slices.Chunk(changes, benchAtOnce) {
		if err := l.recordSeen(b.Context(), decisions, nil, some...); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := l.look(b.Context(), &touched{all: true}); err != nil {
		b.Fatal(err)
	}
	l.members.take()
	return l
}

// BenchmarkLook is what a look costs after one scan, with the credit that it writes, and what
// one at everybody costs that writes nothing.
func BenchmarkLook(b *testing.B) {
	l := crowd(b)
	b.Run("one scan", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			b.StopTimer()
			session, person := l.sessions[n*31%len(l.sessions)], l.people[n*577%benchFamilies]
			l.made++
			l.has(schema.Scan, syncproto.DerivedID(int64(1_000_000+n), "scan", session[:], person[:]), names(schema.ScanSite, l.sites[0]), names(schema.ScanSession, session), names(schema.ScanPerson, person),
				text(schema.ScanKind, schema.ScanIn), number(schema.ScanAt, began), text(schema.ScanSource, "scan"))
			b.StartTimer()
			if _, err := l.look(b.Context(), l.members.take()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("everybody", func(b *testing.B) {
		for b.Loop() {
			if err := l.State.Read(b.Context(), func(r *state.Reader) error {
				more, err := missing(r, &touched{all: true}, present)
				if len(more) > 0 {
					b.Errorf("%d changes are missing", len(more))
				}
				return err
			}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
