package bench

import (
	"context"
	"time"

	"github.com/rawaj/rawaj/client"
)

// firstSync lets a new device of the stall read everything, until its digests are
// the server's.
func (r *run) firstSync(ctx context.Context) (err error) {
	if r.second, err = r.centre.newSite(ctx, r.path("second"), "Stall"); err != nil {
		return err
	}
	before, err := r.bareBest(ctx, false)
	if err != nil {
		return err
	}
	total := r.Sales * recordsOfSale
	heap := watchHeap()
	r.second.wire.reset()
	began := time.Now()
	result, err := r.second.sync(ctx, func(s client.SyncResult) { r.Progress("first sync", int(s.Received), total) })
	took := time.Since(began)
	peak := heap.stop()
	if err != nil {
		return err
	}
	after, err := r.bareBest(ctx, false)
	if err != nil {
		return err
	}
	r.beside("first sync of an empty device, verified by digest", perSecond(int(result.Received), took), max(before, after), "records/s").atLeast(0.5)
	r.figure("first sync: peak heap of both sides", float64(peak)/(1<<20), "MiB")
	r.figure("bytes down for a sale line, with its share of sale and payment", float64(r.second.wire.down.Load())/float64(r.Sales*linesOfSale), "B")
	return nil
}
