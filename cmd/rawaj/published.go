package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
)

func newPublishedCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "published", Short: "Figures as somebody published them, beside those that are computed",
		Example: "  rawaj admin published add --data ./centre --figure F1 --year 2018 --value 66 --source 'The annual report'\n  rawaj admin published ls --year 2018 --data ./centre",
	}
	c.AddCommand(newPublishedListCommand(), newPublishedAddCommand(), newPublishedVoidCommand(), newFoundedCommand())
	return c
}

func newPublishedListCommand() *cobra.Command {
	var data, year string
	var asJSON bool
	c := &cobra.Command{
		Use: "ls", Short: "List the published figures of a year", Example: "  rawaj admin published ls --year 2018 --data ./centre", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			n, err := report.ParseYear(year)
			if err != nil {
				return misuse("%v", err)
			}
			a, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (report.Annual, error) { return s.Annual(ctx, n) },
				func(out any) error {
					return localapi.Call(c.Context(), data, "GET", "/api/report/annual?year="+strconv.Itoa(n), nil, out)
				})
			return printPublished(c, asJSON, &a, err)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&year, "year", "", "year of the Gregorian calendar, such as 2018")
	c.MarkFlagRequired("year")
	return c
}

func newPublishedAddCommand() *cobra.Command {
	var data string
	var asJSON bool
	var q server.NewPublished
	c := &cobra.Command{
		Use: "add", Short: "Keep a figure as it was published; the last one of a year is what the computed one is held against",
		Example: "  rawaj admin published add --data ./centre --figure F4 --year 2018 --value 310 --approx --source 'The annual report' --wording 'about 310'", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			q.Figure = strings.ToUpper(q.Figure)
			a, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (report.Annual, error) { return s.KeepPublished(ctx, q) },
				func(out any) error { return localapi.Call(c.Context(), data, "POST", "/api/published", q, out) })
			return printPublished(c, asJSON, &a, err)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&q.Figure, "figure", "", "one of "+strings.Join(report.FigureIDs, ", "))
	c.Flags().Int64Var(&q.Year, "year", 0, "year that it is of, such as 2018")
	c.Flags().Int64Var(&q.Value, "value", 0, "the figure")
	c.Flags().BoolVar(&q.Approx, "approx", false, "it was published as \"about\"")
	c.Flags().StringVar(&q.Source, "source", "", "where it was published")
	c.Flags().StringVar(&q.Wording, "wording", "", "as it stood there")
	c.Flags().BoolVar(&q.Assumed, "year-assumed", false, "the source does not say of which year it is")
	for _, name := range []string{"figure", "year", "value", "source"} {
		c.MarkFlagRequired(name)
	}
	return c
}

func newPublishedVoidCommand() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use: "void FIGURE", Short: "Take back a published figure that was written down wrongly",
		Example: "  rawaj admin published void 01a20041-d82d-7c7f-b411-ca48aaa30000 --data ./centre", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := recordArg(args[0])
			if err != nil {
				return err
			}
			a, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (report.Annual, error) {
				return s.VoidPublished(ctx, id)
			}, func(out any) error {
				return localapi.Call(c.Context(), data, "POST", "/api/published/"+id.String()+"/void", nil, out)
			})
			return printPublished(c, asJSON, &a, err)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	return c
}

func newFoundedCommand() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use: "founded DAY", Short: "Record when the organisation was founded", Example: "  rawaj admin published founded 2009-01-01 --data ./centre", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			q := server.Founding{On: args[0]}
			_, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (server.Founding, error) { return s.Found(ctx, q) },
				func(out any) error { return localapi.Call(c.Context(), data, "POST", "/api/founded", q, out) })
			return err
		},
	}
	dataFlag(c, &data)
	return c
}

func printPublished(c *cobra.Command, asJSON bool, a *report.Annual, err error) error {
	if err != nil || asJSON {
		return orPrint(c, a, err)
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "FIGURE\tYEAR\tPUBLISHED\tCOMPUTED\tSOURCE\tWORDING\tID")
	for _, f := range a.Figures {
		for _, p := range f.Publications {
			about := ""
			if p.Approx {
				about = "about "
			}
			fmt.Fprintf(w, "%s\t%d\t%s%d\t%d\t%s\t%s\t%v\n", f.ID, a.Year, about, p.Value, f.Value, printable(p.Source), printable(p.Wording), p.ID)
		}
	}
	return w.Flush()
}
