package server

import (
	"context"
	"net/http"

	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
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

// TillShown is a till in a list.
type TillShown struct {
	closing.Sheet
	SiteName string `json:"site_name"`
	FairName string `json:"fair_name"` // empty: none
}

// Tills lists the tills of all sites, newest first.
func (s *Server) Tills(ctx context.Context, at localapi.Cursor) (p localapi.Page[TillShown], err error) {
	p.Items = []TillShown{}
	err = s.State.Read(ctx, func(r *state.Reader) error {
		sites, err := r.Labels(report.Site)
		if err != nil {
			return err
		}
		err = r.Newest(schema.TillSession, at.After, at.Limit, func(row *records.Row) error {
			sheet, _, err := r.Sheet(row.ID)
			if err != nil {
				return err
			}
			t := TillShown{Sheet: sheet, SiteName: sites[string(sheet.Site[:])]}
			if sheet.Fair != nil {
				t.FairName, err = nameOf(r, schema.Fair, *sheet.Fair)
			}
			p.Items = append(p.Items, t)
			return err
		})
		if len(p.Items) == at.Limit {
			p.Next = p.Items[at.Limit-1].Till.String()
		}
		return err
	})
	return p, err
}

func (s *Server) apiSheet(w http.ResponseWriter, r *http.Request) {
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = s.current(r.Context())
	}
	var sheet closing.Sheet
	if err == nil {
		sheet, err = s.Sheet(r.Context(), id)
	}
	localapi.Answer(w, sheet, err)
}
