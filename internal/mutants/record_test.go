package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// madeUp is a tree with a product and its tests, and three bugs to plant.
func madeUp(t *testing.T) (root string, bugs []*mutant) {
	t.Helper()
	root = t.TempDir()
	write(t, root, "x/a.go", "one two")
	write(t, root, "x/b.go", "three")
	write(t, root, "x/a_test.go", "tests")
	bugs, err := parse("P1", "== first\nfile: x/a.go\ncatch: ./x TestX\n-- was\none\n-- is\n1\n== second\nfile: x/a.go\ncatch: ./x TestX\n-- was\ntwo\n-- is\n2\n== third\nfile: x/b.go\ncatch: ./x TestX\n-- was\nthree\n-- is\n3\n")
	if err != nil {
		t.Fatal(err)
	}
	return root, bugs
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	file := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func recordOf(t *testing.T, root string, bugs []*mutant) *record {
	t.Helper()
	r, err := openRecord(root, bugs)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestARunGoesOnWhereItWasBrokenOffInTheSameTreeOnly(t *testing.T) {
	root, bugs := madeUp(t)
	r := recordOf(t, root, bugs)
	for _, o := range []outcome{{bug: bugs[0], by: "./x", test: "TestX", own: true}, {bug: bugs[1]}} {
		if err := r.keep(o, 1); err != nil {
			t.Fatal(err)
		}
	}
	for _, change := range []struct {
		file string
		same bool
	}{{"", true}, {"docs/text.md", true}, {"README.md", true}, {"bin/program", true}, {"x/testdata/golden", false}, {"y/c.go", false}} {
		if change.file != "" {
			write(t, root, change.file, "new")
		}
		r := recordOf(t, root, bugs)
		for i, want := range []bool{change.same, false, false} { // one was caught, one survived, one was not tried
			if got := r.asIs(bugs[i]); got != want {
				t.Errorf("after a change of %q %s counts as done: %v, want %v", change.file, bugs[i].name, got, want)
			}
		}
	}
}

func TestWhatHasChangedOrWasNeverCaughtComesFirst(t *testing.T) {
	root, bugs := madeUp(t)
	r := recordOf(t, root, bugs)
	for _, o := range []outcome{{bug: bugs[0], by: "./x", test: "TestX"}, {bug: bugs[2], by: "./x", test: "TestX"}} {
		if err := r.keep(o, 1); err != nil {
			t.Fatal(err)
		}
	}
	order := func() (names []string) {
		list := slices.Clone(bugs)
		recordOf(t, root, bugs).sort(list)
		for _, m := range list {
			names = append(names, m.name)
		}
		return names
	}
	if got, want := order(), []string{"second", "first", "third"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: one was never caught", got, want)
	}
	write(t, root, "x/b.go", "zero three")
	if got, want := order(), []string{"second", "third", "first"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: the file of the third has changed", got, want)
	}
}

func TestPartsAreAllAndNothingTwice(t *testing.T) {
	_, bugs := madeUp(t)
	var all []*mutant
	for _, part := range []string{"1/2", "2/2"} {
		some, err := partOf(bugs, part)
		if err != nil || len(some) == 0 {
			t.Fatal(part, some, err)
		}
		all = append(all, some...)
	}
	for _, m := range bugs {
		if !slices.Contains(all, m) {
			t.Errorf("%s is in no part", m.name)
		}
	}
	if len(all) != len(bugs) {
		t.Errorf("the parts have %d bugs of %d", len(all), len(bugs))
	}
	for _, part := range []string{"0/2", "3/2", "2", "", "-1/-1"} {
		if _, err := partOf(bugs, part); err == nil {
			t.Errorf("%q is taken for a part", part)
		}
	}
}

func TestTheLikelyTestsAreTriedFirstAndNoneTwice(t *testing.T) {
	m := &mutant{file: "server/state/judge.go", pkg: "./simtest", catch: []string{"TestNamed"}}
	steps := m.steps(false, note{By: "./server", Test: "TestThatCaughtIt"})
	var got []string
	for _, s := range steps {
		got = append(got, s.pkg)
	}
	if want := []string{"./simtest", "./server", "./server/state", "./simtest", "./syncproto", "./internal/records", "./client/store", "./server", "./client"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !slices.Equal(steps[0].names, m.catch) || !slices.Equal(steps[1].names, []string{"TestThatCaughtIt"}) || steps[2].names != nil {
		t.Errorf("got %v", steps)
	}
	if got := m.steps(false, note{By: "./simtest", Test: "TestNamed"}); len(got) != len(steps)-1 {
		t.Errorf("its own test is tried twice: %v", got)
	}
}

func TestTheTestThatFailedIsNamedAlsoWhereTheProgramFell(t *testing.T) {
	for out, want := range map[string]string{
		"=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n=== RUN   TestB/one\n--- FAIL: TestB (0.01s)\n    --- FAIL: TestB/one (0.00s)\n": "TestB",
		"=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n=== RUN   TestB/one\npanic: no\n":                                                "TestB",
		"panic: at the start\n": "TestMain",
	} {
		if got := failedIn([]byte(out)); got != want {
			t.Errorf("got %s, want %s of %q", got, want, out)
		}
	}
}
