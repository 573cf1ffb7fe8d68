package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rawaj/rawaj/syncproto"
)

const (
	propagated = 300
	rate       = 1000            // changes a second
	atRateFor  = 5 * time.Second // how long they go on
)

// propagate has two devices of the stall connected; one changes prices, the other hears
// of each: one change at a time, then at a rate. Bare ones take turns with ours.
func (r *run) propagate(ctx context.Context) (err error) {
	r.stall.clock.set(time.Time{})
	defer r.stall.connect(ctx)()
	defer r.second.connect(ctx)()
	ours, err := r.pricing(ctx)
	if err != nil {
		return err
	}
	chain, err := r.newBareChain(ctx, "chain")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, chain.close()) }()
	bare := chain.pricing(r)
	var single, limit []time.Duration
	for len(single) < propagated {
		for _, way := range []struct {
			of *changes
			to *[]time.Duration
		}{{ours, &single}, {bare, &limit}} {
			took, err := way.of.oneByOne(ctx, localBlock)
			if err != nil {
				return fmt.Errorf("one change: %w", err)
			}
			*way.to = append(*way.to, took...)
		}
		r.Progress("one change", len(single), propagated)
	}
	r.latency("one change from device to device, both live", single, limit)
	n := int(atRateFor.Seconds()) * rate
	if r.Sales < DefaultSales { // a test
		n = rate / 5
	}
	if single, err = ours.atRate(ctx, n); err != nil {
		return fmt.Errorf("changes at a rate: %w", err)
	}
	if limit, err = bare.atRate(ctx, n); err != nil {
		return fmt.Errorf("bare changes at a rate: %w", err)
	}
	r.latency(fmt.Sprintf("the same at %s changes a second", number(rate)), single, limit)
	return nil
}

func (r *run) latency(name string, ours, bare []time.Duration) {
	slices.Sort(ours)
	slices.Sort(bare)
	for _, f := range []struct {
		name string
		of   func([]time.Duration) time.Duration
		aim  float64
	}{{"p50", at50, 2}, {"p99", at99, 10}} {
		row := r.beside(name+", "+f.name, ms(f.of(ours)), ms(f.of(bare)), "ms")
		reached := row.Figure <= f.aim
		row.Aim, row.Reached = fmt.Sprintf("≤ %s ms", number(f.aim)), &reached
	}
}

// changes is where changes are recorded one after the other, and heard elsewhere.
type changes struct {
	record func(n int) error                             // the n-th
	hear   func(ctx context.Context, n int) (int, error) // how many have arrived, more than n
	done   int
}

// oneByOne records a change when the one before has been heard of.
func (c *changes) oneByOne(ctx context.Context, n int) (took []time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for range n {
		began := time.Now()
		if err := c.record(c.done); err != nil {
			return nil, err
		}
		if _, err := c.hear(ctx, c.done); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
		c.done++
	}
	return took, nil
}

// atRate records changes at a rate, heard of or not. One that has to wait for its turn
// to be recorded is counted from when it was due.
func (c *changes) atRate(ctx context.Context, n int) (took []time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	first := c.done
	c.done += n
	started, heard := make([]time.Time, n), make([]time.Time, n)
	listening := make(chan error, 1)
	go func() {
		for have := 0; have < n; {
			now, err := c.hear(ctx, first+have)
			if err != nil {
				listening <- err
				return
			}
			for at := time.Now(); have < min(now-first, n); have++ {
				heard[have] = at
			}
		}
		listening <- nil
	}()
	began := time.Now()
	for i := range n {
		started[i] = began.Add(time.Duration(i) * time.Second / rate)
		if wait := time.Until(started[i]); wait > 0 {
			time.Sleep(wait)
			started[i] = time.Now() // a sleep that is too long is not its fault
		}
		if err := c.record(first + i); err != nil {
			return nil, errors.Join(err, ctx.Err())
		}
	}
	if err := <-listening; err != nil {
		return nil, err
	}
	for i := range n {
		took = append(took, heard[i].Sub(started[i]))
	}
	return took, nil
}

// pricing changes prices at the stall; its second device hears of them. Both are
// connected when it returns.
func (r *run) pricing(ctx context.Context) (*changes, error) {
	record := func(n int) error {
		return r.stall.client.SetPrice(ctx, r.shop.products[(n+products)%products], false, int64(1000+n), benchCurrency)
	}
	if err := record(-1); err != nil {
		return nil, err
	}
	quiet := func() bool {
		a, b := r.stall.store.Progress().Position, r.second.store.Progress().Position
		return a == b && !r.stall.store.Unsettled()
	}
	if err := until(ctx, quiet); err != nil {
		return nil, err
	}
	base := r.second.store.Progress().Position
	hear := func(ctx context.Context, n int) (int, error) {
		for {
			moved := r.second.store.Moved()
			if have := int(r.second.store.Progress().Position - base); have > n {
				return have, nil
			}
			select {
			case <-moved:
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
	}
	return &changes{record: record, hear: hear}, nil
}

func (c *bareChain) pricing(r *run) *changes {
	ids := syncproto.NewIDs(rand.Reader, time.Now)
	site := r.stall.store.Identity().Site
	return &changes{hear: c.hear, record: func(n int) error {
		id, err := ids.Record()
		if err != nil {
			return err
		}
		sale := r.shop.next()
		m := bareOf(childOf(id), site[:], "", 0, n, &sale)
		return c.record(&bareMessage{Lines: m.Lines[:1]})
	}}
}
