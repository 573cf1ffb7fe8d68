package server

import (
	"context"
	"net/http"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// apiAttachment gives an attachment that something here names: head office sees all
// records, and what is held.
func (s *Server) apiAttachment(w http.ResponseWriter, r *http.Request) {
	root, err := attach.PathRoot(r)
	named := false
	if err == nil {
		err = s.State.Read(r.Context(), func(rd *state.Reader) (err error) {
			named, err = rd.Named(root)
			return err
		})
	}
	if err == nil && !named {
		err = refusal.New(refusal.NoRecord, "nothing names attachment %v", root)
	}
	if err != nil {
		localapi.Refuse(w, err)
		return
	}
	s.Attachments.Serve(w, r, root)
}

// Attach keeps a document of head office's, for a record that is going to name it.
func (s *Server) Attach(ctx context.Context, b []byte) (root syncproto.Root, err error) {
	switch {
	case len(b) == 0:
		return root, refusal.New(refusal.Required, "an attachment has at least one byte")
	case len(b) > syncproto.MaxAttachment:
		return root, attach.TooLarge()
	}
	return s.Attachments.Put(ctx, b, s.Now().UnixMilli())
}

// attached is a field that names an attachment, whose bytes have to be here; none is null.
func (s *Server) attached(ctx context.Context, name string, field syncproto.FieldID, root *syncproto.Root) (syncproto.FieldValue, error) {
	f := syncproto.FieldValue{Field: field}
	if root == nil {
		return f, nil
	}
	f.Value = syncproto.RootValue(*root)
	whole, err := s.Attachments.Whole(ctx, *root)
	if err == nil && whole {
		err = s.Attachments.Touch(ctx, *root, s.Now().UnixMilli())
	}
	if err == nil && !whole {
		err = refusal.New(refusal.Reference, "%s: attachment %v is not here: send its bytes first", name, *root).On(name)
	}
	return f, err
}

func (s *Server) apiAttach(w http.ResponseWriter, r *http.Request) {
	kept, err := attach.Upload(w, r, s.uploads, func(b []byte) (syncproto.Root, error) { return s.Attach(r.Context(), b) })
	localapi.Answer(w, kept, err)
}
