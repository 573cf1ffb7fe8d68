package archtest

import (
	"fmt"
	"go/ast"
	"strings"
)

// timeless are the packages that both sides, or two replays of one log, must
// compute alike: what they need to know of time is handed to them as a value.
var timeless = []string{"server/state/...", "syncproto", "syncproto/schema", "syncproto/rules", "internal/records"}

// lawful are those of them that may make nothing up either. (syncproto is not
// one: ids and keys are made there, from a source handed in.)
var lawful = []string{"server/state/...", "syncproto/schema", "syncproto/rules", "internal/records"}

func checkClock(t *tree, found func(string, int, string)) {
	for _, f := range t.gofile {
		if f.test || !within(f.pkg, timeless) {
			continue
		}
		for _, name := range []string{"Now", "Since", "Until"} {
			for _, n := range f.uses("time", name) {
				found(f.path, t.line(n), fmt.Sprintf("%s reads no clock: time.%s", f.pkg, name))
			}
		}
	}
}

func checkRandomness(t *tree, found func(string, int, string)) {
	for _, f := range t.gofile {
		if f.test || !within(f.pkg, lawful) {
			continue
		}
		for _, i := range f.imports {
			switch i.path {
			case "math/rand", "math/rand/v2", "crypto/rand":
				found(f.path, i.line, fmt.Sprintf("%s draws no random numbers: %s", f.pkg, i.path))
			}
		}
	}
}

// A test that sleeps lacks a signal to wait for. In a synctest bubble a sleep
// costs nothing and means what it says; a benchmark may have to wait.
func checkSleep(t *tree, found func(string, int, string)) {
	for _, f := range t.gofile {
		if !f.test || within(f.pkg, []string{"internal/bench/..."}) || strings.HasSuffix(f.path, "bench_test.go") {
			continue
		}
		bubbles := f.bubbles()
		for _, n := range f.uses("time", "Sleep") {
			if !inside(n, bubbles) {
				found(f.path, t.line(n), "time.Sleep in a test: wait for a signal, or use a synctest bubble")
			}
		}
	}
}

// uses returns every mention of pkg.name in f, whatever pkg is called there.
func (f *gofile) uses(pkg, name string) []ast.Node {
	local := f.nameOf(pkg)
	if local == "" {
		return nil
	}
	var at []ast.Node
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == local && n.Sel.Name == name {
				at = append(at, n)
			}
			return true
		case *ast.Ident:
			if local == "." && n.Name == name {
				at = append(at, n)
			}
		}
		return true
	})
	return at
}

// bubbles returns the calls of synctest.Test in f.
func (f *gofile) bubbles() []ast.Node {
	local := f.nameOf("testing/synctest")
	if local == "" {
		return nil
	}
	var calls []ast.Node
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		fun, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := fun.X.(*ast.Ident); ok && x.Name == local && fun.Sel.Name == "Test" {
			calls = append(calls, call)
		}
		return true
	})
	return calls
}

func inside(n ast.Node, outer []ast.Node) bool {
	for _, o := range outer {
		if o.Pos() <= n.Pos() && n.End() <= o.End() {
			return true
		}
	}
	return false
}
