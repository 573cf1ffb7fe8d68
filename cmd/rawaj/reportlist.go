package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"

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

// newListCommands are a command for each list that has none of its own among these.
func newListCommands(own []*cobra.Command) (all []*cobra.Command) {
	for _, l := range tables.Lists() {
		if strings.HasPrefix(l.Path, "/api/report/") || slices.ContainsFunc(own, func(c *cobra.Command) bool { return c.Name() == l.Name }) {
			continue
		}
		all = append(all, newListCommand(l))
	}
	return all
}

func newListCommand(l tables.List) *cobra.Command {
	var data, id string
	var as asTable
	var asked *filters
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
			q, err := asked.query(data)
			if err != nil {
				return err
			}
			return writeTable(c, data, strings.Replace(l.Path, "{id}", url.PathEscape(id), 1), q, &as)
		},
	}
	dataFlag(c, &data)
	as.flags(c, "csv")
	asked = filtersOf(c, l.Path)
	if of {
		c.Flags().StringVar(&id, "id", "", "of what it is a list")
		c.MarkFlagRequired("id")
	}
	return c
}

// newReportOf is a report that is printed as a table unless another format is asked for.
func newReportOf(name, path, short string) *cobra.Command {
	var data, on string
	var asJSON bool
	var as asTable
	c := &cobra.Command{
		Use: name, Short: short, Example: "  rawaj report " + name + " --data ./centre", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if asJSON {
				as.format = "json"
			}
			if err := as.check(); err != nil {
				return err
			}
			q := url.Values{}
			if on != "" {
				q.Set("on", on)
			}
			return writeTable(c, data, path, q, &as)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	as.flags(c, "")
	c.Flags().StringVar(&on, "on", "", "day that it is about; today where none is given")
	return c
}

// printTable prints a list for people, with what it says of itself.
func printTable(c *cobra.Command, path, lang string, answer []byte) error {
	t, err := tables.Of(path).Fill(lang, answer)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(t.Heads, "\t"))
	for _, row := range t.Rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, printable(cell.Text))
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, n := range t.Notes {
		fmt.Fprintf(c.OutOrStdout(), "%s: %s\n", n[0], printable(n[1]))
	}
	return nil
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
		if as.format != "" {
			_, err = io.Copy(c.OutOrStdout(), answer.Body)
			return err
		}
		if body, err = io.ReadAll(answer.Body); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if as.format == "" {
		return printTable(c, path, as.lang, body)
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
