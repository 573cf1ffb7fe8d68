package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A test that hangs has noticed too; but who waits longer than this learns nothing more.
const (
	ownTime  = "-test.timeout=4m"
	restTime = "-test.timeout=15m"
)

// then are the packages whose tests are tried where those named for a bug and those of the
// package that it is in miss it, the quickest first.
var then = []string{"./syncproto", "./internal/records", "./server/state", "./client/store", "./server", "./client", "./simtest"}

// bench builds test programs with a bug in them, and runs them. Benches may work beside
// each other; what is compiled they share, in the cache of go build.
type bench struct {
	root string // of the tree
	dir  string // for what is built
	own  bool   // only the tests named for a bug

	built map[string]string // the test program of each package, with the present bug
}

// sound runs the tests that are named for the bugs without any bug: they have to pass, and
// to be there. What passed and has not changed since, go test knows.
func (b *bench) sound(ctx context.Context, bugs []*mutant) error {
	byPackage := map[string][]string{}
	for _, m := range bugs {
		if _, err := m.planted(b.root); err != nil {
			return err
		}
		byPackage[m.pkg] = append(byPackage[m.pkg], m.catch...)
	}
	for _, pkg := range slices.Sorted(maps.Keys(byPackage)) {
		fmt.Printf("%s without a bug\n", pkg)
		if err := b.passes(ctx, pkg, byPackage[pkg]); err != nil {
			return err
		}
	}
	return nil
}

// passes runs tests as they are, without a bug.
func (b *bench) passes(ctx context.Context, pkg string, names []string) error {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	out, err := b.command(ctx, b.root, "go", "test", "-vet=off", "-short", "-v", "-timeout=15m", "-run="+exactly(names), pkg)
	if err != nil {
		return fmt.Errorf("%s fails without a planted bug: %w\n%s", pkg, err, out)
	}
	for _, name := range names {
		if !bytes.Contains(out, []byte("--- PASS: "+name+" ")) {
			return fmt.Errorf("%s has no test %s that runs here", pkg, name)
		}
	}
	return nil
}

func exactly(names []string) string { return "^(" + strings.Join(names, "|") + ")$" }

// step is what is tried on a bug: tests of a package by name, or all of them.
type step struct {
	pkg   string
	names []string
}

// steps are tried until a test fails: those named for the bug, the one that caught it the
// last time, the package that it is in, and then others.
func (m *mutant) steps(own bool, last note) []step {
	list := []step{{m.pkg, m.catch}}
	if own {
		return list
	}
	if last.Test != "" && !(last.By == m.pkg && slices.Contains(m.catch, last.Test)) {
		list = append(list, step{last.By, []string{last.Test}})
	}
	var seen []string
	for _, pkg := range append([]string{"./" + filepath.ToSlash(filepath.Dir(m.file)), m.pkg}, then...) {
		if !slices.Contains(seen, pkg) {
			seen = append(seen, pkg)
			list = append(list, step{pkg, nil})
		}
	}
	return list
}

// try plants a bug and sees who notices.
func (b *bench) try(ctx context.Context, m *mutant, last note) (outcome, error) {
	overlay, err := b.overlay(m)
	if err != nil {
		return outcome{}, err
	}
	b.built = map[string]string{}
	for i, s := range m.steps(b.own, last) {
		program, err := b.build(ctx, s.pkg, overlay)
		if err != nil {
			return outcome{bug: m, broken: err}, ctx.Err()
		}
		test, err := b.run(ctx, program, s)
		if err != nil || test == "" {
			if err != nil {
				return outcome{}, err
			}
			continue
		}
		if i > 0 { // who fails by itself has noticed nothing
			if err := b.passes(ctx, s.pkg, []string{test}); err != nil {
				return outcome{}, err
			}
		}
		return outcome{bug: m, by: s.pkg, test: test, own: i == 0}, nil
	}
	return outcome{bug: m}, nil
}

// overlay writes the file with the bug, and for the compiler in whose place it stands.
func (b *bench) overlay(m *mutant) (string, error) {
	text, err := m.planted(b.root)
	if err != nil {
		return "", err
	}
	original, err := filepath.Abs(filepath.Join(b.root, m.file))
	if err != nil {
		return "", err
	}
	file, list := filepath.Join(b.dir, "planted.go"), filepath.Join(b.dir, "overlay.json")
	j, err := json.Marshal(map[string]map[string]string{"Replace": {original: file}})
	if err != nil {
		return "", err
	}
	return list, errors.Join(os.WriteFile(file, text, 0o600), os.WriteFile(list, j, 0o600))
}

func (b *bench) build(ctx context.Context, pkg, overlay string) (string, error) {
	if program := b.built[pkg]; program != "" {
		return program, nil
	}
	program := filepath.Join(b.dir, fmt.Sprintf("tests%d", len(b.built)))
	if out, err := b.command(ctx, b.root, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-o", program, "-overlay", overlay, pkg); err != nil {
		return "", fmt.Errorf("build the tests of %s: %w\n%s", pkg, err, out)
	}
	b.built[pkg] = program
	return program, nil
}

// run runs tests until one fails, and names that.
func (b *bench) run(ctx context.Context, program string, s step) (test string, err error) {
	args := []string{"-test.v", "-test.failfast", "-test.short", restTime}
	if s.names != nil {
		args = append(args[:3], ownTime, "-test.run="+exactly(s.names))
	}
	out, err := b.command(ctx, filepath.Join(b.root, s.pkg), program, args...)
	if err == nil {
		return "", nil
	}
	if _, failed := errors.AsType[*exec.ExitError](err); !failed || ctx.Err() != nil {
		return "", errors.Join(err, ctx.Err())
	}
	return failedIn(out), nil
}

var (
	failedLine = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)
	beganLine  = regexp.MustCompile(`(?m)^=== RUN   (\w+)`)
)

// failedIn is the test that failed; the last to begin where the program fell with it.
func failedIn(out []byte) string {
	if m := failedLine.FindSubmatch(out); m != nil {
		return string(m[1])
	}
	if all := beganLine.FindAllSubmatch(out, -1); all != nil {
		return string(all[len(all)-1][1])
	}
	return "TestMain"
}

func (b *bench) command(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	return c.CombinedOutput()
}
