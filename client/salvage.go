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

// handOver tells the server how many records are kept here that it has lost, where that
// changed, and gives it those that it asks for.
func (s *session) handOver(ctx context.Context) error {
	declared, err := s.Store.Declared(ctx)
	if err != nil {
		return err
	}
	if declared.Kept != s.kept {
		s.kept = declared.Kept
		s.Logger.Warn("records of others are kept here that the server has lost", "records", s.kept)
		if err := s.conn.Send(ctx, &syncproto.Ping{TimeMS: s.Now().UnixMilli(), Declared: &declared}); err != nil {
			return err
		}
	}
	ask := s.welcome.Kept
	if ask == nil || !ask.Ask {
		return nil
	}
	for s.given = max(s.given, ask.Given); ; {
		give, err := s.Store.Spares(ctx, s.given)
		if err != nil || len(give.Rows) == 0 {
			return err
		}
		if err := s.conn.Send(ctx, give); err != nil {
			return err
		}
		s.given = give.Upto
	}
}
