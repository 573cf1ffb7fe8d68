//go:build failpoints

package failpoint

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// with has the list be in force.
func with(t *testing.T, list string) {
	t.Helper()
	all, err := parse(list)
	if err != nil {
		t.Fatal(err)
	}
	points = all
	t.Cleanup(func() { points, armed = nil, "" })
}

func TestAPlaceIsHitAtItsNumberAndOnlyThere(t *testing.T) {
	with(t, "a.before=error(made up)@2,b=error")
	for n, want := range []bool{false, true, false} {
		if err := Hit("a.before"); (err != nil) != want {
			t.Errorf("hit %d gave %v", n+1, err)
		}
	}
	if err := Hit("a.after"); err != nil {
		t.Errorf("a place that nobody named gave %v", err)
	}
	if err := Hit("b"); err == nil {
		t.Error("b was not hit at the first time")
	}
}

func TestWhatAProgramRegisteredHappensWithItsArgument(t *testing.T) {
	made, got := errors.New("made up"), ""
	Register("fill", func(dir string) error { got = dir; return made })
	with(t, "a=fill(/some/where)")
	if err := Hit("a"); err != made || got != "/some/where" {
		t.Errorf("got %v with %q", err, got)
	}
}

func TestNothingCountsUntilItIsArmed(t *testing.T) {
	with(t, "a=error@2")
	armed = filepath.Join(t.TempDir(), "armed")
	if err := errors.Join(Hit("a"), Hit("a"), Hit("a")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(armed, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if Hit("a") != nil || Hit("a") == nil {
		t.Error("armed, it does not count from there")
	}
}

func TestAListThatCannotBeReadIsRefused(t *testing.T) {
	for _, list := range []string{"a", "=kill", "a=", "a=kill@0", "a=kill@x", "a=fill(/x"} {
		if all, err := parse(list); err == nil {
			t.Errorf("%q was read as %v", list, all)
		}
	}
}

func TestKillLeavesAProcessNoChance(t *testing.T) {
	if os.Getenv("DIE") != "" {
		defer os.Stdout.WriteString("it went on")
		Hit("here")
		return
	}
	c := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	c.Env = append(os.Environ(), "DIE=1", Variable+"=here=kill")
	out, err := c.CombinedOutput()
	if s, ok := c.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL {
		t.Errorf("it ended with %v", err)
	}
	if got := string(out); !strings.Contains(got, "failpoint: here: kill") || strings.Contains(got, "it went on") {
		t.Errorf("it said %q", got)
	}
}
