package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
)

func newSiteClosingCommand() *cobra.Command {
	var data, day, from, to string
	var asJSON bool
	c := &cobra.Command{
		Use:   "closing",
		Short: "Show what was stated and signed of tills and days, or state a day",
		Long: `Show what this site has stated and signed of its tills and days, and what head office said
to it. With --day, state what this device sold on a business day, unless that is what it
stated last. What --json prints, signatures included, anybody can verify: rawaj closing verify.`,
		Example: "  rawaj site closing --data ./stall\n  rawaj site closing --day 2026-11-21 --data ./stall --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			in, err := report.ParseSpan(from, to)
			if err != nil {
				return misuse("%v", err)
			}
			s, err := openSite(c.Context(), data, false, quiet())
			if err != nil && !heldByOther(err) {
				return err
			}
			var list closing.Statements
			if err != nil {
				list, err = closingsOfRunning(c.Context(), data, day, in)
			} else {
				list, err = closingsOf(c.Context(), s.client, day, in)
				defer s.close()
			}
			if err != nil {
				return err
			}
			return printClosings(c, list, asJSON)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	spanFlags(c, &from, &to)
	c.Flags().StringVar(&day, "day", "", "state this business day, such as 2026-11-21")
	return c
}

func spanFlags(c *cobra.Command, from, to *string) {
	c.Flags().StringVar(from, "from", "", "first day that is shown, such as 2026-11-01")
	c.Flags().StringVar(to, "to", "", "last day that is shown")
}

// closingsOf states a day, where one is given, and lists; of a day that was just stated
// that day alone.
func closingsOf(ctx context.Context, c *client.Client, day string, in report.Span) (closing.Statements, error) {
	if day != "" {
		if _, err := c.StateDay(ctx, day); err != nil {
			return closing.Statements{}, err
		}
		in = report.Span{From: day, To: day}
	}
	return c.Closings(ctx, in, true)
}

func closingsOfRunning(ctx context.Context, data, day string, in report.Span) (list closing.Statements, err error) {
	if day != "" {
		if err := localapi.Call(ctx, data, "POST", "/api/closings", map[string]string{"day": day}, new(closing.Statement)); err != nil {
			return list, err
		}
		in = report.Span{From: day, To: day}
	}
	return list, localapi.Call(ctx, data, "GET", closingsRoute(in), nil, &list)
}

func closingsRoute(in report.Span) string {
	return "/api/closings?" + url.Values{"from": {in.From}, "to": {in.To}, "proofs": {"true"}}.Encode()
}

func newAdminClosingsCommand() *cobra.Command {
	var data, from, to string
	var asJSON bool
	c := &cobra.Command{
		Use:     "closings",
		Short:   "List what devices stated and signed of tills and days, and whether it is what is here",
		Long:    "List what devices stated and signed of tills and days, and whether head office counts the same. What --json prints, signatures included, anybody can verify: rawaj closing verify.",
		Example: "  rawaj admin closings --data ./centre --from 2026-11-01\n  rawaj admin closings --data ./centre --json > closings.json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			in, err := report.ParseSpan(from, to)
			if err != nil {
				return misuse("%v", err)
			}
			list, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (closing.Statements, error) {
				return s.Closings(ctx, in, syncproto.RecordID{}, true)
			},
				func(out any) error { return localapi.Call(c.Context(), data, "GET", closingsRoute(in), nil, out) })
			if err != nil {
				return err
			}
			return printClosings(c, list, asJSON)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	spanFlags(c, &from, &to)
	return c
}

func printClosings(c *cobra.Command, list closing.Statements, asJSON bool) error {
	if asJSON {
		return printJSON(c, list)
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "DAY\tSITE\tDEVICE\tOF\tSTATEMENT\tSALES\tVOIDED\tSUM\tHEAD OFFICE")
	for _, v := range list.Closings {
		of := "day"
		if v.Till != nil {
			of = "till"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", v.Day, printable(v.SiteName), printable(v.Label), of, v.Number, v.Sales, v.Voided, sumText(v.AmountMinor), answerText(&v))
	}
	return w.Flush()
}

// sumText is money as the programs print it: minor units with their currency.
func sumText(minor map[string]int64) string {
	var parts []string
	for _, currency := range slices.Sorted(maps.Keys(minor)) {
		parts = append(parts, fmt.Sprintf("%s %d", currency, minor[currency]))
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, ", ")
}

func answerText(v *closing.Statement) string {
	said := "not confirmed yet"
	switch {
	case v.State == closing.Unsound:
		return "a signature does not hold"
	case v.State == closing.Equal:
		said = "confirmed"
	case v.State == closing.Differs:
		said = fmt.Sprintf("differs: %d sales, %s", v.Answer.Sales, sumText(v.Answer.AmountMinor))
		if v.Answer.Held > 0 {
			said += fmt.Sprintf("; %d in quarantine", v.Answer.Held)
		}
	}
	if v.Latest && v.Late > 0 {
		said += fmt.Sprintf("; %d came late", v.Late)
	}
	if v.Latest && v.VoidedSince > 0 {
		said += fmt.Sprintf("; %d voided since", v.VoidedSince)
	}
	return said
}

func newClosingCommand() *cobra.Command {
	c := &cobra.Command{Use: "closing", Short: "Signed closings, away from any site or server", Example: "  rawaj closing verify closings.json"}
	c.AddCommand(newClosingVerifyCommand())
	return c
}

func newClosingVerifyCommand() *cobra.Command {
	var key string
	c := &cobra.Command{
		Use:   "verify FILE",
		Short: "Verify both signatures of closings that a site or server printed",
		Long: `Verify both signatures of closings that rawaj site closing --json or rawaj admin closings
--json printed; - reads standard input. Nothing but the file is needed: compare the
organisation's key with one that you know, or give it with --org-key. It exits with 1 when
a signature does not hold, or what is shown is not what was signed.`,
		Example: "  rawaj closing verify closings.json --org-key 6b1c...",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			in := c.InOrStdin()
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			return verifyClosings(c.OutOrStdout(), in, key)
		},
	}
	c.Flags().StringVar(&key, "org-key", "", "the organisation's public key, in hexadecimal digits")
	return c
}

func verifyClosings(w io.Writer, in io.Reader, key string) error {
	var list closing.Statements
	if err := json.NewDecoder(in).Decode(&list); err != nil {
		return fmt.Errorf("read closings: %w", err)
	}
	if key != "" {
		want, err := hex.DecodeString(key)
		if err != nil {
			return misuse("--org-key: %v", err)
		}
		if !bytes.Equal(want, list.OrgKey) {
			return fmt.Errorf("the file names another organisation's key: %x", list.OrgKey)
		}
	}
	fmt.Fprintf(w, "organisation %v, key %x\n", list.Organisation, list.OrgKey)
	bad := 0
	for i := range list.Closings {
		v := &list.Closings[i]
		what := "confirmed: both signatures hold"
		if err := v.Holds(list.Organisation, list.OrgKey); err != nil {
			what, bad = err.Error(), bad+1
		} else if v.Answer == nil {
			what = fmt.Sprintf("not confirmed yet: the device's signature holds, by key %x", v.Proof.Key)
		} else if v.State != closing.Equal {
			what = v.State + ": both signatures hold"
		}
		fmt.Fprintf(w, "%s %s, statement %d, %d sales, %s: %s\n", v.Day, printable(v.SiteName), v.Number, v.Sales, sumText(v.AmountMinor), printable(what))
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d closings do not hold", bad, len(list.Closings))
	}
	return nil
}
