package report

import (
	"strconv"

	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Parts of F12.
const (
	PartEnough = "people_with_enough"
	PartBelow  = "people_below"
)

// hours counts who has the hours of F12, by the sessions up to the end of the year.
func (c *counting) hours() error {
	zones, err := c.zones()
	if err != nil {
		return err
	}
	aliases, err := members.Aliases(c.r)
	if err != nil {
		return err
	}
	credited := map[syncproto.RecordID][]rules.Credited{}
	if err := c.r.Each(schema.Credit, func(row *records.Row) error {
		starts := row.Of(schema.CreditStartsAt).Int()
		if rules.DayIn(starts, zoneOf(zones, row.Of(schema.CreditHome).ID())) > c.year+"-12-31" {
			return nil
		}
		person := row.Of(schema.CreditPerson).ID()
		if rules.Merged(aliases, person) != person || members.Withdrawn(row) { // what it gave stands with who that is read as
			return nil
		}
		credited[person] = append(credited[person], rules.Credited{
			Session: row.Of(schema.CreditSession).ID(), StartsAt: starts, EndsAt: row.Of(schema.CreditEndsAt).Int(), Entered: row.Of(schema.CreditEntered).Int(),
			Minutes: row.Of(schema.CreditMinutes).Int(), Counts: row.Of(schema.CreditCounts).Bool(), Review: row.Of(schema.CreditReview).Bool(),
		})
		return nil
	}); err != nil {
		return err
	}
	for person, sessions := range credited {
		_, minutes := rules.Hours(sessions, nil) // a credit has its corrections in it
		part := PartBelow
		if minutes >= rules.MembershipMinutes {
			part = PartEnough
		}
		c.add("F12", AnnualRow{ID: person, Table: "person", Part: part, Hours: rules.HoursText(minutes)})
	}
	return nil
}

// organisation reads F11, the one figure that is a stored fact.
func (c *counting) organisation() error {
	return c.r.Each(schema.Organisation, func(row *records.Row) error {
		if day := row.Of(schema.OrganisationFounded).Text(); len(day) > 4 {
			c.founded, _ = strconv.ParseInt(day[:4], 10, 64)
			c.add("F11", AnnualRow{ID: row.ID, Table: row.Table.Name, Label: Name(row.Table, row.Values), Day: day})
		}
		return nil
	})
}

func (c *counting) value(figure string) int64 {
	switch figure {
	case "F11":
		return c.founded
	case "F12":
		return rules.MembershipMinutes / 60
	}
	return int64(len(c.rows[figure]))
}

// parts of a figure, those that it always has with 0.
func (c *counting) parts(figure string) map[string]int64 {
	always := map[string][]string{
		"F1": {schema.VenuePartner, schema.VenueDepartment, schema.VenueBranch}, "F3": {schema.VenueDepartment, schema.VenueBranch},
		"F5": {schema.FairExhibition, schema.FairEvent}, "F12": {PartEnough, PartBelow},
	}
	parts := map[string]int64{}
	switch figure {
	case "F4", "F6":
		return map[string]int64{"families": int64(len(c.families[figure]))}
	case "F1", "F3", "F5", "F12":
		for _, part := range always[figure] {
			parts[part] = 0
		}
		for _, row := range c.rows[figure] {
			parts[row.Part]++
		}
	}
	return parts
}

// publications lists what was published of a year, by figure, the oldest first.
func publications(r Reader, year int) (map[string][]Publication, error) {
	list := map[string][]Publication{}
	return list, r.Each(schema.PublishedFigure, func(row *records.Row) error {
		if row.Of(schema.Voided).Bool() || row.Of(schema.PublishedYear).Int() != int64(year) {
			return nil
		}
		of := row.Of(schema.PublishedOf).Text()
		list[of] = append(list[of], Publication{
			ID: row.ID, Value: row.Of(schema.PublishedValue).Int(), Approx: row.Of(schema.PublishedApprox).Bool(), Source: row.Of(schema.PublishedSource).Text(),
			Wording: row.Of(schema.PublishedWording).Text(), Assumed: row.Of(schema.PublishedAssumed).Bool(),
		})
		return nil
	})
}
