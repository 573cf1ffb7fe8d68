package simtest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/rawaj/rawaj/internal/raced"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// poller reads a share from its cursor again and again, as a device does that connects
// for a moment.
type poller struct {
	share  syncproto.Share
	cursor syncproto.Position
	has    map[syncproto.RecordID]bool
	polls  int
}

// poll reads to the head. What it then has must be all that stands there: nothing may
// turn up later at or below its cursor.
func (p *poller) poll(c *simtest.Centre) error {
	for above := p.cursor; ; {
		page, err := c.State.ReadPage(ctx, syncproto.DeviceID{}, []state.Reading{{Share: p.share, From: p.cursor}}, above, 40)
		if err != nil {
			return err
		}
		for _, f := range page.Frames {
			rows, ok := f.(*syncproto.Rows)
			if !ok {
				return fmt.Errorf("%T where nothing leaves", f)
			}
			for i, id := range rows.IDs {
				if rows.Positions[i] <= above || rows.Positions[i] > page.Upto {
					return fmt.Errorf("a record at %d in the page from %d to %d", rows.Positions[i], above, page.Upto)
				}
				p.has[id] = true
			}
		}
		above = page.Upto
		if !page.AtHead {
			continue
		}
		p.cursor = page.Head
		if p.polls++; uint64(len(p.has)) != page.Digests[0].Count {
			return fmt.Errorf("a reader at %d has %d records, and %d stand there", page.Head, len(p.has), page.Digests[0].Count)
		}
		return nil
	}
}

// 64 devices deliver at once while 16 readers poll and two sites listen.
func TestNoCursorPassesWhatBecomesVisibleLater(t *testing.T) {
	t.Parallel()
	const readers, batches, each = 16, 6, 5
	uploaders := raced.Fewer(64)
	c := simtest.NewCentre(t)
	var listening []*simtest.Site
	for range 2 {
		s := c.NewSite("Listener", schema.KindStall)
		s.Sync()
		listening = append(listening, s)
	}
	var scripts []*script
	for n := range uploaders {
		chain := newScript(t, c.NewSite(fmt.Sprintf("Stall %d", n), schema.KindStall))
		chain.categories(batches * each)
		scripts = append(scripts, chain)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var reading, uploading sync.WaitGroup
	pollers := make([]*poller, readers)
	for i := range pollers {
		p := &poller{share: syncproto.Share{Class: syncproto.ClassS, Scope: syncproto.Scope{Kind: syncproto.ScopeOrg}}, has: map[syncproto.RecordID]bool{}}
		pollers[i] = p
		reading.Go(func() {
			for ctx.Err() == nil {
				if err := p.poll(c); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for _, s := range listening {
		reading.Go(func() {
			if err := s.Client.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	for _, chain := range scripts {
		p := connect(t, c.HTTP.URL, chain.site)
		uploading.Go(func() {
			for n := range syncproto.Seq(batches) {
				raw := chain.batch(n*each+1, (n+1)*each)
				p.pushed++
				b, err := syncproto.ParseBatch(raw)
				if err == nil {
					err = p.conn.Send(ctx, &syncproto.Push{Batch: p.pushed, Total: uint64(len(raw)), Length: b.Header.Length, Data: raw})
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
		go func() { // a device that does not listen is cut off
			for {
				if _, err := p.conn.Receive(); err != nil {
					return
				}
			}
		}()
	}
	uploading.Wait()
	made := 0
	for made < uploaders*batches*each {
		c.Folded()
		made = 0
		must(t, c.State.Read(ctx, func(r *state.Reader) error {
			return r.Each(schema.Category, func(*records.Row) error { made++; return nil })
		}))
	}
	cancel()
	reading.Wait()
	for _, p := range pollers {
		must(t, p.poll(c))
		if p.polls < 10 {
			t.Errorf("a reader polled %d times: hardly beside the writers", p.polls)
		}
	}
	for _, s := range listening {
		s.Sync() // which checks that all digests are equal
		if n := countAt(t, s, schema.Category); n != made {
			t.Errorf("a listener has %d records, want %d", n, made)
		}
		s.Sound()
	}
}
