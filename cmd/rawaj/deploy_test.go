package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// asked says what is wrong with a command as cobra would, without running it.
func asked(args []string) error {
	c, rest, err := newRootCommand().Find(args)
	if err != nil {
		return err
	}
	if c.HasSubCommands() {
		return misuse("%s is no command by itself", c.CommandPath())
	}
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	if err := c.ValidateRequiredFlags(); err != nil {
		return err
	}
	return c.ValidateArgs(c.Flags().Args())
}

// TestCommandsOfUnitsAndContainerAreTheProgramsOwn reads every command in deploy/ that
// calls rawaj.
func TestCommandsOfUnitsAndContainerAreTheProgramsOwn(t *testing.T) {
	const dir = "../../deploy"
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, args := range commandsIn(t, f.Name(), string(b)) {
			found[f.Name()]++
			if err := asked(args); err != nil {
				t.Errorf("%s: rawaj %s: %v", f.Name(), strings.Join(args, " "), err)
			}
		}
	}
	for name, least := range map[string]int{"rawaj-server.service": 1, "rawaj-site.service": 1, "Containerfile": 1, "README.md": 6} {
		if found[name] < least {
			t.Errorf("%s has %d commands, want %d at least", name, found[name], least)
		}
	}
}

var (
	inUnit      = regexp.MustCompile(`(?m)^Exec[A-Za-z]*=\S*/rawaj (.*)$`)
	inContainer = regexp.MustCompile(`(?m)^CMD (\[.*\])$`)
	inPage      = regexp.MustCompile(`(?m)^(?:sudo -u rawaj |podman exec rawaj )?rawaj (.*)$`)
)

// commandsIn are the arguments of rawaj in a file of deploy/.
func commandsIn(t *testing.T, name, text string) (all [][]string) {
	t.Helper()
	switch {
	case strings.HasSuffix(name, ".service"):
		for _, m := range inUnit.FindAllStringSubmatch(text, -1) {
			all = append(all, strings.Fields(strings.ReplaceAll(m[1], "%S", "/var/lib")))
		}
	case name == "Containerfile":
		for _, m := range inContainer.FindAllStringSubmatch(text, -1) {
			var args []string
			if err := json.Unmarshal([]byte(m[1]), &args); err != nil {
				t.Fatal(err)
			}
			all = append(all, args)
		}
	case strings.HasSuffix(name, ".md"):
		for _, m := range inPage.FindAllStringSubmatch(text, -1) {
			all = append(all, strings.Fields(strings.ReplaceAll(m[1], `"Stall 1"`, "Stall-1")))
		}
	}
	return all
}

// TestVariablesNamedInDeployAreFlags: RAWAJ_ORG is --org of some command.
func TestVariablesNamedInDeployAreFlags(t *testing.T) {
	known := map[string]bool{}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) { known["RAWAJ_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))] = true })
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRootCommand())
	for _, name := range []string{"rawaj-server.service", "README.md"} {
		b, err := os.ReadFile(filepath.Join("../../deploy", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range regexp.MustCompile(`RAWAJ_[A-Z_]+`).FindAllString(string(b), -1) {
			if !known[v] {
				t.Errorf("%s names %s, which no command reads", name, v)
			}
		}
	}
}
