package client

import (
	"net/http"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/syncproto"
)

func (c *Client) mergeRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/persons/duplicates", Summary: "People who are likely one, two by two, and why", Response: []members.Double{}, Handle: c.apiDoubles},
		{Method: "GET", Path: "/api/persons/merges", Summary: "Records of people that are read as others", Response: []members.Merge{}, Handle: c.apiMerges},
		{Method: "POST", Path: "/api/persons/{id}/merge", Summary: "Say that a person is another one: it is read as that one from now on", Request: mergeRequest{}, Response: madeAnswer{}, Handle: c.apiMerge},
		{Method: "POST", Path: "/api/persons/{id}/part", Summary: "Undo it: the record stands by itself again", Request: partRequest{}, Response: madeAnswer{}, Handle: c.apiPart},
	}
}

func (c *Client) apiDoubles(w http.ResponseWriter, r *http.Request) {
	var list []members.Double
	err := c.Store.Read(r.Context(), func(rd *store.Reader) (err error) {
		list, err = members.Doubles(rd)
		return err
	})
	localapi.Answer(w, list, err)
}

func (c *Client) apiMerges(w http.ResponseWriter, r *http.Request) {
	var list []members.Merge
	err := c.Store.Read(r.Context(), func(rd *store.Reader) (err error) {
		list, err = members.Merges(rd)
		return err
	})
	localapi.Answer(w, list, err)
}

// mergeRequest is the body of its route.
type mergeRequest struct {
	Into   syncproto.RecordID `json:"into"`
	By     string             `json:"by"` // who says so
	Reason string             `json:"reason"`
}

// apiMerge answers with who the person is read as.
func (c *Client) apiMerge(w http.ResponseWriter, r *http.Request) {
	var q mergeRequest
	person, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	var as syncproto.RecordID
	if err == nil {
		as, err = c.MergePersons(r.Context(), members.NewMerge{Person: person, Into: q.Into, Reason: q.Reason, By: q.By})
	}
	localapi.Answer(w, madeAnswer{as}, err)
}

// partRequest is the body of its route.
type partRequest struct {
	By string `json:"by"` // who says so
}

func (c *Client) apiPart(w http.ResponseWriter, r *http.Request) {
	var q partRequest
	person, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = c.PartPerson(r.Context(), person, q.By)
	}
	localapi.Answer(w, madeAnswer{person}, err)
}
