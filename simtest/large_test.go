package simtest_test

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/raced"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// A counted warehouse: one transaction of 60,000 rows goes up and down over a line that
// is cut at many of its frames, while another device sells. Nobody ever sees a part.
func TestATransactionOf60000RowsIsThereAsAWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	const cuts = 12
	rows, size := raced.Fewer(60_000), int64(raced.Fewer(1<<20)) // the rows take more bytes than size either way
	c := simtest.NewCentre(t)
	maker, reader, other := c.NewSite("Branch 1", schema.KindBranch), c.NewSite("Branch 2", schema.KindBranch), c.NewSite("Stall 1", schema.KindStall)
	sellSome(t, other, 1)
	for _, s := range []*simtest.Site{other, maker, reader} {
		s.Sync()
	}
	if err := maker.Store.Write(ctx, func(w *store.Writer) error {
		return w.Transaction(syncproto.RecordID{}, 0, func(d *store.Draft) error {
			for range rows {
				if err := draftCategory(d); err != nil {
					return err
				}
			}
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	atCentre := func() (n int, err error) {
		return n, c.State.Read(ctx, func(r *state.Reader) error { return each(r, schema.Category, &n) })
	}
	atReader := func() (n int, err error) {
		return n, reader.Store.Read(ctx, func(r *store.Reader) error {
			return r.Each(schema.Category, func(*records.Row) error { n++; return nil })
		})
	}
	line := simtest.NewProxy(t, c.Address())
	for _, way := range []struct {
		name string
		site *simtest.Site
		d    simtest.Direction
		look func() (int, error)
	}{{"up", maker, simtest.Up, atCentre}, {"down", reader, simtest.Down, atReader}} {
		way.site.Through(line.URL())
		seen := watch(t, way.look)
		for cut := int64(0); cut < cuts; cut++ {
			cutSync(t, way.site, line, way.d, 3000+size*cut/cuts)
			if n, err := way.look(); n != 0 || err != nil {
				t.Fatalf("%s, after cut %d: %d rows are there, want none yet: %v", way.name, cut+1, n, err)
			}
			sellSome(t, other, 1)
			other.Sync()
		}
		began := line.Carried(way.d)
		way.site.Sync()
		if n := line.Carried(way.d) - began; n < size {
			t.Errorf("%s, the rows took %d bytes: the cuts were not all within them", way.name, n)
		}
		if got := seen(); !slices.Equal(got, []int{0, rows}) && !slices.Equal(got, []int{0}) {
			t.Errorf("%s, so many rows were seen at one time or another: %v", way.name, got)
		}
		if n, err := way.look(); n != rows || err != nil {
			t.Errorf("%s, %d rows are there in the end, want %d: %v", way.name, n, rows, err)
		}
	}
	for _, s := range []*simtest.Site{maker, reader, other} {
		s.Sync()
		s.Sound()
	}
	soldIs(t, c, 1+2*cuts)
}

func draftCategory(d *store.Draft) error {
	id, err := d.NewID()
	if err != nil {
		return err
	}
	return d.Create(schema.Category, id, store.Field{Field: schema.NameEn, Value: syncproto.TextValue("Category " + rand.Text())})
}

// cutSync syncs over a line that is cut for good after n bytes in a direction.
func cutSync(t *testing.T, s *simtest.Site, line *simtest.Proxy, d simtest.Direction, n int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	line.At(d, n, func() { cancel(); line.Cut() })
	if r, err := s.Client.Sync(ctx, 20*time.Second, nil); err == nil {
		t.Fatalf("a sync that is cut after %d bytes ended well: %+v", n, r)
	}
}

// watch looks all the time until the function that it returns is called, which gives
// what was seen, each once.
func watch(t *testing.T, look func() (int, error)) func() []int {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan []int, 1)
	go func() {
		var seen []int
		for ctx.Err() == nil {
			if n, err := look(); err == nil && !slices.Contains(seen, n) {
				seen = append(seen, n)
			}
		}
		done <- seen
	}()
	ended := sync.OnceValue(func() []int { cancel(); return <-done })
	t.Cleanup(func() { ended() })
	return ended
}
