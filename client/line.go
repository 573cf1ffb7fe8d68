package client

import (
	"context"
	"errors"
	"sync"
	"time"
)

// line is who may be connected: Run, which gives way, or one SyncNow at a time.
type line struct {
	held sync.Mutex    // by whoever is connected
	wake chan struct{} // holds a token when Run need not wait to try again

	mu    sync.Mutex
	hang  context.CancelFunc // ends Run's connection; nil where it has none
	asked int                // how many want the line or have it, besides Run
	free  chan struct{}      // closed when asked is 0 again
}

// errGaveWay says that Run's connection was ended for somebody who asked for the line.
var errGaveWay = errors.New("somebody else syncs")

// stay is one connection of Run's, once nobody else wants the line. It says whether that got
// anything across.
func (c *Client) stay(ctx context.Context) (gotOn bool, err error) {
	c.line.mu.Lock()
	for c.line.asked > 0 {
		free := c.line.free
		c.line.mu.Unlock()
		select {
		case <-free:
		case <-ctx.Done():
			return false, ctx.Err()
		}
		c.line.mu.Lock()
	}
	own, hang := context.WithCancel(ctx)
	c.line.hang = hang
	c.line.mu.Unlock()
	defer func() {
		c.line.mu.Lock()
		defer c.line.mu.Unlock()
		c.line.hang = nil
		hang()
	}()
	c.line.held.Lock()
	defer c.line.held.Unlock()
	r := &run{}
	err = c.session(own, r)
	if own.Err() != nil && ctx.Err() == nil {
		return r.gotOn(), errGaveWay
	}
	return r.gotOn(), err
}

// reconnect ends Run's connection, if it has one, and has it begin another.
func (l *line) reconnect() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hang != nil {
		l.hang()
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// SyncNow is Sync while Run runs: it takes the line, and gives it back.
func (c *Client) SyncNow(ctx context.Context, patience time.Duration) (SyncResult, error) {
	c.line.mu.Lock()
	if c.line.asked++; c.line.asked == 1 {
		c.line.free = make(chan struct{})
	}
	if c.line.hang != nil {
		c.line.hang()
	}
	c.line.mu.Unlock()
	c.line.held.Lock()
	defer func() {
		c.line.held.Unlock()
		c.line.mu.Lock()
		defer c.line.mu.Unlock()
		if c.line.asked--; c.line.asked == 0 {
			close(c.line.free)
		}
		select {
		case c.line.wake <- struct{}{}:
		default:
		}
	}()
	return c.Sync(ctx, patience, nil)
}
