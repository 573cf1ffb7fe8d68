package client

import (
	"net/http"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// PersonShown is a person in a list.
type PersonShown struct {
	ID    syncproto.RecordID `json:"id"`
	Name  string             `json:"name"`
	Card  string             `json:"card,omitempty"`
	Photo *string            `json:"photo"` // attachment; null: none

	// In a table alone, which is a person's wish for all that is recorded; pages keep lists
	// in the browser and do without.
	Phone         string `json:"phone"`
	Neighbourhood string `json:"neighbourhood"`
}

// apiPersons lists people, those alone whose name and card hold the words that are searched
// for; a table has all of them. One who was merged is shown as who it is read as, found by
// either.
func (c *Client) apiPersons(w http.ResponseWriter, r *http.Request) {
	list, seen := []PersonShown{}, map[syncproto.RecordID]bool{}
	table, limit := r.URL.Query().Get("format") != "", maxPageSize
	if table {
		limit = -1
	}
	err := c.Store.Read(r.Context(), func(rd *store.Reader) error {
		aliases, err := members.Aliases(rd)
		if err != nil {
			return err
		}
		return rd.Search(schema.Person, r.URL.Query().Get("q"), limit, func(row *records.Row) error {
			id := rules.Merged(aliases, row.ID)
			if seen[id] {
				return nil
			}
			seen[id] = true
			row, err := members.Here(rd, aliases, id)
			if err != nil {
				return err
			}
			p := PersonShown{ID: id, Name: row.Of(schema.PersonName).Text(), Card: row.Of(schema.PersonCard).Text(), Photo: photoOf(row)}
			if table {
				p.Phone, p.Neighbourhood = row.Of(schema.PersonPhone).Text(), row.Of(schema.PersonNeighbourhood).Text()
			}
			list = append(list, p)
			return nil
		})
	})
	localapi.Answer(w, list, err)
}

// found is what a request searches for in a table: all of it where that is nothing.
func found(rd *store.Reader, r *http.Request, table syncproto.TableID, f func(*records.Row) error) error {
	limit := maxPageSize
	if r.URL.Query().Get("q") == "" {
		limit = -1
	}
	return rd.Search(table, r.URL.Query().Get("q"), limit, f)
}

// addPersonRequest is the body of its route.
type addPersonRequest struct {
	ID            syncproto.RecordID `json:"id"`
	Name          string             `json:"name"`
	Phone         string             `json:"phone"`
	Neighbourhood string             `json:"neighbourhood"`
	Card          string             `json:"card"`
	BirthYear     int64              `json:"birth_year"` // 0: not known
	Photo         *syncproto.Root    `json:"photo"`      // attachment; null: none
}

func (q *addPersonRequest) person() NewPerson {
	return NewPerson{q.ID, q.Name, schema.ASCIIDigits(q.Phone), q.Neighbourhood, schema.ASCIIDigits(q.Card), q.BirthYear, orNone(q.Photo)}
}

// addedPerson is a person that was recorded, and who is likely the same: somebody looks, and
// merges them or does not.
type addedPerson struct {
	ID     syncproto.RecordID `json:"id"`
	Likely []members.Likely   `json:"likely"`
}

func (c *Client) apiAddPerson(w http.ResponseWriter, r *http.Request) {
	var q addPersonRequest
	if err := localapi.Read(w, r, &q); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	added := addedPerson{Likely: []members.Likely{}}
	var err error
	if added.ID, err = c.AddPerson(r.Context(), q.person()); err == nil {
		added.Likely, err = c.LikelyPersons(r.Context(), added.ID)
	}
	localapi.Answer(w, added, err)
}
