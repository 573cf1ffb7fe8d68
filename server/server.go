// Package server is the centre: it takes batches into the log, folds them, and
// streams to each device what it may hear. server.go owns the fold; session.go one
// device's connection; ingest.go and feed.go its two directions.
package server

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/live"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// Config is what a Server needs.
type Config struct {
	Log         oplog.Log
	State       *state.State
	Attachments *attach.Store
	OrgKey      ed25519.PrivateKey
	DeviceKey   ed25519.PrivateKey // of this node
	Certificate []byte             // of this node, by the organisation's key; empty before the first start
	Now         func() time.Time
	Rand        io.Reader
	Logger      *slog.Logger
	Limits      Limits // zero: the constants of bounds.go
}

// Server is one node.
type Server struct {
	Config
	live    *live.Live
	own     *own
	clock   *clock
	metrics *metrics

	overviews overviews
	closings  closings
	members   dirty // looks at who is eligible when what that follows from has changed

	usual    *semaphore.Weighted // bytes of batches being taken in, of the usual size
	bulk     *semaphore.Weighted // and of larger ones
	pages    *semaphore.Weighted // pages being sent
	parcels  *semaphore.Weighted // files being read
	waiting  atomic.Int64        // devices that wait for usual or bulk
	sessions sessions
	hub      hub

	uploads   chan struct{} // holds a token for each that is in memory
	attaching attaching     // whose turn it is to have a chunk on its way

	addresses addresses
	strangers chan struct{} // holds one token for each peer that has not named itself
	comparing chan struct{} // holds the token of whoever adds a share up: it reads all of it

	mu       sync.Mutex
	upto     oplog.Index   // folded, and published to live
	applied  chan struct{} // closed when the fold has moved, or has stopped
	stopped  error         // why the fold stopped
	enrol    sync.Mutex    // one at a time takes a device in, names a copy or makes a code: each decides on what it read
	settling sync.Mutex    // one at a time settles, adjusts, or says whose a line was: each decides on what it read
	fairs    sync.Mutex    // one change of a plan at a time: it is decided on what was read

	publishing sync.Mutex // one version of the policies at a time
	merging    sync.Mutex // one merge of people at a time

	histories sync.Mutex // one beginning of a history at a time
	stepped   bool       // see Stepped
	tries     tries
}

// New makes a server of what is in the log. It folds what the state lacks, which
// may take a while; progress, if given, is told the entries folded and their total.
func New(ctx context.Context, c Config, progress func(done, total oplog.Index)) (*Server, error) {
	s := &Server{Config: c, live: live.New(), usual: semaphore.NewWeighted(usualBudget), bulk: semaphore.NewWeighted(bulkBudget), pages: semaphore.NewWeighted(maxPages), parcels: semaphore.NewWeighted(maxParcels), applied: make(chan struct{}), strangers: make(chan struct{}, maxStrangers), uploads: make(chan struct{}, maxUploads), comparing: make(chan struct{}, 1), closings: newClosings(), members: newDirty()}
	s.Limits = c.Limits.filled()
	s.metrics = newMetrics(s)
	s.attaching = newAttaching(s.Limits.Chunks)
	s.sessions.byDevice = map[syncproto.DeviceID]*session{}
	head := c.State.Head()
	end, hash := c.Log.End()
	if head.Applied == end && head.LogHash != hash {
		return nil, fmt.Errorf("state was folded from another log of %d entries: restore the log, or remove state.db and run `rawaj admin rebuild`: %w", end, state.ErrMisfit)
	}
	if head.Applied > end {
		return nil, fmt.Errorf("state has folded %d entries and the log has %d: the log was put back or cut; restore it, or remove state.db and run `rawaj admin rebuild`: %w", head.Applied, end, state.ErrMisfit)
	}
	if err := s.catchUp(ctx, nil, progress); err != nil {
		return nil, err
	}
	s.clock = newClock(c.Now, c.State.Head().LastReceived, c.Logger)
	s.Now = s.clock.Now
	if err := s.live.Load(ctx, c.State); err != nil {
		return nil, err
	}
	s.moved(c.State.Head().Applied)
	return s, s.loadOwn(ctx)
}

// Run folds the log as it grows, until ctx ends. It returns why the fold stopped.
func (s *Server) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.follow(ctx) })
	g.Go(func() error { return s.scrubs(ctx) })
	g.Go(func() error { return s.answers(ctx) })
	g.Go(func() error { return s.looks(ctx) })
	g.Go(func() error { s.tidies(ctx); return nil })
	g.Go(func() error {
		<-ctx.Done()
		s.sessions.end()
		return nil
	})
	err := g.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// foldOn folds what the log has more, and publishes it.
func (s *Server) foldOn(ctx context.Context) error {
	return s.catchUp(ctx, func(r state.Result) error {
		err := s.live.Follow(ctx, s.State, r)
		if err == nil {
			s.woken(&r)
			s.closings.noted(&r)
			s.members.noted(&r)
		}
		return err
	}, nil)
}

// roomEvery is how often the fold looks whether a full disk has room again.
const roomEvery = time.Second

func (s *Server) follow(ctx context.Context) error {
	full := false
	for {
		err := s.foldOn(ctx)
		if sqlitedb.NoRoom(err) { // nothing of the run is in the state: it is folded again
			if !full {
				s.Logger.Error("the disk of this server is full: nothing is judged until there is room", "err", err)
			}
			full = true
			select {
			case <-time.After(roomEvery):
				continue
			case <-ctx.Done():
			}
		}
		if err == nil {
			if full {
				s.Logger.Info("there is room again: what waited is judged")
			}
			full = false
			err = s.Log.Wait(ctx, s.State.Head().Applied)
		}
		if err != nil {
			s.mu.Lock()
			s.stopped = err
			close(s.applied)
			s.applied = make(chan struct{})
			s.mu.Unlock()
			if ctx.Err() == nil {
				s.Logger.Error("fold stopped", "err", err)
			}
			return err
		}
	}
}

const (
	// applyEntries and applyBytes cut the log into commits of the fold: large enough
	// that a commit is shared, small enough that a sale is on the dashboard at once,
	// and that who delivers much is settled meanwhile: one full batch of sales.
	applyEntries = 64
	applyBytes   = 48 << 10
)

// catchUp folds the log to its end.
func (s *Server) catchUp(ctx context.Context, publish func(state.Result) error, progress func(done, total oplog.Index)) error {
	end, _ := s.Log.End()
	var run []oplog.Record
	size := 0
	flush := func() error {
		if len(run) == 0 {
			return nil
		}
		began := time.Now()
		r, err := s.State.Apply(ctx, run)
		if err != nil {
			return err
		}
		s.metrics.applied.Observe(time.Since(began).Seconds())
		run, size = run[:0], 0
		if publish != nil {
			if err := publish(r); err != nil {
				return err
			}
		}
		if progress != nil {
			progress(r.Head.Applied, end)
		}
		s.moved(r.Head.Applied)
		return nil
	}
	err := s.Log.Read(ctx, s.State.Head().Applied+1, func(rec oplog.Record) error {
		run = append(run, rec)
		if size += len(rec.Data); len(run) < applyEntries && size < applyBytes {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

func (s *Server) moved(upto oplog.Index) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.upto = upto
	close(s.applied)
	s.applied = make(chan struct{})
}

// folded waits until the fold has reached an entry, and everybody can see it.
func (s *Server) folded(ctx context.Context, index oplog.Index) error {
	for {
		s.mu.Lock()
		upto, moved, stopped := s.upto, s.applied, s.stopped
		s.mu.Unlock()
		if upto >= index {
			return nil
		}
		if s.stepped {
			if err := s.foldOn(ctx); err != nil {
				return err
			}
			continue
		}
		if stopped != nil {
			return refusal.Wrap(refusal.Stopped, fmt.Errorf("the fold has stopped: %w", stopped))
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// current waits until the state holds all that the log does by now: what devices were told is
// safe, and what head office decided before.
func (s *Server) current(ctx context.Context) error {
	end, _ := s.Log.End()
	return s.folded(ctx, end)
}

// decides lets nobody else decide under mu until end is called, and has the state hold all that was
// recorded before: what waits there for room on a disk is decided already.
func (s *Server) decides(ctx context.Context, mu *sync.Mutex) (end func(), err error) {
	mu.Lock()
	if err := s.current(ctx); err != nil {
		mu.Unlock()
		return nil, err
	}
	return mu.Unlock, nil
}

// append writes an entry and waits until it is durable.
func (s *Server) append(ctx context.Context, e *state.Entry) (oplog.Index, error) {
	e.ReceivedAt = s.Now().UnixMilli()
	e.Node = s.own.device
	index, err := s.Log.Append(ctx, e.Encode())
	if err == nil {
		s.metrics.entries.Inc()
	}
	return index, err
}

// Live is what the server knows at once, for its pages.
func (s *Server) Live() *live.Live { return s.live }
