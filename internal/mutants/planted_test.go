package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Whether the bugs are caught takes hours of a machine's time (make mutants); whether each
// can still be planted, and names tests that are there, takes none.
func TestEveryPlantedBugStillHasItsPlaceAndItsTest(t *testing.T) {
	bugs, err := plantedBugs()
	if err != nil {
		t.Fatal(err)
	}
	of, names := map[string]int{}, map[string]bool{}
	for _, m := range bugs {
		if !m.wrote {
			of[m.promise]++
		}
		if names[m.name] {
			t.Errorf("two bugs are called %s", m.name)
		}
		names[m.name] = true
		if _, err := m.planted("../.."); err != nil {
			t.Error(err)
		}
		if m.what == "" || len(m.catch) == 0 {
			t.Errorf("%s says not what it is, or not which test catches it", m.name)
		}
		tests := testsOf(t, m.pkg)
		for _, name := range m.catch {
			if !strings.Contains(tests, "\nfunc "+name+"(t *testing.T)") {
				t.Errorf("%s: %s has no %s", m.name, m.pkg, name)
			}
		}
	}
	for _, p := range promises(t) {
		if of[p] < 3 {
			t.Errorf("%d bugs are planted against %s whose tests were there before them, want 3 or more", of[p], p)
		}
	}
	if len(bugs) < 60 {
		t.Errorf("%d bugs are planted, want 60 or more", len(bugs))
	}
}

// promises are those that have tests: P10 is not built, and a bug in nothing can not be
// planted.
func promises(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/PROMISES.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(text), "\n<!-- tests:")[1:] {
		name, rest, _ := strings.Cut(block, " -->\n")
		if !strings.HasPrefix(rest, "- none yet\n") {
			all = append(all, name)
		}
	}
	if len(all) < 12 {
		t.Fatalf("of the promises only %v have tests", all)
	}
	return all
}

func TestABugThatHasLostItsPlaceIsToldApart(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a.go"), []byte("one\ntwo\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := parse("P1", "== good\nwhat: w\nfile: a.go\ncatch: ./x TestX\n-- was\none\n-- is\n1\n== gone\nfile: a.go\n-- was\nthree\n-- is\n3\n== twice\nfile: a.go\n-- was\ntwo\n-- is\n2\n== same\nfile: a.go\n-- was\none\n-- is\none\n")
	if err != nil {
		t.Fatal(err)
	}
	var sound []string
	for _, m := range list {
		if b, err := m.planted(root); err == nil {
			sound = append(sound, m.name+": "+string(b))
		}
	}
	if want := []string{"good: 1\ntwo\ntwo\n"}; !slices.Equal(sound, want) {
		t.Errorf("planted %q, want %q", sound, want)
	}
}

var read = map[string]string{}

// testsOf is the text of a package's test files.
func testsOf(t *testing.T, pkg string) string {
	if s, ok := read[pkg]; ok {
		return s
	}
	files, err := filepath.Glob(filepath.Join("../..", pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	read[pkg] = all.String()
	return read[pkg]
}
