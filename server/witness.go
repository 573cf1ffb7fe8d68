package server

import (
	"context"
	"slices"
	"time"

	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// A centre that is off over the weekend finds more than a day gone that it cannot tell from
// a clock that jumped. Devices can: each has a clock of its own, and the log knows what it
// was off. One alone could be wrong in the same way, or lie.

const (
	// witnessSites is how many sites have to agree with the machine's clock.
	witnessSites = 2
	// witnessAgrees is how far a device's clock, put right by what it was off, may be from
	// the machine's, and witnessOff how far off it may have been: one that was further off
	// is no witness.
	witnessAgrees = 5 * time.Minute
	witnessOff    = 5 * time.Minute
)

// heardClock is what a device's clock said.
type heardClock struct {
	state.Witness
	at time.Time // when, by the monotonic clock
}

// agrees says whether it agrees with what the machine's clock says now.
func (h *heardClock) agrees(machine time.Time) bool {
	now := time.UnixMilli(h.SaysMS - h.OffsetMS).Add(time.Since(h.at))
	return now.Sub(machine).Abs() <= witnessAgrees
}

// counted gives those who agree, of how many sites, and how many sites have a device that
// does not.
func (c *clock) counted() (by state.Witnesses, agree, differ int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	machine := c.machine()
	sites := map[syncproto.RecordID]bool{}
	for _, h := range c.heard {
		agrees := h.agrees(machine)
		if agrees {
			by = append(by, h.Witness)
		}
		before, known := sites[h.Site]
		sites[h.Site] = agrees && (before || !known)
	}
	for _, agrees := range sites {
		if agrees {
			agree++
		} else {
			differ++
		}
	}
	slices.SortFunc(by, func(a, b state.Witness) int { return slices.Compare(a.Device[:], b.Device[:]) })
	return by, agree, differ
}

// hears notes what a device's clock says, while ours is in doubt.
func (c *clock) hears(w state.Witness) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heard == nil {
		c.heard = map[syncproto.DeviceID]heardClock{}
	}
	c.heard[w.Device] = heardClock{w, time.Now()}
}

// witness takes a device's clock for a witness of ours, which is in doubt: once two sites
// agree with it, and more than do not, it is believed as if a person had confirmed it.
func (s *Server) witness(ctx context.Context, device syncproto.DeviceID, says int64) error {
	if !s.clock.doubtful() {
		return nil
	}
	view := s.live.View()
	d := view.Device(device)
	h, heard := view.HealthOf(device)
	if d == nil || d.Revoked || d.Site.IsZero() || !heard || h.MeasuredAt == 0 || time.UnixMilli(h.OffsetMS).Sub(time.UnixMilli(0)).Abs() > witnessOff {
		return nil
	}
	s.clock.hears(state.Witness{Device: device, Site: d.Site, SaysMS: says, OffsetMS: h.OffsetMS})
	by, agree, differ := s.clock.counted()
	if agree < witnessSites || agree <= differ {
		return nil
	}
	return s.believeClock(context.WithoutCancel(ctx), "devices of several sites agree with the clock of this machine", by)
}
