package client

import (
	"net/http"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// maxUploads is the uploads that are in memory at a time: each may be 40 MiB.
const maxUploads = 1

// apiAttach keeps the body of a request.
func (c *Client) apiAttach(w http.ResponseWriter, r *http.Request) {
	kept, err := attach.Upload(w, r, c.uploads, func(b []byte) (syncproto.Root, error) { return c.Attach(r.Context(), b) })
	localapi.Answer(w, kept, err)
}

// apiAttachment gives an attachment; one that is named here and lacks is asked for first.
// A page with many of them asks not to wait: its browser has six connections to this
// program, and a sale may need one.
func (c *Client) apiAttachment(w http.ResponseWriter, r *http.Request) {
	root, err := attach.PathRoot(r)
	if err == nil {
		patience := fetchPatience
		if r.URL.Query().Get("wait") == "no" {
			patience = 0
		}
		err = c.Fetch(r.Context(), root, patience)
	}
	if err != nil {
		localapi.Refuse(w, err)
		return
	}
	c.Store.Attachments().Serve(w, r, root)
}

// setPhotoRequest is the body of its routes.
type setPhotoRequest struct {
	Photo *syncproto.Root `json:"photo"` // null takes it away
}

func (c *Client) apiSetPhoto(table syncproto.TableID) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q setPhotoRequest
		id, err := localapi.PathID[syncproto.RecordID](r)
		if err == nil {
			err = localapi.Read(w, r, &q)
		}
		if err == nil {
			err = c.SetPhoto(r.Context(), table, id, orNone(q.Photo))
		}
		localapi.Answer(w, madeAnswer{id}, err)
	}
}

func orNone(root *syncproto.Root) syncproto.Root {
	if root == nil {
		return syncproto.Root{}
	}
	return *root
}

func given(v syncproto.Value) *syncproto.Root {
	if v.IsNull() {
		return nil
	}
	root := v.Root()
	return &root
}

// photoOf is a record's photo as lists give it, null where it has none.
func photoOf(row *records.Row) *string {
	root := row.Of(photos[row.Table.ID].field).Root()
	if root.IsZero() {
		return nil
	}
	s := root.String()
	return &s
}

func (c *Client) attachmentRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "POST", Path: "/api/attachments", Summary: "Keep a photo or another file, for a record to name; the body is its bytes, at most 40 MiB", Takes: "application/octet-stream", Response: attach.Uploaded{}, Handle: c.apiAttach},
		{Method: "GET", Path: "/api/attachments/{attachment}", Summary: "The bytes of an attachment, fetched first where they lack", Gives: "application/octet-stream", Handle: c.apiAttachment},
		{Method: "POST", Path: "/api/products/{id}/photo", Summary: "Give a product a photo, or take it away", Request: setPhotoRequest{}, Response: madeAnswer{}, Handle: c.apiSetPhoto(schema.Product)},
		{Method: "POST", Path: "/api/persons/{id}/photo", Summary: "Give a person a photo, or take it away", Request: setPhotoRequest{}, Response: madeAnswer{}, Handle: c.apiSetPhoto(schema.Person)},
	}
}
