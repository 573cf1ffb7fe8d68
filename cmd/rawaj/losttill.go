package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func newTillCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "till", Short: "Tills whose device does not come back",
		Example: "  rawaj admin fair tills 'Spring fair' --data ./centre\n  rawaj admin till lost TILL --reason 'left in a taxi' --data ./centre",
	}
	c.AddCommand(
		newTillStepCommand("lost", schema.TillLost, "Declare the device of a till lost, so that its fair can be closed"),
		newTillStepCommand("found", schema.TillBack, "Say that the device of a till is back"),
		newTillStepCommand("write-off", schema.TillOff, "Give up the device of a till, so that its fair can be reconciled"))
	return c
}

func newTillStepCommand(use, state, short string) *cobra.Command {
	var data string
	var asJSON bool
	q := server.TillStep{State: state}
	c := &cobra.Command{
		Use: use + " TILL", Short: short,
		Long: short + ". What the device delivers later counts all the same; its rights are another matter: rawaj admin device revoke.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			till, err := recordArg(args[0])
			if err != nil {
				return err
			}
			sheet, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (closing.Sheet, error) { return s.StepTill(ctx, till, q) },
				func(out any) error {
					return localapi.Call(c.Context(), data, "POST", "/api/tills/"+till.String()+"/state", q, out)
				})
			if err != nil || asJSON {
				return orPrint(c, sheet, err)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%v is %s\n", sheet.Till, sheet.State)
			return err
		},
	}
	c.Example = "  rawaj admin till " + use + " 01a20041-d82d-7c7f-b411-ca48aaa30000 --data ./centre"
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	if state != schema.TillBack {
		c.Example += " --reason 'left in a taxi'"
		c.Flags().StringVar(&q.Reason, "reason", "", "why, for those who look later")
		c.MarkFlagRequired("reason")
	}
	return c
}
