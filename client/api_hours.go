package client

import (
	"context"
	"net/http"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func (c *Client) hoursRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/members/{id}/hours", Summary: "A person's statement of hours up to a day: a line a session, as it adds up", Query: []string{"on"}, Response: HoursShown{}, Handle: c.apiHours},
		{Method: "GET", Path: "/api/sessions/{id}/scans", Summary: "All check-ins and check-outs of a session", Response: []ScanShown{}, Handle: c.apiScans},
		{Method: "POST", Path: "/api/sessions/{id}/corrections", Summary: "Correct what a session credited to a person, with a reason", Request: correctRequest{}, Response: madeAnswer{}, Handle: c.apiCorrect},
	}
}

// HoursShown is a person's statement of hours: the lines that count add up to the sum.
type HoursShown struct {
	Person  syncproto.RecordID `json:"person"`
	Name    string             `json:"name"`
	On      string             `json:"on"`
	Minutes int64              `json:"minutes"` // that count for membership
	Hours   string             `json:"hours"`   // the same, as 11:59
	Missing int64              `json:"missing_minutes"`
	Lines   []HoursLineShown   `json:"lines"`
}

// HoursLineShown is what one session gave.
type HoursLineShown struct {
	Session  syncproto.RecordID `json:"session"`
	Names                       // of the workshop; none where the session was at another branch
	Day      string             `json:"day"`
	StartsAt int64              `json:"starts_at"` // UTC ms
	EndsAt   int64              `json:"ends_at"`   // UTC ms
	Minutes  int64              `json:"minutes"`
	Hours    string             `json:"hours"`
	Counts   bool               `json:"counts"`   // for membership
	Review   bool               `json:"review"`   // waits for a person
	Overlaps syncproto.RecordID `json:"overlaps"` // session at the same time that was entered before
	Was      *int64             `json:"was_minutes"`
	Reason   string             `json:"reason,omitempty"` // of the correction
}

func (c *Client) apiHours(w http.ResponseWriter, r *http.Request) {
	var h HoursShown
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		h, err = c.HoursOf(r.Context(), id, r.URL.Query().Get("on"))
	}
	localapi.Answer(w, h, err)
}

// HoursOf is a person's statement of hours up to a day; up to today where none is given.
func (c *Client) HoursOf(ctx context.Context, person syncproto.RecordID, on string) (h HoursShown, err error) {
	day, zone, err := c.dayOn(on)
	if err != nil {
		return h, err
	}
	return h, c.Store.Read(ctx, func(rd *store.Reader) error {
		b, err := members.Read(rd)
		if err != nil {
			return err
		}
		m, err := memberOf(rd, b, person)
		if err != nil {
			return err
		}
		lines, minutes := m.Hours(day, zone)
		h = HoursShown{Person: m.Person, On: day, Minutes: minutes, Hours: rules.HoursText(minutes), Missing: max(rules.MembershipMinutes-minutes, 0), Lines: []HoursLineShown{}}
		if h.Name, err = b.Name(rd, m.Person); err != nil {
			return err
		}
		for _, l := range lines {
			shown := HoursLineShown{
				Session: l.Session, Day: rules.DayIn(l.StartsAt, zone), StartsAt: l.StartsAt, EndsAt: l.EndsAt, Minutes: l.Minutes, Hours: rules.HoursText(l.Minutes),
				Counts: l.Counts, Review: l.Review, Overlaps: l.Overlaps,
			}
			if l.Corrected != nil {
				shown.Was, shown.Reason = &l.Corrected.Was, l.Corrected.Reason
			}
			if shown.Names, err = workshopOf(rd, l.Session); err != nil {
				return err
			}
			h.Lines = append(h.Lines, shown)
		}
		return nil
	})
}

func workshopOf(rd *store.Reader, session syncproto.RecordID) (n Names, err error) {
	s, err := rd.Get(schema.WorkshopSession, session)
	if err != nil || s == nil {
		return n, err
	}
	w, err := rd.Get(schema.Workshop, s.Of(schema.SessionWorkshop).ID())
	if w != nil {
		n = namesOf(w)
	}
	return n, err
}

// ScanShown is one check-in or check-out.
type ScanShown struct {
	ID     syncproto.RecordID `json:"id"`
	Person syncproto.RecordID `json:"person"`
	Kind   string             `json:"kind"` // in or out
	At     int64              `json:"at"`   // UTC ms
	Source string             `json:"source"`
}

func (c *Client) apiScans(w http.ResponseWriter, r *http.Request) {
	list := []ScanShown{}
	session, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = c.each(r.Context(), schema.Scan, func(row *records.Row) {
			if row.Of(schema.ScanSession).ID() == session {
				list = append(list, ScanShown{row.ID, row.Of(schema.ScanPerson).ID(), row.Of(schema.ScanKind).Text(), row.Of(schema.ScanAt).Int(), row.Of(schema.ScanSource).Text()})
			}
		})
	}
	localapi.Answer(w, list, err)
}

// correctRequest is the body of its route.
type correctRequest struct {
	ID      syncproto.RecordID `json:"id"`
	Person  syncproto.RecordID `json:"person"`
	Minutes int64              `json:"minutes"`
	Reason  string             `json:"reason"`
	By      string             `json:"by"`
}

func (c *Client) apiCorrect(w http.ResponseWriter, r *http.Request) {
	var q correctRequest
	session, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		q.ID, err = c.Correct(r.Context(), NewCorrection{q.ID, session, q.Person, q.Minutes, q.Reason, q.By})
	}
	localapi.Answer(w, madeAnswer{q.ID}, err)
}
