package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func newQuarantineCommand() *cobra.Command {
	c := &cobra.Command{Use: "quarantine", Short: "What the server holds, and what to do about it", Example: "  rawaj admin quarantine ls --data ./centre\n  rawaj admin quarantine release HASH --data ./centre --waive"}
	c.AddCommand(newQuarantineListCommand(), newDecideCommand(schema.DecisionRelease, "Judge a held transaction again; with --waive although it may not be written"),
		newDecideCommand(schema.DecisionWithdraw, "Take a held transaction back for good: it never counts"))
	return c
}

func newQuarantineListCommand() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use: "ls", Short: "List what is held, and what was", Example: "  rawaj admin quarantine ls --data ./centre --json", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list, err := atCentre(c, data, func(ctx context.Context, s *server.Server) ([]server.Verdict, error) { return s.Quarantine(ctx) },
				func(out any) error { return localapi.Call(c.Context(), data, "GET", "/api/quarantine", nil, out) })
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, list)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "STATE\tCODE\tDEVICE\tSEQ\tMONEY\tDETAIL\tHASH")
			for _, v := range list {
				fmt.Fprintf(w, "%s\t%s\t%v\t%d\t%s\t%s\t%s\n", v.State, v.Code, v.Device, v.Seq, v.Amounts, printable(v.Detail), v.Hash)
			}
			return w.Flush()
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	return c
}

func newDecideCommand(action, short string) *cobra.Command {
	var data string
	var asJSON bool
	d := server.Decide{Action: action}
	c := &cobra.Command{
		Use: action + " HASH", Short: short, Example: fmt.Sprintf("  rawaj admin quarantine %s HASH --data ./centre --reason 'seen by the supervisor'", action), Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			v, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (server.Verdict, error) { return s.Decide(ctx, args[0], d) },
				func(out any) error {
					return localapi.Call(c.Context(), data, "POST", "/api/quarantine/"+args[0], d, out)
				})
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, v)
			}
			fmt.Fprintf(c.OutOrStdout(), "%s %s\n", v.State, v.Code)
			return nil
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&d.Reason, "reason", "", "why, for those who look later")
	if action == schema.DecisionRelease {
		c.Flags().BoolVar(&d.Waive, "waive", false, "although its author may not write it")
	}
	return c
}

// atCentre does something with a server: in its directory, or through the process that
// holds that.
func atCentre[T any](c *cobra.Command, data string, here func(context.Context, *server.Server) (T, error), there func(out any) error) (v T, err error) {
	centre, err := openCentre(c.Context(), data, "", logger(c), c.ErrOrStderr())
	if heldByOther(err) {
		return v, there(&v)
	}
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, centre.close()) }()
	err = centre.working(c.Context(), func(ctx context.Context, s *server.Server) error {
		v, err = here(ctx, s)
		return err
	})
	return v, err
}
