package simtest_test

import (
	"testing"
	"time"

	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// weekend stops a server whose clock then says that so much has passed.
func weekend(t *testing.T, c *simtest.Centre, says time.Duration, sites ...*simtest.Site) {
	t.Helper()
	c.Folded()
	c.Stop()
	c.Off(says)
	c.Start()
	for _, s := range sites {
		s.Moved(c)
	}
	if !c.Server.Clock().Doubtful {
		t.Fatalf("a clock that went on by %v is believed", says)
	}
}

// witnesses are the devices that the last clock entry of the log names; nil where there is
// no such entry.
func witnesses(t *testing.T, c *simtest.Centre) (by state.Witnesses, entries int) {
	t.Helper()
	must(t, c.Log.Read(ctx, 1, func(r oplog.Record) error {
		e, err := state.DecodeEntry(r.Data)
		if err != nil || e.Kind != state.EntryClock {
			return err
		}
		entries++
		by, err = state.ReadWitnesses(e.Payload)
		return err
	}))
	return by, entries
}

func TestSitesWhoseClocksAgreeEndTheDoubtAfterAWeekend(t *testing.T) {
	const off = 60 * time.Hour
	c := simtest.NewCentre(t)
	a, again, b := c.NewSite("Stall 1", schema.KindStall), c.NewSite("Stall 1", schema.KindStall), c.NewSite("Stall 2", schema.KindStall)
	for _, s := range []*simtest.Site{a, again, b} {
		s.Sync()
	}
	weekend(t, c, off, a, again, b)
	for _, s := range []*simtest.Site{a, again, b} {
		s.Now = shifted(off) // the weekend passed for them too
	}
	a.Sync()
	again.Sync()
	if v := c.Server.Clock(); !v.Doubtful || v.Agree != 1 {
		t.Fatalf("two devices of one site ended the doubt: %+v", v)
	}
	b.Sync()
	if v := c.Server.Clock(); v.Doubtful || v.Works != v.Says {
		t.Fatalf("two sites agree, and the clock is %+v", v)
	}
	by, entries := witnesses(t, c)
	if entries != 1 || len(by) != 3 {
		t.Errorf("the log has %d clock entries, the last by %+v, want the three devices", entries, by)
	}
	c.Stop()
	kept := keep(t, c.Path("state.db"))
	remove(t, c.Path("state.db"))
	c.Start()
	sameAsKept(t, c, kept)
	if v := c.Server.Clock(); v.Doubtful {
		t.Errorf("after a restart it is in doubt again: %+v", v)
	}
}

func TestDevicesDoNotConfirmAClockThatIsWrong(t *testing.T) {
	const off = 60 * time.Hour
	for _, test := range []struct {
		name           string
		offs           []time.Duration // of each site's clock when it was measured
		moved          []time.Duration // how far each clock went on meanwhile
		agree, differ  int
		never, revoked bool
	}{
		{name: "their clocks say another time", offs: []time.Duration{0, 0, 0}, moved: []time.Duration{0, 0, 0}, differ: 3},
		{name: "one alone agrees", offs: []time.Duration{0}, moved: []time.Duration{off}, agree: 1},
		{name: "as many differ", offs: []time.Duration{0, 0, 0, 0}, moved: []time.Duration{0, 0, off, off}, agree: 2, differ: 2},
		{name: "they were off before", offs: []time.Duration{3 * time.Hour, -3 * time.Hour}, moved: []time.Duration{off, off}},
		{name: "their clocks were never measured", offs: []time.Duration{0, 0}, moved: []time.Duration{off, off}, never: true},
		{name: "one was revoked", offs: []time.Duration{0, 0}, moved: []time.Duration{off, off}, agree: 1, revoked: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := simtest.NewCentre(t)
			var sites []*simtest.Site
			for i, was := range test.offs {
				s := c.NewSite("Stall "+string(rune('A'+i)), schema.KindStall)
				s.Now = shifted(was)
				if !test.never {
					s.Sync()
				}
				sites = append(sites, s)
			}
			if test.revoked {
				must(t, c.Server.Revoke(ctx, sites[0].Store.Identity().Device, "a made-up loss"))
			}
			weekend(t, c, off, sites...)
			for i, s := range sites {
				s.Now = shifted(test.offs[i] + test.moved[i])
				if _, err := s.Client.Sync(ctx, 5*time.Second, nil); err != nil && !test.revoked {
					t.Fatal(err)
				}
			}
			v := c.Server.Clock()
			if _, entries := witnesses(t, c); !v.Doubtful || entries != 0 || v.Agree != test.agree || v.Differ != test.differ {
				t.Errorf("the clock is %+v after %d confirmations, want it in doubt, with %d that agree and %d that do not", v, entries, test.agree, test.differ)
			}
		})
	}
}
