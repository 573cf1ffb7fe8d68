package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/datadir"
)

// The program as an operator types it. Beside testscript's own commands there are:
//
//	exits N rawaj ARG...      run it; it has to end with N
//	json FILE PATH VALUE      a value in JSON, by names and numbers joined with dots; len counts
//	json FILE PATH            is there
//	jsonkeys FILE PATH NAME.. an object has these names; PATH . is the whole
//	keep NAME FILE [PATH]     put a value, or all of FILE, into the environment
//	serving DIR [NAME]        wait until the process that holds DIR answers; NAME is its URL
//	until PATH VALUE rawaj .. run it again and again, until it prints JSON that says so
//
// FILE may be stdout or stderr.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "json": jsonValue, "jsonkeys": jsonKeys, "keep": keep, "serving": waitServing, "until": runUntil,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit %d, want %d", code, want)
	}
}

// lookUp finds a place in a file of JSON.
func lookUp(ts *testscript.TestScript, file, path string) (v any, found bool) {
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(file)))
	d.UseNumber()
	ts.Check(d.Decode(&v))
	if path == "." {
		return v, true
	}
	for _, step := range strings.Split(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			if v, found = in[step]; !found {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(step)
			if step == "len" {
				v = json.Number(strconv.Itoa(len(in)))
			} else if err != nil || i >= len(in) {
				return nil, false
			} else {
				v = in[i]
			}
		default:
			return nil, false
		}
	}
	return v, true
}

func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: [!] json file path [value]")
	}
	v, found := lookUp(ts, args[0], args[1])
	got := plainText(v)
	if holds := found && (len(args) == 2 || got == args[2]); holds == neg {
		ts.Fatalf("%s is %q (there: %v) in %s", args[1], got, found, ts.ReadFile(args[0]))
	}
}

func plainText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b bytes.Buffer
	json.NewEncoder(&b).Encode(v)
	return strings.TrimSpace(b.String())
}

func jsonKeys(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: jsonkeys file path name...")
	}
	v, _ := lookUp(ts, args[0], args[1])
	object, ok := v.(map[string]any)
	if !ok {
		ts.Fatalf("%s is no object in %s", args[1], ts.ReadFile(args[0]))
	}
	for _, name := range args[2:] {
		if _, ok := object[name]; !ok {
			ts.Fatalf("%s has no %s in %s", args[1], name, ts.ReadFile(args[0]))
		}
	}
}

func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: keep name file [path]")
	}
	if len(args) == 2 {
		ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
		return
	}
	v, found := lookUp(ts, args[1], args[2])
	if !found {
		ts.Fatalf("no %s in %s", args[2], ts.ReadFile(args[1]))
	}
	ts.Setenv(args[0], plainText(v))
}

// waiting polls for what another process does.
func waiting(ts *testscript.TestScript, what string, holds func() bool) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			ts.Fatalf("waited in vain: %s", what)
		}
	}
}

func waitServing(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: serving dir [name]")
	}
	var a datadir.Address
	waiting(ts, args[0]+" is served", func() bool {
		var err error
		if a, err = datadir.ReadAddress(ts.MkAbs(args[0])); err != nil {
			return false
		}
		r, err := http.Get(a.URL + "/healthz")
		if err == nil {
			r.Body.Close()
		}
		return err == nil
	})
	if len(args) == 2 {
		ts.Setenv(args[1], a.URL)
	}
}

func runUntil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: until path value program args...")
	}
	waiting(ts, args[0]+" is "+args[1], func() bool {
		ts.Check(ts.Exec(args[2], args[3:]...))
		v, found := lookUp(ts, "stdout", args[0])
		return found && plainText(v) == args[1]
	})
}

func TestEveryCommandShowsAnExample(t *testing.T) {
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		args := append(strings.Fields(c.CommandPath())[1:], "--help")
		code, out, talk := inProcess(t, args...)
		if code != 0 || talk != "" || !strings.Contains(out, "Examples:\n  rawaj") {
			t.Errorf("rawaj %s ends with %d and says %s%s", strings.Join(args, " "), code, out, talk)
		}
		if c.HasSubCommands() {
			if code, out, _ := inProcess(t, append(args[:len(args)-1], "nonsense")...); code != 2 || out != "" {
				t.Errorf("%s nonsense ends with %d, want 2", c.CommandPath(), code)
			}
		} else if code, out, talk := inProcess(t, append(args[:len(args)-1], "--nonsense")...); code != 2 || out != "" || !strings.Contains(talk, c.CommandPath()+" --help") {
			t.Errorf("%s --nonsense ends with %d and says %q", c.CommandPath(), code, talk)
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(newRootCommand())
}

// A flag that is not given is read from the environment.
func TestFlagsAreReadFromTheEnvironment(t *testing.T) {
	t.Setenv("RAWAJ_DATA", filepath.Join(t.TempDir(), "from-the-environment"))
	code, _, talk := inProcess(t, "site", "status")
	if code != 1 || !strings.Contains(talk, "from-the-environment: no such directory") {
		t.Errorf("with RAWAJ_DATA it ends with %d and says %q", code, talk)
	}
	code, _, talk = inProcess(t, "site", "status", "--data", "given")
	if code != 1 || !strings.Contains(talk, "given: no such directory") {
		t.Errorf("with RAWAJ_DATA and --data it ends with %d and says %q", code, talk)
	}
	t.Setenv("RAWAJ_JSON", "perhaps")
	if code, _, talk = inProcess(t, "site", "status"); code != 2 || !strings.Contains(talk, "RAWAJ_JSON") {
		t.Errorf("with a bad RAWAJ_JSON it ends with %d and says %q", code, talk)
	}
}
