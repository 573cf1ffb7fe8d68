package server

import (
	"context"
	"time"

	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// tidyEvery is how often attachments are looked for that nothing names any more.
const (
	tidyFirst = time.Minute
	tidyEvery = 24 * time.Hour
)

// tidies lets go of attachments that nothing names, soon after the start and once a day.
func (s *Server) tidies(ctx context.Context) {
	t := time.NewTimer(tidyFirst)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			t.Reset(tidyEvery)
		case <-ctx.Done():
			return
		}
		if gone, err := s.Tidy(ctx); err != nil && ctx.Err() == nil {
			s.Logger.Error("tidy attachments", "err", err)
		} else if gone > 0 {
			s.Logger.Info("attachments that nothing names were removed", "gone", gone)
		}
	}
}

// Tidy looks now, once all that is in the log has been judged: a state that is behind
// names less than there is.
func (s *Server) Tidy(ctx context.Context) (gone int, err error) {
	if err := s.current(ctx); err != nil {
		return 0, err
	}
	return s.Attachments.Collect(ctx, s.Now().UnixMilli(), func() (named map[syncproto.Root]bool, err error) {
		err = s.State.Read(ctx, func(r *state.Reader) error {
			named, err = r.AllNamed()
			return err
		})
		return named, err
	})
}
