package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/syncproto"
)

func newWentBackCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "wentback", Short: "What to see to after the server was put back to an earlier state",
		Example: "  rawaj admin wentback show --data ./centre\n  rawaj admin wentback vouch --data ./centre",
	}
	lost := wentBackCommand("lost DEVICE", "Say that no backup holds what a device let go: what it recorded since goes on without it",
		"  rawaj admin wentback lost 01a20041-d82d-7c7f-b411-ca48aaa30000 --data ./centre",
		func(ctx context.Context, s *server.Server, args []string) (server.WentBack, error) {
			device, err := deviceOf(args)
			if err != nil {
				return server.WentBack{}, err
			}
			return s.AcceptGap(ctx, device)
		},
		func(args []string) (string, string) { return "POST", "/api/wentback/gaps/" + args[0] })
	lost.Args = func(c *cobra.Command, args []string) error {
		if err := cobra.ExactArgs(1)(c, args); err != nil {
			return err
		}
		_, err := deviceOf(args)
		return err
	}
	c.AddCommand(
		wentBackCommand("show", "Tell what there is to see to", "  rawaj admin wentback show --data ./centre --json",
			func(ctx context.Context, s *server.Server, _ []string) (server.WentBack, error) {
				return s.WentBack(ctx)
			},
			func([]string) (string, string) { return "GET", "/api/wentback" }),
		wentBackCommand("vouch", "Say that every device which may not take part any more is revoked here: look at `rawaj admin device ls` first", "  rawaj admin wentback vouch --data ./centre",
			func(ctx context.Context, s *server.Server, _ []string) (server.WentBack, error) { return s.Vouch(ctx) },
			func([]string) (string, string) { return "POST", "/api/wentback/vouch" }),
		lost)
	return c
}

func deviceOf(args []string) (device syncproto.DeviceID, err error) {
	if err = device.UnmarshalText([]byte(args[0])); err != nil {
		err = misuse("%v", err)
	}
	return device, err
}

func wentBackCommand(use, short, example string, here func(context.Context, *server.Server, []string) (server.WentBack, error), there func([]string) (string, string)) *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{Use: use, Short: short, Example: example, Args: cobra.NoArgs}
	c.RunE = func(c *cobra.Command, args []string) error {
		v, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (server.WentBack, error) { return here(ctx, s, args) },
			func(out any) error {
				method, route := there(args)
				return localapi.Call(c.Context(), data, method, route, nil, out)
			})
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(c, v)
		}
		showWentBack(c.OutOrStdout(), &v)
		return nil
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	return c
}

func showWentBack(w io.Writer, v *server.WentBack) {
	if v.Doubt != nil {
		fmt.Fprintf(w, "since %s nobody has vouched for who takes part: revocations may be lost, and devices that read personal records hear nothing. Revoke again who has to be revoked, then: rawaj admin wentback vouch\n", *v.Doubt)
	}
	for _, g := range v.Gaps {
		backup := "the backup that it was let go for"
		if g.BackupOf != nil {
			backup = "the newest backup of before " + *g.BackupOf
		}
		fmt.Fprintf(w, "%s, %s (%v): let go of %d transactions that are lost here, %d more wait for them. Restore %s, or a newer one; if there is none: rawaj admin wentback lost %v\n",
			printable(g.SiteName), printable(g.Label), g.Device, g.Transactions, g.Parked, backup, g.Device)
	}
	if v.Keeper > 0 {
		fmt.Fprintf(w, "%d devices keep records that are lost here. When all others have been heard of: rawaj admin kept ask\n", v.Keeper)
	}
	if v.Doubt == nil && len(v.Gaps) == 0 && v.Keeper == 0 {
		fmt.Fprintln(w, "nothing")
	}
}

func newKeptCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "kept", Short: "Records that only devices still have, after the server was put back",
		Long:    "Records of others that devices keep, sealed, because the server has lost them and their author has not brought them. Ask for them, look at them, enter again what is right, and say that they were seen: then devices drop them.",
		Example: "  rawaj admin kept ask --data ./centre\n  rawaj admin kept ls --data ./centre --csv > kept.csv\n  rawaj admin kept seen 1234 --data ./centre",
	}
	c.AddCommand(newKeptListCommand("ls", "List what devices handed over", func(ctx context.Context, s *server.Server) (server.KeptRecords, error) { return s.Kept(ctx) }, "GET", "/api/kept"),
		newKeptListCommand("ask", "Ask devices for what they keep, now and when they next come", func(ctx context.Context, s *server.Server) (server.KeptRecords, error) { return s.AskKept(ctx) }, "POST", "/api/kept/ask"),
		newKeptSeenCommand())
	return c
}

func newKeptListCommand(use, short string, here func(context.Context, *server.Server) (server.KeptRecords, error), method, route string) *cobra.Command {
	var data string
	var asJSON, asCSV bool
	c := &cobra.Command{Use: use, Short: short, Example: "  rawaj admin kept " + use + " --data ./centre --json", Args: cobra.NoArgs}
	c.RunE = func(c *cobra.Command, _ []string) error {
		k, err := atCentre(c, data, here, func(out any) error { return localapi.Call(c.Context(), data, method, route, nil, out) })
		switch {
		case err != nil:
			return err
		case asJSON:
			return printJSON(c, k)
		case asCSV:
			return keptCSV(c.OutOrStdout(), &k)
		}
		for _, r := range k.Records {
			was := "lost here"
			if r.Present != nil {
				was = "other here"
			}
			fields, err := json.Marshal(r.Fields)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s %v, %s, from %s: %s\n", r.Table, r.Record, was, printable(r.SiteName), printable(string(fields)))
		}
		if len(k.Records) > 0 {
			fmt.Fprintf(c.ErrOrStderr(), "rawaj: %d records; when all were looked at: rawaj admin kept seen %d --data %s\n", len(k.Records), k.Seen, data)
		} else if k.Asked {
			fmt.Fprintln(c.ErrOrStderr(), "rawaj: asked for; nothing has come yet")
		}
		return nil
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().BoolVar(&asCSV, "csv", false, "print a line for each field, for a spreadsheet")
	c.MarkFlagsMutuallyExclusive("json", "csv")
	return c
}

// keptCSV writes a line for each field, with what is here now beside it.
func keptCSV(w io.Writer, k *server.KeptRecords) error {
	out := csv.NewWriter(w)
	lines := [][]string{{"table", "record", "field", "kept", "here", "site", "handed over"}}
	for _, r := range k.Records {
		for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
			here := ""
			if v, ok := r.Present[name]; ok {
				here = cell(v)
			}
			lines = append(lines, []string{r.Table, r.Record.String(), name, cell(r.Fields[name]), here, cell(r.SiteName), orNever(r.Since)})
		}
	}
	if err := out.WriteAll(lines); err != nil {
		return err
	}
	return out.Error()
}

// cell is a value for a spreadsheet, which must not take it for a formula.
func cell(v any) string {
	s := fmt.Sprint(v)
	if f, ok := v.(float64); ok { // of JSON
		s = strconv.FormatFloat(f, 'f', -1, 64)
	} else if _, text := v.(string); text && strings.ContainsAny(s[:min(1, len(s))], "=+-@\t\r") {
		s = "'" + s
	}
	return printable(s)
}

func newKeptSeenCommand() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use: "seen N", Short: "Say that what `kept ls` listed with that number has been looked at: devices drop it", Example: "  rawaj admin kept seen 1234 --data ./centre", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			n, err := strconv.ParseUint(args[0], 10, 63)
			if err != nil {
				return misuse("%q is not the number that `rawaj admin kept ls` names", args[0])
			}
			_, err = atCentre(c, data, func(ctx context.Context, s *server.Server) (server.KeptRecords, error) {
				return s.SeenKept(ctx, oplog.Index(n))
			},
				func(out any) error {
					return localapi.Call(c.Context(), data, "POST", "/api/kept/seen", server.KeptSeen{Seen: oplog.Index(n)}, out)
				})
			return err
		},
	}
	dataFlag(c, &data)
	return c
}
