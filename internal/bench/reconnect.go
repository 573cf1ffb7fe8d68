package bench

import (
	"context"
	"time"
)

// pollEvery is how often a measurement looks whether something has arrived.
const pollEvery = 50 * time.Microsecond

const reconnects = 20

// reconnect lets a device connect that is up to date, and counts what goes over the
// wire from the end of the websocket's own handshake to the checkpoint.
func (r *run) reconnect(ctx context.Context) error {
	var up, down, turns int64
	var took time.Duration
	for n := range reconnects {
		once, err := r.reconnectOnce(ctx)
		if err != nil {
			return err
		}
		w := r.second.wire
		up, down, turns, took = max(up, w.up.Load()), max(down, w.down.Load()), max(turns, w.turns.Load()), took+once
		r.Progress("reconnect", n+1, reconnects)
	}
	r.figure("reconnect of a device that is up to date", float64(up+down), "B").atMost(1024)
	r.figure("reconnect: round trips after the websocket's handshake", float64(turns), "").atMost(1)
	r.figure("reconnect: time on loopback", ms(took)/reconnects, "ms")
	return nil
}

func (r *run) reconnectOnce(ctx context.Context) (time.Duration, error) {
	r.second.wire.reset()
	before, began := r.second.store.Progress().ServerTime, time.Now()
	stop := r.second.connect(ctx)
	err := until(ctx, func() bool { return r.second.store.Progress().ServerTime > before })
	took := time.Since(began)
	r.second.wire.paused.Store(true) // what is said in parting is not counted
	stop()
	return took, err
}

// connect keeps a site connected until stop is called.
func (s *site) connect(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.client.Run(ctx)
	}()
	return func() { cancel(); <-done }
}

// until waits for something that nobody signals.
func until(ctx context.Context, is func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for !is() {
		if err := ctx.Err(); err != nil {
			return err
		}
		time.Sleep(pollEvery)
	}
	return nil
}
