package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Head says of a report what it counts, and up to when that is complete (P13).
type Head struct {
	On           string        `json:"on"` // day; empty: today of each site
	Unit         string        `json:"unit"`
	Filter       string        `json:"filter"`
	CompleteTo   *string       `json:"complete_to"` // RFC 3339, UTC; null: not known
	MissingSites []MissingSite `json:"missing_sites"`
}

// Expiring counts the papers that run out, by branch and kind. It names nobody: the list
// of the branch does.
type Expiring struct {
	Head
	Rows []ExpiringRow `json:"rows"`
}

// ExpiringRow is a kind of papers of a branch's people. A paper that runs out within 30
// days is counted within 60 and 90 as well.
type ExpiringRow struct {
	Site     syncproto.RecordID `json:"site"`
	SiteName string             `json:"site_name"`
	Kind     string             `json:"kind"`
	In30     int64              `json:"in_30"`
	In60     int64              `json:"in_60"`
	In90     int64              `json:"in_90"`
}

// Hours adds up the accredited hours of a branch's people.
type Hours struct {
	Head
	Rows []HoursRow `json:"rows"`
}

// HoursRow is a branch.
type HoursRow struct {
	Site     syncproto.RecordID `json:"site"`
	SiteName string             `json:"site_name"`
	People   int64              `json:"people"`  // with credited minutes
	Enough   int64              `json:"enough"`  // of them, with what membership asks for
	Minutes  int64              `json:"minutes"` // of all, each session once a person
	Hours    string             `json:"hours"`   // the same, as 11:59
	Waiting  int64              `json:"waiting"` // attendances that wait for a person, not counted
}

// home is a branch as a report has it.
type home struct {
	site syncproto.RecordID
	name string
	zone *time.Location
	day  string
}

// homes gives the branch of a person, nil where the person is not here.
func homes(r members.Reader, on string, now time.Time) func(person syncproto.RecordID) (*home, error) {
	known := map[syncproto.RecordID]*home{}
	return func(person syncproto.RecordID) (*home, error) {
		p, err := r.Get(schema.Person, person)
		if err != nil || p == nil {
			return nil, err
		}
		site := p.Of(schema.PersonSite).ID()
		if h := known[site]; h != nil {
			return h, nil
		}
		h := &home{site: site, zone: time.UTC, day: on}
		var s *records.Row
		if s, err = r.Get(schema.Site, site); err != nil {
			return nil, err
		}
		if s != nil {
			h.name = Name(s.Table, s.Values)
			if zone, err := time.LoadLocation(s.Of(schema.SiteZone).Text()); err == nil {
				h.zone = zone
			}
		}
		if h.day == "" {
			h.day = rules.DayIn(now.UnixMilli(), h.zone)
		}
		known[site] = h
		return h, nil
	}
}

// CountExpiring counts the papers that are valid on a day, today of each branch where none
// is given, and run out within 30, 60 and 90 days of it.
func CountExpiring(r members.Reader, on string, now time.Time) (e Expiring, err error) {
	e.Head = Head{On: on, Unit: "papers", Filter: "identity cards, passports and licences that are valid on the day and run out within 30, 60 or 90 days after it, each counted in all spans that hold it"}
	e.Rows, e.MissingSites = []ExpiringRow{}, []MissingSite{}
	b, err := members.Read(r)
	if err != nil {
		return e, err
	}
	at := homes(r, on, now)
	type key struct {
		site syncproto.RecordID
		kind string
	}
	rows := map[key]*ExpiringRow{}
	for _, m := range b.Of {
		h, err := at(m.Person)
		if err != nil {
			return e, err
		}
		if h == nil {
			continue
		}
		for _, doc := range m.Documents {
			paper := members.Paper(doc)
			if !paper.RunsOutWithin(h.day, 90) {
				continue
			}
			k := key{h.site, doc.Of(schema.DocumentKind).Text()}
			if rows[k] == nil {
				rows[k] = &ExpiringRow{Site: h.site, SiteName: h.name, Kind: k.kind}
			}
			rows[k].In90++
			if paper.RunsOutWithin(h.day, 60) {
				rows[k].In60++
			}
			if paper.RunsOutWithin(h.day, 30) {
				rows[k].In30++
			}
		}
	}
	for _, row := range rows {
		e.Rows = append(e.Rows, *row)
	}
	slices.SortFunc(e.Rows, func(a, b ExpiringRow) int {
		return cmp.Or(cmp.Compare(a.SiteName, b.SiteName), cmp.Compare(a.Site.String(), b.Site.String()), cmp.Compare(a.Kind, b.Kind))
	})
	return e, nil
}

// CountHours adds up what sessions credited up to a day.
func CountHours(r members.Reader, on string, now time.Time) (hours Hours, err error) {
	hours.Head = Head{On: on, Unit: "minutes of people", Filter: fmt.Sprintf("sessions that were held, count for membership and were over by the day, at the home branch of the person; enough is %s", rules.HoursText(rules.MembershipMinutes))}
	hours.Rows, hours.MissingSites = []HoursRow{}, []MissingSite{}
	b, err := members.Read(r)
	if err != nil {
		return hours, err
	}
	at := homes(r, on, now)
	rows := map[syncproto.RecordID]*HoursRow{}
	for _, m := range b.Of {
		h, err := at(m.Person)
		if err != nil {
			return hours, err
		}
		if h == nil {
			continue
		}
		lines, minutes := m.Hours(h.day, h.zone)
		if len(lines) == 0 {
			continue
		}
		row := rows[h.site]
		if row == nil {
			row = &HoursRow{Site: h.site, SiteName: h.name}
			rows[h.site] = row
		}
		for _, l := range lines {
			if l.Review {
				row.Waiting++
			}
		}
		row.Minutes += minutes
		if minutes > 0 {
			row.People++
		}
		if minutes >= rules.MembershipMinutes {
			row.Enough++
		}
	}
	for _, row := range rows {
		row.Hours = rules.HoursText(row.Minutes)
		hours.Rows = append(hours.Rows, *row)
	}
	slices.SortFunc(hours.Rows, func(a, b HoursRow) int {
		return cmp.Or(cmp.Compare(a.SiteName, b.SiteName), cmp.Compare(a.Site.String(), b.Site.String()))
	})
	return hours, nil
}
