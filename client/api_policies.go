package client

import (
	"net/http"
	"slices"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func (c *Client) policyRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/policies", Summary: "The versions of the policies with their texts, the newest first", Query: []string{"on"}, Response: []PolicyShown{}, Handle: c.apiPolicies},
		{Method: "POST", Path: "/api/members/{id}/signatures", Summary: "Sign a version of the policies that was read", Request: signRequest{}, Response: madeAnswer{}, Handle: c.apiSign},
	}
}

// PolicyShown is a version of the policies.
type PolicyShown struct {
	ID      syncproto.RecordID `json:"id"`
	Version int64              `json:"version"`
	Names
	From    string            `json:"from"`     // first day it is in force
	InForce bool              `json:"in_force"` // on the day asked about
	Texts   map[string]string `json:"texts"`    // by language
}

func (c *Client) apiPolicies(w http.ResponseWriter, r *http.Request) {
	list := []PolicyShown{}
	day, _, err := c.dayOf(r)
	if err == nil {
		err = c.Store.Read(r.Context(), func(rd *store.Reader) error {
			return rd.Each(schema.Policy, func(row *records.Row) error {
				texts, err := textsOf(rd, row.ID)
				list = append(list, PolicyShown{ID: row.ID, Version: row.Of(schema.PolicyVersion).Int(), Names: namesOf(row), From: row.Of(schema.PolicyFrom).Text(), Texts: texts})
				return err
			})
		})
	}
	from := make([]rules.PolicyFrom, len(list))
	for i, p := range list {
		from[i] = rules.PolicyFrom{ID: p.ID, Version: p.Version, From: p.From}
	}
	in, _ := rules.InForce(from, day)
	for i := range list {
		list[i].InForce = list[i].ID == in.ID
	}
	slices.SortFunc(list, func(a, b PolicyShown) int { return int(b.Version - a.Version) })
	localapi.Answer(w, list, err)
}

// signRequest is the body of its route.
type signRequest struct {
	ID      syncproto.RecordID `json:"id"`
	Policy  syncproto.RecordID `json:"policy"`
	Lang    string             `json:"lang"`   // that the text was read in
	Method  string             `json:"method"` // screen or paper; screen where empty
	Image   *syncproto.Root    `json:"image"`  // attachment: the drawing, or the scan
	Witness string             `json:"witness"`
}

func (c *Client) apiSign(w http.ResponseWriter, r *http.Request) {
	var q signRequest
	person, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		q.ID, err = c.Sign(r.Context(), NewSignature{q.ID, person, q.Policy, q.Lang, q.Method, orNone(q.Image), q.Witness})
	}
	localapi.Answer(w, madeAnswer{q.ID}, err)
}
