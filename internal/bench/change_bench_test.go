package bench

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// twoOf are two devices of a stall, connected.
func twoOf(b *testing.B) (*run, *changes) {
	b.Helper()
	ctx := context.Background()
	r := &run{Options: Options{Sales: benchmarkSales, Progress: func(string, int, int) {}}, dir: b.TempDir()}
	r.centre, r.stall = stocked(b, benchmarkSales)
	r.shop = newShop()
	if err := r.shop.open(ctx, r.stall); err != nil {
		b.Fatal(err)
	}
	var err error
	if r.second, err = r.centre.newSite(ctx, filepath.Join(b.TempDir(), "second"), "Stall"); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { r.second.store.Close() })
	r.stall.clock.set(time.Time{})
	b.Cleanup(r.stall.connect(ctx))
	b.Cleanup(r.second.connect(ctx))
	c, err := r.pricing(ctx)
	if err != nil {
		b.Fatal(err)
	}
	return r, c
}

func reportLatency(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(ms(at50(took)), "p50_ms")
	b.ReportMetric(ms(at99(took)), "p99_ms")
}

// BenchmarkOneChange brings changes from device to device, one at a time.
func BenchmarkOneChange(b *testing.B) {
	_, c := twoOf(b)
	var took []time.Duration
	for b.Loop() {
		one, err := c.oneByOne(context.Background(), 1)
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, one...)
	}
	reportLatency(b, took)
}

// BenchmarkChangesAtRate brings a second's worth of changes from device to device.
func BenchmarkChangesAtRate(b *testing.B) {
	_, c := twoOf(b)
	var took []time.Duration
	for b.Loop() {
		second, err := c.atRate(context.Background(), rate)
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, second...)
	}
	reportLatency(b, took)
}

// BenchmarkBareChange is the limit of BenchmarkOneChange.
func BenchmarkBareChange(b *testing.B) {
	r, _ := twoOf(b)
	chain, err := r.newBareChain(context.Background(), "chain")
	if err != nil {
		b.Fatal(err)
	}
	defer chain.close()
	c := chain.pricing(r)
	var took []time.Duration
	for b.Loop() {
		one, err := c.oneByOne(context.Background(), 1)
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, one...)
	}
	reportLatency(b, took)
}
