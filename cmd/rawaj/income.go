package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/server"
)

func newGrownCommand() *cobra.Command {
	var data, month string
	var asJSON bool
	c := &cobra.Command{
		Use:     "grown",
		Short:   "Families whose income from sales grew three months in a row",
		Example: "  rawaj report grown --month 2026-11 --data ./centre",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			g, err := atEither(c, data, func(ctx context.Context, s *server.Server) (report.Grown, error) { return s.Grown(ctx, month) },
				func(ctx context.Context, s *client.Client) (report.Grown, error) { return s.Grown(ctx, month) },
				"/api/report/grown?"+url.Values{"month": {month}}.Encode())
			if err != nil || asJSON {
				return orPrint(c, g, err)
			}
			return printGrown(c.OutOrStdout(), &g)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&month, "month", "", "the last of the months, such as 2026-11")
	c.MarkFlagRequired("month")
	return c
}

func printGrown(w io.Writer, g *report.Grown) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "FAMILY\tCURRENCY\tBY MONTH\tID")
	for _, f := range g.Families {
		var months []string
		for _, n := range f.SalesMinor {
			months = append(months, settle.Money(n, f.Currency))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%v\n", printable(f.Name.In("en")), f.Currency, strings.Join(months, " < "), f.Family)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	printCutOff(w, g.CompleteTo, g.MissingSites)
	return nil
}

// atEither asks the server or the site whose directory it is, or the process that holds it.
func atEither[T any](c *cobra.Command, data string, centre func(context.Context, *server.Server) (T, error), site func(context.Context, *client.Client) (T, error), route string) (v T, err error) {
	there := func(out any) error { return localapi.Call(c.Context(), data, "GET", route, nil, out) }
	role, err := roleOf(data)
	if err != nil {
		return v, err
	}
	if role == datadir.Server {
		return atCentre(c, data, centre, there)
	}
	s, err := openSite(c.Context(), data, false, quiet())
	if heldByOther(err) {
		return v, there(&v)
	}
	if err != nil {
		return v, err
	}
	defer s.close()
	return site(c.Context(), s.client)
}
