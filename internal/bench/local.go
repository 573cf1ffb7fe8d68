package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/syncproto"
)

const (
	localSales = 2000
	localBlock = 50
)

// localCommit records sales one by one, each on disk before the next, in turns
// with bare commits of the same rows.
func (r *run) localCommit(ctx context.Context) (err error) {
	at, err := r.centre.newSite(ctx, r.path("local"), "Stall by hand")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.store.Close()) }()
	bare, err := openBare(r.path("local.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.close()) }()
	shop := newShop()
	if err := shop.open(ctx, at); err != nil {
		return err
	}
	n := min(localSales, r.Sales)
	ids := syncproto.NewIDs(rand.Reader, time.Now)
	site := at.store.Identity().Site
	var ours, theirs []time.Duration
	for len(ours) < n {
		for range localBlock {
			took, err := sellOnce(ctx, at.client, shop.next())
			if err != nil {
				return err
			}
			ours = append(ours, took)
		}
		for range localBlock {
			sale := shop.next()
			took, err := bareOnce(bare, ids, site, len(theirs), &sale)
			if err != nil {
				return err
			}
			theirs = append(theirs, took)
		}
		r.Progress("local commit", len(ours), n)
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	r.beside("record a sale, durable, p50", ms(at50(ours)), ms(at50(theirs)), "ms").atMost(1.5)
	r.beside("record a sale, durable, p99", ms(at99(ours)), ms(at99(theirs)), "ms")
	return nil
}

func sellOnce(ctx context.Context, c *client.Client, sale client.NewSale) (time.Duration, error) {
	began := time.Now()
	_, err := c.Sell(ctx, sale)
	return time.Since(began), err
}

// bareBody is as long as the transaction that our outbox keeps of such a sale.
var bareBody = make([]byte, 660)

func bareOnce(d *bareDB, ids *syncproto.IDs, site syncproto.RecordID, n int, sale *client.NewSale) (time.Duration, error) {
	began := time.Now()
	id, err := ids.Record()
	if err != nil {
		return 0, err
	}
	m := bareOf(childOf(id), site[:], began.Format(time.DateOnly), began.UnixMilli(), n, sale)
	if err := d.exec("BEGIN IMMEDIATE"); err != nil {
		return 0, err
	}
	if err := d.insert(&m); err != nil {
		return 0, err
	}
	if err := d.exec(bareInsertOutbox, bareBody); err != nil {
		return 0, err
	}
	err = d.exec("COMMIT")
	return time.Since(began), err
}

func childOf(id syncproto.RecordID) func(n int) []byte {
	return func(n int) []byte {
		if n == 0 {
			return id[:]
		}
		child := id.Child(n)
		return child[:]
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// at50 and at99 are percentiles of sorted times.
func at50(sorted []time.Duration) time.Duration { return sorted[len(sorted)/2] }
func at99(sorted []time.Duration) time.Duration { return sorted[len(sorted)*99/100] }
