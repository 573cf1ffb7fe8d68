package server

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrDamaged is why Run ends where the state is not what the log folds to: it is to be
// folded anew, which loses nothing.
var ErrDamaged = errors.New("the state is damaged")

// scrubEvery is how often every record is held against the digests of its shares.
// The first time is once whatever the start needs is done.
const (
	scrubFirst = time.Minute
	scrubEvery = 24 * time.Hour
)

// scrubs looks at every record of the state soon after the start and then once a day.
func (s *Server) scrubs(ctx context.Context) error {
	t := time.NewTimer(scrubFirst)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			t.Reset(scrubEvery)
		case <-ctx.Done():
			return nil
		}
		if err := s.Scrub(ctx); err != nil {
			return err
		}
	}
}

// Scrub looks at every record of the state now. It returns ErrDamaged where one is not
// what was folded.
func (s *Server) Scrub(ctx context.Context) error {
	found, err := s.State.Scrub(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("scrub: %w", err)
	}
	for _, f := range found {
		s.Logger.Error("scrub", "found", f)
	}
	s.metrics.scrubbed.SetToCurrentTime()
	if len(found) > 0 {
		return fmt.Errorf("%w: %s", ErrDamaged, found[0])
	}
	return nil
}
