package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// recordFile keeps what became of each bug, so that a run which was broken off goes on
// where it was, and so that what has changed comes first. make clean removes it.
const recordFile = "bin/mutants.json"

// note is what became of a bug the last time.
type note struct {
	Tree string  `json:"tree"` // of all sources and tests, without bugs
	Bug  string  `json:"bug"`  // of the file with the bug, and of the tests named for it
	By   string  `json:"by,omitempty"`
	Test string  `json:"test,omitempty"`
	Own  bool    `json:"own,omitempty"`
	Took float64 `json:"took"` // seconds
}

// record is the notes of all bugs, by name.
type record struct {
	root  string
	tree  string
	bugs  map[string]string // hash of each as it stands
	notes map[string]note
}

func openRecord(root string, bugs []*mutant) (*record, error) {
	tree, err := hashOf(root, "")
	if err != nil {
		return nil, err
	}
	r := &record{root: root, tree: tree, bugs: map[string]string{}, notes: map[string]note{}}
	tests := map[string]string{}
	for _, m := range bugs {
		if tests[m.pkg] == "" {
			if tests[m.pkg], err = hashOf(filepath.Join(root, m.pkg), "_test.go"); err != nil {
				return nil, err
			}
		}
		text, err := m.planted(root)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(fmt.Append(text, tests[m.pkg], m.catch))
		r.bugs[m.name] = hex.EncodeToString(sum[:8])
	}
	b, err := os.ReadFile(filepath.Join(root, recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	return r, errors.Join(err, json.Unmarshal(b, &r.notes))
}

// asIs says whether a bug was caught in this very tree.
func (r *record) asIs(m *mutant) bool {
	n := r.notes[m.name]
	return n.By != "" && n.Bug == r.bugs[m.name] && n.Tree == r.tree
}

// sort puts those first that are to be feared for: that never were caught, and then those
// of which the file or the tests have changed since.
func (r *record) sort(bugs []*mutant) {
	rank := func(m *mutant) int {
		switch n := r.notes[m.name]; {
		case n.By == "":
			return 0
		case n.Bug != r.bugs[m.name]:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(bugs, func(a, b *mutant) int { return cmp.Compare(rank(a), rank(b)) })
}

// keep writes an outcome down.
func (r *record) keep(o outcome, took float64) error {
	r.notes[o.bug.name] = note{Tree: r.tree, Bug: r.bugs[o.bug.name], By: o.by, Test: o.test, Own: o.own, Took: took}
	b, err := json.MarshalIndent(r.notes, "", "\t")
	if err != nil {
		return err
	}
	file := filepath.Join(r.root, recordFile)
	return errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file+".new", b, 0o644), os.Rename(file+".new", file))
}

// hashOf hashes the files below a directory that end so: all that tests are made of, or
// may read, but not what is built, written about them or planted.
func hashOf(dir, suffix string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch {
			case rel != "." && strings.HasPrefix(rel, "."), d.Name() == "node_modules", rel == "bin", rel == "demo", rel == "docs", rel == "web", rel == filepath.Join("internal", "mutants"):
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, suffix) || !d.Type().IsRegular() || filepath.Dir(rel) == "." && suffix == "" && !strings.HasPrefix(rel, "go.") {
			return nil
		}
		b, err := os.ReadFile(path)
		fmt.Fprintf(h, "%s %x\n", rel, sha256.Sum256(b))
		return err
	})
	return hex.EncodeToString(h.Sum(nil)[:8]), err
}
