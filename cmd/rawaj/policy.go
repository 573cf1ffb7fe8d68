package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
)

func newPolicyCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "policy", Short: "Versions of the centre's policies",
		Example: "  rawaj admin policy publish --data ./centre --from 2027-01-01 --name-ar 'السياسات والإجراءات' --text-ar policies.ar.txt",
	}
	c.AddCommand(newPolicyListCommand(), newPublishCommand())
	return c
}

func newPolicyListCommand() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use: "ls", Short: "List the versions of the policies", Example: "  rawaj admin policy ls --data ./centre", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list, err := atCentre(c, data, func(ctx context.Context, s *server.Server) ([]server.PolicyShown, error) { return s.Policies(ctx) },
				func(out any) error { return localapi.Call(c.Context(), data, "GET", "/api/policies", nil, out) })
			if err != nil {
				return err
			}
			return printPolicies(c, asJSON, list)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	return c
}

func newPublishCommand() *cobra.Command {
	var data string
	var asJSON bool
	var n server.NewPolicy
	var files [3]string
	c := &cobra.Command{
		Use:     "publish",
		Short:   "Publish the next version of the policies",
		Long:    "Publish the next version of the policies. From its first day on, members have to sign it. Its text never changes: another text is another version.",
		Example: "  rawaj admin policy publish --data ./centre --from 2027-01-01 --name-ar 'السياسات والإجراءات' --text-ar policies.ar.txt --name-en Policies --text-en policies.en.txt",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			for i, text := range []*string{&n.TextAr, &n.TextFa, &n.TextEn} {
				if files[i] == "" {
					continue
				}
				b, err := os.ReadFile(files[i])
				if err != nil {
					return err
				}
				*text = strings.TrimSpace(string(b))
			}
			p, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (server.PolicyShown, error) { return s.Publish(ctx, n) },
				func(out any) error { return localapi.Call(c.Context(), data, "POST", "/api/policies", n, out) })
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, p)
			}
			return printPolicies(c, false, []server.PolicyShown{p})
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&n.From, "from", "", "first day it is in force, such as 2027-01-01")
	for i, l := range []struct {
		lang string
		name *string
	}{{"ar", &n.NameAr}, {"fa", &n.NameFa}, {"en", &n.NameEn}} {
		c.Flags().StringVar(l.name, "name-"+l.lang, "", "its name in that language")
		c.Flags().StringVar(&files[i], "text-"+l.lang, "", "file with its text in that language")
	}
	c.MarkFlagRequired("from")
	return c
}

func printPolicies(c *cobra.Command, asJSON bool, list []server.PolicyShown) error {
	if asJSON {
		return printJSON(c, list)
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "VERSION\tFROM\tTEXTS\tNAME\tID")
	for _, p := range list {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%v\n", p.Version, p.From, strings.Join(p.Langs, " "), printable(p.NameAr+" "+p.NameFa+" "+p.NameEn), p.ID)
	}
	return w.Flush()
}
