package rules_test

import (
	"testing"

	"github.com/rawaj/rawaj/syncproto/rules"
)

func TestIncomeGrewWhenEachMonthWasAboveTheOneBefore(t *testing.T) {
	type months = map[rules.Month]int64
	for _, c := range []struct {
		name string
		of   months
		last rules.Month
		n    int
		want bool
	}{
		{"three in a row", months{"2026-08": 1, "2026-09": 2, "2026-10": 3, "2026-11": 4}, "2026-11", 3, true},
		{"from nothing", months{"2026-09": 1, "2026-10": 2, "2026-11": 3}, "2026-11", 3, true},
		{"two in a row are not three", months{"2026-09": 2, "2026-10": 2, "2026-11": 3, "2026-12": 4}, "2026-12", 3, false},
		{"as much as before is no growth", months{"2026-08": 1, "2026-09": 2, "2026-10": 2, "2026-11": 3}, "2026-11", 3, false},
		{"a month without sales breaks it", months{"2026-08": 1, "2026-09": 2, "2026-11": 4}, "2026-11", 3, false},
		{"up to a month without sales", months{"2026-09": 1, "2026-10": 2, "2026-11": 3}, "2026-12", 3, false},
		{"over the new year", months{"2025-11": 1, "2025-12": 2, "2026-01": 3}, "2026-01", 3, true},
		{"from below zero, refunds outweighed sales", months{"2026-08": -9, "2026-09": -5, "2026-10": -1, "2026-11": 0}, "2026-11", 3, true},
		{"nothing ever sold", nil, "2026-11", 3, false},
		{"no month", months{"2026-11": 1}, "2026-13", 1, false},
		{"none in a row", months{"2026-11": 1}, "2026-11", 0, false},
	} {
		if got := rules.Grew(c.of, c.last, c.n); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
