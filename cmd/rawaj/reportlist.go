package main

import (
	"context"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/tables"
	"github.com/rawaj/rawaj/server"
)

// asTable is how a list leaves.
type asTable struct{ format, lang string }

func (a *asTable) flags(c *cobra.Command, preset string) {
	c.Flags().StringVar(&a.format, "format", preset, strings.Join(tables.Formats, ", "))
	c.Flags().StringVar(&a.lang, "lang", "en", "language of headings: "+strings.Join(tables.Languages, ", "))
}

func (a *asTable) check() error {
	if a.format != "" && !slices.Contains(tables.Formats, a.format) {
		return misuse("--format: use one of %s", strings.Join(tables.Formats, ", "))
	}
	if !slices.Contains(tables.Languages, a.lang) {
		return misuse("--lang: use one of %s", strings.Join(tables.Languages, ", "))
	}
	return nil
}

// newListCommands are a command for each list that has none of its own.
func newListCommands() (all []*cobra.Command) {
	for _, l := range tables.Lists() {
		if strings.HasPrefix(l.Path, "/api/report/") {
			continue
		}
		all = append(all, newListCommand(l))
	}
	return all
}

func newListCommand(l tables.List) *cobra.Command {
	var data, id, on string
	var as asTable
	of := strings.Contains(l.Path, "{id}")
	example := "  rawaj report " + l.Name + " --format csv --data ./branch"
	if of {
		example += " --id ID"
	}
	c := &cobra.Command{
		Use: l.Name, Short: l.Title.En + ", as a table", Example: example, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := as.check(); err != nil {
				return err
			}
			q := url.Values{}
			if on != "" {
				q.Set("on", on)
			}
			return writeTable(c, data, strings.Replace(l.Path, "{id}", url.PathEscape(id), 1), q, &as)
		},
	}
	dataFlag(c, &data)
	as.flags(c, "csv")
	c.Flags().StringVar(&on, "on", "", "day that it is about, where the list has one; today where none is given")
	if of {
		c.Flags().StringVar(&id, "id", "", "of what it is a list")
		c.MarkFlagRequired("id")
	}
	return c
}

// writeTable writes a list of a directory as the API gives it, whoever holds it.
func writeTable(c *cobra.Command, data, path string, q url.Values, as *asTable) error {
	q.Set("format", as.format)
	q.Set("lang", as.lang)
	route := path + "?" + q.Encode()
	body, err := listHere(c, data, route)
	if heldByOther(err) {
		answer, err := ask(c.Context(), data, "GET", route, nil, "*/*")
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		_, err = io.Copy(c.OutOrStdout(), answer.Body)
		return err
	}
	if err != nil {
		return err
	}
	_, err = c.OutOrStdout().Write(body)
	return err
}

// listHere answers a call from a directory that nobody holds.
func listHere(c *cobra.Command, data, route string) (body []byte, err error) {
	role, err := roleOf(data)
	if err != nil {
		return nil, err
	}
	if role == datadir.Server {
		centre, err := openCentre(c.Context(), data, "", logger(c), c.ErrOrStderr())
		if err != nil {
			return nil, err
		}
		defer centre.close()
		err = centre.working(c.Context(), func(ctx context.Context, s *server.Server) error {
			body, err = localapi.Ask(ctx, s.Routes(), route)
			return err
		})
		return body, err
	}
	s, err := openSite(c.Context(), data, false, quiet())
	if err != nil {
		return nil, err
	}
	defer s.close()
	if s.store.Identity() == nil {
		return nil, notEnrolled(data)
	}
	return localapi.Ask(c.Context(), s.client.Routes(), route)
}
