package client

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func (c *Client) memberRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/members", Summary: "Members and applicants as they stand on a day; today where none is given", Query: []string{"on", "state"}, Response: []MemberShown{}, Handle: c.apiMembers},
		{Method: "POST", Path: "/api/members", Summary: "Record that a person applies for membership, and its family", Request: applyRequest{}, Response: madeAnswer{}, Handle: c.apiApply},
		{Method: "GET", Path: "/api/members/{id}", Summary: "All that a person's eligibility follows from, as it stands on a day", Query: []string{"on"}, Response: MemberFile{}, Handle: c.apiMember},
		{Method: "POST", Path: "/api/members/{id}/end", Summary: "End a person's membership", Request: endRequest{}, Response: madeAnswer{}, Handle: c.apiEndMembership},
		{Method: "POST", Path: "/api/members/{id}/grounds", Summary: "Record why a person may be a member", Request: groundRequest{}, Response: madeAnswer{}, Handle: c.apiAddGround},
		{Method: "POST", Path: "/api/grounds/{id}/dates", Summary: "Change when a ground begins and ends", Request: datesRequest{}, Response: madeAnswer{}, Handle: c.apiGroundDates},
		{Method: "POST", Path: "/api/grounds/{id}/void", Summary: "Take back a ground that was recorded by mistake", Response: madeAnswer{}, Handle: c.apiVoidOf(schema.Ground)},
		{Method: "POST", Path: "/api/members/{id}/documents", Summary: "Record a paper that was seen, or its new dates", Request: documentRequest{}, Response: madeAnswer{}, Handle: c.apiAddDocument},
		{Method: "POST", Path: "/api/documents/{id}/void", Summary: "Take back a paper that was recorded by mistake", Response: madeAnswer{}, Handle: c.apiVoidOf(schema.IdentityDocument)},
		{Method: "GET", Path: "/api/documents/expiring", Summary: "Papers that run out within some days, 30 where none are given", Query: []string{"on", "days"}, Response: []ExpiringDocument{}, Handle: c.apiExpiring},
		{Method: "GET", Path: "/api/standings", Summary: "What is known here of the eligibility of families, as it stands on a day", Query: []string{"on"}, Response: []StandingShown{}, Handle: c.apiStandings},
	}
}

// ConditionShown is one of the five lights (R1).
type ConditionShown struct {
	Name    string `json:"name"`            // ground, licence, identity, signature or hours
	Light   string `json:"light"`           // met, failed or unknown
	Until   string `json:"until,omitempty"` // last day on which it is met, by what is known
	Since   string `json:"since,omitempty"` // last day on which it was met, where it failed
	Missing int64  `json:"missing_minutes,omitempty"`
}

// MemberShown is a member as it stands on a day.
type MemberShown struct {
	Person     syncproto.RecordID `json:"person"`
	Name       string             `json:"name"`
	Family     syncproto.RecordID `json:"family"`
	State      string             `json:"state"` // empty: has not applied
	Until      string             `json:"eligible_until,omitempty"`
	Conditions []ConditionShown   `json:"conditions"`
	Minutes    int64              `json:"minutes"` // that count
	Hours      string             `json:"hours"`   // the same, as 11:59 (R5)
}

// dayOf is the day that a request asks about.
func (c *Client) dayOf(r *http.Request) (day string, zone *time.Location, err error) {
	return c.dayOn(r.URL.Query().Get("on"))
}

// dayOn is a day at this site: today where none is given.
func (c *Client) dayOn(on string) (day string, zone *time.Location, err error) {
	if c.Store.Identity() == nil {
		return "", nil, store.ErrNotEnrolled
	}
	today, _, err := c.at(c.corrected(c.Now()))
	if err != nil {
		return "", nil, err
	}
	if day = on; day == "" {
		day = today
	}
	if !schema.ValidDay(day) {
		return "", nil, refusal.Parameter("on", "%q is no day such as 2026-11-30", day)
	}
	return day, c.zone.Load(), nil
}

// book answers a request about a day from all that is known of members here.
func (c *Client) book(w http.ResponseWriter, r *http.Request, f func(rd *store.Reader, b *members.Book, day string, zone *time.Location) (any, error)) {
	var answer any
	day, zone, err := c.dayOf(r)
	if err == nil {
		err = c.Store.Read(r.Context(), func(rd *store.Reader) error {
			b, err := members.Read(rd)
			if err != nil {
				return err
			}
			answer, err = f(rd, b, day, zone)
			return err
		})
	}
	localapi.Answer(w, answer, err)
}

func shownMember(rd *store.Reader, b *members.Book, m *members.Member, day string, zone *time.Location) (MemberShown, error) {
	facts := m.Facts(day, zone)
	s := MemberShown{Person: m.Person, Family: m.Family(), Minutes: facts.Minutes, Hours: rules.HoursText(facts.Minutes), Conditions: []ConditionShown{}}
	s.State, s.Until = m.State(day, zone)
	for _, c := range rules.Conditions(facts, day) {
		s.Conditions = append(s.Conditions, ConditionShown{c.Name, string(c.Light), c.Until, c.Since, c.Missing})
	}
	var err error
	s.Name, err = b.Name(rd, m.Person)
	return s, err
}

// memberStates are the states that a member is shown in.
var memberStates = []string{schema.MemberOpen, schema.MemberProvisional, schema.MemberEligible, schema.MemberAtRisk, schema.MemberSuspended, schema.MemberEnded}

func (c *Client) apiMembers(w http.ResponseWriter, r *http.Request) {
	c.book(w, r, func(rd *store.Reader, b *members.Book, day string, zone *time.Location) (any, error) {
		list, want := []MemberShown{}, r.URL.Query().Get("state")
		if want != "" && !slices.Contains(memberStates, want) {
			return nil, refusal.Parameter("state", "%q is no state of a membership", want)
		}
		for _, m := range b.Of {
			if m.Membership == nil {
				continue
			}
			s, err := shownMember(rd, b, m, day, zone)
			if err != nil {
				return nil, err
			}
			if want == "" || s.State == want {
				list = append(list, s)
			}
		}
		slices.SortFunc(list, func(a, b MemberShown) int { return bytes.Compare(a.Person[:], b.Person[:]) })
		return list, nil
	})
}

// memberOf is a person's member; one of whom nothing is known yet has no light but hours.
func memberOf(rd *store.Reader, b *members.Book, id syncproto.RecordID) (*members.Member, error) {
	person := b.Person(id)
	if m := b.Of[person]; m != nil {
		return m, nil
	}
	p, err := rd.Get(schema.Person, person)
	if err == nil && p == nil {
		err = store.ErrNoRecord
	}
	return &members.Member{Person: person}, err
}

// applyRequest is the body of its route.
type applyRequest struct {
	Person syncproto.RecordID  `json:"person"`
	Family *syncproto.RecordID `json:"family"` // null: in none yet
}

func (c *Client) apiApply(w http.ResponseWriter, r *http.Request) {
	var q applyRequest
	err := localapi.Read(w, r, &q)
	if err == nil {
		err = c.Apply(r.Context(), q.Person, orZero(q.Family))
	}
	localapi.Answer(w, madeAnswer{schema.MembershipID(q.Person)}, err)
}

// endRequest is the body of its route.
type endRequest struct {
	Reason string `json:"reason"` // left, independent or removed
	Note   string `json:"note"`
}

func (c *Client) apiEndMembership(w http.ResponseWriter, r *http.Request) {
	var q endRequest
	person, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = c.EndMembership(r.Context(), person, q.Reason, q.Note)
	}
	localapi.Answer(w, madeAnswer{schema.MembershipID(person)}, err)
}

// ExpiringDocument is a paper that runs out soon.
type ExpiringDocument struct {
	ID        syncproto.RecordID `json:"id"`
	Person    syncproto.RecordID `json:"person"`
	Name      string             `json:"name"`
	Kind      string             `json:"kind"`
	ExpiresOn string             `json:"expires_on"`
}

const (
	// expiringDays is how early a paper stands on the list unless asked otherwise.
	expiringDays = 30
	// maxExpiringDays bounds it: papers are seldom valid for longer than ten years.
	maxExpiringDays = 10 * 366
)

func (c *Client) apiExpiring(w http.ResponseWriter, r *http.Request) {
	days := expiringDays
	if given := r.URL.Query().Get("days"); given != "" {
		var err error
		if days, err = strconv.Atoi(given); err != nil || days < 0 || days > maxExpiringDays {
			localapi.Answer(w, nil, refusal.Parameter("days", "days is a number from 0 to %d", maxExpiringDays))
			return
		}
	}
	c.book(w, r, func(rd *store.Reader, b *members.Book, day string, _ *time.Location) (any, error) {
		list := []ExpiringDocument{}
		for _, m := range b.Of {
			for _, row := range m.Documents {
				if !members.Paper(row).RunsOutWithin(day, days) {
					continue
				}
				e := ExpiringDocument{ID: row.ID, Person: m.Person, Kind: row.Of(schema.DocumentKind).Text(), ExpiresOn: row.Of(schema.DocumentExpiresOn).Text()}
				var err error
				if e.Name, err = b.Name(rd, m.Person); err != nil {
					return nil, err
				}
				list = append(list, e)
			}
		}
		slices.SortFunc(list, func(a, b ExpiringDocument) int {
			if a.ExpiresOn != b.ExpiresOn {
				return bytes.Compare([]byte(a.ExpiresOn), []byte(b.ExpiresOn))
			}
			return bytes.Compare(a.ID[:], b.ID[:])
		})
		return list, nil
	})
}

// StandingShown is what a stall knows of a family: whether it is eligible, and until when.
type StandingShown struct {
	Family syncproto.RecordID `json:"family"`
	Names
	Fair  syncproto.RecordID `json:"fair"` // zero: the branch's own
	State string             `json:"state"`
	Until string             `json:"eligible_until,omitempty"`
}

// apiStandings computes by the day, so that a device that hears nothing for weeks shows a
// family suspended on the day after its last (R3).
func (c *Client) apiStandings(w http.ResponseWriter, r *http.Request) {
	list := []StandingShown{}
	day, _, err := c.dayOf(r)
	if err == nil {
		err = c.Store.Read(r.Context(), func(rd *store.Reader) error {
			return rd.Each(schema.Standing, func(row *records.Row) error {
				s := StandingShown{Family: row.Of(schema.StandingFamily).ID(), Fair: row.Of(schema.StandingFair).ID(), Until: row.Of(schema.StandingEligibleUntil).Text()}
				s.State = rules.StandingOn(row.Of(schema.StandingState).Text(), s.Until, day)
				if s.State != schema.MemberEligible {
					s.Until = ""
				}
				family, err := rd.Get(schema.Family, s.Family)
				if family != nil {
					s.Names = namesOf(family)
				}
				list = append(list, s)
				return err
			})
		})
	}
	localapi.Answer(w, list, err)
}
