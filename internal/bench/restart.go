package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// restart stops the centre and starts it again on its files.
func (r *run) restart(ctx context.Context) error {
	if err := errors.Join(r.stall.store.Close(), r.second.store.Close(), r.bare.close(), r.centre.close()); err != nil {
		return err
	}
	began := time.Now()
	if err := r.centre.start(ctx); err != nil {
		return err
	}
	r.figure(fmt.Sprintf("restart of the centre with %s records until it takes devices", number(float64(r.present))), time.Since(began).Seconds(), "s").atMost(2)
	return nil
}
