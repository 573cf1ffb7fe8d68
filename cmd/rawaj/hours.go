package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/syncproto"
)

func newHoursCommand() *cobra.Command {
	var data, person, on string
	var asJSON bool
	c := &cobra.Command{
		Use:     "hours",
		Short:   "Print a person's statement of accredited hours: a line a session, as it adds up",
		Example: "  rawaj site hours --data ./branch --person PERSON",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			id, err := syncproto.ParseRecordID(person)
			if err != nil {
				return misuse("--person: %v", err)
			}
			h, err := siteHours(c.Context(), data, id, on)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, h)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "DAY\tWORKSHOP\tHOURS\tCOUNTS\tNOTE")
			for _, l := range h.Lines {
				fmt.Fprintf(w, "%s\t%s\t%s\t%v\t%s\n", l.Day, printable(cmp.Or(l.Ar, l.Fa, l.En)), l.Hours, l.Counts, hoursNote(&l))
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t\t\n", h.On, printable(h.Name), h.Hours)
			return w.Flush()
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&person, "person", "", "id of the person")
	c.Flags().StringVar(&on, "on", "", "last day of the statement; today where none is given")
	c.MarkFlagRequired("person")
	return c
}

func hoursNote(l *client.HoursLineShown) string {
	switch {
	case l.Was != nil:
		return fmt.Sprintf("%d minutes before a correction: %s", *l.Was, printable(l.Reason))
	case !l.Overlaps.IsZero():
		return "at the same time as another: waits for a person"
	case l.Review:
		return "no check-out: waits for a person"
	}
	return ""
}

func siteHours(ctx context.Context, data string, person syncproto.RecordID, on string) (h client.HoursShown, err error) {
	s, err := openSite(ctx, data, false, quiet())
	if heldByOther(err) {
		return h, localapi.Call(ctx, data, "GET", "/api/members/"+person.String()+"/hours?on="+url.QueryEscape(on), nil, &h)
	}
	if err != nil {
		return h, err
	}
	defer s.close()
	return s.client.HoursOf(ctx, person, on)
}
