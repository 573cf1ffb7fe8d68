package server

import (
	"context"
	"time"

	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// contactEvery is how often the log is told again that a connected device has nothing
// pending: totals know it meanwhile from the session, and after a restart of the server from
// the device's next Hello. An entry has some 110 bytes with its hash, so a device that
// stays connected adds at most 96 of them, 11 KB, a day.
const contactEvery = 15 * time.Minute

// caughtUp is as of when a device that is connected had nothing pending, by our clock, and
// up to where the log then held its work.
type caughtUp struct {
	asOf int64 // UTC ms
	end  oplog.Index
}

// contact writes to the log when a device was heard of and what it declares: totals have
// to know, also after a restart (P13). at is when that was so; 0: now.
func (n *session) contact(ctx context.Context, d *syncproto.Declared, newest *syncproto.Head, at int64) error {
	n.declare(d)
	n.noted = time.Now()
	c := state.Contact{Device: n.device, Declared: d, Newest: newest, At: at}
	_, err := n.s.append(ctx, &state.Entry{Kind: state.EntryContact, OffsetMS: n.measured(), Payload: c.Encode()})
	return err
}

func (n *session) declare(d *syncproto.Declared) {
	kept := *d // d is a part of its frame
	n.declared.Store(&kept)
	if d.Transactions == 0 && d.Attachments == 0 && !n.emptied.Swap(true) {
		n.feeding.wake() // for one that was revoked
	}
}

// declares takes what a device declares while it is connected. That it still has nothing
// pending is kept here, and told to the log now and then.
func (n *session) declares(ctx context.Context, f *syncproto.Ping) error {
	d, was := f.Declared, n.declared.Load()
	if d.Transactions > 0 {
		n.caughtUp.Store(nil)
		return n.contact(ctx, d, nil, 0)
	}
	at := int64(0)
	if f.Of > 0 && f.Of <= n.sent.Load() { // what a device says of our clock we have told it
		at = f.Of
		end, _ := n.s.Log.End()
		if last := n.caughtUp.Load(); last == nil || last.asOf < at {
			n.caughtUp.Store(&caughtUp{at, end})
		}
	}
	if was.Transactions == 0 && was.Differing == d.Differing && was.Unbacked == d.Unbacked && was.Attachments == d.Attachments && time.Since(n.noted) < contactEvery {
		n.declare(d)
		return nil
	}
	if was.Transactions > 0 { // its last work has come since
		at = 0
	}
	return n.contact(ctx, d, nil, at)
}

// lastHeard is when what a device last declared was so. A connection that went dead says
// nothing of the time since.
func (n *session) lastHeard() int64 {
	if n.declared.Load().Transactions > 0 {
		return n.heard
	}
	if c := n.caughtUp.Load(); c != nil {
		return c.asOf
	}
	return n.began
}

// caughtUp are the devices that are connected and have nothing pending, with as of
// when. What came up to then is among the first applied entries.
func (s *Server) caughtUp(applied oplog.Index) map[syncproto.DeviceID]int64 {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	at := map[syncproto.DeviceID]int64{}
	for id, n := range s.sessions.byDevice {
		if c := n.caughtUp.Load(); c != nil && c.end <= applied {
			at[id] = c.asOf
		}
	}
	return at
}
