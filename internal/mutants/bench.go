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
	"slices"
	"strings"
)

// A test that hangs has noticed too; but who waits longer than this learns nothing more.
const (
	ownTime  = "-test.timeout=4m"
	restTime = "-test.timeout=15m"
)

// then are the packages whose tests are tried where those named for a bug miss it, the
// quickest first.
var then = []string{"./syncproto", "./internal/records", "./server/state", "./client/store", "./server", "./client", "./simtest"}

// bench builds test programs with a bug in them, and runs them.
type bench struct {
	root string // of the tree
	dir  string // for what is built
	own  bool   // only the tests named for a bug
}

// sound runs the tests that are named for the bugs without any bug: they have to pass, and
// to be there.
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
		program, err := b.build(ctx, pkg, "")
		if err != nil {
			return err
		}
		out, err := b.run(ctx, program, pkg, restTime, byPackage[pkg])
		if err != nil {
			return fmt.Errorf("%s fails without a planted bug: %w\n%s", pkg, err, out)
		}
		for _, name := range byPackage[pkg] {
			if !bytes.Contains(out, []byte("--- PASS: "+name+" ")) {
				return fmt.Errorf("%s has no test %s that runs here", pkg, name)
			}
		}
	}
	return nil
}

// try plants a bug and sees who notices.
func (b *bench) try(ctx context.Context, m *mutant) (outcome, error) {
	overlay, err := b.overlay(m)
	if err != nil {
		return outcome{}, err
	}
	for i, pkg := range append([]string{m.pkg}, then...) {
		if i > 0 && b.own {
			break
		}
		program, err := b.build(ctx, pkg, overlay)
		if err != nil {
			return outcome{bug: m, broken: err}, ctx.Err()
		}
		names, timeout := m.catch, ownTime
		if i > 0 {
			names, timeout = nil, restTime
		}
		if _, err := b.run(ctx, program, pkg, timeout, names); err != nil {
			if ctx.Err() != nil {
				return outcome{}, ctx.Err()
			}
			if _, failed := errors.AsType[*exec.ExitError](err); !failed {
				return outcome{}, err
			}
			return outcome{bug: m, by: pkg, own: i == 0}, nil
		}
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
	program := filepath.Join(b.dir, "tests")
	args := []string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-o", program}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	c := exec.CommandContext(ctx, "go", append(args, pkg)...)
	c.Dir = b.root
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the tests of %s: %w\n%s", pkg, err, out)
	}
	return program, nil
}

// run runs the named tests of a package, or all of them, until one fails.
func (b *bench) run(ctx context.Context, program, pkg, timeout string, names []string) ([]byte, error) {
	args := []string{"-test.v", "-test.failfast", "-test.short", timeout}
	if names != nil {
		args = append(args, "-test.run=^("+strings.Join(names, "|")+")$")
	}
	c := exec.CommandContext(ctx, program, args...)
	c.Dir = filepath.Join(b.root, pkg)
	return c.CombinedOutput()
}
