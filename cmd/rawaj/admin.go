package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
)

func newAdminCommand() *cobra.Command {
	c := &cobra.Command{Use: "admin", Short: "Sites, enrolment codes and devices of a server", Example: "  rawaj admin enrol-code --data ./centre --site 'Stall 12' --kind stall"}
	device := &cobra.Command{Use: "device", Short: "Devices", Example: "  rawaj admin device ls --data ./centre"}
	device.AddCommand(newDeviceListCommand(), newRevokeCommand())
	receipts := &cobra.Command{Use: "receipts", Short: "Receipts", Example: "  rawaj admin receipts doubled --data ./centre"}
	receipts.AddCommand(newDoubledCommand())
	c.AddCommand(newEnrolCodeCommand(), device, receipts, newGrantCommand(), newPolicyCommand(), newSettleCommand(), newAgreementCommand(), newFairCommand(), newTillCommand(), newPublishedCommand(), newQuarantineCommand(), newAdminParcelCommand(), newRebuildCommand(), newClockCommand(), newWentBackCommand(), newKeptCommand(), newAdminClosingsCommand(), newAssignCommand(),
		loginCommand("login-link", "Make a one-time link that signs a browser in to the running server", "  rawaj admin login-link --data ./centre"))
	return c
}

func newEnrolCodeCommand() *cobra.Command {
	var data string
	var asJSON bool
	var n server.NewSite
	c := &cobra.Command{
		Use:   "enrol-code",
		Short: "Make a one-time code that takes one device in",
		Long:  "Make a one-time code that takes one device in. A site or fair that is not known by its name is made.",
		Example: `  rawaj admin enrol-code --data ./centre --site 'Stall 12' --kind stall --fair 'Spring fair'
  rawaj admin enrol-code --data ./centre --site 'مرکز طرق' --kind rooyesh_centre --lang fa --zone Asia/Tehran`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := n.Check(); err != nil {
				return misuse("%v; see %s --help", err, c.CommandPath())
			}
			code, err := enrolCode(c, data, n)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, code)
			}
			fmt.Fprintf(c.OutOrStdout(), "%s\n", code.Code)
			fmt.Fprintf(c.ErrOrStderr(), "rawaj: good for one device until %s; there: rawaj site enrol --data DIR --server URL --code %s\n", code.Expires.Local().Format(time.DateTime), code.Code)
			return nil
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&n.Site, "site", "", "name of the site")
	c.Flags().StringVar(&n.Kind, "kind", "", "stall, branch, rooyesh_centre, partner_desk or outlet")
	c.Flags().StringVar(&n.Lang, "lang", "en", "language of a new site: ar, fa or en")
	c.Flags().StringVar(&n.Zone, "zone", "Asia/Dubai", "time zone of a new site")
	c.Flags().StringArrayVar(&n.Fairs, "fair", nil, "name of a fair that the device sells at; may be given again")
	c.Flags().DurationVar(&n.Valid, "valid", server.CodeValid, "how long the code can be used")
	c.MarkFlagRequired("site")
	c.MarkFlagRequired("kind")
	return c
}

func enrolCode(c *cobra.Command, data string, n server.NewSite) (code server.EnrolCode, err error) {
	centre, err := openCentre(c.Context(), data, "", logger(c), c.ErrOrStderr())
	if heldByOther(err) {
		return code, localapi.Call(c.Context(), data, "POST", "/api/enrol-codes", n, &code)
	}
	if err != nil {
		return code, err
	}
	defer centre.close()
	return code, centre.working(c.Context(), func(ctx context.Context, s *server.Server) error {
		code, err = s.EnrolCode(ctx, n)
		return err
	})
}

func newDeviceListCommand() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use:     "ls",
		Short:   "List the devices, when they were last heard of, and what they declared",
		Example: "  rawaj admin device ls --data ./centre --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list, err := devices(c, data)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, list)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "DEVICE\tSITE\tKIND\tLAST CONTACT\tPENDING\tDIFFERING\tREVOKED\tRECEIPTS\tLABEL")
			for _, d := range list {
				fmt.Fprintf(w, "%v\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", d.Device, printable(d.SiteName), d.Kind, orNever(d.LastContact), d.PendingDeclared, differing(d), revoked(d), d.Prefix, printable(d.Label))
			}
			if err := w.Flush(); err != nil {
				return err
			}
			for _, d := range list {
				if d.Unbacked > 0 {
					fmt.Fprintf(c.OutOrStdout(), "%v has let go of %d transactions for want of room that no backup it knew of holds: run rawaj backup\n", d.Device, d.Unbacked)
				}
			}
			return nil
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	return c
}

// differing tells of shares that were repaired in vain.
func differing(d server.Device) string {
	if d.Differing == 0 {
		return "-"
	}
	return fmt.Sprintf("%d: look at the device", d.Differing)
}

func revoked(d server.Device) string {
	switch {
	case !d.Revoked:
		return "-"
	case d.Wiped:
		return "wiped"
	}
	return "yes"
}

func devices(c *cobra.Command, data string) (list []server.Device, err error) {
	centre, err := openCentre(c.Context(), data, "", logger(c), c.ErrOrStderr())
	if heldByOther(err) {
		return list, localapi.Call(c.Context(), data, "GET", "/api/devices", nil, &list)
	}
	if err != nil {
		return nil, err
	}
	defer centre.close()
	return centre.server.Devices(c.Context())
}

func newRevokeCommand() *cobra.Command {
	var data, reason string
	c := &cobra.Command{
		Use:     "revoke DEVICE",
		Short:   "Take a device's rights away; what it still delivers is held for a person",
		Example: "  rawaj admin device revoke 01a20041-d82d-7c7f-b411-ca48aaa30000 --reason 'the tablet was lost' --data ./centre",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var device syncproto.DeviceID
			if err := device.UnmarshalText([]byte(args[0])); err != nil {
				return misuse("%v", err)
			}
			_, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (struct{}, error) {
				return struct{}{}, s.Revoke(ctx, device, reason)
			},
				func(out any) error {
					return localapi.Call(c.Context(), data, "POST", "/api/devices/"+device.String()+"/revoke", server.Revocation{Reason: reason}, out)
				})
			return err
		},
	}
	dataFlag(c, &data)
	c.Flags().StringVar(&reason, "reason", "", "why, for those who look later")
	c.MarkFlagRequired("reason")
	return c
}

func newRebuildCommand() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:     "rebuild",
		Short:   "Fold the log anew and compare with the state that stands",
		Long:    "Fold the log into a new state beside the one that stands, compare the digests of both, and put the new one in its place. The server must not be running. It may be broken off at any time and run again.",
		Example: "  rawaj admin rebuild --data ./centre",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return rebuild(c, data) },
	}
	dataFlag(c, &data)
	return c
}

// rebuild folds the log into state.db.new and moves it over state.db when whole.
func rebuild(c *cobra.Command, data string) error {
	ctx := c.Context()
	r, err := openForRebuild(ctx, data)
	if err != nil {
		return err
	}
	defer r.close()
	before, compared := r.standing(ctx)
	after, err := r.refold(ctx, c)
	if err != nil {
		return err
	}
	switch {
	case !compared:
		fmt.Fprintln(c.OutOrStdout(), "rebuilt; there was no state to compare with")
	case before == after:
		fmt.Fprintln(c.OutOrStdout(), "rebuilt; equal to the state that stood")
	default:
		fmt.Fprintln(c.OutOrStdout(), "rebuilt; the state that stood was behind or differed:")
		fmt.Fprint(c.OutOrStdout(), before, "now:\n", after)
	}
	return nil
}

func orNever(s *string) string {
	if s == nil {
		return "never"
	}
	return *s
}
