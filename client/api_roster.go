package client

import (
	"net/http"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/members"
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
	a, err := attendance(r, session)
	if err != nil {
		return nil, err
	}
	present, listed := map[syncproto.RecordID]rules.Presence{}, map[syncproto.RecordID]bool{}
	for _, p := range a.present {
		present[p.Person] = p
	}
	line := func(id syncproto.RecordID, name string, photo *string) {
		p := present[id]
		delete(present, id)
		l := RosterLine{Person: id, Name: name, Photo: photo, InAt: p.InAt, OutAt: p.OutAt, Credited: p.Credited, Review: p.Review, Scans: a.scanned[id], Verdict: p.Verdict}
		if v := a.decided[id]; v != nil {
			l.DecidedBy, l.Reason = v.Of(schema.AttendanceBy).Text(), v.Of(schema.AttendanceReason).Text()
		}
		list = append(list, l)
	}
	if err := r.Each(schema.Person, func(row *records.Row) error {
		id := rules.Merged(a.aliases, row.ID)
		if listed[id] || row.Of(schema.Voided).Bool() && a.scanned[id] == 0 {
			return nil
		}
		listed[id] = true
		as, err := members.Here(r, a.aliases, id)
		if err == nil {
			line(id, as.Of(schema.PersonName).Text(), photoOf(as))
		}
		return err
	}); err != nil {
		return nil, err
	}
	for id := range present { // scanned here, and not of this site's people
		line(id, "", nil)
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
