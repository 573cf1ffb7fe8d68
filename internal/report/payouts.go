package report

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// PayoutLag is how long families of a branch waited for what was approved.
type PayoutLag struct {
	Branch      syncproto.RecordID `json:"branch"`
	Name        settle.Names       `json:"branch_name"`
	Statements  int                `json:"statements"`
	Paid        int                `json:"paid"`
	Disputed    int                `json:"disputed"`
	MedianDays  int64              `json:"median_days"`  // from approval to payout, of those that were paid
	LongestDays int64              `json:"longest_days"` // likewise
	WaitingDays int64              `json:"waiting_days"` // since the oldest that is not paid was approved; 0: none is
}

// Payouts is the payout lag of statements that were approved in a span of days, by branch.
type Payouts struct {
	Branches     []PayoutLag   `json:"branches"`
	CompleteTo   *string       `json:"complete_to"` // RFC 3339, UTC; null: not known
	MissingSites []MissingSite `json:"missing_sites"`
}

// CountPayouts counts it as of now.
func CountPayouts(r settle.Reader, in Span, now int64) (p Payouts, err error) {
	p = Payouts{Branches: []PayoutLag{}, MissingSites: []MissingSite{}}
	list, err := settle.Statements(r, false, func(row *records.Row) bool { return row.Of(schema.StatementState).Text() == schema.StatementApproved })
	if err != nil {
		return p, err
	}
	of, lags := map[syncproto.RecordID]*PayoutLag{}, map[syncproto.RecordID][]int64{}
	for i := range list {
		s := &list[i]
		zone, err := time.LoadLocation(s.Zone)
		if err != nil {
			zone = time.UTC
		}
		approved := rules.DayIn(s.ApprovedAt, zone)
		if !in.Holds(approved) {
			continue
		}
		b := of[s.Branch]
		if b == nil {
			b = &PayoutLag{Branch: s.Branch, Name: s.BranchName}
			of[s.Branch] = b
		}
		b.Statements++
		if s.Payout != nil && s.Payout.State == schema.PayoutDisputed {
			b.Disputed++
		}
		if s.Payout == nil || s.Payout.PaidAt == 0 {
			b.WaitingDays = max(b.WaitingDays, daysBetween(approved, rules.DayIn(now, zone)))
			continue
		}
		b.Paid++
		lags[s.Branch] = append(lags[s.Branch], daysBetween(approved, rules.DayIn(s.Payout.PaidAt, zone)))
	}
	for _, id := range slices.SortedFunc(maps.Keys(of), func(a, b syncproto.RecordID) int { return bytes.Compare(a[:], b[:]) }) {
		if days := lags[id]; len(days) > 0 {
			slices.Sort(days)
			of[id].MedianDays, of[id].LongestDays = days[(len(days)-1)/2], days[len(days)-1]
		}
		p.Branches = append(p.Branches, *of[id])
	}
	return p, nil
}

// daysBetween counts from a day to a later one; a clock that went back gives nothing.
func daysBetween(from, to rules.Day) int64 {
	a, aerr := time.Parse(time.DateOnly, from)
	b, berr := time.Parse(time.DateOnly, to)
	if cmp.Or(aerr, berr) != nil {
		return 0
	}
	return max(int64(b.Sub(a)/(24*time.Hour)), 0)
}
