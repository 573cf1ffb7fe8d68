package client

import "context"

// letGo lets go of what may go after each checkpoint, while the session lasts.
func (s *session) letGo(ctx context.Context) {
	for {
		select {
		case <-s.checked:
			s.Client.letGo(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// letGo lets go of all own transactions that may go, a step at a time. Where that fails,
// they stay, and the next checkpoint tries again.
func (c *Client) letGo(ctx context.Context) {
	for ctx.Err() == nil {
		more, err := c.Store.LetGo(ctx)
		if err != nil && ctx.Err() == nil {
			c.Logger.Warn("cannot let go of what a backup holds", "err", err)
		}
		if err != nil || !more {
			return
		}
	}
}
