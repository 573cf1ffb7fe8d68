package main

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/settle"
)

func newReportCommand() *cobra.Command {
	c := &cobra.Command{Use: "report", Short: "Reports, on a server's or a site's data", Example: "  rawaj report sales --data ./centre --by category"}
	c.AddCommand(newSalesCommand(), newAnnualCommand(), newStatementCommand(), newGrownCommand(), newStockCommand(), newPayoutsCommand(), newParticipationsCommand(), newTillsCommand(), newUnassignedCommand())
	c.AddCommand(newReportOf("expiring", "/api/report/expiring", "Papers that run out in 30, 60 and 90 days, by branch and kind"),
		newReportOf("hours", "/api/report/hours", "Accredited hours up to a day, by branch"))
	c.AddCommand(newListCommands(c.Commands())...)
	return c
}

func newSalesCommand() *cobra.Command {
	var data, by, from, to string
	var asJSON bool
	var as asTable
	c := &cobra.Command{
		Use:     "sales",
		Short:   "What was sold, and up to when that is complete",
		Example: "  rawaj report sales --data ./centre --by category --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			grouping, err := report.ParseBy(by)
			if err != nil {
				return misuse("%v", err)
			}
			in, err := report.ParseSpan(from, to)
			if err != nil {
				return misuse("%v", err)
			}
			if err := as.check(); err != nil {
				return err
			}
			if as.format != "" {
				return writeTable(c, data, "/api/report/sales", url.Values{"by": {by}, "from": {from}, "to": {to}}, &as)
			}
			sales, err := salesReport(c, data, grouping, in)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, sales)
			}
			return printSales(c.OutOrStdout(), grouping, &sales)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	as.flags(c, "")
	c.Flags().StringVar(&by, "by", "category", "category, site, day, family, product, fair, venue or hour")
	c.Flags().StringVar(&from, "from", "", "first day that counts, such as 2026-11-01")
	c.Flags().StringVar(&to, "to", "", "last day that counts")
	return c
}

func salesReport(c *cobra.Command, data string, by report.By, in report.Span) (sales report.Sales, err error) {
	role, err := roleOf(data)
	if err != nil {
		return sales, err
	}
	if role == datadir.Server {
		centre, oerr := openCentre(c.Context(), data, "", logger(c), c.ErrOrStderr())
		if err = oerr; err == nil {
			defer centre.close()
			return centre.server.SalesIn(c.Context(), by, in)
		}
	} else {
		s, oerr := openSite(c.Context(), data, false, quiet())
		if err = oerr; err == nil {
			defer s.close()
			return client.SalesIn(c.Context(), s.store, by, in)
		}
	}
	if heldByOther(err) {
		err = localapi.Call(c.Context(), data, "GET", "/api/report/sales?by="+by.String()+"&from="+in.From+"&to="+in.To, nil, &sales)
	}
	return sales, err
}

func printSales(w io.Writer, by report.By, s *report.Sales) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%s\tpieces\tlines\treceipts\tunpriced\tamount\t\n", strings.ToUpper(by.String()))
	for _, r := range s.Rows {
		label := printable(r.Label)
		if label == "" {
			label = "(none)"
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%s\t\n", label, r.Pieces, r.Lines, r.Receipts, r.Unpriced, amounts(r.AmountMinor))
	}
	fmt.Fprintf(t, "TOTAL\t%d\t%d\t%d\t%d\t%s\t\n", s.Total.Pieces, s.Total.Lines, s.Total.Receipts, s.Total.Unpriced, amounts(s.Total.AmountMinor))
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "unit: %s\nfilter: %s\n", s.Unit, printable(s.Filter))
	printCutOff(w, s.CompleteTo, s.MissingSites)
	return nil
}

// printCutOff says up to when figures are complete, and who is still out (P13).
func printCutOff(w io.Writer, completeTo *string, missing []report.MissingSite) {
	to := "not known"
	if completeTo != nil {
		to = *completeTo
	}
	fmt.Fprintf(w, "complete to: %s\n", to)
	for _, m := range missing {
		fmt.Fprintf(w, "still out: %s, last contact %s, declares %d transactions %s\n", printable(m.Name), orNever(m.LastContact), m.Declared.Transactions, amounts(m.Declared.AmountMinor))
	}
}

// amounts writes minor units with their currency.
func amounts(m map[string]int64) string {
	var parts []string
	for _, currency := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, currency+" "+settle.Money(m[currency], currency))
	}
	return strings.Join(parts, ", ")
}

// printable leaves out of typed text what would steer a terminal or turn its
// reading direction.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
