package server

import (
	"maps"
	"slices"

	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// creditChanges gives the credits that are to be written: what each session gave each
// person by all scans, verdicts and corrections there are, for the branch that the person
// belongs to (R4).
func creditChanges(r *state.Reader, book *members.Book) (changes []syncproto.Change, err error) {
	for _, id := range slices.SortedFunc(maps.Keys(book.Of), compareIDs) {
		m := book.Of[id]
		if len(m.Sessions) == 0 {
			continue
		}
		person, err := r.Get(schema.Person, id)
		if err != nil {
			return nil, err
		}
		if person == nil { // held, or not here yet
			continue
		}
		lines, _ := rules.Hours(m.Sessions, m.Corrections)
		for _, l := range lines {
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
	return changes, nil
}
