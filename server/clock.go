package server

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

const (
	// clockBack is how far the clock may be before the last entry: what setting it by the
	// network takes back.
	clockBack = time.Minute
	// clockAhead is how far it may be after what should have passed: a night and a day off.
	clockAhead = 24 * time.Hour
)

// clock is this machine's clock while it can be believed. Where it is before the last
// entry of the log, or over a day after that and the time since, it is in doubt until a
// person confirms it, or devices do (witness.go): time then goes on from the last entry. So a wrong clock at the
// centre ends no right, collects nothing, lets nobody's work win and measures no
// device's clock; whatever devices send is taken in as ever.
type clock struct {
	machine func() time.Time
	logger  *slog.Logger

	mu    sync.Mutex
	last  time.Time // latest time given, or that of the last entry
	at    time.Time // when that was, by the monotonic clock
	doubt bool
	heard map[syncproto.DeviceID]heardClock // of devices, while it is in doubt
}

func newClock(machine func() time.Time, lastReceived int64, l *slog.Logger) *clock {
	c := &clock{machine: machine, logger: l, last: time.UnixMilli(lastReceived), at: time.Now()}
	c.Now()
	return c
}

// Now is the time to work by.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	says, due := c.machine(), c.last.Add(time.Since(c.at))
	if !c.doubt && (says.Before(c.last.Add(-clockBack)) || says.After(due.Add(clockAhead))) {
		c.doubt = true
		c.logger.Error("the clock of this machine is in doubt: work is taken in, and dated on from the last entry, until somebody sets the clock or runs `rawaj admin clock confirm`",
			"clock", says.UTC(), "due", due.UTC())
	}
	if c.doubt {
		return due
	}
	if says.After(c.last) {
		c.last, c.at = says, time.Now()
	}
	return says
}

func (c *clock) doubtful() bool {
	c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.doubt
}

// believe takes what the machine's clock says for right from now on. It says whether that
// was in doubt.
func (c *clock) believe() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	doubted := c.doubt
	c.last, c.at, c.doubt, c.heard = c.machine(), time.Now(), false, nil
	return doubted
}

// Clock is what the server makes of its machine's clock.
type Clock struct {
	Doubtful bool   `json:"doubtful"` // nothing that depends on the time is done until somebody confirms it
	Says     string `json:"says"`     // RFC 3339, UTC: the machine's clock
	Works    string `json:"works"`    // RFC 3339, UTC: the time that the server works by
	Agree    int    `json:"agree"`    // sites, while it is in doubt, whose devices' clocks agree with it: two of them end the doubt
	Differ   int    `json:"differ"`   // sites whose devices' clocks do not
}

// Clock tells whether this machine's clock is believed.
func (s *Server) Clock() Clock {
	doubtful := s.clock.doubtful()
	_, agree, differ := s.clock.counted()
	return Clock{doubtful, s.clock.machine().UTC().Format(time.RFC3339), s.clock.Now().UTC().Format(time.RFC3339), agree, differ}
}

// ConfirmClock believes the machine's clock, as a person says that it is right. It stands
// in the log, and later starts begin from there.
func (s *Server) ConfirmClock(ctx context.Context) (Clock, error) {
	if !s.clock.doubtful() {
		return s.Clock(), nil
	}
	err := s.believeClock(ctx, "a person confirmed the clock of this machine", nil)
	return s.Clock(), err
}

// believeClock believes the machine's clock, and says so in the log.
func (s *Server) believeClock(ctx context.Context, why string, by state.Witnesses) error {
	if !s.clock.believe() {
		return nil
	}
	index, err := s.append(ctx, &state.Entry{Kind: state.EntryClock, Payload: by.Encode()})
	if err != nil {
		return err
	}
	s.Logger.Warn(why, "clock", s.Now().UTC(), "devices", len(by))
	return s.folded(ctx, index)
}

// measured is a device's clock minus ours, in ms; nil while ours is in doubt.
func (n *session) measured() *int64 {
	if !n.trusted || n.s.clock.doubtful() {
		return nil
	}
	offset := n.offset
	return &offset
}

func (s *Server) apiClock(w http.ResponseWriter, _ *http.Request) {
	localapi.Answer(w, s.Clock(), nil)
}

func (s *Server) apiConfirmClock(w http.ResponseWriter, r *http.Request) {
	c, err := s.ConfirmClock(r.Context())
	localapi.Answer(w, c, err)
}
