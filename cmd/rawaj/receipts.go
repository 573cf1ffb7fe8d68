package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
)

func newDoubledCommand() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use:     "doubled",
		Short:   "List the receipt numbers that were printed twice",
		Long:    "List the receipt numbers under which more than one sale was printed: the device was copied whole, or put back to a backup without having heard of what it had printed. All these sales count; a person tells whoever asks about such a receipt which is which.",
		Example: "  rawaj admin receipts doubled --data ./centre",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list, err := atCentre(c, data, func(ctx context.Context, s *server.Server) ([]server.Doubled, error) { return s.Doubled(ctx) },
				func(out any) error { return localapi.Call(c.Context(), data, "GET", "/api/receipts/doubled", nil, out) })
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, list)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "RECEIPT\tSITE\tSOLD\tVOIDED\tSALE")
			for _, d := range list {
				for _, s := range d.Sales {
					fmt.Fprintf(w, "%s\t%s\t%s\t%v\t%v\n", printable(d.Receipt), printable(s.SiteName), orNever(s.SoldAt), s.Voided, s.Sale)
				}
			}
			return w.Flush()
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	return c
}
