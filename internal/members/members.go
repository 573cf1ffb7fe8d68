// Package members reads from records what the eligibility of people is decided from, alike
// on both sides: at a branch its own people, at head office all. What follows from it is
// computed by syncproto/rules (R1).
package members

import (
	"slices"
	"time"
	_ "time/tzdata" // days are those of a site's zone, on any machine

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Reader is a snapshot of records.
type Reader interface {
	Get(table syncproto.TableID, id syncproto.RecordID) (*records.Row, error)
	Each(table syncproto.TableID, f func(*records.Row) error) error
}

// Member is a person with all that is known of its eligibility. What was recorded under
// another record of the same person is read as its own.
type Member struct {
	Person      syncproto.RecordID
	Membership  *records.Row // nil: has not applied
	Grounds     []*records.Row
	Documents   []*records.Row
	Signatures  []*records.Row
	Sessions    []rules.Credited
	Corrections []rules.Correction

	facts rules.Facts // without the minutes, which depend on the day
}

// Book is everybody of whom anything is known that membership asks for.
type Book struct {
	Policies []rules.PolicyFrom
	Of       map[syncproto.RecordID]*Member

	aliases rules.Aliases
}

// Read reads all that is there.
func Read(r Reader) (*Book, error) {
	return read(r, func(syncproto.RecordID) (bool, error) { return false, nil })
}

// read reads a snapshot. scanned says of a session that has no scan in it whether it has one
// beside it.
func read(r Reader, scanned func(session syncproto.RecordID) (bool, error)) (*Book, error) {
	aliases, err := Aliases(r)
	if err != nil {
		return nil, err
	}
	b := &Book{Of: map[syncproto.RecordID]*Member{}, aliases: aliases}
	for _, step := range []struct {
		table syncproto.TableID
		take  func(*records.Row)
	}{
		{schema.Policy, func(row *records.Row) {
			b.Policies = append(b.Policies, rules.PolicyFrom{ID: row.ID, Version: row.Of(schema.PolicyVersion).Int(), From: row.Of(schema.PolicyFrom).Text()})
		}},
		{schema.Membership, func(row *records.Row) { b.take(row) }},
		{schema.Ground, func(row *records.Row) {
			m := b.of(row.Of(schema.GroundPerson).ID())
			m.Grounds = append(m.Grounds, row)
			m.facts.Grounds = append(m.facts.Grounds, rules.Span{From: row.Of(schema.GroundFrom).Text(), To: row.Of(schema.GroundTo).Text()})
		}},
		{schema.IdentityDocument, func(row *records.Row) { b.of(row.Of(schema.DocumentPerson).ID()).document(row) }},
		{schema.PolicySignature, func(row *records.Row) {
			m := b.of(row.Of(schema.SignaturePerson).ID())
			m.Signatures = append(m.Signatures, row)
			m.facts.Signatures = append(m.facts.Signatures, rules.Signed{Policy: row.Of(schema.SignaturePolicy).ID(), On: row.Of(schema.SignatureSignedOn).Text()})
		}},
	} {
		if err := r.Each(step.table, func(row *records.Row) error {
			if !row.Of(schema.Voided).Bool() {
				step.take(row)
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	if err := b.readHours(r, scanned); err != nil {
		return nil, err
	}
	for _, m := range b.Of {
		m.facts.Policies = b.Policies
	}
	return b, nil
}

// Person is who a person is read as.
func (b *Book) Person(id syncproto.RecordID) syncproto.RecordID { return rules.Merged(b.aliases, id) }

// of is the member that a person is read as, made where there is none yet.
func (b *Book) of(person syncproto.RecordID) *Member {
	person = b.Person(person)
	m := b.Of[person]
	if m == nil {
		m = &Member{Person: person}
		b.Of[person] = m
	}
	return m
}

// take keeps a membership. Of one person's that were made under two records, its own
// stands over another's, and one that goes on over one that ended.
func (b *Book) take(row *records.Row) {
	m := b.of(row.Of(schema.MembershipPerson).ID())
	if have := m.Membership; have == nil || rank(m, row) > rank(m, have) {
		m.Membership = row
	}
}

func rank(m *Member, row *records.Row) (n int) {
	if row.Of(schema.MembershipState).Text() != schema.MemberEnded {
		n += 2
	}
	if row.Of(schema.MembershipPerson).ID() == m.Person {
		n++
	}
	return n
}

func (m *Member) document(row *records.Row) {
	m.Documents = append(m.Documents, row)
	of := map[string]*[]rules.Document{schema.DocumentLicence: &m.facts.Licences, schema.DocumentIDCard: &m.facts.IDCards, schema.DocumentPassport: &m.facts.Passports}[row.Of(schema.DocumentKind).Text()]
	if of != nil {
		*of = append(*of, Paper(row))
	}
}

// Paper is a document as rules take it.
func Paper(row *records.Row) rules.Document {
	return rules.Document{IssuedOn: row.Of(schema.DocumentIssuedOn).Text(), ExpiresOn: row.Of(schema.DocumentExpiresOn).Text()}
}

// Facts are what is known of a person as it was on a day of a zone: hours count from the
// day on which their session ended.
func (m *Member) Facts(d rules.Day, zone *time.Location) *rules.Facts {
	f := m.facts
	_, f.Minutes = m.Hours(d, zone)
	return &f
}

// Hours adds up the sessions that were over by the end of a day.
func (m *Member) Hours(d rules.Day, zone *time.Location) (lines []rules.HoursLine, minutes int64) {
	var over []rules.Credited
	for _, s := range m.Sessions {
		if rules.DayIn(s.EndsAt, zone) <= d {
			over = append(over, s)
		}
	}
	return rules.Hours(over, m.Corrections)
}

// State is the state that the membership is in on a day, with the last day on which the
// person is eligible where it is. It is empty for somebody who has not applied.
func (m *Member) State(d rules.Day, zone *time.Location) (state string, until rules.Day) {
	switch {
	case m.Membership == nil:
		return "", ""
	case m.Membership.Of(schema.MembershipState).Text() == schema.MemberEnded:
		return schema.MemberEnded, ""
	}
	return rules.MemberState(m.Facts(d, zone), d, m.was(d, zone))
}

// was says whether the person has been eligible before a day: then a condition that fails
// suspends. Whoever was eligible stopped on a day on which a paper, a ground or a version
// ended, so these are looked at.
func (m *Member) was(d rules.Day, zone *time.Location) bool {
	switch m.Membership.Of(schema.MembershipState).Text() {
	case schema.MemberEligible, schema.MemberAtRisk, schema.MemberSuspended:
		return true
	}
	var ends []rules.Day
	for _, kind := range [][]rules.Document{m.facts.Licences, m.facts.IDCards, m.facts.Passports} {
		for _, p := range kind {
			ends = append(ends, p.ExpiresOn)
		}
	}
	for _, g := range m.facts.Grounds {
		ends = append(ends, g.To)
	}
	for _, p := range m.facts.Policies {
		ends = append(ends, rules.AddDays(p.From, -1))
	}
	return slices.ContainsFunc(ends, func(e rules.Day) bool {
		return e != "" && e < d && rules.Eligible(m.Facts(e, zone), e)
	})
}

// Family is the family that the member belongs to, zero where there is none.
func (m *Member) Family() syncproto.RecordID {
	if m.Membership == nil {
		return syncproto.RecordID{}
	}
	return m.Membership.Of(schema.MembershipFamily).ID()
}

// Families are the members of each family, in the order of persons.
func (b *Book) Families() map[syncproto.RecordID][]*Member {
	families := map[syncproto.RecordID][]*Member{}
	for _, m := range b.Of {
		if f := m.Family(); !f.IsZero() {
			families[f] = append(families[f], m)
		}
	}
	for _, list := range families {
		slices.SortFunc(list, func(a, b *Member) int { return compareIDs(a.Person, b.Person) })
	}
	return families
}

// Standing is what a stall is told of a family on a day: a state, and the last day of the
// run of days on which it has an eligible member. No word of it says why (R40).
func Standing(family []*Member, d rules.Day, zone *time.Location) (state string, until rules.Day) {
	ranks := []string{schema.MemberEnded, schema.MemberOpen, schema.MemberProvisional, schema.MemberSuspended}
	var going []*rules.Facts
	best := 0
	for _, m := range family {
		s, _ := m.State(d, zone)
		best = max(best, slices.Index(ranks, s))
		if s != schema.MemberEnded {
			going = append(going, m.Facts(d, zone))
		}
	}
	if until, ok := rules.FamilyUntil(going, d); ok {
		return schema.MemberEligible, until
	}
	return ranks[best], ""
}
