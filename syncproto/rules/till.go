package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Paid is a payment as the till's rules take it: below zero where money went back.
type Paid struct {
	Method string
	Amount int64
	Voided bool // its sale was taken back
}

// ByMethod adds up payments of sales that count.
func ByMethod(all []Paid) map[string]int64 {
	sums := map[string]int64{}
	for _, p := range all {
		if !p.Voided {
			sums[p.Method] += p.Amount
		}
	}
	return sums
}

// Drawer is what should lie in the till: its float and the cash of its sales (R15).
func Drawer(float int64, all []Paid) int64 { return float + ByMethod(all)["cash"] }

// CountTotal is what a count by denominations comes to.
func CountTotal(counted []schema.Denomination) (sum int64) {
	for _, d := range counted {
		sum += d.Minor * d.Pieces
	}
	return sum
}

// VarianceLimit is how much less or more than it should a till may hold, in minor units,
// before a second person signs: five dirhams, until an organisation may set its own.
const VarianceLimit = 500

// NeedsSecond says whether a difference between count and drawer is for two persons to
// sign: it is over the limit, either way (R15).
func NeedsSecond(counted, drawer, limit int64) bool {
	return counted-drawer > limit || drawer-counted > limit
}

// AfterClosing is the state that a closed till waits in: late sales come first, then a
// difference over the limit; otherwise it is closed, and may be approved.
func AfterClosing(needsSecond bool, late int) string {
	switch {
	case late > 0:
		return schema.TillLate
	case needsSecond:
		return schema.TillVariance
	}
	return schema.TillClosed
}

// PaidInFull says whether the payments of a sale, in however many ways, are its worth.
func PaidInFull(worth int64, payments []Paid) bool {
	for _, p := range payments {
		worth -= p.Amount
	}
	return worth == 0 && len(payments) > 0
}

// TillOf is a till session as TakesSale takes it.
type TillOf struct {
	Site     syncproto.RecordID
	ClosedAt int64 // UTC ms; 0: open
}

// TakesSale says whether a sale may be recorded in a till: it is of this site, whose devices
// may share a drawer, and open at the time, as far as is known (R11). What was sold before it
// closed may come later.
func (t *TillOf) TakesSale(site syncproto.RecordID, soldAt int64) bool {
	return t.Site == site && (t.ClosedAt == 0 || soldAt < t.ClosedAt)
}

// maxGap bounds the numbers that MissingReceipts lists: more are no slips.
const maxGap = 1000

// MissingReceipts lists the numbers that a device passed over among receipts of its own,
// "A7-000012": there are none, but for a device that was restored (R14). A void keeps its
// number, so it is among them.
func MissingReceipts(prefix string, receipts []string) (missing []int64) {
	var have []int64
	for _, r := range receipts {
		if rest, ok := strings.CutPrefix(r, prefix+"-"); ok {
			if n, err := strconv.ParseInt(rest, 10, 64); err == nil {
				have = append(have, n)
			}
		}
	}
	slices.Sort(have)
	next := int64(1)
	for _, n := range have {
		for ; next < n && len(missing) < maxGap; next++ {
			missing = append(missing, next)
		}
		next = max(next, n+1)
	}
	return missing
}

// ToAssign says whether a line waits for its owner: it has none of its own, and nobody has
// named one since (R12).
func ToAssign(family, assigned syncproto.RecordID) bool { return OwnerOf(family, assigned).IsZero() }

// OwnerOf is whose a line was: what it was sold as stands.
func OwnerOf(family, assigned syncproto.RecordID) syncproto.RecordID {
	if !family.IsZero() {
		return family
	}
	return assigned
}
