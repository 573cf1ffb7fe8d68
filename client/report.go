package client

import (
	"context"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
)

// Sales counts the sales as they stand here, those left out that the server holds in
// quarantine: head office does not count them either. A site vouches for its own
// sales alone, so what is here is complete to the last time it heard of the rest.
func Sales(ctx context.Context, s *store.Store, by report.By) (report.Sales, error) {
	return SalesIn(ctx, s, by, report.Span{})
}

// SalesIn does so for the sales of a span of days.
func SalesIn(ctx context.Context, s *store.Store, by report.By, in report.Span) (out report.Sales, err error) {
	other := in.Skip()
	err = s.Read(ctx, func(r *store.Reader) error {
		figures, err := r.FiguresBy(by, func(sale *records.Row) bool { return store.Held(sale) || other != nil && other(sale) })
		if err != nil {
			return err
		}
		labels, err := r.Labels(by)
		if err != nil {
			return err
		}
		out.Rows, out.Total = report.Table(by, figures, labels)
		return nil
	})
	out.Describe(by, in)
	out.MissingSites = []report.MissingSite{}
	if ms := s.Progress().ServerTime; ms > 0 {
		t := time.UnixMilli(ms).UTC().Format(time.RFC3339)
		out.CompleteTo = &t
	}
	return out, err
}
