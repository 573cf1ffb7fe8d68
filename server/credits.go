package server

import (
	"maps"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// creditChanges gives the credits of some people that are to be written: what each session
// gave each of them by all scans, verdicts and corrections there are, for the branch that the person
// belongs to (R4). A credit that nothing stands for any more is withdrawn: its session was
// cancelled, or its scans are read as another person's, or no longer so.
func creditChanges(r *state.Reader, w *whom) (changes []syncproto.Change, err error) {
	stands := map[syncproto.RecordID]bool{}
	for _, id := range slices.SortedFunc(maps.Keys(w.book.Of), compareIDs) {
		m := w.book.Of[id]
		if len(m.Sessions) == 0 {
			continue
		}
		person, err := r.Get(schema.Person, id)
		if err != nil {
			return nil, err
		}
		if person == nil { // held, or not here yet
			for _, of := range m.Sessions {
				stands[schema.CreditID(of.Session, id)] = true
			}
			continue
		}
		lines, _ := rules.Hours(m.Sessions, m.Corrections)
		for _, l := range lines {
			stands[schema.CreditID(l.Session, id)] = true
			differ, err := put(r, schema.Credit, schema.CreditID(l.Session, id), []syncproto.FieldValue{
				{Field: schema.CreditHome, Value: person.Of(schema.PersonSite)},
				{Field: schema.CreditSession, Value: syncproto.IDValue(l.Session)}, {Field: schema.CreditPerson, Value: syncproto.IDValue(id)},
				{Field: schema.CreditStartsAt, Value: syncproto.IntValue(l.StartsAt)}, {Field: schema.CreditEndsAt, Value: syncproto.IntValue(l.EndsAt)},
				{Field: schema.CreditEntered, Value: syncproto.IntValue(l.Entered)}, {Field: schema.CreditMinutes, Value: syncproto.IntValue(l.Minutes)},
				{Field: schema.CreditReview, Value: syncproto.BoolValue(l.Review)}, {Field: schema.CreditCounts, Value: syncproto.BoolValue(l.Counts)},
			}...)
			if err != nil {
				return nil, err
			}
			changes = append(changes, differ...)
		}
	}
	err = w.of.Each(schema.Credit, func(row *records.Row) error {
		if stands[row.ID] {
			return nil
		}
		differ, err := put(r, schema.Credit, row.ID, set(schema.CreditMinutes, syncproto.IntValue(0)), set(schema.CreditReview, syncproto.BoolValue(false)), set(schema.CreditCounts, syncproto.BoolValue(false)))
		changes = append(changes, differ...)
		return err
	})
	return changes, err
}
