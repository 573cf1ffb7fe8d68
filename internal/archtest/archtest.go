package archtest

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
)

// Module is the import path that marks a package as ours.
const Module = "github.com/rawaj/rawaj"

// Rule is one thing that must hold for the whole tree.
type Rule struct {
	Name  string
	check func(t *tree, found func(path string, line int, what string))
}

// Rules returns all rules, in the order in which their findings are reported.
func Rules() []Rule {
	return []Rule{
		{"arrows", checkArrows},
		{"edges", checkEdges},
		{"clock", checkClock},
		{"randomness", checkRandomness},
		{"sleep", checkSleep},
		{"sqltime", checkSQLTime},
		{"bidi", checkBidi},
		{"named tests", checkNamedTests},
	}
}

// Finding is one place at which a rule does not hold.
type Finding struct {
	Rule string
	Path string // slash-separated, from the root of the repository
	Line int    // 1 or more
	What string
}

func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", f.Path, f.Line, f.Rule, f.What)
}

// Check reads the repository at root and returns what breaks its rules, ordered
// by path and line. The error says that the tree could not be read or parsed.
func Check(root fs.FS) ([]Finding, error) {
	t, err := load(root)
	if err != nil {
		return nil, err
	}
	var all []Finding
	for _, r := range Rules() {
		r.check(t, func(path string, line int, what string) {
			all = append(all, Finding{Rule: r.Name, Path: path, Line: line, What: what})
		})
	}
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
	return all, nil
}
