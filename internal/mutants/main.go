// Command mutants proves that the tests are good: it plants bugs, one at a time, and runs
// the tests that should notice. The product's files stay as they are: the compiler is
// shown the planted one in their place (go build -overlay).
//
//	go run ./internal/mutants            # all, and a table
//	go run ./internal/mutants NAME...    # some, by name, promise or package of their tests
//	go run ./internal/mutants -own       # no other tests than those named for each bug
//	go run ./internal/mutants -part 2/3  # the second third, for the second of three machines
//	go run ./internal/mutants -again     # those too that were caught in this very tree
//
// A run that was broken off goes on where it was. It fails where a bug survives, and where
// the tests fail without one.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := config{}
	flag.BoolVar(&c.own, "own", false, "run no other tests than those named for each bug")
	flag.BoolVar(&c.again, "again", false, "run those too that were caught in this very tree")
	flag.StringVar(&c.part, "part", "1/1", "run a part of them, such as 2/3")
	flag.IntVar(&c.beside, "j", runtime.NumCPU(), "how many to try beside each other")
	flag.Parse()
	if err := run(ctx, c, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

type config struct {
	own, again bool
	part       string
	beside     int
}

func run(ctx context.Context, c config, names []string) error {
	all, err := plantedBugs()
	if err != nil {
		return err
	}
	bugs := slices.DeleteFunc(all, func(m *mutant) bool {
		return len(names) > 0 && !slices.Contains(names, m.name) && !slices.Contains(names, m.promise) && !slices.Contains(names, m.pkg)
	})
	if bugs, err = partOf(bugs, c.part); err != nil {
		return err
	}
	if len(bugs) == 0 {
		return fmt.Errorf("no planted bug is called %v", names)
	}
	kept, err := openRecord(".", bugs)
	if err != nil {
		return err
	}
	r := &round{record: kept, began: time.Now()}
	var left []*mutant
	for _, m := range bugs {
		if n := kept.notes[m.name]; kept.asIs(m) && !c.again {
			r.outcomes = append(r.outcomes, outcome{bug: m, by: n.By, test: n.Test, own: n.Own})
		} else {
			left = append(left, m)
		}
	}
	if n := len(r.outcomes); n > 0 {
		fmt.Printf("%d of %d were caught in this very tree already\n", n, len(bugs))
	}
	kept.sort(left)
	r.all = len(bugs)
	if err := r.try(ctx, c, left); err != nil {
		return err
	}
	return table(bugs, r.outcomes)
}

// partOf is every n-th bug, for "k/n".
func partOf(bugs []*mutant, part string) (some []*mutant, err error) {
	var k, n int
	if _, err := fmt.Sscanf(part, "%d/%d", &k, &n); err != nil || k < 1 || k > n {
		return nil, fmt.Errorf("%q is no part: want one such as 2/3", part)
	}
	for i, m := range bugs {
		if i%n == k-1 {
			some = append(some, m)
		}
	}
	return some, nil
}

// round is one run of this command.
type round struct {
	mu       sync.Mutex
	record   *record
	began    time.Time
	all      int
	tried    int
	outcomes []outcome
}

// try tries the bugs that are left, some beside each other.
func (r *round) try(ctx context.Context, c config, left []*mutant) error {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := (&bench{root: "."}).sound(ctx, left); err != nil {
		return err
	}
	r.began = time.Now()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	next := make(chan *mutant)
	var wait sync.WaitGroup
	for i := range min(c.beside, len(left)) {
		b := &bench{root: ".", dir: filepath.Join(dir, fmt.Sprint(i)), own: c.own}
		wait.Go(func() {
			if err := os.Mkdir(b.dir, 0o700); err != nil {
				fail(err)
			}
			for m := range next {
				if err := r.one(ctx, b, m, len(left)); err != nil {
					fail(err)
				}
			}
		})
	}
	for _, m := range left {
		select {
		case next <- m:
		case <-ctx.Done():
		}
	}
	close(next)
	wait.Wait()
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("%w: %d of %d are done, the same command goes on from here", err, len(r.outcomes), r.all)
	}
	return nil
}

func (r *round) one(ctx context.Context, b *bench, m *mutant, left int) error {
	r.mu.Lock()
	last := r.record.notes[m.name]
	r.mu.Unlock()
	began := time.Now()
	o, err := b.try(ctx, m, last)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes = append(r.outcomes, o)
	r.tried++
	took, each := time.Since(began), time.Since(r.began)/time.Duration(r.tried)
	fmt.Printf("%3d/%d %-4s %-36s %-60s %5.1f s, about %v left\n", len(r.outcomes), r.all, m.promise, m.name, o, took.Seconds(), (each * time.Duration(left-r.tried)).Round(time.Second))
	return r.record.keep(o, took.Seconds())
}
