package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
)

func newAnnualCommand() *cobra.Command {
	var data, year, rows string
	var asJSON bool
	var as asTable
	c := &cobra.Command{
		Use:     "annual",
		Short:   "The figures of a year, computed from records, with what was published beside them",
		Example: "  rawaj report annual --year 2018 --data ./centre --json\n  rawaj report annual --year 2018 --rows F1 --data ./centre",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			n, err := report.ParseYear(year)
			if err != nil {
				return misuse("%v", err)
			}
			if err := as.check(); err != nil {
				return err
			}
			q := url.Values{"year": {strconv.Itoa(n)}}
			if rows != "" {
				rows = strings.ToUpper(rows)
				if !slices.Contains(report.FigureIDs, rows) {
					return misuse("--rows: %q is no figure: use one of %s", rows, strings.Join(report.FigureIDs, ", "))
				}
				q.Set("figure", rows)
				if as.format != "" {
					return writeTable(c, data, "/api/report/annual/rows", q, &as)
				}
				list, err := atCentre(c, data, func(ctx context.Context, s *server.Server) ([]report.AnnualRow, error) {
					return s.AnnualRows(ctx, n, rows)
				}, func(out any) error {
					return localapi.Call(c.Context(), data, "GET", "/api/report/annual/rows?"+q.Encode(), nil, out)
				})
				if err != nil || asJSON {
					return orPrint(c, list, err)
				}
				return printAnnualRows(c.OutOrStdout(), list)
			}
			if as.format != "" {
				return writeTable(c, data, "/api/report/annual", q, &as)
			}
			a, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (report.Annual, error) { return s.Annual(ctx, n) },
				func(out any) error {
					return localapi.Call(c.Context(), data, "GET", "/api/report/annual?"+q.Encode(), nil, out)
				})
			if err != nil || asJSON {
				return orPrint(c, a, err)
			}
			return printAnnual(c.OutOrStdout(), &a)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	as.flags(c, "")
	c.Flags().StringVar(&year, "year", "", "year of the Gregorian calendar, such as 2018")
	c.Flags().StringVar(&rows, "rows", "", "list the records behind a figure, such as F1")
	c.MarkFlagRequired("year")
	return c
}

func orPrint(c *cobra.Command, v any, err error) error {
	if err != nil {
		return err
	}
	return printJSON(c, v)
}

func printAnnual(w io.Writer, a *report.Annual) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "FIGURE\tVALUE\tUNIT\tPARTS\tPUBLISHED\tDIFFERENCE")
	for _, f := range a.Figures {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(f.Parts)) {
			parts = append(parts, fmt.Sprintf("%s %d", name, f.Parts[name]))
		}
		published, difference := "-", "-"
		if f.Published != nil {
			published, difference = strconv.FormatInt(*f.Published, 10), fmt.Sprintf("%+d", *f.Difference)
			if f.Publications[len(f.Publications)-1].Approx {
				published = "about " + published
			}
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\n", f.ID, f.Value, f.Unit, strings.Join(parts, ", "), published, difference)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, f := range a.Figures {
		fmt.Fprintf(w, "%s: %s\n", f.ID, f.Filter)
	}
	fmt.Fprintln(w, a.Sentence.En)
	printCutOff(w, a.CompleteTo, a.MissingSites)
	return nil
}

func printAnnualRows(w io.Writer, rows []report.AnnualRow) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "DAY\tTABLE\tPART\tWHAT\tOF\tHOURS\tID")
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%v\n", r.Day, r.Table, r.Part, printable(r.Label), printable(r.Of), r.Hours, r.ID)
	}
	return t.Flush()
}
