package state

import (
	"maps"
	"slices"

	"github.com/rawaj/rawaj/syncproto/canon"
)

// AppendAmounts appends minor units by currency, as a canonical list of pairs in
// the order of currencies.
func AppendAmounts(b []byte, amounts map[string]int64) []byte {
	b = canon.Array(b, len(amounts))
	for _, currency := range slices.Sorted(maps.Keys(amounts)) {
		b = canon.Array(b, 2)
		b = canon.Text(b, currency)
		b = canon.Int(b, amounts[currency])
	}
	return b
}

func readAmounts(r *canon.Reader) map[string]int64 {
	amounts := map[string]int64{}
	before := ""
	for n := range r.Array(64) {
		r.Exactly(2)
		currency := r.Text(3)
		if n > 0 && currency <= before {
			r.Fail("currency %q after %q", currency, before)
		}
		before = currency
		amounts[currency] = r.Int()
	}
	return amounts
}

// ReadAmounts reads the form of AppendAmounts.
func ReadAmounts(b []byte) (map[string]int64, error) {
	r := canon.NewReader(b)
	amounts := readAmounts(r)
	return amounts, r.Done()
}
