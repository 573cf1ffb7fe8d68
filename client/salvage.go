package client

import (
	"context"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// salvageBytes is how many bytes of batches one Salvage frame carries: with one batch
// more it still fits a message.
const salvageBytes = syncproto.MaxFrame - syncproto.MaxBytes - 4<<10

// salvage hands back what this device holds about who takes part, to a server that has
// lost some of it: it takes what it lacks, once.
func (s *session) salvage(ctx context.Context) error {
	var frames []*syncproto.Salvage
	f, bytes := &syncproto.Salvage{}, 0
	if err := s.Store.Read(ctx, func(r *store.Reader) error {
		return r.Each(schema.Control, func(row *records.Row) error {
			b := row.Of(schema.ControlBatch).Bytes()
			f.Batches = append(f.Batches, b)
			if bytes += len(b); bytes > salvageBytes || len(f.Batches) == syncproto.MaxSalvage {
				frames = append(frames, f)
				f, bytes = &syncproto.Salvage{}, 0
			}
			return nil
		})
	}); err != nil {
		return err
	}
	f.Last = true
	for _, f := range append(frames, f) {
		if err := s.conn.Send(ctx, f); err != nil {
			return err
		}
	}
	return nil
}
