package state

import (
	"context"

	"github.com/rawaj/rawaj/server/oplog"
)

// foldEntries and foldBytes cut a log that is folded from end to end into commits.
const (
	foldEntries = 256
	foldBytes   = 8 << 20
)

// Fold folds what read gives, a log's Read or that of its file, from where the state
// stands up to an entry. progress hears now and then how far it is.
func (s *State) Fold(ctx context.Context, read func(context.Context, oplog.Index, func(oplog.Record) error) error, upto oplog.Index, progress func(oplog.Index)) error {
	var run []oplog.Record
	size := 0
	flush := func() error {
		if len(run) == 0 {
			return nil
		}
		_, err := s.Apply(ctx, run)
		progress(run[len(run)-1].Index)
		run, size = run[:0], 0
		return err
	}
	if err := read(ctx, s.Head().Applied+1, func(r oplog.Record) error {
		if r.Index > upto {
			return oplog.ErrStop
		}
		run = append(run, r)
		if size += len(r.Data); len(run) < foldEntries && size < foldBytes {
			return nil
		}
		return flush()
	}); err != nil {
		return err
	}
	return flush()
}
