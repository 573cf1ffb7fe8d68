package client

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func (c *Client) fairRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/fairs", Summary: "Fairs, by their first day", Response: []FairShown{}, Handle: c.apiFairs},
		{Method: "POST", Path: "/api/fairs/{id}/coordinations", Summary: "Record who agreed with whom about a fair", Request: coordinateRequest{}, Response: madeAnswer{}, Handle: c.apiCoordinate},
		{Method: "GET", Path: "/api/fairs/{id}/participations", Summary: "Families of a fair, with their card of today", Response: []ParticipationShown{}, Handle: c.apiParticipations},
		{Method: "POST", Path: "/api/fairs/{id}/participations", Summary: "Register a family for a fair, or move its participation on", Request: participateRequest{}, Response: registeredAnswer{}, Handle: c.apiParticipate},
		{Method: "POST", Path: "/api/fairs/{id}/check-ins", Summary: "Record that a family came today", Request: checkInRequest{}, Response: madeAnswer{}, Handle: c.apiCheckInFamily},
	}
}

// FairShown is a fair in a list.
type FairShown struct {
	ID          syncproto.RecordID `json:"id"`
	NameAr      string             `json:"name_ar"`
	NameFa      string             `json:"name_fa"`
	NameEn      string             `json:"name_en"`
	Class       string             `json:"class"`
	Organiser   string             `json:"organiser"`
	Venue       string             `json:"venue"`
	StartsOn    string             `json:"starts_on"`
	EndsOn      string             `json:"ends_on"`
	State       string             `json:"state"`       // empty: head office has not planned it
	Coordinated bool               `json:"coordinated"` // by this branch
}

func (c *Client) apiFairs(w http.ResponseWriter, r *http.Request) {
	list := []FairShown{}
	err := c.Store.Read(r.Context(), func(rd *store.Reader) error {
		coordinated := map[syncproto.RecordID]bool{}
		if err := rd.Each(schema.Coordination, func(row *records.Row) error {
			coordinated[row.Of(schema.CoordinationFair).ID()] = !row.Of(schema.Voided).Bool()
			return nil
		}); err != nil {
			return err
		}
		return rd.Each(schema.Fair, func(row *records.Row) error {
			plan, err := rd.Get(schema.FairPlan, row.ID)
			if err != nil || row.Of(schema.Voided).Bool() {
				return err
			}
			f := FairShown{ID: row.ID, NameAr: row.Of(schema.NameAr).Text(), NameFa: row.Of(schema.NameFa).Text(), NameEn: row.Of(schema.NameEn).Text(),
				Class: row.Of(schema.FairClass).Text(), Organiser: row.Of(schema.FairOrganiser).Text(), Venue: row.Of(schema.FairVenue).Text(),
				StartsOn: row.Of(schema.FairStartsOn).Text(), EndsOn: row.Of(schema.FairEndsOn).Text(), Coordinated: coordinated[row.ID]}
			if plan != nil {
				f.State = plan.Of(schema.PlanState).Text()
			}
			list = append(list, f)
			return nil
		})
	})
	slices.SortStableFunc(list, func(a, b FairShown) int { return cmp.Compare(a.StartsOn, b.StartsOn) })
	localapi.Answer(w, list, err)
}

// coordinateRequest is the body of its route.
type coordinateRequest struct {
	ID     syncproto.RecordID `json:"id"`
	With   string             `json:"with_whom"`
	By     string             `json:"by"`
	OnDay  string             `json:"on_day"`
	Letter *syncproto.Root    `json:"letter"` // attachment; null: none
	Note   string             `json:"note"`
}

func (c *Client) apiCoordinate(w http.ResponseWriter, r *http.Request) {
	var q coordinateRequest
	fair, err := about(w, r, &q)
	var id syncproto.RecordID
	if err == nil {
		id, err = c.Coordinate(r.Context(), NewCoordination{q.ID, fair, q.With, q.By, q.OnDay, orNone(q.Letter), q.Note})
	}
	localapi.Answer(w, madeAnswer{id}, err)
}

// about reads a request about the record that an address names.
func about(w http.ResponseWriter, r *http.Request, q any) (syncproto.RecordID, error) {
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, q)
	}
	return id, err
}

// ParticipationShown is a family at a fair.
type ParticipationShown struct {
	ID       syncproto.RecordID `json:"id"`
	Family   syncproto.RecordID `json:"family"`
	Name     string             `json:"family_name"`
	Stall    string             `json:"stall"`
	State    string             `json:"state"`
	Reason   string             `json:"reason"`
	Site     string             `json:"registered_by"` // name of the site
	Green    bool               `json:"green"`         // its card of today: it may come
	Days     []string           `json:"days"`          // on which it came, as far as is known here
	Admitted []string           `json:"admitted"`      // those of them on which a supervisor admitted it
}

func (c *Client) apiParticipations(w http.ResponseWriter, r *http.Request) {
	list := []ParticipationShown{}
	fair, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = c.Store.Read(r.Context(), func(rd *store.Reader) error {
			list, err = c.participations(rd, fair)
			return err
		})
	}
	localapi.Answer(w, list, err)
}

func (c *Client) participations(rd *store.Reader, fair syncproto.RecordID) ([]ParticipationShown, error) {
	list, came := []ParticipationShown{}, map[syncproto.RecordID][]rules.Came{}
	today, _, err := c.at(c.corrected(c.Now()))
	if err != nil {
		return nil, err
	}
	families, err := rd.Labels(report.Family)
	if err != nil {
		return nil, err
	}
	sites, err := rd.Labels(report.Site)
	if err != nil {
		return nil, err
	}
	if err := rd.Each(schema.CheckIn, func(row *records.Row) error {
		if row.Of(schema.CheckInFair).ID() == fair && !row.Of(schema.Voided).Bool() {
			family := row.Of(schema.CheckInFamily).ID()
			came[family] = append(came[family], rules.Came{Day: row.Of(schema.CheckInDay).Text(), Reason: row.Of(schema.CheckInReason).Text()})
		}
		return nil
	}); err != nil {
		return nil, err
	}
	return list, rd.Each(schema.Participation, func(row *records.Row) error {
		if row.Of(schema.PartFair).ID() != fair {
			return nil
		}
		family, site := row.Of(schema.PartFamily).ID(), row.Of(schema.PartSite).ID()
		green, err := card(rd, fair, family, today)
		shown := ParticipationShown{ID: row.ID, Family: family, Name: families[string(family[:])], Stall: row.Of(schema.PartStall).Text(), State: row.Of(schema.PartState).Text(),
			Reason: row.Of(schema.PartReason).Text(), Site: sites[string(site[:])], Green: green, Days: []string{}, Admitted: []string{}}
		days, admitted := rules.TookPart(came[family])
		shown.Days, shown.Admitted = append(shown.Days, days...), append(shown.Admitted, admitted...)
		list = append(list, shown)
		return err
	})
}

// participateRequest is the body of its route.
type participateRequest struct {
	Family syncproto.RecordID `json:"family"`
	State  string             `json:"state"` // applied where empty
	Stall  string             `json:"stall"`
	Reason string             `json:"reason"` // of a decline or a withdrawal
}

type registeredAnswer struct {
	ID      syncproto.RecordID `json:"id"`
	Already bool               `json:"already"` // somebody had registered it before
	Blocked []string           `json:"blocked"` // days on which it needs a supervisor, as it is known here
}

func (c *Client) apiParticipate(w http.ResponseWriter, r *http.Request) {
	var q participateRequest
	var done Registered
	fair, err := about(w, r, &q)
	if err == nil {
		done, err = c.Participate(r.Context(), NewParticipation{fair, q.Family, q.State, q.Stall, q.Reason})
	}
	localapi.Answer(w, registeredAnswer{done.ID, done.Already, append([]string{}, done.Blocked...)}, err)
}

// checkInRequest is the body of its route.
type checkInRequest struct {
	ID       syncproto.RecordID `json:"id"`
	Family   syncproto.RecordID `json:"family"`
	By       string             `json:"admitted_by"` // against the red card
	Reason   string             `json:"reason"`
	WaitedMS int64              `json:"waited_ms"` // as in sellRequest
}

func (c *Client) apiCheckInFamily(w http.ResponseWriter, r *http.Request) {
	var q checkInRequest
	var id syncproto.RecordID
	fair, err := about(w, r, &q)
	if err == nil {
		id, err = c.CheckInFamily(r.Context(), NewCheckIn{q.ID, fair, q.Family, q.By, q.Reason, waited(q.WaitedMS)})
	}
	localapi.Answer(w, madeAnswer{id}, err)
}
