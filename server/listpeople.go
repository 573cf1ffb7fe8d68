package server

import (
	"bytes"
	"context"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// PersonListed is somebody whom a branch looks after: who it is, and where. How to reach
// somebody, and all that is of another class, stays with the branch: a list of everybody is
// no place for it, and head office has no users of its own who would be asked why.
type PersonListed struct {
	ID       syncproto.RecordID `json:"id"`
	Name     string             `json:"name"`
	Card     string             `json:"card"` // that is scanned; no paper's number
	Site     syncproto.RecordID `json:"site"`
	SiteName string             `json:"site_name"`
}

// Persons lists people, of one branch or of all. One who was merged is listed once, as who it
// is read as, and is found by any of the records.
func (s *Server) Persons(ctx context.Context, of Looked) (p localapi.Page[PersonListed], err error) {
	p.Items = []PersonListed{}
	err = s.State.Read(ctx, func(r *state.Reader) error {
		aliases, err := members.Aliases(r)
		if err != nil {
			return err
		}
		sites, err := r.Labels(report.Site)
		if err != nil {
			return err
		}
		search, merged := of.in(schema.PersonSite), mergedInto(aliases)
		return r.Search(schema.Person, search, func(row *records.Row) (bool, error) {
			person := rules.Merged(aliases, row.ID)
			if again, err := foundAbove(r, search, row.ID, merged[person]); again || err != nil {
				return false, err
			}
			shown, err := members.Here(r, aliases, person)
			if err != nil {
				return false, err
			}
			site := shown.Of(schema.PersonSite).ID()
			return taken(&p, &of, row.ID, PersonListed{person, shown.Of(schema.PersonName).Text(), shown.Of(schema.PersonCard).Text(), site, sites[string(site[:])]}), nil
		})
	})
	return p, err
}

// mergedInto are the records of everybody who has several.
func mergedInto(aliases rules.Aliases) map[syncproto.RecordID][]syncproto.RecordID {
	of := map[syncproto.RecordID][]syncproto.RecordID{}
	for id := range aliases {
		as := rules.Merged(aliases, id)
		if of[as] == nil {
			of[as] = append(of[as], as)
		}
		if id != as {
			of[as] = append(of[as], id)
		}
	}
	return of
}

// foundAbove says whether a newer record of the same person is found as well: the person
// stands on the list there, whatever page that is.
func foundAbove(r *state.Reader, s *state.Search, id syncproto.RecordID, same []syncproto.RecordID) (bool, error) {
	for _, other := range same {
		if bytes.Compare(other[:], id[:]) <= 0 {
			continue
		}
		row, err := r.Get(schema.Person, other)
		if err != nil {
			return false, err
		}
		if row != nil && s.Words.Finds(row) && (s.Of.IsZero() || row.Of(s.Field).ID() == s.Of) {
			return true, nil
		}
	}
	return false, nil
}
