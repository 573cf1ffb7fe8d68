package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
)

func newPayoutsCommand() *cobra.Command {
	return spanCommand("payouts", "How long families waited for what was approved, by branch", (*server.Server).Payouts, func(w io.Writer, p *report.Payouts) error {
		t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "BRANCH\tSTATEMENTS\tPAID\tDISPUTED\tMEDIAN DAYS\tLONGEST\tOLDEST UNPAID")
		for _, b := range p.Branches {
			fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\n", printable(b.Name.In("en")), b.Statements, b.Paid, b.Disputed, b.MedianDays, b.LongestDays, b.WaitingDays)
		}
		if err := t.Flush(); err != nil {
			return err
		}
		printCutOff(w, p.CompleteTo, p.MissingSites)
		return nil
	})
}

func newParticipationsCommand() *cobra.Command {
	return spanCommand("participations", "What families sold at the fairs that begin in a span of days, and who sold nothing", (*server.Server).Participations, func(w io.Writer, p *report.Participations) error {
		t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "FAIR\tFROM\tFAMILY\tPIECES\tAMOUNT")
		for _, r := range p.Rows {
			fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\n", printable(r.FairName.In("en")), r.StartsOn, printable(r.FamilyName.In("en")), r.Pieces, cmp.Or(amounts(r.AmountMinor), "-"))
		}
		if err := t.Flush(); err != nil {
			return err
		}
		fmt.Fprintf(w, "%d participations, %d without a sale: %s\n", p.Count, p.WithoutSale, cmp.Or(amounts(p.AmountMinor), "-"))
		printCutOff(w, p.CompleteTo, p.MissingSites)
		return nil
	})
}

// spanCommand is a report of head office over a span of days.
func spanCommand[T any](name, short string, count func(*server.Server, context.Context, report.Span) (T, error), print func(io.Writer, *T) error) *cobra.Command {
	var data, from, to string
	var asJSON bool
	c := &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs, Example: "  rawaj report " + name + " --from 2026-01-01 --to 2026-12-31 --data ./centre",
		RunE: func(c *cobra.Command, _ []string) error {
			in, err := report.ParseSpan(from, to)
			if err != nil {
				return misuse("%v", err)
			}
			v, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (T, error) { return count(s, ctx, in) }, func(out any) error {
				return localapi.Call(c.Context(), data, "GET", "/api/report/"+name+"?"+url.Values{"from": {from}, "to": {to}}.Encode(), nil, out)
			})
			if err != nil || asJSON {
				return orPrint(c, v, err)
			}
			return print(c.OutOrStdout(), &v)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&from, "from", "", "first day that counts, such as 2026-11-01")
	c.Flags().StringVar(&to, "to", "", "last day that counts")
	return c
}
