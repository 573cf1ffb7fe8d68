package main

import (
	"fmt"
	"slices"
)

// outcome is what became of one bug.
type outcome struct {
	bug  *mutant
	by   string // the package whose tests noticed; "" where none did
	test string // of them the first that failed
	own  bool   // it was named for the bug

	broken error // the bug does not compile, which no test is to be praised for
}

func (o outcome) String() string {
	switch {
	case o.broken != nil:
		return fmt.Sprintf("NOT PLANTED: %v", o.broken)
	case o.by == "":
		return "SURVIVED: " + o.bug.what
	case !o.own:
		return "missed by its own test, caught by " + o.by + " " + o.test
	}
	return "caught by " + o.by + " " + o.test
}

// table prints how many bugs of each promise were caught, and by what.
func table(bugs []*mutant, outcomes []outcome) error {
	var promises []string
	for _, m := range bugs {
		if !slices.Contains(promises, m.promise) {
			promises = append(promises, m.promise)
		}
	}
	counts := map[string][5]int{} // planted, caught by tests that were there, by tests written for the promise, by others than were named, survived
	for _, o := range outcomes {
		for _, p := range []string{o.bug.promise, "all"} {
			n := counts[p]
			n[0]++
			switch {
			case o.by == "":
				n[4]++
			case !o.own:
				n[3]++
			case o.bug.wrote:
				n[2]++
			default:
				n[1]++
			}
			counts[p] = n
		}
	}
	fmt.Printf("\n%-8s %8s %15s %15s %10s %9s\n", "promise", "planted", "by older tests", "by newer tests", "by others", "survived")
	for _, p := range append(promises, "all") {
		n := counts[p]
		fmt.Printf("%-8s %8d %15d %15d %10d %9d\n", p, n[0], n[1], n[2], n[3], n[4])
	}
	if n := counts["all"][4]; n > 0 {
		return fmt.Errorf("%d planted bugs survived", n)
	}
	return nil
}
