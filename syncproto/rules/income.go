package rules

import (
	"time"

	"github.com/rawaj/rawaj/syncproto"
)

// Month is a civil month: 2026-11.
type Month = string

// MonthOf is the month of a day.
func MonthOf(d Day) Month { return d[:min(len(d), len("2026-11"))] }

// SalesIncome is what families had of sales in a month, in one currency: net of what
// others keep. Lines that are voided, unpriced or without an owner are nobody's.
func SalesIncome(lines []LineOf, currency string) map[syncproto.RecordID]map[Month]int64 {
	all := map[syncproto.RecordID]map[Month]int64{}
	for _, l := range lines {
		if l.Voided || !l.Priced || l.Currency != currency || l.Family.IsZero() {
			continue
		}
		if all[l.Family] == nil {
			all[l.Family] = map[Month]int64{}
		}
		all[l.Family][MonthOf(l.Day)] += l.Amount - Kept(l.Amount, l.Share)
	}
	return all
}

// Grew says whether income grew n months in a row up to a month: each was more than the
// one before it. A month without income counts as nothing.
func Grew(byMonth map[Month]int64, last Month, n int) bool {
	at, err := time.Parse("2006-01", last)
	if err != nil || n < 1 {
		return false
	}
	for range n {
		before := at.AddDate(0, -1, 0)
		if byMonth[at.Format("2006-01")] <= byMonth[before.Format("2006-01")] {
			return false
		}
		at = before
	}
	return true
}
