package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
)

func newStatementCommand() *cobra.Command {
	var data, lang string
	var asJSON, html bool
	c := &cobra.Command{
		Use:     "statement STATEMENT",
		Short:   "Print the page of a statement for its family, in its language",
		Example: "  rawaj report statement 01a20041-d82d-7c7f-b411-ca48aaa30000 --data ./branch\n  rawaj report statement 01a20041-d82d-7c7f-b411-ca48aaa30000 --html --lang ar --data ./centre > statement.html",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := syncproto.ParseRecordID(args[0])
			if err != nil {
				return misuse("%v", err)
			}
			one, err := atEither(c, data, func(ctx context.Context, s *server.Server) (settle.Statement, error) { return s.Statement(ctx, id) },
				func(ctx context.Context, s *client.Client) (settle.Statement, error) { return s.Statement(ctx, id) },
				"/api/statements/"+id.String())
			if err != nil || asJSON {
				return orPrint(c, one, err)
			}
			page, err := one.Page(lang, html)
			if err != nil {
				return err
			}
			_, err = c.OutOrStdout().Write(page)
			return err
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&lang, "lang", "", "ar, fa or en; that of the family where none is given")
	c.Flags().BoolVar(&html, "html", false, "a page for a browser and its printer, instead of text")
	return c
}
