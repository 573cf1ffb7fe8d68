package client

import (
	"context"
	"errors"
	"time"
)

// enforceEvery is how often a site looks whether one of its rights has ended: nobody
// reads on for more than a minute.
const enforceEvery = time.Minute

// enforces takes off this device what it may no longer read, with the cable pulled too.
func (c *Client) enforces(ctx context.Context) {
	t := time.NewTicker(enforceEvery)
	defer t.Stop()
	for {
		if err := c.Enforce(ctx); err != nil && ctx.Err() == nil {
			c.Logger.Error("end rights", "err", err)
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// Enforce looks now. The time is this device's, put right by what its clock was off at
// the last contact.
func (c *Client) Enforce(ctx context.Context) error {
	p := c.Store.Progress()
	now := c.Now().UnixMilli() - p.OffsetMS
	ended, err := c.Store.EndShares(ctx, max(now, p.ServerTime))
	if len(ended) > 0 {
		c.Logger.Info("rights have ended: their records leave this device", "shares", ended)
		err = errors.Join(err, c.Tidy(ctx))
	}
	return err
}
