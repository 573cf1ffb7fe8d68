package client

import (
	"net/http"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// RosterLine is one person of a session's roster, with the attendance derived from all
// scans and verdicts that are here.
type RosterLine struct {
	Person    syncproto.RecordID `json:"person"`
	Name      string             `json:"name"`
	Photo     *string            `json:"photo"`  // attachment, null where there is none
	InAt      int64              `json:"in_at"`  // UTC ms; 0: not yet
	OutAt     int64              `json:"out_at"` // UTC ms; 0: not yet
	Credited  int64              `json:"credited_minutes"`
	Review    bool               `json:"review"`
	Scans     int                `json:"scans"`
	Verdict   string             `json:"verdict"`    // of a person: confirmed or void; empty where none
	DecidedBy string             `json:"decided_by"` // who
	Reason    string             `json:"reason"`
}

// apiRoster lists the people of this site, and whoever else was scanned.
func (c *Client) apiRoster(w http.ResponseWriter, r *http.Request) {
	list := []RosterLine{}
	session, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = c.Store.Read(r.Context(), func(rd *store.Reader) error {
			list, err = roster(rd, session)
			return err
		})
	}
	localapi.Answer(w, list, err)
}

func roster(r *store.Reader, session syncproto.RecordID) ([]RosterLine, error) {
	list := []RosterLine{}
	attending, scanned, err := attendance(r, session)
	if err != nil {
		return nil, err
	}
	present := map[syncproto.RecordID]rules.Presence{}
	for _, p := range attending {
		present[p.Person] = p
	}
	line := func(id syncproto.RecordID, name string, photo *string) error {
		p := present[id]
		delete(present, id)
		l := RosterLine{Person: id, Name: name, Photo: photo, InAt: p.InAt, OutAt: p.OutAt, Credited: p.Credited, Review: p.Review, Scans: scanned[id], Verdict: p.Verdict}
		if p.Verdict != "" {
			v, err := r.Get(schema.Attendance, schema.AttendanceID(session, id))
			if err != nil {
				return err
			}
			l.DecidedBy, l.Reason = v.Of(schema.AttendanceBy).Text(), v.Of(schema.AttendanceReason).Text()
		}
		list = append(list, l)
		return nil
	}
	if err := r.Each(schema.Person, func(row *records.Row) error {
		if !row.Of(schema.Voided).Bool() || scanned[row.ID] > 0 {
			return line(row.ID, row.Of(schema.PersonName).Text(), photoOf(row))
		}
		return nil
	}); err != nil {
		return nil, err
	}
	for id := range present { // scanned here, and not of this site's people
		if err := line(id, "", nil); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// reviewRequest is the body of its route.
type reviewRequest struct {
	Person  syncproto.RecordID `json:"person"`
	Verdict string             `json:"verdict"` // confirmed or void
	OutAt   int64              `json:"out_at"`  // UTC ms: when the person left, where confirmed
	By      string             `json:"by"`      // who decides
	Reason  string             `json:"reason"`  // needed where void
}

func (c *Client) apiReview(w http.ResponseWriter, r *http.Request) {
	var q reviewRequest
	session, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = c.Review(r.Context(), NewReview{session, q.Person, q.Verdict, time.UnixMilli(q.OutAt), q.By, q.Reason})
	}
	localapi.Answer(w, madeAnswer{schema.AttendanceID(session, q.Person)}, err)
}
