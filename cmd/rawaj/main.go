// Command rawaj is the whole of Rawaj: the central server, a site, and the tools
// around them. Results go to stdout, talk to stderr; it exits with 0, with 1 when
// something failed, and with 2 when it was called wrongly.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }

// run is main without the globals, so that a test can call it. The first signal
// stops what runs in an orderly way, a second one ends the process at once.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	root := newRootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	c, err := root.ExecuteContextC(ctx)
	var misuse *misuseError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &misuse):
		fmt.Fprintf(stderr, "rawaj: %v\n", err)
		return 2
	case strings.HasPrefix(err.Error(), "required flag"): // cobra has no type for it
		fmt.Fprintf(stderr, "rawaj: %v; see %s --help\n", err, c.CommandPath())
		return 2
	case errors.Is(err, errSaid):
		return 1
	}
	fmt.Fprintf(stderr, "rawaj: %v\n", err)
	return 1
}

// misuseError is a call that cannot be understood.
type misuseError struct{ error }

// errSaid is a failure that the results have told already.
var errSaid = errors.New("something does not hold")

func misuse(format string, args ...any) error { return &misuseError{fmt.Errorf(format, args...)} }

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "rawaj",
		Short:         "Record sales, attendance and referrals without internet; see one true picture at head office",
		SilenceUsage:  true,
		SilenceErrors: true,
		Example:       "  rawaj demo --once\n  rawaj serve --data ./centre --listen 127.0.0.1:8420",
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return misuse("%v; see %s --help", err, c.CommandPath()) })
	root.AddCommand(newDemoCommand(), newServeCommand(), newSiteCommand(), newAdminCommand(), newReportCommand(),
		newLogCommand(), newClosingCommand(), newVerifyCommand(), newBackupCommand(), newRestoreCommand(), newBenchCommand(), newVersionCommand())
	setUp(root)
	return root
}

// setUp makes every command refuse arguments that it does not take, and read flags
// that were not given from the environment: RAWAJ_LISTEN for --listen.
func setUp(c *cobra.Command) {
	for _, sub := range c.Commands() {
		setUp(sub)
	}
	if args := c.Args; args != nil {
		c.Args = func(c *cobra.Command, given []string) error {
			if err := args(c, given); err != nil {
				return misuse("%v; see %s --help", err, c.CommandPath())
			}
			return nil
		}
	}
	if c.HasSubCommands() && c.RunE == nil {
		c.Args = cobra.ArbitraryArgs
		c.RunE = func(c *cobra.Command, given []string) error {
			if len(given) > 0 {
				return misuse("there is no %q in %s; see %[2]s --help", given[0], c.CommandPath())
			}
			return c.Help()
		}
		return
	}
	c.PreRunE = func(c *cobra.Command, _ []string) error {
		var err error
		c.Flags().VisitAll(func(f *pflag.Flag) {
			name := "RAWAJ_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
			if v, ok := os.LookupEnv(name); ok && !f.Changed && f.Name != "help" && err == nil {
				if serr := c.Flags().Set(f.Name, v); serr != nil {
					err = misuse("%s: %v", name, serr)
				}
			}
		})
		return err
	}
}

// dataFlag adds --data, which names a data directory.
func dataFlag(c *cobra.Command, data *string) {
	c.Flags().StringVar(data, "data", "", "data directory")
	c.MarkFlagDirname("data")
	c.MarkFlagRequired("data")
}

func jsonFlag(c *cobra.Command, asJSON *bool) {
	c.Flags().BoolVar(asJSON, "json", false, "print the result as JSON, for scripts")
}

func printJSON(c *cobra.Command, v any) error {
	e := json.NewEncoder(c.OutOrStdout())
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func logger(c *cobra.Command) *slog.Logger {
	return slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil))
}

// version is the program's name and version, from the build.
func version() string {
	v := "devel"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		v = info.Main.Version
	}
	return "rawaj " + v
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the program's version", Args: cobra.NoArgs, Example: "  rawaj version",
		Run: func(c *cobra.Command, _ []string) { fmt.Fprintln(c.OutOrStdout(), version()) }}
}
