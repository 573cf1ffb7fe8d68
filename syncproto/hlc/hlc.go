// Package hlc is a hybrid logical clock (Kulkarni et al. 2014, "Logical Physical
// Clocks"): one 64-bit number that follows the wall clock when that moves on and
// counts when it does not, so that what was written later on one device is later.
package hlc

import (
	"errors"
	"sync"
	"time"
)

// Stamp is 48 bits of Unix milliseconds and 16 bits of counter.
type Stamp uint64

const (
	counterBits = 16
	// MaxMS is the last millisecond a stamp can hold: the year 10889.
	MaxMS = 1<<48 - 1
	// Max is the largest stamp.
	Max = Stamp(1<<64 - 1)
)

// ErrExhausted says that a clock stands at the last stamp there is.
var ErrExhausted = errors.New("hybrid clock is at its last value: start a new incarnation")

// At is the first stamp of a Unix millisecond; times before 1970 count as 1970,
// later ones than MaxMS as MaxMS.
func At(ms int64) Stamp { return Stamp(min(max(ms, 0), MaxMS)) << counterBits }

// MS is the stamp's Unix millisecond.
func (s Stamp) MS() int64 { return int64(s >> counterBits) }

// Counter is the stamp's place within its millisecond.
func (s Stamp) Counter() uint16 { return uint16(s) }

// Next is the stamp after s; the last one stays.
func (s Stamp) Next() Stamp {
	if s == Max {
		return s
	}
	return s + 1
}

// Clock hands out stamps that only grow.
type Clock struct {
	now  func() time.Time
	mu   sync.Mutex
	last Stamp
}

// NewClock follows now and starts after last, the highest stamp known from
// before; 0 where there is none.
func NewClock(now func() time.Time, last Stamp) *Clock { return &Clock{now: now, last: last} }

// Tick returns a stamp above every earlier one.
func (c *Clock) Tick() (Stamp, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == Max {
		return 0, ErrExhausted
	}
	c.last = max(At(c.now().UnixMilli()), c.last.Next())
	return c.last, nil
}
