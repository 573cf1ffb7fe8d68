package client

import (
	"context"
	"net/http"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewFamily is a productive family of this branch.
type NewFamily struct {
	ID   syncproto.RecordID // as in NewProduct
	Name string             // shown at its stall
	Code string             // printed on its card
}

// AddFamily records a family of this branch.
func (c *Client) AddFamily(ctx context.Context, n NewFamily) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		var fresh bool
		if id, fresh, err = newID(d, schema.Family, n.ID); err != nil || !fresh {
			return err
		}
		return d.Create(schema.Family, id, field(schema.NameField(n.Name), text(n.Name)), field(schema.FamilyCode, text(n.Code)), field(schema.FamilyBranch, syncproto.IDValue(d.Identity().Site)))
	})
	return id, err
}

func (c *Client) familyRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/families", Summary: "Productive families, by name or code", Query: []string{"q"}, Response: []FamilyShown{}, Handle: c.apiFamilies},
		{Method: "POST", Path: "/api/families", Summary: "Add a family of this branch", Request: addFamilyRequest{}, Response: madeAnswer{}, Handle: c.apiAddFamily},
		{Method: "POST", Path: "/api/families/{id}/file", Summary: "Record what only the branch of a family knows: its head, phone, language, and how it is paid", Request: FamilyFile{}, Response: madeAnswer{}, Handle: c.apiKeepFamily},
		{Method: "GET", Path: "/api/families/{id}/account", Summary: "Where the money of a family is transferred to; null where that is not known here", Response: &FamilyAccount{}, Handle: c.apiAccount},
		{Method: "POST", Path: "/api/families/{id}/account", Summary: "Record where the money of a family is transferred to", Request: FamilyAccount{}, Response: madeAnswer{}, Handle: c.apiKeepAccount},
	}
}

// FamilyShown is a family in a list.
type FamilyShown struct {
	ID syncproto.RecordID `json:"id"`
	Names
	Code   string             `json:"code,omitempty"`
	Branch syncproto.RecordID `json:"branch"`
}

func (c *Client) apiFamilies(w http.ResponseWriter, r *http.Request) {
	list := []FamilyShown{}
	err := c.Store.Read(r.Context(), func(rd *store.Reader) error {
		return found(rd, r, schema.Family, func(row *records.Row) error {
			list = append(list, FamilyShown{row.ID, namesOf(row), row.Of(schema.FamilyCode).Text(), row.Of(schema.FamilyBranch).ID()})
			return nil
		})
	})
	localapi.Answer(w, list, err)
}

// addFamilyRequest is the body of its route.
type addFamilyRequest struct {
	ID   syncproto.RecordID `json:"id"`
	Name string             `json:"name"`
	Code string             `json:"code"`
}

func (c *Client) apiAddFamily(w http.ResponseWriter, r *http.Request) {
	var q addFamilyRequest
	var id syncproto.RecordID
	err := localapi.Read(w, r, &q)
	if err == nil {
		id, err = c.AddFamily(r.Context(), NewFamily{q.ID, q.Name, schema.ASCIIDigits(q.Code)})
	}
	localapi.Answer(w, madeAnswer{id}, err)
}
