// Command mutants proves that the tests are good: it plants bugs, one at a time, and runs
// the tests that should notice. The product's files stay as they are: the compiler is
// shown the planted one in their place (go build -overlay).
//
//	go run ./internal/mutants           # all, and a table
//	go run ./internal/mutants NAME...   # some, by name, promise or package of their tests
//	go run ./internal/mutants -own      # no other tests than those named for each bug
//
// It fails where a bug survives, and where the tests fail without one.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	own := flag.Bool("own", false, "run no other tests than those named for each bug")
	flag.Parse()
	if err := run(ctx, *own, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, own bool, names []string) error {
	all, err := plantedBugs()
	if err != nil {
		return err
	}
	bugs := slices.DeleteFunc(all, func(m *mutant) bool {
		return len(names) > 0 && !slices.Contains(names, m.name) && !slices.Contains(names, m.promise) && !slices.Contains(names, m.pkg)
	})
	if len(bugs) == 0 {
		return fmt.Errorf("no planted bug is called %v", names)
	}
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{root: ".", dir: dir, own: own}
	if err := b.sound(ctx, bugs); err != nil {
		return err
	}
	var outcomes []outcome
	for i, m := range bugs {
		began := time.Now()
		o, err := b.try(ctx, m)
		if err != nil {
			return err
		}
		outcomes = append(outcomes, o)
		fmt.Printf("%3d/%d %-4s %-36s %-60s %5.1f s\n", i+1, len(bugs), m.promise, m.name, o, time.Since(began).Seconds())
	}
	return table(outcomes)
}

// outcome is what became of one bug.
type outcome struct {
	bug *mutant
	by  string // the package whose tests noticed; "" where none did
	own bool   // those that were named for it

	broken error // the bug does not compile, which no test is to be praised for
}

func (o outcome) String() string {
	switch {
	case o.broken != nil:
		return fmt.Sprintf("NOT PLANTED: %v", o.broken)
	case o.by == "":
		return "SURVIVED: " + o.bug.what
	case !o.own:
		return "missed by its own test, caught by those of " + o.by
	}
	return "caught by " + o.by + " " + o.bug.catch[0]
}

// table prints how many bugs of each promise were caught, and by what.
func table(outcomes []outcome) error {
	var promises []string
	counts := map[string][5]int{} // planted, caught, by tests that were there, by tests written for the promise, survived
	for _, o := range outcomes {
		p := o.bug.promise
		if !slices.Contains(promises, p) {
			promises = append(promises, p)
		}
		for _, p := range []string{p, "all"} {
			n := counts[p]
			n[0]++
			switch {
			case o.by == "":
				n[4]++
			case o.bug.wrote && o.own:
				n[1]++
				n[3]++
			default:
				n[1]++
				n[2]++
			}
			counts[p] = n
		}
	}
	fmt.Printf("\n%-8s %8s %8s %15s %15s %9s\n", "promise", "planted", "caught", "by older tests", "by newer tests", "survived")
	for _, p := range append(promises, "all") {
		n := counts[p]
		fmt.Printf("%-8s %8d %8d %15d %15d %9d\n", p, n[0], n[1], n[2], n[3], n[4])
	}
	if n := counts["all"][4]; n > 0 {
		return fmt.Errorf("%d planted bugs survived", n)
	}
	return nil
}
