package client

import (
	"context"
	"sync"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/syncproto"
)

// lane is what of attachments outlives a connection (SPEC §5.16): which ones somebody
// waits for, and what the server has answered.
type lane struct {
	mu     sync.Mutex
	on     *session               // the connection that fetches; nil while there is none
	opened map[syncproto.Root]int // by how many
	moved  chan struct{}          // closed when one has arrived, or will not
	moves  uint64                 // how often that was
	later  map[syncproto.Root]laterAt
	says   uint64              // grows when later changes
	log    syncproto.HistoryID // of the server, as it last said
}

// laterAt is when an attachment may be asked about again; unwanted says that the server has
// judged all that names it, up to an own transaction, and wants nothing of it.
type laterAt struct {
	at       time.Time
	unwanted bool
	upto     int64
}

const (
	// askAgain is how long an attachment rests that the server did not take or give: a
	// photo lost in between comes within a coffee.
	askAgain = 10 * time.Minute
	// fetchPatience is how long a page waits for an attachment: longer than most take on a
	// slow line, shorter than browsers do.
	fetchPatience = 20 * time.Second
)

func newLane() lane {
	return lane{opened: map[syncproto.Root]int{}, later: map[syncproto.Root]laterAt{}, moved: make(chan struct{})}
}

// Fetch has an attachment here, and waits for it so long where it lacks.
func (c *Client) Fetch(ctx context.Context, root syncproto.Root, patience time.Duration) error {
	whole, err := c.Store.Attachments().Whole(ctx, root)
	if err != nil || whole {
		return err
	}
	names, err := c.Store.Names(ctx)
	if err != nil {
		return err
	}
	if n := names[root]; !n.Seen && !n.Base {
		return store.ErrNoRecord
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	l := &c.lane
	l.open(root)
	defer l.close(root)
	for {
		moved, hopeless := l.waits(root)
		if whole, err = c.Store.Attachments().Whole(ctx, root); whole && err == nil {
			return nil
		}
		if hopeless || ctx.Err() != nil {
			return attach.NotHere
		}
		if err != nil {
			return err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return attach.NotHere
		}
	}
}

func (l *lane) open(root syncproto.Root) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opened[root]++
	delete(l.later, root) // somebody looks: ask anew
	l.says++
	if l.on != nil {
		l.on.look()
	}
}

func (l *lane) close(root syncproto.Root) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.opened[root]--; l.opened[root] == 0 {
		delete(l.opened, root)
	}
}

// waits gives what tells that something has moved, and whether waiting is of no use now.
func (l *lane) waits(root syncproto.Root) (moved <-chan struct{}, hopeless bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, answered := l.later[root]
	return l.moved, l.on == nil || answered
}

// signal is closed when something moves next.
func (l *lane) signal() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.moved
}

// times counts how often something moved.
func (l *lane) times() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.moves
}

// tell wakes whoever waits.
func (l *lane) tell() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moves++
	close(l.moved)
	l.moved = make(chan struct{})
}

// connect says over which connection attachments are fetched; nil: over none.
func (l *lane) connect(s *session) {
	l.mu.Lock()
	l.on = s
	if s != nil {
		other := l.log != s.welcome.History
		l.log = s.welcome.History
		l.says++
		for root, r := range l.later { // another session, another answer
			if other || !r.unwanted {
				delete(l.later, root)
			}
		}
	}
	l.mu.Unlock()
	l.tell()
}

// answered is a number that is another one when what the server answered has changed, and
// the history of the log that it last showed; zero before it did.
func (l *lane) answered() (uint64, syncproto.HistoryID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.says, l.log
}

// forget has an attachment asked about again.
func (l *lane) forget(root syncproto.Root) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.later, root)
	l.says++
}

// rest has it asked about later.
func (l *lane) rest(root syncproto.Root, now time.Time) {
	l.answer(root, laterAt{at: now.Add(askAgain)})
}

// unwanted notes that the server wants nothing of it, as it is named now.
func (l *lane) unwanted(root syncproto.Root, n store.Naming, now time.Time) {
	l.answer(root, laterAt{now.Add(askAgain), true, n.Last})
}

func (l *lane) answer(root syncproto.Root, r laterAt) {
	l.mu.Lock()
	l.later[root] = r
	l.says++
	l.mu.Unlock()
	l.tell()
}

// resting says whether an attachment that is named so is not to be asked about now, and whether
// the server wants nothing of it. What was recorded since it said so it has not looked at.
func (l *lane) resting(root syncproto.Root, n store.Naming, now time.Time) (resting, unwanted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, ok := l.later[root]
	ok = ok && (!r.unwanted || n.Last <= r.upto)
	return ok && now.Before(r.at), ok && r.unwanted
}

func (l *lane) wanted() (roots []syncproto.Root) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for root := range l.opened {
		roots = append(roots, root)
	}
	return roots
}
