package server

import (
	"slices"
	"sync"

	"github.com/rawaj/rawaj/syncproto"
)

// attaching says whose turn it is to have a chunk of an attachment on its way, among all
// sessions: in the order in which they asked, each with one.
type attaching struct {
	mu      sync.Mutex
	free    int
	waiting []*session
	granted map[*session]bool                    // woken with a turn that they have not taken
	missed  map[syncproto.Root]map[*session]bool // who asked for one that was not here
	misses  map[*session]int
}

func newAttaching(turns int) attaching {
	return attaching{free: turns, granted: map[*session]bool{}, missed: map[syncproto.Root]map[*session]bool{}, misses: map[*session]int{}}
}

// take takes a turn; where there is none, the session is woken when it has one.
func (a *attaching) take(n *session) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.granted[n]:
		delete(a.granted, n)
		return true
	case a.free > 0:
		a.free--
		return true
	case !slices.Contains(a.waiting, n):
		a.waiting = append(a.waiting, n)
	}
	return false
}

// give gives a turn back, to whoever waited longest.
func (a *attaching) give() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pass()
}

func (a *attaching) pass() {
	if len(a.waiting) == 0 {
		a.free++
		return
	}
	next := a.waiting[0]
	a.waiting = a.waiting[1:]
	a.granted[next] = true
	next.feeding.wake()
}

// drop gives back a turn that the session has no use for any more.
func (a *attaching) drop(n *session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.granted[n] {
		delete(a.granted, n)
		a.pass()
	}
}

// miss remembers that a session asked for an attachment that was not here.
func (a *attaching) miss(n *session, root syncproto.Root) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.missed[root][n] || a.misses[n] >= maxMissed {
		return
	}
	if a.missed[root] == nil {
		a.missed[root] = map[*session]bool{}
	}
	a.missed[root][n] = true
	a.misses[n]++
}

// met is for a session that has been told of an attachment after all.
func (a *attaching) met(n *session, root syncproto.Root) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.missed[root][n] {
		return
	}
	a.misses[n]--
	if delete(a.missed[root], n); len(a.missed[root]) == 0 {
		delete(a.missed, root)
	}
}

// arrived tells those who asked for an attachment in vain that it is here now.
func (a *attaching) arrived(root syncproto.Root) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for n := range a.missed[root] {
		a.misses[n]--
		n.lane.tell(root)
		n.feeding.wake()
	}
	delete(a.missed, root)
}

// leave is for a session that is over.
func (a *attaching) leave(n *session) {
	n.lane.release()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = slices.DeleteFunc(a.waiting, func(o *session) bool { return o == n })
	if a.granted[n] {
		delete(a.granted, n)
		a.pass()
	}
	if a.misses[n] > 0 {
		for root, who := range a.missed {
			if delete(who, n); len(who) == 0 {
				delete(a.missed, root)
			}
		}
	}
	delete(a.misses, n)
}
