package hlc_test

import (
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/syncproto/hlc"
)

func TestStampsOnlyGrowWhateverTheClockDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := rapid.Int64Range(-10, 1<<48+10).Draw(t, "start")
		c := hlc.NewClock(func() time.Time { return time.UnixMilli(now) }, hlc.Stamp(rapid.Uint64Max(1<<63).Draw(t, "last")))
		var last hlc.Stamp
		for range rapid.IntRange(1, 50).Draw(t, "ticks") {
			now += rapid.Int64Range(-1000, 1000).Draw(t, "step")
			s, err := c.Tick()
			if err != nil || s <= last || s < hlc.At(now) {
				t.Fatalf("at %d: got %x, %v after %x", now, uint64(s), err, uint64(last))
			}
			last = s
		}
	})
}

func TestStampFollowsAClockThatMovesOn(t *testing.T) {
	now := int64(1000)
	c := hlc.NewClock(func() time.Time { return time.UnixMilli(now) }, 0)
	for _, step := range []struct{ now, ms, counter int64 }{{1000, 1000, 0}, {1000, 1000, 1}, {400, 1000, 2}, {1001, 1001, 0}, {1000, 1001, 1}} {
		now = step.now
		if s, err := c.Tick(); err != nil || s.MS() != step.ms || int64(s.Counter()) != step.counter {
			t.Errorf("at %d: got %d+%d, %v, want %d+%d", step.now, s.MS(), s.Counter(), err, step.ms, step.counter)
		}
	}
}

func TestCounterRunsOverIntoTheNextMillisecond(t *testing.T) {
	c := hlc.NewClock(func() time.Time { return time.UnixMilli(7) }, hlc.At(7)+math.MaxUint16)
	if s, err := c.Tick(); err != nil || s != hlc.At(8) {
		t.Errorf("got %x, %v", uint64(s), err)
	}
}

func TestClockAtItsLastStampSaysSo(t *testing.T) {
	c := hlc.NewClock(func() time.Time { return time.UnixMilli(0) }, hlc.Max-1)
	if s, err := c.Tick(); err != nil || s != hlc.Max {
		t.Errorf("got %x, %v, want the last one", uint64(s), err)
	}
	for range 2 {
		if s, err := c.Tick(); !errors.Is(err, hlc.ErrExhausted) {
			t.Errorf("got %x, %v, want ErrExhausted", uint64(s), err)
		}
	}
	if hlc.Max.Next() != hlc.Max {
		t.Error("there is a stamp after the last")
	}
}

func TestTimesOutsideOfStampsCountAsTheNearest(t *testing.T) {
	for ms, want := range map[int64]int64{math.MinInt64: 0, -1: 0, 0: 0, hlc.MaxMS: hlc.MaxMS, hlc.MaxMS + 1: hlc.MaxMS, math.MaxInt64: hlc.MaxMS} {
		if got := hlc.At(ms); got.MS() != want || got.Counter() != 0 {
			t.Errorf("At(%d) is %d+%d, want %d", ms, got.MS(), got.Counter(), want)
		}
	}
}

func TestNoStampIsGivenTwice(t *testing.T) {
	c := hlc.NewClock(func() time.Time { return time.UnixMilli(5) }, 0)
	var seen sync.Map
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 1000 {
				s, err := c.Tick()
				if _, twice := seen.LoadOrStore(s, true); err != nil || twice {
					t.Errorf("%x again, or %v", uint64(s), err)
				}
			}
		})
	}
	group.Wait()
}
