package main

import (
	"context"
	"errors"
	"net"
	"sync"
)

// cable is what stands between a site and its server in a demo: it can be pulled, which
// cuts what goes over it and lets nothing new through. Nothing of the site is touched.
type cable struct {
	mu     sync.Mutex
	pulled bool
	open   map[net.Conn]struct{}
}

func newCable() *cable { return &cable{open: map[net.Conn]struct{}{}} }

var errPulled = errors.New("the cable is pulled")

// dial connects as long as the cable is in.
func (c *cable) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if c.isPulled() {
		return nil, errPulled
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pulled {
		conn.Close()
		return nil, errPulled
	}
	c.open[conn] = struct{}{}
	return &overCable{conn, c}, nil
}

func (c *cable) isPulled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pulled
}

// set pulls the cable, or puts it back.
func (c *cable) set(pulled bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pulled = pulled
	if !pulled {
		return
	}
	for conn := range c.open {
		conn.Close()
		delete(c.open, conn)
	}
}

// overCable is a connection that the cable knows until it is closed.
type overCable struct {
	net.Conn
	cable *cable
}

func (o *overCable) Close() error {
	o.cable.mu.Lock()
	delete(o.cable.open, o.Conn)
	o.cable.mu.Unlock()
	return o.Conn.Close()
}
