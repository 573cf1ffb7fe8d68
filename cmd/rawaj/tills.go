package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
)

func newTillsCommand() *cobra.Command {
	return listCommand("tills", "The tills of all sites: what was counted, what came late, and what waits",
		"  rawaj report tills --data ./centre --json", "/api/tills", (*server.Server).Tills, printTills)
}

func newUnassignedCommand() *cobra.Command {
	return listCommand("unassigned", "Sale lines that wait for their owner; rawaj admin assign says whose they were",
		"  rawaj report unassigned --data ./centre --json", "/api/sale-lines/unassigned", (*server.Server).Unassigned, printUnassigned)
}

// listCommand is a report of head office's that comes in pages: the newest --limit entries, or
// all as a table.
func listCommand[T any](use, short, example, route string, list func(*server.Server, context.Context, localapi.Cursor) (localapi.Page[T], error), show func(io.Writer, []T) error) *cobra.Command {
	var data string
	var asJSON bool
	var limit int
	var as asTable
	c := &cobra.Command{
		Use: use, Short: short, Example: example, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := as.check(); err != nil {
				return err
			}
			if as.format != "" {
				return writeTable(c, data, route, url.Values{}, &as)
			}
			if limit < 1 {
				return misuse("--limit: %d is no number of entries", limit)
			}
			all := []T{}
			at := localapi.Cursor{}
			for more := true; more && len(all) < limit; {
				at.Limit = min(limit-len(all), localapi.MaxPageSize)
				page, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (localapi.Page[T], error) { return list(s, ctx, at) }, func(out any) error {
					q := url.Values{"limit": {strconv.Itoa(at.Limit)}}
					if !at.After.IsZero() {
						q.Set("cursor", at.After.String())
					}
					return localapi.Call(c.Context(), data, "GET", route+"?"+q.Encode(), nil, out)
				})
				if err != nil {
					return err
				}
				all = append(all, page.Items...)
				if more = page.Next != ""; more {
					if at.After, err = syncproto.ParseRecordID(page.Next); err != nil {
						return err
					}
				}
			}
			if asJSON {
				return printJSON(c, all)
			}
			return show(c.OutOrStdout(), all)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	as.flags(c, "")
	c.Flags().IntVar(&limit, "limit", 1000, "list at most so many, the newest first")
	return c
}

func atMinute(ms int64) string { return time.UnixMilli(ms).Local().Format("2006-01-02 15:04") }

func printTills(w io.Writer, list []server.TillShown) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "TILL\tSITE\tFAIR\tOPENED\tSTATE\tDRAWER\tCOUNTED\tDIFFERENCE\tLATE\tTO ASSIGN")
	for _, s := range list {
		counted, difference := "-", "-"
		if s.CountedMinor != nil {
			counted, difference = settle.Money(*s.CountedMinor, s.Currency), settle.Money(*s.VarianceMinor, s.Currency)
		}
		fmt.Fprintf(t, "%v\t%s\t%s\t%s\t%s\t%s %s\t%s\t%s\t%d\t%d\n", s.Till, printable(s.SiteName), printable(s.FairName), atMinute(s.OpenedAt), s.State,
			s.Currency, settle.Money(s.DrawerMinor, s.Currency), counted, difference, s.Late.Sales, s.ToAssign)
	}
	return t.Flush()
}

func printUnassigned(w io.Writer, list []server.UnassignedLine) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "LINE\tSITE\tRECEIPT\tSOLD\tPRODUCT\tPIECES\tAMOUNT")
	for _, l := range list {
		fmt.Fprintf(t, "%v\t%s\t%s\t%s\t%s\t%d\t%s %s\n", l.ID, printable(l.SiteName), printable(l.ReceiptNo), atMinute(l.SoldAt), printable(l.ProductName), l.Quantity, l.Currency, settle.Money(l.AmountMinor, l.Currency))
	}
	return t.Flush()
}

func newAssignCommand() *cobra.Command {
	var data, line, family, by string
	c := &cobra.Command{
		Use:     "assign",
		Short:   "Say whose a sale line was that was sold without an owner",
		Example: "  rawaj admin assign --line 01a2… --family 01a2… --by Mariam --data ./centre",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			id, err := syncproto.ParseRecordID(line)
			if err != nil {
				return misuse("--line: %q is no id", line)
			}
			q := server.Owner{By: by}
			if q.Family, err = syncproto.ParseRecordID(family); err != nil {
				return misuse("--family: %q is no id", family)
			}
			_, err = atCentre(c, data, func(ctx context.Context, s *server.Server) (server.Owner, error) {
				return q, s.AssignOwner(ctx, id, q.Family, q.By)
			}, func(out any) error {
				return localapi.Call(c.Context(), data, "POST", "/api/sale-lines/"+id.String()+"/owner", q, out)
			})
			return err
		},
	}
	dataFlag(c, &data)
	c.Flags().StringVar(&line, "line", "", "id of the line, from rawaj report unassigned")
	c.Flags().StringVar(&family, "family", "", "id of the family")
	c.Flags().StringVar(&by, "by", "", "who knows it")
	for _, name := range []string{"line", "family", "by"} {
		c.MarkFlagRequired(name)
	}
	return c
}
