package server

import (
	"context"
	"net/http"

	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// Sheet is a till as head office has it: what it was closed with, and what came late.
func (s *Server) Sheet(ctx context.Context, till syncproto.RecordID) (sheet closing.Sheet, err error) {
	err = s.State.Read(ctx, func(r *state.Reader) error {
		var known bool
		if sheet, known, err = r.Sheet(till); err == nil && !known {
			err = refusal.New(refusal.NoRecord, "there is no such till")
		}
		return err
	})
	return sheet, err
}

func (s *Server) apiSheet(w http.ResponseWriter, r *http.Request) {
	id, err := localapi.PathID[syncproto.RecordID](r)
	end, _ := s.Log.End()
	if err == nil {
		err = s.folded(r.Context(), end)
	}
	var sheet closing.Sheet
	if err == nil {
		sheet, err = s.Sheet(r.Context(), id)
	}
	localapi.Answer(w, sheet, err)
}
