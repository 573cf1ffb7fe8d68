package server

import (
	"context"
	"slices"
	"sync"

	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// hub knows which sessions read which shares, and wakes them when those move, so that
// a session with nothing to hear needs neither goroutine nor snapshot.
type hub struct {
	mu      sync.Mutex
	readers map[syncproto.Share][]*session
}

// move has a session hear of some shares, and no more of those it heard of before.
func (h *hub) move(n *session, from, to []syncproto.Share) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.readers == nil {
		h.readers = map[syncproto.Share][]*session{}
	}
	for _, share := range to {
		if !slices.Contains(from, share) {
			h.readers[share] = append(h.readers[share], n)
		}
	}
	for _, share := range from {
		if slices.Contains(to, share) {
			continue
		}
		rest := slices.DeleteFunc(h.readers[share], func(o *session) bool { return o == n })
		if h.readers[share] = rest; len(rest) == 0 {
			delete(h.readers, share)
		}
	}
}

// woken wakes whom a commit of the fold concerns. It runs after live has taken the
// commit over: who looks then sees it.
func (s *Server) woken(r *state.Result) {
	s.hub.mu.Lock()
	for share := range r.Shares {
		for _, n := range s.hub.readers[share] {
			n.feeding.wake()
		}
	}
	s.hub.mu.Unlock()
	s.sessions.mu.Lock()
	for _, list := range [][]syncproto.DeviceID{r.Devices, r.Chains} {
		for _, device := range list {
			if n := s.sessions.byDevice[device]; n != nil {
				n.feeding.wake()
			}
		}
	}
	s.sessions.mu.Unlock()
}

// feeding is a session's feed while there is something to hear.
type feeding struct {
	mu      sync.Mutex
	run     func() // nil before the feed begins and after it has ended
	running bool
	again   bool
	all     sync.WaitGroup
}

// begin feeds now, and whenever woken, until end. What feed returns other than nil goes
// to failed.
func (f *feeding) begin(ctx context.Context, feed func(context.Context) error, failed func(error)) {
	f.mu.Lock()
	f.run = func() {
		defer f.all.Done()
		for f.next() {
			if err := feed(ctx); err != nil {
				failed(err)
				return // and stays running: nothing wakes it any more
			}
		}
	}
	f.mu.Unlock()
	f.wake()
}

// wake has the feed look whether there is something to hear.
func (f *feeding) wake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.again = true
	if f.run == nil || f.running {
		return
	}
	f.running = true
	f.all.Add(1)
	go f.run()
}

// next says whether the feed was woken since it last looked.
func (f *feeding) next() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running, f.again = f.again, false
	return f.running
}

// end waits for the feed, and lets nothing wake it any more. Its context is over.
func (f *feeding) end() {
	f.mu.Lock()
	f.run = nil
	f.mu.Unlock()
	f.all.Wait()
}
