package main

import (
	"cmp"
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
)

func newGrantCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "grant", Short: "What a device may read and write",
		Example: "  rawaj admin grant ls --device DEVICE --data ./centre\n  rawaj admin grant set --device DEVICE --scope 'fair/Spring fair' --classes S --write --until 2026-12-01 --data ./centre\n  rawaj admin grant end --device DEVICE --scope 'fair/Spring fair' --reason 'the fair is over' --data ./centre",
	}
	c.AddCommand(newGrantListCommand(), newGrantSetCommand(), newGrantEndCommand())
	return c
}

func newGrantListCommand() *cobra.Command {
	return grantCommand(&cobra.Command{Use: "ls", Short: "List the rights of a device", Example: "  rawaj admin grant ls --device DEVICE --data ./centre --json"}, "GET", "",
		func() (any, error) { return nil, nil },
		func(ctx context.Context, s *server.Server, device syncproto.DeviceID) ([]server.Right, error) {
			return s.Rights(ctx, device)
		})
}

func newGrantSetCommand() *cobra.Command {
	var q server.SetRight
	var until, deliver string
	ends := func() (any, error) {
		var err error
		if q.Until, err = endOf("--until", until); err == nil {
			q.DeliverUntil, err = endOf("--deliver-until", deliver)
		}
		return q, err
	}
	c := grantCommand(&cobra.Command{
		Use: "set", Short: "Give a device a right, or change the one that it has in a scope",
		Long:    "Give a device a right, or change the one that it has in a scope. The scope is org, site/ID, fair/ID or desk/ID, as in logs; a name will do where no other site or fair has it.",
		Example: "  rawaj admin grant set --device DEVICE --scope 'site/Stall 12' --classes S --write --until 2026-12-01T20:00:00+04:00 --data ./centre",
	}, "POST", "", ends, func(ctx context.Context, s *server.Server, device syncproto.DeviceID) ([]server.Right, error) {
		return s.SetRight(ctx, device, q)
	})
	scopeFlag(c, &q.Scope)
	c.Flags().StringVar(&q.Classes, "classes", "", "letters of the classes of records, such as SP: sales, personal, eligibility, protection (X)")
	c.Flags().BoolVar(&q.Write, "write", false, "the device may write there too")
	c.Flags().StringVar(&until, "until", "", "last moment of records that it reads and writes; a day (to its end, UTC) or a time; none: no end")
	c.Flags().StringVar(&deliver, "deliver-until", "", "until when it may deliver those; none: no end")
	c.MarkFlagRequired("classes")
	return c
}

func newGrantEndCommand() *cobra.Command {
	var q server.EndRight
	c := grantCommand(&cobra.Command{
		Use: "end", Short: "Take a right away, now; what it still delivers there is held for a person",
		Example: "  rawaj admin grant end --device DEVICE --scope 'fair/Spring fair' --reason 'the fair is over' --data ./centre",
	}, "POST", "/end", func() (any, error) { return q, nil }, func(ctx context.Context, s *server.Server, device syncproto.DeviceID) ([]server.Right, error) {
		return s.EndRight(ctx, device, q)
	})
	scopeFlag(c, &q.Scope)
	c.Flags().StringVar(&q.Reason, "reason", "", "why, for those who look later")
	c.MarkFlagRequired("reason")
	return c
}

// grantCommand does something about the rights of a device, and prints them as they are
// then.
func grantCommand(c *cobra.Command, method, path string, request func() (any, error), here func(context.Context, *server.Server, syncproto.DeviceID) ([]server.Right, error)) *cobra.Command {
	var data, name string
	var asJSON bool
	c.Args = cobra.NoArgs
	c.RunE = func(c *cobra.Command, _ []string) error {
		var device syncproto.DeviceID
		if err := device.UnmarshalText([]byte(name)); err != nil {
			return misuse("--device: %v", err)
		}
		q, err := request()
		if err != nil {
			return err
		}
		list, err := atCentre(c, data, func(ctx context.Context, s *server.Server) ([]server.Right, error) { return here(ctx, s, device) },
			func(out any) error {
				return localapi.Call(c.Context(), data, method, "/api/devices/"+device.String()+"/grants"+path, q, out)
			})
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(c, list)
		}
		w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "SCOPE\tNAME\tCLASSES\tWRITES\tUNTIL\tDELIVERS UNTIL\tENDED")
		for _, r := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%v\t%s\t%s\t%s\n", r.Scope, printable(r.ScopeName), r.Classes, r.Write, orNoEnd(r.Until), orNoEnd(r.DeliverUntil), ended(r))
		}
		return w.Flush()
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&name, "device", "", "id of the device: rawaj admin device ls lists them")
	c.MarkFlagRequired("device")
	return c
}

func scopeFlag(c *cobra.Command, scope *string) {
	c.Flags().StringVar(scope, "scope", "", "org, site/ID, fair/ID or desk/ID, or by name: 'fair/Spring fair'")
	c.MarkFlagRequired("scope")
}

// endOf reads a time, or a day, whose end is meant.
func endOf(flag, s string) (*time.Time, error) {
	if s == "" {
		return nil, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		day, derr := time.Parse(time.DateOnly, s)
		if derr != nil {
			return nil, misuse("%s: %q is no day such as 2026-12-01 and no time such as 2026-12-01T20:00:00+04:00", flag, s)
		}
		t = day.Add(24*time.Hour - time.Millisecond)
	}
	return &t, nil
}

func orNoEnd(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

func ended(r server.Right) string {
	if !r.Ended {
		return ""
	}
	return cmp.Or(printable(r.Reason), "yes")
}
