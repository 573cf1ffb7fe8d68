package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
)

func newSettleCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "settle", Short: "What families are owed: drafts, approvals and adjustments",
		Example: "  rawaj admin settle due --to 2026-11-30 --data ./centre\n  rawaj admin settle approve --to 2026-11-30 --by Mariam --data ./centre",
	}
	c.AddCommand(newDueCommand(), newSettleApproveCommand(), newStatementsCommand(), newAdjustCommand())
	return c
}

// idFlag reads the id that a flag gives; zero where it is not given.
func idFlag(name, given string) (id syncproto.RecordID, err error) {
	if given != "" {
		if id, err = syncproto.ParseRecordID(given); err != nil {
			err = misuse("--%s: %v", name, err)
		}
	}
	return id, err
}

func orNil(id syncproto.RecordID) *syncproto.RecordID {
	if id.IsZero() {
		return nil
	}
	return &id
}

func newDueCommand() *cobra.Command {
	var data, to, family string
	var asJSON bool
	c := &cobra.Command{
		Use: "due", Short: "Show what is due to families up to and with a day; nothing is approved", Args: cobra.NoArgs,
		Example: "  rawaj admin settle due --to 2026-11-30 --data ./centre",
		RunE: func(c *cobra.Command, _ []string) error {
			id, err := idFlag("family", family)
			if err != nil {
				return err
			}
			list, err := atCentre(c, data, func(ctx context.Context, s *server.Server) ([]settle.Statement, error) { return s.Due(ctx, to, id) },
				func(out any) error {
					return localapi.Call(c.Context(), data, "GET", "/api/settlements/due?"+url.Values{"to": {to}, "family": {family}}.Encode(), nil, out)
				})
			if err != nil || asJSON {
				return orPrint(c, list, err)
			}
			return printStatements(c, list)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&to, "to", "", "last day, such as 2026-11-30")
	c.Flags().StringVar(&family, "family", "", "id of a family; all where none is given")
	c.MarkFlagRequired("to")
	return c
}

func newSettleApproveCommand() *cobra.Command {
	var data, family, branch string
	var net int64
	var asJSON bool
	var n server.NewSettlement
	c := &cobra.Command{
		Use: "approve", Short: "Approve what is due, one statement a family and currency", Args: cobra.NoArgs,
		Long:    "Approve what is due up to and with a day, one statement a family and currency. Run again it approves what became due since: each sale line is in one approved statement at most.",
		Example: "  rawaj admin settle approve --to 2026-11-30 --by Mariam --data ./centre",
		RunE: func(c *cobra.Command, _ []string) error {
			of, err := idFlag("family", family)
			if err != nil {
				return err
			}
			at, err := idFlag("branch", branch)
			if err != nil {
				return err
			}
			n.Family, n.Branch = orNil(of), orNil(at)
			if c.Flags().Changed("net-minor") {
				n.NetMinor = &net
			}
			done, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (server.Settled, error) { return s.Settle(ctx, n) },
				func(out any) error { return localapi.Call(c.Context(), data, "POST", "/api/settlements", n, out) })
			if err != nil || asJSON {
				return orPrint(c, done, err)
			}
			for _, w := range done.Waiting {
				fmt.Fprintf(c.ErrOrStderr(), "rawaj: %s waits (%s): %s %s\n", printable(w.Name.In("en")), w.Why, settle.Money(w.NetMinor, w.Currency), w.Currency)
			}
			return printStatements(c, done.Approved)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&n.To, "to", "", "last day, such as 2026-11-30")
	c.Flags().StringVar(&n.By, "by", "", "who approves it")
	c.Flags().StringVar(&family, "family", "", "id of a family; all where none is given")
	c.Flags().StringVar(&n.Currency, "currency", "", "currency; each where none is given")
	c.Flags().StringVar(&branch, "branch", "", "id of the branch that pays families which have none")
	c.Flags().Int64Var(&net, "net-minor", 0, "what the draft came to that was looked at: refuse if it is another sum by now")
	c.MarkFlagRequired("to")
	c.MarkFlagRequired("by")
	return c
}

func newStatementsCommand() *cobra.Command {
	var data, family string
	var asJSON bool
	c := &cobra.Command{
		Use: "ls", Short: "List approved statements, and whether they were paid", Args: cobra.NoArgs, Example: "  rawaj admin settle ls --data ./centre",
		RunE: func(c *cobra.Command, _ []string) error {
			id, err := idFlag("family", family)
			if err != nil {
				return err
			}
			list, err := atCentre(c, data, func(ctx context.Context, s *server.Server) ([]settle.Statement, error) { return s.Statements(ctx, id) },
				func(out any) error {
					return localapi.Call(c.Context(), data, "GET", "/api/statements?"+url.Values{"family": {family}}.Encode(), nil, out)
				})
			if err != nil || asJSON {
				return orPrint(c, list, err)
			}
			return printStatements(c, list)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&family, "family", "", "id of a family; all where none is given")
	return c
}

func newAdjustCommand() *cobra.Command {
	var data, family, branch, statement string
	var asJSON bool
	var n server.NewAdjustment
	c := &cobra.Command{
		Use: "adjust", Short: "Give a family money or take it, with a reason: it is in its next statement", Args: cobra.NoArgs,
		Example: "  rawaj admin settle adjust --statement STATEMENT --amount-minor 2500 --reason 'one piece was not counted' --by Mariam --data ./centre",
		RunE: func(c *cobra.Command, _ []string) error {
			var ids [3]syncproto.RecordID
			for i, f := range [][2]string{{"family", family}, {"branch", branch}, {"statement", statement}} {
				var err error
				if ids[i], err = idFlag(f[0], f[1]); err != nil {
					return err
				}
			}
			n.Family, n.Branch, n.Statement = ids[0], orNil(ids[1]), orNil(ids[2])
			done, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (server.NewAdjustment, error) { return s.Adjust(ctx, n) },
				func(out any) error { return localapi.Call(c.Context(), data, "POST", "/api/adjustments", n, out) })
			if err != nil || asJSON {
				return orPrint(c, done, err)
			}
			fmt.Fprintln(c.OutOrStdout(), done.ID)
			return nil
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&family, "family", "", "id of the family")
	c.Flags().StringVar(&branch, "branch", "", "id of the branch that pays, where the family has none")
	c.Flags().StringVar(&statement, "statement", "", "id of the statement whose dispute this answers, instead of a family")
	c.Flags().Int64Var(&n.AmountMinor, "amount-minor", 0, "minor units; below zero to take")
	c.Flags().StringVar(&n.Currency, "currency", "", "currency; that of the statement where it is not given")
	c.Flags().StringVar(&n.Reason, "reason", "", "why: the family reads it")
	c.Flags().StringVar(&n.By, "by", "", "who decides it")
	c.Flags().StringVar(&n.OnDay, "on", "", "day; today where none is given")
	return c
}

func printStatements(c *cobra.Command, list []settle.Statement) error {
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "NUMBER\tFAMILY\tBRANCH\tFROM\tTO\tLINES\tSOLD\tNET\tSTATE\tID")
	for _, s := range list {
		id := "-"
		if !s.ID.IsZero() {
			id = s.ID.String()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s %s\t%s\t%s\n", cmp.Or(s.Number, "-"), printable(s.FamilyName.In("en")), printable(cmp.Or(s.BranchName.In("en"), "-")), s.From, s.To, s.Count,
			settle.Money(s.GrossMinor, s.Currency), settle.Money(s.NetMinor, s.Currency), s.Currency, s.State, id)
	}
	return w.Flush()
}
