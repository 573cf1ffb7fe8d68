package server

import (
	"context"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Conflict is a line of the ledger: both values of a group that two people wrote
// without having seen each other's.
type Conflict struct {
	ID     syncproto.RecordID `json:"id"`
	Table  string             `json:"table"`
	Record syncproto.RecordID `json:"record"`
	Group  string             `json:"group"`
	Name   string             `json:"name"` // of the record, where it has one
	Rule   string             `json:"rule"`
	Winner Side               `json:"winner"`
	Loser  Side               `json:"loser"`
}

// Side is one side of a conflict.
type Side struct {
	Device   syncproto.DeviceID `json:"device"`
	Label    string             `json:"label"`
	SiteName string             `json:"site_name"`
	Time     *string            `json:"time"` // effective, RFC 3339, UTC
	Values   map[string]any     `json:"values"`
}

// Conflicts reads the whole ledger.
func (s *Server) Conflicts(ctx context.Context) ([]Conflict, error) { return Conflicts(ctx, s.State) }

// Conflicts reads the ledger of a state.
func Conflicts(ctx context.Context, st *state.State) ([]Conflict, error) {
	list := []Conflict{}
	err := st.Read(ctx, func(r *state.Reader) error {
		who, err := readAuthors(r)
		if err != nil {
			return err
		}
		for _, ledger := range []syncproto.TableID{schema.Conflict, schema.ConflictPersonal} {
			if err := r.Each(ledger, func(row *records.Row) error {
				c, err := conflictOf(r, row)
				c.Winner.Label, c.Winner.SiteName = who.of(c.Winner.Device)
				c.Loser.Label, c.Loser.SiteName = who.of(c.Loser.Device)
				list = append(list, c)
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

func conflictOf(r *state.Reader, row *records.Row) (Conflict, error) {
	c := Conflict{ID: row.ID, Record: row.Of(schema.ConflictRecord).ID(), Rule: row.Of(schema.ConflictRule).Text()}
	t := schema.Lookup(syncproto.TableID(row.Of(schema.ConflictTable).Int()))
	c.Winner = side(t, row, schema.ConflictWinner, schema.ConflictWinnerTime, schema.ConflictWinnerFields)
	c.Loser = side(t, row, schema.ConflictLoser, schema.ConflictLoserTime, schema.ConflictLoserFields)
	if t == nil {
		return c, nil
	}
	c.Table = t.Name
	if g := t.Group(syncproto.GroupID(row.Of(schema.ConflictGroup).Int())); g != nil {
		c.Group = g.Name
	}
	of, err := r.Get(t.ID, c.Record)
	if err == nil && of != nil && t.ID == schema.Price { // known by its product
		of, err = r.Get(schema.Product, of.Of(schema.PriceProduct).ID())
	}
	if err == nil && of != nil {
		c.Name = nameOf(of)
	}
	return c, err
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

func side(t *schema.Table, row *records.Row, device, at, fields syncproto.FieldID) Side {
	s := Side{Device: syncproto.DeviceID(row.Of(device).ID()), Time: timeText(row.Of(at).Int()), Values: map[string]any{}}
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
