package simtest_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/raced"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// After an outage 200 devices come back within two seconds, each with a morning's work,
// over a line that breaks all the time; half way the server goes down and comes back.
func TestTwoHundredDevicesComeBackAtOnceAndNothingIsLostOrCountedTwice(t *testing.T) {
	const sales, room = 18, 512 << 20
	devices := raced.Fewer(200)
	c := simtest.NewCentre(t)
	line := simtest.NewProxy(t, c.Address())
	var sites []*simtest.Site
	for n := range devices {
		s := c.NewSite(fmt.Sprintf("Stall %d", n%20), schema.KindStall)
		s.Through(line.URL())
		sellSome(t, s, sales) // and a product and a till: 20 transactions
		sites = append(sites, s)
	}
	start := c.State.Head().Position
	line.CutEvery(simtest.Up, 24<<10) // some reach their end in one piece, none gets far
	line.CutEvery(simtest.Down, 96<<10)
	runtime.GC()
	var before, most runtime.MemStats
	runtime.ReadMemStats(&before)

	var all sync.WaitGroup
	for _, s := range sites {
		all.Go(func() {
			<-time.After(rand.N(2 * time.Second))
			if r, err := s.Client.Sync(ctx, 2*time.Minute, nil); err != nil || r.Quarantined != 0 {
				t.Errorf("a device gave up: %+v, %v", r, err)
			}
		})
	}
	c.Judged(start + syncproto.Position(devices*20/2))
	line.Refuse(true)
	c.Stop()
	c.Start()
	line.Aim(c.Address())
	line.Refuse(false)
	all.Wait()
	runtime.ReadMemStats(&most)
	t.Logf("%d cuts; the heap holds %d MiB, %d at the start", line.Cuts(), most.HeapInuse>>20, before.HeapInuse>>20)
	if most.HeapSys > before.HeapSys+room {
		t.Errorf("the heap grew by %d MiB, want at most %d", (most.HeapSys-before.HeapSys)>>20, room>>20)
	}
	soldIs(t, c, int64(devices*sales))
	if n := count(t, c, schema.Sale); n != devices*sales {
		t.Errorf("head office has %d sales, want %d", n, devices*sales)
	}
	line.CutEvery(simtest.Up, 0)
	line.CutEvery(simtest.Down, 0)
	for _, s := range sites[:5] {
		s.Sync()
		s.Sound()
	}
}
