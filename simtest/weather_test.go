package simtest

import (
	"slices"
	"testing"
	"time"
)

func TestALineHasTheSameWeatherWheneverItsSeedIsGiven(t *testing.T) {
	w := Weather{Seed: 7, Rate: [2]int{1000, 9000}, Delay: [2]time.Duration{time.Millisecond, time.Second}, StallEvery: 4000,
		Stall: [2]time.Duration{time.Second, 2 * time.Second}, CutEvery: 64 << 10, HalfOpen: 0.5, SilentAt: 8 << 10}
	began := time.Now()
	fate := func(number uint64) (way []parcel) {
		g := (&Proxy{weather: &w}).gust(number, Up)
		for range 100 {
			p, _ := g.sent(make([]byte, 500), began)
			way = append(way, p)
		}
		return way
	}
	stalled, cut, gone := 0, 0, 0
	for number := range uint64(50) {
		one, again := fate(number), fate(number)
		for i := range one {
			if one[i].due != again[i].due || one[i].cut != again[i].cut || one[i].gone != again[i].gone {
				t.Fatalf("line %d: parcel %d comes after %v and after %v", number, i, one[i].due.Sub(began), again[i].due.Sub(began))
			}
			if i > 0 && one[i].due.Sub(one[i-1].due) >= time.Second {
				stalled++
			}
		}
		if one[99].cut {
			cut++
		}
		if slices.ContainsFunc(one, func(p parcel) bool { return p.gone }) {
			gone++
		}
	}
	if stalled < 300 || stalled > 1000 || cut < 15 || cut > 40 || gone < 12 || gone > 38 {
		t.Errorf("of 50 lines and 2,500,000 bytes %d stalls, %d lines cut, %d silent", stalled, cut, gone)
	}
}
