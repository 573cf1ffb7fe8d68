package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
)

func newClockCommand() *cobra.Command {
	var data string
	var asJSON bool
	command := func(use, short, example string, here func(context.Context, *server.Server) (server.Clock, error), method, route string) *cobra.Command {
		c := &cobra.Command{Use: use, Short: short, Example: example, Args: cobra.NoArgs}
		c.RunE = func(c *cobra.Command, _ []string) error {
			v, err := atCentre(c, data, here, func(out any) error { return localapi.Call(c.Context(), data, method, route, nil, out) })
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, v)
			}
			if v.Doubtful {
				fmt.Fprintf(c.OutOrStdout(), "in doubt: this machine says %s, the server works by %s\n", v.Says, v.Works)
				fmt.Fprintf(c.OutOrStdout(), "clocks of devices: of %d sites they agree with it, of %d they do not; two sites that agree, and more than do not, end the doubt\n", v.Agree, v.Differ)
				fmt.Fprintf(c.ErrOrStderr(), "rawaj: set the clock and restart the server, or, if it is right: rawaj admin clock confirm --data %s\n", data)
				return nil
			}
			fmt.Fprintf(c.OutOrStdout(), "believed: %s\n", v.Says)
			return nil
		}
		dataFlag(c, &data)
		jsonFlag(c, &asJSON)
		return c
	}
	c := &cobra.Command{Use: "clock", Short: "Whether the server believes its machine's clock", Example: "  rawaj admin clock show --data ./centre\n  rawaj admin clock confirm --data ./centre"}
	c.AddCommand(command("show", "Tell whether the server believes its machine's clock", "  rawaj admin clock show --data ./centre",
		func(_ context.Context, s *server.Server) (server.Clock, error) { return s.Clock(), nil }, "GET", "/api/clock"),
		command("confirm", "Say that this machine's clock is right", "  rawaj admin clock confirm --data ./centre",
			func(ctx context.Context, s *server.Server) (server.Clock, error) { return s.ConfirmClock(ctx) }, "POST", "/api/clock/confirm"))
	return c
}
