package server

import (
	"net/http"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server/state"
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
