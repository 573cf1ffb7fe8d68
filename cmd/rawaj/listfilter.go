package main

import (
	"net/url"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
)

// listFilter is a parameter of lists that a command has a flag for.
type listFilter struct{ query, flag, usage string }

// listFilters are all of them. The other parameters are how a list is given, not what is in
// it.
var listFilters = []listFilter{
	{"q", "search", "words that are looked for in names and codes"},
	{"on", "on", "day that it is about; today where none is given"},
	{"from", "from", "first day that is shown, such as 2026-11-01"},
	{"to", "to", "last day that is shown"},
	{"days", "days", "how many days ahead is looked; 30 where none are given"},
	{"site", "site", "id of the site whose they are, at head office"},
	{"family", "family", "id of the family whose they are"},
	{"state", "state", "of those in this state alone"},
	{"receipt", "receipt", "number of a receipt"},
}

// askable are the parameters of a list at each kind of directory.
func askable(path string) map[datadir.Role][]string {
	all := map[datadir.Role][]string{}
	for role, routes := range map[datadir.Role][]localapi.Route{datadir.Server: (&server.Server{}).Routes(), datadir.Site: (&client.Client{}).Routes()} {
		for _, r := range routes {
			if r.Method == "GET" && r.Path == path {
				all[role] = r.Query
			}
		}
	}
	return all
}

// filters are the flags of a list's command, and what they were given.
type filters struct {
	path  string
	given map[string]*string // by parameter
}

// filtersOf gives a command a flag for each parameter that its list has on either side.
func filtersOf(c *cobra.Command, path string) *filters {
	f := &filters{path: path, given: map[string]*string{}}
	of := askable(path)
	for _, l := range listFilters {
		if slices.Contains(of[datadir.Server], l.query) || slices.Contains(of[datadir.Site], l.query) {
			f.given[l.query] = c.Flags().String(l.flag, "", l.usage)
		}
	}
	return f
}

// query is what is asked of a directory: a list that has no such filter there is not given
// whole instead.
func (f *filters) query(data string) (url.Values, error) {
	q := url.Values{}
	for _, l := range listFilters {
		if s := f.given[l.query]; s != nil && *s != "" {
			q.Set(l.query, *s)
		}
	}
	if len(q) == 0 {
		return q, nil
	}
	role, err := roleOf(data)
	if err != nil {
		return nil, err
	}
	of := askable(f.path)[role]
	for _, l := range listFilters {
		if q.Has(l.query) && !slices.Contains(of, l.query) {
			return nil, misuse("--%s: the list has no such filter in %s, a directory of a %s", l.flag, data, role)
		}
	}
	return q, nil
}
