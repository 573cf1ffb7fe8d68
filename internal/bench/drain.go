package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/syncproto"
)

// drain records sales while nothing is connected, then lets the stall deliver them:
// client to server, applied there, settled here, digests compared.
func (r *run) drain(ctx context.Context) (err error) {
	if r.stall, err = r.centre.newSite(ctx, r.path("stall"), "Stall"); err != nil {
		return err
	}
	r.shop = newShop()
	if err := r.shop.open(ctx, r.stall); err != nil {
		return err
	}
	if _, err := r.stall.sync(ctx, nil); err != nil {
		return err
	}
	r.stall.clock.set(time.Now().Add(-2 * betweenSales * time.Duration(r.Sales)))
	if err := r.shop.bulk(ctx, r.stall, r.Sales, func(done int) { r.Progress("sales recorded offline", done, r.Sales) }); err != nil {
		return err
	}
	before, err := r.bareBest(ctx, true)
	if err != nil {
		return err
	}
	r.stall.wire.reset()
	heap := watchHeap()
	began := time.Now()
	result, err := r.stall.sync(ctx, func(s client.SyncResult) { r.Progress("drain", int(s.Settled), r.Sales) })
	took := time.Since(began)
	peak := heap.stop()
	if err != nil {
		return err
	}
	if result.Settled != uint64(r.Sales) {
		return fmt.Errorf("%d of %d sales were settled", result.Settled, r.Sales)
	}
	after, err := r.bareBest(ctx, true)
	if err != nil {
		return err
	}
	r.beside("drain offline sales, client to server applied", perSecond(r.Sales*recordsOfSale, took), max(before, after), "records/s").atLeast(0.4)
	r.figure("drain: peak heap of both sides", float64(peak)/(1<<20), "MiB")
	r.figure("bytes up for a sale line, with its share of sale and payment", float64(r.stall.wire.up.Load())/float64(r.Sales*linesOfSale), "B")
	return nil
}

func perSecond(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }

// bareBest is the bare limit of a transfer, in records a second: the data is made
// once, then sent to a new database each time.
func (r *run) bareBest(ctx context.Context, push bool) (float64, error) {
	if r.bare == nil {
		if err := r.fillBare(); err != nil {
			return 0, err
		}
	}
	r.bares++
	to, err := openBare(r.path(fmt.Sprintf("bare-%d.db", r.bares)))
	if err != nil {
		return 0, err
	}
	defer to.close()
	took, n, err := bareTransfer(ctx, r.bare, to, push)
	if err == nil && n != r.Sales*recordsOfSale {
		err = fmt.Errorf("%d of %d records arrived", n, r.Sales*recordsOfSale)
	}
	return perSecond(n, took), err
}

func (r *run) fillBare() error {
	d, err := openBare(r.path("bare.db"))
	if err != nil {
		return err
	}
	r.bare = d
	shop := *r.shop
	site := r.stall.store.Identity().Site
	at := &clock{}
	at.set(time.Now().Add(-2 * betweenSales * time.Duration(r.Sales)))
	ids := syncproto.NewIDs(rand.Reader, at.now)
	if err := d.exec("BEGIN"); err != nil {
		return err
	}
	for n := range r.Sales {
		at.advance(betweenSales)
		id, err := ids.Record()
		if err != nil {
			return err
		}
		sale := shop.next()
		m := bareOf(childOf(id), site[:], at.now().Format(time.DateOnly), at.now().UnixMilli(), n, &sale)
		if err := d.insert(&m); err != nil {
			return err
		}
	}
	return d.exec("COMMIT")
}

// heapWatch looks at the heap now and then and keeps the most it saw.
type heapWatch struct {
	end  chan struct{}
	done sync.WaitGroup
	peak uint64
}

func watchHeap() *heapWatch {
	h := &heapWatch{end: make(chan struct{})}
	h.done.Add(1)
	go func() {
		defer h.done.Done()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		for {
			metrics.Read(sample)
			h.peak = max(h.peak, sample[0].Value.Uint64())
			select {
			case <-tick.C:
			case <-h.end:
				return
			}
		}
	}()
	return h
}

func (h *heapWatch) stop() uint64 {
	close(h.end)
	h.done.Wait()
	return h.peak
}
