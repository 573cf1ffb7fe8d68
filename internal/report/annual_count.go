package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Reader reads records of either side.
type Reader interface {
	Each(table syncproto.TableID, f func(*records.Row) error) error
}

// counting is a year as it is counted: the rows behind each figure.
type counting struct {
	r    Reader
	year string // 2018
	rows map[string][]AnnualRow

	founded  int64
	families map[string]map[syncproto.RecordID]bool // by figure
	subjects map[syncproto.RecordID]bool
}

// CountAnnual computes the figures of a year.
func CountAnnual(r Reader, year int) (Annual, error) {
	c, err := countYear(r, year)
	if err != nil {
		return Annual{}, err
	}
	a := Annual{Year: year, MissingSites: []MissingSite{}}
	published, err := publications(r, year)
	for _, id := range FigureIDs {
		f := AnnualFigure{ID: id, Unit: described[id].unit, Filter: described[id].filter, Parts: c.parts(id), Value: c.value(id), Publications: published[id]}
		if f.Publications == nil {
			f.Publications = []Publication{}
		}
		if n := len(f.Publications); n > 0 {
			last := f.Publications[n-1].Value
			less := f.Value - last
			f.Published, f.Difference = &last, &less
		}
		a.Figures = append(a.Figures, f)
	}
	a.Sentence = sentence(&a)
	return a, err
}

// AnnualRows lists the records behind a figure of a year, by day.
func AnnualRows(r Reader, year int, figure string) ([]AnnualRow, error) {
	if !slices.Contains(FigureIDs, figure) {
		return nil, refusal.Parameter("figure", "%q is no figure: use %s", figure, strings.Join(FigureIDs, ", "))
	}
	c, err := countYear(r, year)
	if err != nil {
		return nil, err
	}
	rows := c.rows[figure]
	slices.SortStableFunc(rows, func(a, b AnnualRow) int { return cmp.Or(cmp.Compare(a.Day, b.Day), slices.Compare(a.ID[:], b.ID[:])) })
	return rows, nil
}

// ParseYear reads a year of the Gregorian calendar.
func ParseYear(s string) (int, error) {
	n, err := strconv.Atoi(schema.ASCIIDigits(s))
	if err != nil || n < 1 || n > 9999 {
		return 0, refusal.Parameter("year", "%q is no year: write it as 2018", s)
	}
	return n, nil
}

func countYear(r Reader, year int) (*counting, error) {
	c := &counting{r: r, year: fmt.Sprintf("%04d", year), rows: map[string][]AnnualRow{}, subjects: map[syncproto.RecordID]bool{},
		families: map[string]map[syncproto.RecordID]bool{"F4": {}, "F6": {}}}
	for _, count := range []func() error{c.fairs, c.workshops, c.hours, c.organisation} {
		if err := count(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *counting) add(figure string, row AnnualRow) { c.rows[figure] = append(c.rows[figure], row) }

// in says whether a day is of the year.
func (c *counting) in(day string) bool { return strings.HasPrefix(day, c.year+"-") }

// fairs counts F1 to F7.
func (c *counting) fairs() error {
	states := map[syncproto.RecordID]string{}
	if err := c.r.Each(schema.FairPlan, func(row *records.Row) error {
		states[row.ID] = row.Of(schema.PlanState).Text()
		return nil
	}); err != nil {
		return err
	}
	counted := map[syncproto.RecordID]AnnualRow{} // fairs, with the figure of their participations as part
	if err := c.r.Each(schema.Fair, func(row *records.Row) error {
		of := rules.FairOf{Class: row.Of(schema.FairClass).Text(), Organiser: row.Of(schema.FairOrganiser).Text(), Venue: row.Of(schema.FairVenue).Text(), State: states[row.ID]}
		day := row.Of(schema.FairStartsOn).Text()
		if row.Of(schema.Voided).Bool() || !c.in(day) {
			return nil
		}
		made := AnnualRow{ID: row.ID, Table: row.Table.Name, Label: Name(row.Table, row.Values), Day: day}
		switch of.Figure() {
		case "own":
			c.own(made, of.Venue)
			made.Part = "F4"
		case "others":
			made.Part = of.Class
			c.add("F5", made)
			made.Part = "F6"
		case "atayeb":
			c.add("F7", made)
			return nil
		default:
			return nil
		}
		counted[row.ID] = made
		return nil
	}); err != nil {
		return err
	}
	return c.participations(counted)
}

func (c *counting) own(made AnnualRow, venue string) {
	made.Part = cmp.Or(venue, schema.VenueOther)
	c.add("F1", made)
	switch venue {
	case schema.VenuePartner:
		c.add("F2", made)
	case schema.VenueDepartment, schema.VenueBranch:
		c.add("F3", made)
	}
}

// participations counts F4 and F6: of fairs that count, by families that came.
func (c *counting) participations(counted map[syncproto.RecordID]AnnualRow) error {
	names := map[syncproto.RecordID]string{}
	if err := c.r.Each(schema.Family, func(row *records.Row) error {
		names[row.ID] = Name(row.Table, row.Values)
		return nil
	}); err != nil {
		return err
	}
	return c.r.Each(schema.Participation, func(row *records.Row) error {
		fair, ok := counted[row.Of(schema.PartFair).ID()]
		if !ok || !schema.Came(row.Of(schema.PartState).Text()) {
			return nil
		}
		family := row.Of(schema.PartFamily).ID()
		c.families[fair.Part][family] = true
		c.add(fair.Part, AnnualRow{ID: row.ID, Table: row.Table.Name, Label: names[family], Of: fair.Label, Day: fair.Day})
		return nil
	})
}

// workshops counts F8 to F10: subjects and sessions are two things.
func (c *counting) workshops() error {
	zones, err := c.zones()
	if err != nil {
		return err
	}
	subjects := map[syncproto.RecordID]*records.Row{}
	if err := c.r.Each(schema.Workshop, func(row *records.Row) error {
		subjects[row.ID] = row
		return nil
	}); err != nil {
		return err
	}
	return c.r.Each(schema.WorkshopSession, func(row *records.Row) error {
		id := row.Of(schema.SessionWorkshop).ID()
		day := rules.DayIn(row.Of(schema.SessionStartsAt).Int(), zoneOf(zones, row.Of(schema.SessionSite).ID()))
		subject := subjects[id]
		if subject == nil || !c.in(day) || row.Of(schema.SessionStatus).Text() != schema.SessionHeld {
			return nil
		}
		kind := subject.Of(schema.WorkshopKind).Text()
		made := AnnualRow{ID: row.ID, Table: row.Table.Name, Part: kind, Label: Name(subject.Table, subject.Values), Day: day}
		c.add(map[string]string{schema.WorkshopPractical: "F9", schema.WorkshopAdministrative: "F10"}[kind], made)
		if !c.subjects[id] {
			c.subjects[id] = true
			c.add("F8", AnnualRow{ID: id, Table: subject.Table.Name, Part: kind, Label: made.Label})
		}
		return nil
	})
}

func (c *counting) zones() (map[syncproto.RecordID]*time.Location, error) {
	zones := map[syncproto.RecordID]*time.Location{}
	return zones, c.r.Each(schema.Site, func(row *records.Row) error {
		zone, err := time.LoadLocation(row.Of(schema.SiteZone).Text())
		if err == nil {
			zones[row.ID] = zone
		}
		return nil // an unknown zone is read as UTC
	})
}

func zoneOf(zones map[syncproto.RecordID]*time.Location, site syncproto.RecordID) *time.Location {
	return cmp.Or(zones[site], time.UTC)
}
