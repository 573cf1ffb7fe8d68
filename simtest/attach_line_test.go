package simtest_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/recorder"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestALineThatBreaksAtEveryChunkOfAPhotoIsTriedAgainSoon(t *testing.T) {
	c := simtest.NewCentre(t)
	stall, other := c.NewSite("Stall", schema.KindStall), c.NewSite("Other", schema.KindStall)
	line := simtest.NewProxy(t, c.Address())
	photo := bytesOf(8*syncproto.ChunkSize, 9)
	_, root := photographed(t, stall, "Incense", photo)
	for _, way := range []struct {
		site    *simtest.Site
		d       simtest.Direction
		arrived func() bool
	}{
		{stall, simtest.Up, func() bool { return bytes.Equal(atCentre(t, c, root), photo) }},
		{other, simtest.Down, func() bool { return bytes.Equal(atSite(t, other, root), photo) }},
	} {
		way.site.Through(line.URL())
		line.CutEvery(way.d, syncproto.ChunkSize*3/2)
		_, stop := running(t, way.site)
		eventually(t, "the photo is there", way.arrived)
		stop()
		line.CutEvery(way.d, 0)
		waits := 0
		for _, e := range eventsAfter(t, way.site, 0) {
			if e.What != recorder.Waiting {
				continue
			}
			if waits++; time.Duration(e.Count)*time.Millisecond >= time.Second/2 {
				t.Errorf("after a line that had carried a chunk it waited %d ms", e.Count)
			}
		}
		if waits < 4 {
			t.Errorf("the line broke %d times", waits)
		}
	}
}
