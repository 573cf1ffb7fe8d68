package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func newFairCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "fair", Short: "Fairs, events and food events: planning them, and how far they have come",
		Example: "  rawaj admin fair plan --data ./centre --name-en 'Spring fair' --class exhibition --organiser own --venue department --from 2027-03-01 --to 2027-03-03\n  rawaj admin fair announce 'Spring fair' --data ./centre",
	}
	c.AddCommand(newFairListCommand(), newFairPlanCommand(), newFairCoordinateCommand(), newFairTillsCommand(),
		newFairStepCommand("announce", schema.FairAnnounced, "Announce a fair that has all it needs"),
		newFairStepCommand("open", schema.FairOpen, "Say that a fair has begun"),
		newFairStepCommand("close", schema.FairClosed, "Close a fair whose tills are closed or declared lost"),
		newFairStepCommand("reconcile", schema.FairReconciled, "Say that late sales of a fair are approved and its goods counted"),
		newFairStepCommand("cancel", schema.FairCancelled, "Cancel a fair"))
	return c
}

func newFairListCommand() *cobra.Command {
	var data, from, to string
	var asJSON bool
	c := &cobra.Command{
		Use: "ls", Short: "List fairs, how far they have come, and what they lack for being announced",
		Example: "  rawaj admin fair ls --data ./centre --from 2027-01-01 --to 2027-12-31", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			in, err := report.ParseSpan(from, to)
			if err != nil {
				return misuse("%v", err)
			}
			list, err := fairs(c, data, in)
			return printFairs(c, asJSON, list, err)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&from, "from", "", "fairs that begin on that day or later")
	c.Flags().StringVar(&to, "to", "", "fairs that begin on that day or before")
	return c
}

func fairs(c *cobra.Command, data string, in report.Span) ([]server.FairShown, error) {
	return atCentre(c, data, func(ctx context.Context, s *server.Server) ([]server.FairShown, error) { return s.Fairs(ctx, in) },
		func(out any) error {
			return localapi.Call(c.Context(), data, "GET", "/api/fairs?"+url.Values{"from": {in.From}, "to": {in.To}}.Encode(), nil, out)
		})
}

// fairArg is the fair that a command is given by its name or id.
func fairArg(c *cobra.Command, data, named string) (id syncproto.RecordID, err error) {
	if id.UnmarshalText([]byte(named)) == nil {
		return id, nil
	}
	list, err := fairs(c, data, report.Span{})
	if err != nil {
		return id, err
	}
	found := 0
	for _, f := range list {
		for _, name := range []string{f.NameAr, f.NameFa, f.NameEn} {
			if name != "" && schema.Fold(name) == schema.Fold(named) {
				id = f.ID
				found++
				break
			}
		}
	}
	if found != 1 {
		return id, misuse("%d fairs are called %q: name one by its id, as rawaj admin fair ls shows it", found, named)
	}
	return id, nil
}

func newFairPlanCommand() *cobra.Command {
	var data, id string
	var asJSON bool
	var q server.PlanFair
	c := &cobra.Command{
		Use: "plan", Short: "Plan a fair, or change the plan of one",
		Long:    "Plan a fair, or change the plan of one. Who organises it and what kind of place it is held at are two questions, and both are answered before it is announced.",
		Example: "  rawaj admin fair plan --data ./centre --name-ar 'معرض الربيع' --class exhibition --organiser own --venue partner --from 2027-03-01 --to 2027-03-03",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if id != "" {
				known, err := recordArg(id)
				if err != nil {
					return err
				}
				q.ID = &known
			}
			f, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (server.FairShown, error) { return s.PlanFair(ctx, q) },
				func(out any) error { return localapi.Call(c.Context(), data, "POST", "/api/fairs", q, out) })
			return printFair(c, asJSON, f, err)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	for _, f := range []struct {
		into        *string
		name, usage string
	}{
		{&id, "id", "of the fair whose plan is changed; none: a new one"},
		{&q.NameAr, "name-ar", "its name in Arabic"}, {&q.NameFa, "name-fa", "its name in Persian"}, {&q.NameEn, "name-en", "its name in English"},
		{&q.Class, "class", "exhibition, event or atayeb"}, {&q.Organiser, "organiser", "own or other"}, {&q.Venue, "venue", "department, branch, partner, government or other"},
		{&q.StartsOn, "from", "first day, such as 2027-03-01"}, {&q.EndsOn, "to", "last day"},
		{&q.OrganiserName, "organiser-name", "who organises it"}, {&q.VenueName, "venue-name", "where it is held"}, {&q.Address, "address", "address of the place"},
		{&q.OpensAt, "opens", "when it opens each day, such as 16:00"}, {&q.ClosesAt, "closes", "when it closes each day"},
		{&q.Connectivity, "connectivity", "none, weak or good"},
	} {
		c.Flags().StringVar(f.into, f.name, "", f.usage)
	}
	c.Flags().Int64Var(&q.Stalls, "stalls", 0, "how many stalls it has; 0: not known")
	c.Flags().BoolVar(&q.Provisional, "provisional", false, "families whose member is provisional may join")
	return c
}

func newFairCoordinateCommand() *cobra.Command {
	var data string
	var asJSON bool
	var q server.NewCoordination
	c := &cobra.Command{
		Use: "coordinate FAIR", Short: "Record who agreed with whom about a fair",
		Example: "  rawaj admin fair coordinate 'Spring fair' --with 'A partner' --by Mariam --on 2027-02-01 --data ./centre", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			fair, err := fairArg(c, data, args[0])
			if err != nil {
				return err
			}
			f, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (server.FairShown, error) {
				return s.Coordinate(ctx, fair, q)
			},
				func(out any) error {
					return localapi.Call(c.Context(), data, "POST", "/api/fairs/"+fair.String()+"/coordinations", q, out)
				})
			return printFair(c, asJSON, f, err)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&q.With, "with", "", "with whom it was agreed")
	c.Flags().StringVar(&q.By, "by", "", "by whom")
	c.Flags().StringVar(&q.OnDay, "on", "", "on which day")
	c.Flags().StringVar(&q.Note, "note", "", "what else there is to say")
	for _, name := range []string{"with", "by", "on"} {
		c.MarkFlagRequired(name)
	}
	return c
}

func newFairStepCommand(use, state, short string) *cobra.Command {
	var data string
	var asJSON bool
	q := server.FairStep{State: state}
	c := &cobra.Command{
		Use: use + " FAIR", Short: short, Example: "  rawaj admin fair " + use + " 'Spring fair' --data ./centre", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			fair, err := fairArg(c, data, args[0])
			if err != nil {
				return err
			}
			f, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (server.FairShown, error) { return s.StepFair(ctx, fair, q) },
				func(out any) error {
					return localapi.Call(c.Context(), data, "POST", "/api/fairs/"+fair.String()+"/state", q, out)
				})
			return printFair(c, asJSON, f, err)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	if state == schema.FairCancelled {
		c.Example += " --reason rain"
		c.Flags().StringVar(&q.Reason, "reason", "", "why, for those who look later")
		c.MarkFlagRequired("reason")
	}
	return c
}

func printFair(c *cobra.Command, asJSON bool, f server.FairShown, err error) error {
	if err != nil || asJSON {
		return orPrint(c, f, err)
	}
	return printFairs(c, false, []server.FairShown{f}, nil)
}

func printFairs(c *cobra.Command, asJSON bool, list []server.FairShown, err error) error {
	if err != nil || asJSON {
		return orPrint(c, list, err)
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "FROM\tTO\tSTATE\tCLASS\tORGANISER\tVENUE\tLACKS\tNAME\tID")
	for _, f := range list {
		name := strings.Join(strings.Fields(f.NameAr+" "+f.NameFa+" "+f.NameEn), " ")
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%v\n", f.StartsOn, f.EndsOn, f.State, f.Class, f.Organiser, f.Venue, strings.Join(f.Lacks, ", "), printable(name), f.ID)
	}
	return w.Flush()
}

func newFairTillsCommand() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use: "tills FAIR", Short: "List the tills of a fair, and when their devices were last heard of",
		Example: "  rawaj admin fair tills 'Spring fair' --data ./centre", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			fair, err := fairArg(c, data, args[0])
			if err != nil {
				return err
			}
			list, err := atCentre(c, data, func(ctx context.Context, s *server.Server) ([]server.FairTill, error) { return s.TillsOf(ctx, fair) },
				func(out any) error {
					return localapi.Call(c.Context(), data, "GET", "/api/fairs/"+fair.String()+"/tills", nil, out)
				})
			if err != nil || asJSON {
				return orPrint(c, list, err)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "OPENED\tSTATE\tSALES\tSITE\tLAST CONTACT\tDEVICE\tTILL")
			for _, t := range list {
				fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%v\t%v\n", time.UnixMilli(t.OpenedAt).UTC().Format(time.RFC3339), t.State, t.Sales, printable(t.SiteName), orNever(t.LastContact), t.Device, t.ID)
			}
			return w.Flush()
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	return c
}
