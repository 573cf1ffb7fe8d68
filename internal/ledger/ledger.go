// Package ledger reads the lines of the conflict ledger, alike on both sides: two values
// of one group that two people wrote without having seen each other's.
package ledger

import (
	"time"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Conflict is a line of the ledger.
type Conflict struct {
	ID     syncproto.RecordID `json:"id"`
	Table  string             `json:"table"`
	Record syncproto.RecordID `json:"record"`
	Group  string             `json:"group"`
	Name   string             `json:"name"` // of the record, where it has one
	Rule   string             `json:"rule"`
	Winner Side               `json:"winner"`
	Loser  Side               `json:"loser"`

	Settled   *Settled `json:"settled"`    // null while it is open
	Decided   string   `json:"decided"`    // the side that was taken here, while that is on its way
	MaySettle bool     `json:"may_settle"` // whoever asks may say which value is right
	Takeable  bool     `json:"takeable"`   // and that may be the one that lost
}

// Side is one side of a conflict.
type Side struct {
	Device   syncproto.DeviceID `json:"device"`
	Label    string             `json:"label"`
	SiteName string             `json:"site_name"`
	Time     *string            `json:"time"` // effective, RFC 3339, UTC
	Values   map[string]any     `json:"values"`
}

// Settled is how a conflict was settled.
type Settled struct {
	Choice   string  `json:"choice"` // winner, loser or other
	Label    string  `json:"label"`  // of the device
	SiteName string  `json:"site_name"`
	Time     *string `json:"time"` // effective, RFC 3339, UTC
}

// Reader is what conflicts are read from.
type Reader interface {
	Get(syncproto.TableID, syncproto.RecordID) (*records.Row, error)
	Each(syncproto.TableID, func(*records.Row) error) error
	Labels(report.By) (map[string]string, error)
}

// Authors are the names by which people know devices.
type Authors struct {
	labels map[syncproto.DeviceID]string
	at     map[syncproto.DeviceID]syncproto.RecordID
	sites  map[string]string
}

// ReadAuthors reads them.
func ReadAuthors(r Reader) (a Authors, err error) {
	a = Authors{labels: map[syncproto.DeviceID]string{}, at: map[syncproto.DeviceID]syncproto.RecordID{}}
	if a.sites, err = r.Labels(report.Site); err != nil {
		return a, err
	}
	return a, r.Each(schema.Device, func(row *records.Row) error {
		id := syncproto.DeviceID(row.ID)
		a.labels[id], a.at[id] = row.Of(schema.DeviceLabel).Text(), row.Of(schema.DeviceSite).ID()
		return nil
	})
}

// Of is a device's label and the name of its site; both empty for head office.
func (a *Authors) Of(d syncproto.DeviceID) (label, site string) {
	at := a.at[d]
	return a.labels[d], a.sites[string(at[:])]
}

// Of reads one line.
func Of(r Reader, who *Authors, row *records.Row) (Conflict, error) {
	c := Conflict{ID: row.ID, Record: row.Of(schema.ConflictRecord).ID(), Rule: row.Of(schema.ConflictRule).Text()}
	t, g := About(row)
	c.Winner = side(who, t, row, schema.ConflictWinner, schema.ConflictWinnerTime, schema.ConflictWinnerFields)
	c.Loser = side(who, t, row, schema.ConflictLoser, schema.ConflictLoserTime, schema.ConflictLoserFields)
	if choice := row.Of(schema.ConflictChoice).Text(); choice != "" {
		c.Settled = &Settled{Choice: choice, Time: timeText(row.Of(schema.ConflictSettledTime).Int())}
		c.Settled.Label, c.Settled.SiteName = who.Of(syncproto.DeviceID(row.Of(schema.ConflictSettledBy).ID()))
	}
	if t == nil {
		return c, nil
	}
	c.Table = t.Name
	if g != nil {
		c.Group = g.Name
	}
	of, err := r.Get(t.ID, c.Record)
	if err != nil {
		return c, err
	}
	c.MaySettle = c.Settled == nil && of != nil && g != nil
	c.Takeable = c.MaySettle && Takeable(row, of)
	if of != nil && t.ID == schema.Price { // known by its product
		of, err = r.Get(schema.Product, of.Of(schema.PriceProduct).ID())
	}
	if err == nil && of != nil {
		c.Name = nameOf(of)
	}
	return c, err
}

// About is the table and group that a line is about; nil where this version does not
// know them.
func About(row *records.Row) (*schema.Table, *schema.Group) {
	t := schema.Lookup(syncproto.TableID(row.Of(schema.ConflictTable).Int()))
	if t == nil {
		return nil, nil
	}
	return t, t.Group(syncproto.GroupID(row.Of(schema.ConflictGroup).Int()))
}

// Takeable says whether the value that lost can be written as the rules of its group
// stand; of is the record now. What is written once keeps its first value, and a state is
// left for another only where an arrow leads.
func Takeable(row, of *records.Row) bool {
	_, g := About(row)
	lost, err := Fields(row, schema.ChoiceLoser)
	if of == nil || g == nil || err != nil || len(lost) == 0 {
		return false
	}
	switch g.Rule {
	case schema.Register:
		return true
	case schema.State:
		present, wanted := of.Of(g.Fields[0]).Text(), lost[0].Value.Text()
		_, ok := g.Machine.Decide(present, wanted, present)
		return ok || present == wanted
	}
	return false
}

// Fields are the values of the side that a choice names.
func Fields(row *records.Row, choice string) ([]syncproto.FieldValue, error) {
	of := schema.ConflictWinnerFields
	if choice == schema.ChoiceLoser {
		of = schema.ConflictLoserFields
	}
	if row.Of(of).IsNull() {
		return nil, nil
	}
	return records.ReadFields(row.Of(of).Bytes())
}

// nameOf is what people know a record by; "" where it has no name of its own.
func nameOf(row *records.Row) string {
	switch row.Table.ID {
	case schema.Person:
		return row.Of(schema.PersonName).Text()
	case schema.Referral:
		return row.Of(schema.ReferralCode).Text()
	case schema.Device:
		return row.Of(schema.DeviceLabel).Text()
	}
	if g := row.Table.Group(schema.GroupNames); g != nil && g.AtLeastOne { // the names of a catalogue
		return report.Name(row.Table, row.Values)
	}
	return ""
}

func side(who *Authors, t *schema.Table, row *records.Row, device, at, fields syncproto.FieldID) Side {
	s := Side{Device: syncproto.DeviceID(row.Of(device).ID()), Time: timeText(row.Of(at).Int()), Values: map[string]any{}}
	s.Label, s.SiteName = who.Of(s.Device)
	written, err := records.ReadFields(row.Of(fields).Bytes())
	if err != nil || t == nil {
		return s
	}
	for _, f := range written {
		if i := t.Index(f.Field); i >= 0 {
			s.Values[t.Fields[i].Name] = plain(f.Value)
		}
	}
	return s
}

func plain(v syncproto.Value) any {
	switch v.Kind() {
	case syncproto.Null:
		return nil
	case syncproto.Int:
		return v.Int()
	case syncproto.Bool:
		return v.Bool()
	}
	return v.String()
}

func timeText(ms int64) *string {
	if ms == 0 {
		return nil
	}
	t := time.UnixMilli(ms).UTC().Format(time.RFC3339)
	return &t
}
