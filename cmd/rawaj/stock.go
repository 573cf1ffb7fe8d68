package main

import (
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
)

func newStockCommand() *cobra.Command {
	var data string
	var noted, asJSON bool
	c := &cobra.Command{
		Use: "stock", Short: "What lies where, derived from all movements and sales: at head office of all sites, at a site its own",
		Example: "  rawaj report stock --data ./centre --noted", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list, err := stock(c, data)
			if noted {
				list = slices.DeleteFunc(list, func(s report.Shelf) bool { return !s.Noted() })
			}
			if err != nil || asJSON {
				return orPrint(c, list, err)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "SITE\tPRODUCT\tFAMILY\tON HAND\tSOLD\tCOUNTED\tMISSING\tSHORT")
			for _, s := range list {
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%v\t%d\t%d\n", printable(s.SiteName), printable(s.Name), printable(s.Owner), s.OnHand, s.Sold, s.Counted, s.Missing, s.Short)
			}
			return w.Flush()
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().BoolVar(&noted, "noted", false, "only what a supervisor has to look at: pieces that are missing, or went and are not known to have come")
	return c
}

func stock(c *cobra.Command, data string) (list []report.Shelf, err error) {
	role, err := roleOf(data)
	if err != nil {
		return nil, err
	}
	if role == datadir.Server {
		centre, oerr := openCentre(c.Context(), data, "", logger(c), c.ErrOrStderr())
		if err = oerr; err == nil {
			defer centre.close()
			return centre.server.Stock(c.Context(), syncproto.RecordID{})
		}
	} else {
		s, oerr := openSite(c.Context(), data, false, quiet())
		if err = oerr; err == nil {
			defer s.close()
			err = s.store.Read(c.Context(), func(r *store.Reader) error {
				list, err = r.Stock(s.store.Identity().Site)
				return err
			})
			return list, err
		}
	}
	if heldByOther(err) {
		err = localapi.Call(c.Context(), data, "GET", "/api/stock", nil, &list)
	}
	return list, err
}
