// Package client is a site: what staff do (sell.go), the link to the server (link.go,
// session.go) and the local API (http.go). It works with the cable pulled; the link
// only ever reads and settles what is recorded here already.
package client

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/recorder"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/wsconn"
)

// Config is what a Client needs.
type Config struct {
	Store   *store.Store
	Key     ed25519.PrivateKey // of this device as it was enrolled
	Keys    Keys               // for further names; nil: a copy keeps the name that it shares
	Now     func() time.Time
	Rand    io.Reader
	Logger  *slog.Logger
	Dial    wsconn.DialOptions
	Program string // name and version, for people
	// Recorder keeps the last frames and changes of state; nil keeps none.
	Recorder *recorder.Recorder
}

// Client is a site at work. It is safe for concurrent use.
type Client struct {
	Config
	line           line
	askCertificate bool        // the server does not know this device: show the certificate; by the holder of line
	keepsName      bool        // the server would not give this copy a name; likewise
	askOlder       bool        // the server's log is another: name older cursors and all that is kept; likewise
	withheld       atomic.Bool // the server went back and nobody has vouched yet: nothing is heard
	notTaken       atomic.Bool // the server gave no credit for batches when it was last reached
	zone           atomic.Pointer[time.Location]
	metrics        *metrics
	lane           lane // of attachments
	due            atomic.Pointer[dueAt]
	uploads        chan struct{} // holds a token for each that is in memory
	imports        chan struct{} // likewise
}

// New makes a client; it starts nothing.
func New(c Config) *Client {
	c.Dial.Trace = c.Recorder.Frame
	n := &Client{Config: c, line: line{wake: make(chan struct{}, 1)}, lane: newLane(), uploads: make(chan struct{}, maxUploads), imports: make(chan struct{}, maxImports)}
	n.metrics = newMetrics(n)
	return n
}

// ErrRefused says that the server will not have this device, and that trying again
// will not change that.
var ErrRefused = errors.New("the server refuses this device")

const (
	backoffLeast = 500 * time.Millisecond
	backoffMost  = time.Minute
	// retryMost is the longest that a server may send this device away for.
	retryMost = 10 * time.Minute
)

// Run stays connected while it can, until ctx ends or the server refuses the device.
func (c *Client) Run(ctx context.Context) error {
	var scrubbing sync.WaitGroup
	defer scrubbing.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	scrubbing.Go(func() { c.scrubs(ctx) })
	scrubbing.Go(func() { c.enforces(ctx) })
	wait := backoffLeast
	for {
		began := time.Now()
		gotOn, err := c.stay(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, errGaveWay) || errors.Is(err, errRenamed) {
			continue
		}
		if errors.Is(err, ErrRefused) {
			return err
		}
		wait = backoff(wait, gotOn, time.Since(began))
		pause := pause(retryAfter(err), wait, rand.Int64N)
		c.Recorder.Add(recorder.Event{What: recorder.Waiting, Count: uint64(pause.Milliseconds())})
		c.Logger.Info("not connected", "err", err, "again_in", pause.Round(time.Millisecond))
		wait = min(2*wait, backoffMost)
		select {
		case <-time.After(pause):
		case <-c.line.wake:
			wait = backoffLeast
		case <-ctx.Done():
			return nil
		}
	}
}

// scrubEvery is how often every record is held against the digests: a byte that changes
// by itself is found within a day.
// The first time is once whatever the start needs is done.
const (
	scrubFirst = time.Minute
	scrubEvery = 24 * time.Hour
)

// scrubs looks at every record soon after the start and then once a day. What it finds is
// repaired at the next connection, so the present one ends.
func (c *Client) scrubs(ctx context.Context) {
	t := time.NewTimer(scrubFirst)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			t.Reset(scrubEvery)
		case <-ctx.Done():
			return
		}
		damaged, err := c.Store.Scrub(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			c.Logger.Error("scrub", "err", err)
		case len(damaged) > 0:
			c.Logger.Error("records changed by themselves: the disk may be failing; they are fetched again", "shares", damaged)
			c.line.reconnect()
		}
	}
}

// retryAfter is how long the server asks this device to stay away, in its Bye or in HTTP.
func retryAfter(err error) time.Duration {
	if bye, ok := errors.AsType[*byeError](err); ok {
		return min(bye.RetryAfter(), retryMost)
	}
	if refused, ok := errors.AsType[*wsconn.HandshakeError](err); ok {
		return min(refused.RetryAfter, retryMost)
	}
	return 0
}

// pause is how long to wait before the next connection: all that the server asks for, and
// then full jitter over the backoff or as much again, so that those who were sent away
// together do not come back together.
func pause(after, backoff time.Duration, draw func(int64) int64) time.Duration {
	return after + time.Duration(draw(int64(max(backoff, after))))
}

// backoff is the wait for a connection after one that lasted so long. What got anything
// across is tried again at once: a line that breaks all the time is used all the time.
func backoff(before time.Duration, gotOn bool, lasted time.Duration) time.Duration {
	if gotOn || lasted > backoffMost {
		return backoffLeast
	}
	return before
}

// SyncResult is what a Sync did.
type SyncResult struct {
	Sent        uint64 `json:"sent"`        // own transactions that the server has acknowledged
	Received    uint64 `json:"received"`    // records heard, repeats counted
	Settled     uint64 `json:"settled"`     // own transactions that the server has judged
	Quarantined uint64 `json:"quarantined"` // own transactions held there now
	Equal       bool   `json:"equal"`       // digests of all shares are the server's

	Differing []string `json:"differing"` // shares whose digests are not, such as "S site/ID"
}

// Sync sends and hears until nothing is left of either. It takes up a link that
// breaks again, as long as it gets on: it gives up when patience has passed without
// progress, with the last error.
func (c *Client) Sync(ctx context.Context, patience time.Duration, progress func(SyncResult)) (SyncResult, error) {
	r := &run{once: true, progress: progress}
	deadline, wait := time.Now().Add(patience), backoffLeast/4
	for {
		before := r.moved()
		err := c.session(ctx, r)
		if err == nil {
			break
		}
		if errors.Is(err, errRenamed) {
			continue
		}
		if ctx.Err() != nil || errors.Is(err, ErrRefused) {
			return r.result, err
		}
		if r.moved() != before {
			deadline, wait = time.Now().Add(patience), backoffLeast/4
		}
		again := wait/2 + pause(retryAfter(err), wait, rand.Int64N)
		if errors.Is(err, ErrNotTaken) || errors.Is(err, ErrWithheld) || time.Now().Add(again).After(deadline) {
			return r.result, err
		}
		select {
		case <-time.After(again):
		case <-ctx.Done():
			return r.result, ctx.Err()
		}
		wait = min(2*wait, 5*time.Second)
	}
	c.letGo(ctx)
	st, err := c.Store.Status(ctx)
	r.result.Quarantined, r.result.Equal = st.Quarantined, st.Progress.Unequal == ""
	if r.result.Differing = []string{}; !r.result.Equal {
		r.result.Differing = strings.Split(st.Progress.Unequal, ", ")
	}
	return r.result, err
}

// run is what several connections of one Sync add up to.
type run struct {
	once     bool
	result   SyncResult
	counts   uint64        // of what was counted, though it was none
	chunks   atomic.Uint64 // of attachments that got across, or were confirmed
	progress func(SyncResult)
}

// gotOn says whether anything was sent, heard or settled.
func (r *run) gotOn() bool {
	return r.result.Sent+r.result.Received+r.result.Settled+r.chunks.Load() > 0
}

// moved grows with whatever gets on.
func (r *run) moved() uint64 { return r.counts + r.chunks.Load() }

func (r *run) count(sent, received, settled uint64) {
	r.result.Sent += sent
	r.result.Received += received
	r.result.Settled += settled
	r.counts++
	if r.progress != nil {
		r.progress(r.result)
	}
}

// ErrNotTaken says that the server takes no more of this device's work for now: it stays
// here until head office has settled what is held.
var ErrNotTaken = errors.New("the server takes no more of this device's work until head office has settled what is held; all of it is saved here")

// ErrWithheld says that the server's log went back in time, and that nobody at head office
// has vouched yet for who takes part: it takes work, and tells nothing.
var ErrWithheld = errors.New("the server was put back to an earlier state, and head office has not confirmed yet who takes part: what was recorded here has arrived, and nothing is heard until then")

// byeError is how the server ended a connection.
type byeError struct{ *syncproto.Bye }

func (e *byeError) Error() string {
	s := "the server ended the connection: " + e.Code.String()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}
