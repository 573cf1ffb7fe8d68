package bench

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
)

const benchmarkSales = 5000

// stocked is a centre to which a stall has delivered sales.
func stocked(b *testing.B, sales int) (*centre, *site) {
	b.Helper()
	ctx := context.Background()
	c, err := newCentre(ctx, filepath.Join(b.TempDir(), "server"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.close() })
	at, err := c.newSite(ctx, filepath.Join(b.TempDir(), "site"), "Stall")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { at.store.Close() })
	s := newShop()
	if err := s.open(ctx, at); err != nil {
		b.Fatal(err)
	}
	if err := s.bulk(ctx, at, sales, func(int) {}); err != nil {
		b.Fatal(err)
	}
	if _, err := at.sync(ctx, nil); err != nil {
		b.Fatal(err)
	}
	return c, at
}

// BenchmarkApply folds a log of sales into an empty state.
func BenchmarkApply(b *testing.B) {
	ctx := context.Background()
	c, _ := stocked(b, benchmarkSales)
	var all []oplog.Record
	if err := c.log.Read(ctx, 1, func(r oplog.Record) error { all = append(all, r); return nil }); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		st, err := state.Open(ctx, filepath.Join(b.TempDir(), "state.db"))
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range all {
			if _, err := st.Apply(ctx, []oplog.Record{r}); err != nil {
				b.Fatal(err)
			}
		}
		st.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*benchmarkSales), "µs/sale")
}

// BenchmarkDrain lets a stall deliver what it recorded offline.
func BenchmarkDrain(b *testing.B) {
	const sales = 4 * benchmarkSales // several batches, pages and commits
	ctx := context.Background()
	c, err := newCentre(ctx, filepath.Join(b.TempDir(), "server"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.close() })
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		at, err := c.newSite(ctx, filepath.Join(b.TempDir(), "site"), rand.Text())
		if err != nil {
			b.Fatal(err)
		}
		s := newShop()
		if err := s.open(ctx, at); err != nil {
			b.Fatal(err)
		}
		if err := s.bulk(ctx, at, sales, func(int) {}); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, err := at.sync(ctx, nil); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		at.store.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N*sales*recordsOfSale)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkFirstSync lets an empty device read them.
func BenchmarkFirstSync(b *testing.B) {
	ctx := context.Background()
	c, _ := stocked(b, benchmarkSales)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		at, err := c.newSite(ctx, filepath.Join(b.TempDir(), "site"), "Stall")
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, err := at.sync(ctx, nil); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		at.store.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N*benchmarkSales*recordsOfSale)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkSell records sales one by one, each on disk before the next.
func BenchmarkSell(b *testing.B) {
	ctx := context.Background()
	c, err := newCentre(ctx, filepath.Join(b.TempDir(), "server"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.close() })
	at, err := c.newSite(ctx, filepath.Join(b.TempDir(), "site"), "Stall")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { at.store.Close() })
	s := newShop()
	if err := s.open(ctx, at); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := at.client.Sell(ctx, s.next()); err != nil {
			b.Fatal(err)
		}
	}
}
