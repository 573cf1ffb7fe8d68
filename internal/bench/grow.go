package bench

import (
	"context"
)

// FullRecords is how many records are present where the aims say a million.
const FullRecords = 1_000_000

// grow has the stall deliver, and its second device hear, what is still missing from
// the records that a change, a restart and a disk are to be measured among.
func (r *run) grow(ctx context.Context) error {
	r.present = r.Sales * recordsOfSale
	sales := (r.Records - r.present) / recordsOfSale
	if sales <= 0 {
		return nil
	}
	if err := r.shop.bulk(ctx, r.stall, sales, func(done int) { r.Progress("more sales", done, sales) }); err != nil {
		return err
	}
	for _, at := range []*site{r.stall, r.second} {
		if _, err := at.sync(ctx, nil); err != nil {
			return err
		}
	}
	r.present += sales * recordsOfSale
	return nil
}
