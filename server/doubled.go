package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Doubled is a receipt number under which more than one sale was printed: a device was
// copied, or put back to a backup.
type Doubled struct {
	Receipt string        `json:"receipt"`
	Sales   []DoubledSale `json:"sales"`
}

// DoubledSale is one of them.
type DoubledSale struct {
	Sale     syncproto.RecordID `json:"sale"`
	SiteName string             `json:"site_name"`
	SoldAt   *string            `json:"sold_at"` // RFC 3339, UTC
	Voided   bool               `json:"voided"`
}

// Doubled lists the receipt numbers that were printed twice.
func (s *Server) Doubled(ctx context.Context) ([]Doubled, error) {
	list := []Doubled{}
	err := s.State.Read(ctx, func(r *state.Reader) error {
		found, err := r.Doubled()
		if err != nil || len(found) == 0 {
			return err
		}
		names, err := r.Labels(report.Site)
		if err != nil {
			return err
		}
		for _, f := range found {
			d := Doubled{Receipt: f.Receipt}
			for _, id := range f.Sales {
				row, err := r.Get(schema.Sale, id)
				if err != nil || row == nil {
					return errors.Join(err, fmt.Errorf("sale %v", id))
				}
				site := row.Of(schema.SaleSite).ID()
				d.Sales = append(d.Sales, DoubledSale{id, names[string(site[:])], timeText(row.Of(schema.SaleSoldAt).Int()), row.Of(schema.Voided).Bool()})
			}
			list = append(list, d)
		}
		return nil
	})
	return list, err
}

func (s *Server) apiDoubled(w http.ResponseWriter, r *http.Request) {
	if err := s.current(r.Context()); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	list, err := s.Doubled(r.Context())
	localapi.Answer(w, list, err)
}
