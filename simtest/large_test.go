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
// is cut at each of its frames, while another device sells. Nobody ever sees a part.
func TestATransactionOf60000RowsIsThereAsAWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	rows, least := raced.Fewer(60_000), raced.Fewer(16) // frames that so many rows take, at least
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
	sold := int64(1)
	for _, way := range []struct {
		name string
		site *simtest.Site
		is   func(out bool, f syncproto.Frame) bool
		look func() (int, error)
	}{
		{"up", maker, func(out bool, f syncproto.Frame) bool { return out && f.Type() == syncproto.TypePush }, atCentre},
		{"down", reader, func(out bool, f syncproto.Frame) bool { return !out && f.Type() == syncproto.TypeRows }, atReader},
	} {
		way.site.Through(line.URL())
		seen := watch(t, way.look)
		cuts := 0
		for frame := 1; cutSync(t, way.site, line, frame, way.is); frame++ {
			cuts++
			if n, err := way.look(); n != 0 && n != rows || err != nil { // all of it where the last frame got across
				t.Fatalf("%s, after cut %d: %d rows are there, want none yet: %v", way.name, cuts, n, err)
			}
			sellSome(t, other, 1)
			other.Sync()
			sold++
		}
		if cuts < least {
			t.Errorf("%s, the line was cut at %d frames, want at least %d", way.name, cuts, least)
		}
		t.Logf("%s, the line was cut at %d frames", way.name, cuts)
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
	soldIs(t, c, sold)
}

func draftCategory(d *store.Draft) error {
	id, err := d.NewID()
	if err != nil {
		return err
	}
	return d.Create(schema.Category, id, store.Field{Field: schema.NameEn, Value: syncproto.TextValue("Category " + rand.Text())})
}

// cutSync syncs over a line that is cut for good at the nth of some frames; false says that
// there were not so many, and that the sync ended well.
func cutSync(t *testing.T, s *simtest.Site, line *simtest.Proxy, nth int, is func(out bool, f syncproto.Frame) bool) (cut bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	trace := s.Client.Dial.Trace
	defer func() { s.Client.Dial.Trace = trace }()
	s.Client.Dial.Trace = func(out bool, f syncproto.Frame, bytes int) {
		trace(out, f, bytes)
		if is(out, f) {
			if nth--; nth == 0 {
				cancel()
				line.Cut()
			}
		}
	}
	_, err := s.Client.Sync(ctx, 20*time.Second, nil)
	if err != nil && nth > 0 {
		t.Fatalf("a sync that was not cut: %v", err)
	}
	return err != nil
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
