package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func newAgreementCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "agreement", Short: "What outlets sell under",
		Example: "  rawaj admin agreement make --data ./centre --outlet 'Corner shop' --operator 'A trader' --from 2027-01-01 --to 2027-12-31 --share 15\n  rawaj admin agreement ls --data ./centre",
	}
	c.AddCommand(newAgreementListCommand(), newAgreementMakeCommand(), newAgreementEndCommand())
	return c
}

func newAgreementListCommand() *cobra.Command {
	var data, from, to string
	var asJSON bool
	c := &cobra.Command{
		Use: "ls", Short: "List agreements, what was sold under each, and what was sold outside of any",
		Example: "  rawaj admin agreement ls --data ./centre --from 2027-01-01 --to 2027-01-31", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			in, err := report.ParseSpan(from, to)
			if err != nil {
				return misuse("%v", err)
			}
			out, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (report.Outlets, error) { return s.Outlets(ctx, in) },
				func(out any) error {
					return localapi.Call(c.Context(), data, "GET", "/api/agreements?"+url.Values{"from": {in.From}, "to": {in.To}}.Encode(), nil, out)
				})
			return printOutlets(c, asJSON, &out, err)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&from, "from", "", "first day of sales that are added up")
	c.Flags().StringVar(&to, "to", "", "last day of sales that are added up")
	return c
}

func newAgreementMakeCommand() *cobra.Command {
	var data, share, document string
	var asJSON bool
	var q server.NewAgreement
	c := &cobra.Command{
		Use: "make", Short: "Record an agreement with an outlet",
		Long:    "Record an agreement with an outlet. It is never edited: it is ended, and agreed anew. A sale keeps the share of the day on which it was made.",
		Example: "  rawaj admin agreement make --data ./centre --outlet 'Corner shop' --operator 'A trader' --from 2027-01-01 --to 2027-12-31 --share 12.5 --period month",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if q.Share, err = parseShare(share); err != nil {
				return err
			}
			if q.Document, err = documentOf(c, data, document); err != nil {
				return err
			}
			out, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (report.Outlets, error) { return s.Agree(ctx, q) },
				func(out any) error { return localapi.Call(c.Context(), data, "POST", "/api/agreements", q, out) })
			return printOutlets(c, asJSON, &out, err)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&q.Outlet, "outlet", "", "the outlet, by its name or id")
	c.Flags().StringVar(&q.Operator, "operator", "", "who runs it")
	c.Flags().StringVar(&q.From, "from", "", "first day, such as 2027-01-01")
	c.Flags().StringVar(&q.To, "to", "", "last day")
	c.Flags().StringVar(&share, "share", "", "percent that the outlet keeps, such as 12.5")
	c.Flags().StringVar(&q.Period, "period", "month", "how often it settles: week, month or quarter")
	c.Flags().StringVar(&document, "document", "", "file with what was signed, such as a scan")
	for _, name := range []string{"outlet", "operator", "from", "to", "share"} {
		c.MarkFlagRequired(name)
	}
	return c
}

// documentOf has the bytes of a file kept as an attachment; nil where none is given.
func documentOf(c *cobra.Command, data, path string) (*syncproto.Root, error) {
	if path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	kept, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (kept attach.Uploaded, err error) {
		kept.Attachment, err = s.Attach(ctx, b)
		return kept, err
	}, func(out any) error {
		return localapi.Call(c.Context(), data, "POST", "/api/attachments", bytes.NewReader(b), out)
	})
	return &kept.Attachment, err
}

func newAgreementEndCommand() *cobra.Command {
	var data string
	var asJSON bool
	var q server.EndAgreement
	c := &cobra.Command{
		Use: "end AGREEMENT", Short: "End an agreement before its time; what was sold under it keeps its share",
		Example: "  rawaj admin agreement end 01a20041-d82d-7c7f-b411-ca48aaa30000 --on 2027-03-31 --reason 'the shop closes' --data ./centre",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := recordArg(args[0])
			if err != nil {
				return err
			}
			out, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (report.Outlets, error) { return s.EndOutlet(ctx, id, q) },
				func(out any) error {
					return localapi.Call(c.Context(), data, "POST", "/api/agreements/"+id.String()+"/end", q, out)
				})
			return printOutlets(c, asJSON, &out, err)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&q.On, "on", "", "its last day")
	c.Flags().StringVar(&q.Reason, "reason", "", "why, for those who look later")
	c.MarkFlagRequired("on")
	c.MarkFlagRequired("reason")
	return c
}

// recordArg reads the id of a record that a command is given.
func recordArg(s string) (id syncproto.RecordID, err error) {
	if err = id.UnmarshalText([]byte(s)); err != nil {
		err = misuse("%v", err)
	}
	return id, err
}

// parseShare reads a percentage with at most two decimals, as hundredths of a percent.
func parseShare(s string) (int64, error) {
	whole, part, _ := strings.Cut(strings.ReplaceAll(strings.TrimRight(schema.ASCIIDigits(s), "% "), "٫", "."), ".")
	n, err := strconv.ParseUint(whole+(part + "00")[:2], 10, 32)
	if err != nil || whole == "" || len(part) > 2 || n > schema.ShareWhole {
		return 0, misuse("--share: %q is no percentage from 0 to 100 with at most two decimals", s)
	}
	return int64(n), nil
}

func printOutlets(c *cobra.Command, asJSON bool, out *report.Outlets, err error) error {
	if err != nil || asJSON {
		return orPrint(c, out, err)
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "OUTLET\tOPERATOR\tFROM\tTO\tENDED\tSHARE\tPIECES\tSOLD\tOUTLET KEEPS\tIN FORCE\tID")
	for _, a := range out.Agreements {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%v\t%v\n", printable(a.SiteName), printable(a.Operator), a.From, a.To, a.EndedOn, settle.Percent(a.Share), a.Pieces, amounts(a.Amount), amounts(a.Kept), a.InForce, a.ID)
	}
	if err := w.Flush(); err != nil || out.OutsideCount == 0 {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "sold with no agreement in force: %d lines\n", out.OutsideCount)
	fmt.Fprintln(w, "DAY\tOUTLET\tRECEIPT\tPRODUCT\tPIECES\tAMOUNT\tSHARE")
	for _, l := range out.Outside {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", l.Day, printable(l.SiteName), l.ReceiptNo, printable(l.Name), l.Quantity, l.Currency+" "+settle.Money(l.Amount, l.Currency), settle.Percent(l.Share))
	}
	return w.Flush()
}
