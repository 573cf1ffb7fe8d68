package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/tables"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func newImportCommand() *cobra.Command {
	var data, session string
	var o client.TableImport
	var asJSON bool
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Take in families, people, products, prices or attendance from a CSV or XLSX file",
		Long: `Take in families, people, products, prices or attendance from a CSV or XLSX file, and
say of every line what became of it: new, same, changed, likely_duplicate, or refused with
a code. The first line names the columns, in Arabic, Persian or English. Ids follow from
the lines, so that the same file again records nothing; an empty cell changes nothing.
--dry-run says what would happen. Likely duplicates are left out unless --duplicates.
Sales of another till have a command of their own: rawaj site import sales.`,
		Example: "  rawaj site import --kind families families.csv --data ./branch --dry-run\n  rawaj site import --kind attendance list.xlsx --session SESSION --data ./branch",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if tables.KeysOf(o.Kind) == nil {
				return misuse("--kind: %q cannot be imported: use one of %s", o.Kind, strings.Join(tables.Kinds, ", "))
			}
			if o.Currency = strings.ToUpper(o.Currency); o.Currency != "" && !schema.ValidCurrency(o.Currency) {
				return misuse("--currency %q is not a currency such as AED", o.Currency)
			}
			if o.Kind == "attendance" {
				id, err := syncproto.ParseRecordID(session)
				if err != nil {
					return misuse("--session: say whose attendance it is: %v", err)
				}
				o.Session = id
			}
			r, err := importTable(c, data, args[0], o)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, r)
			}
			return printImported(c.OutOrStdout(), &r)
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&o.Kind, "kind", "", strings.Join(tables.Kinds, ", "))
	c.Flags().BoolVar(&o.DryRun, "dry-run", false, "say what would happen and record nothing")
	c.Flags().BoolVar(&o.Duplicates, "duplicates", false, "record lines too that are likely there under another id")
	c.Flags().StringVar(&session, "session", "", "id of the session, for attendance")
	c.Flags().StringVar(&o.Currency, "currency", "", "currency of prices whose line names none")
	c.MarkFlagRequired("kind")
	return c
}

func importTable(c *cobra.Command, data, file string, o client.TableImport) (r client.TableImported, err error) {
	f, err := os.Open(file)
	if err != nil {
		return r, err
	}
	defer f.Close()
	b := newBar(c.ErrOrStderr(), "importing", -1)
	defer b.done()
	o.Progress = func(done, of int) { b.bytes(int64(of)).set(int64(done)) }
	s, err := openSite(c.Context(), data, false, logger(c))
	if heldByOther(err) {
		return importTableElsewhere(c.Context(), data, f, o)
	}
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if s.store.Identity() == nil {
		return r, notEnrolled(data)
	}
	return s.client.ImportTable(c.Context(), f, o)
}

// importTableElsewhere has the process that holds a directory import, which says on the
// way how far it is.
func importTableElsewhere(ctx context.Context, data string, f io.Reader, o client.TableImport) (r client.TableImported, err error) {
	q := url.Values{"kind": {o.Kind}, "dry_run": {strconv.FormatBool(o.DryRun)}, "duplicates": {strconv.FormatBool(o.Duplicates)}, "currency": {o.Currency}}
	if !o.Session.IsZero() {
		q.Set("session", o.Session.String())
	}
	answer, err := ask(ctx, data, "POST", "/api/import-table?"+q.Encode(), f, "text/event-stream")
	if err != nil {
		return r, err
	}
	defer answer.Body.Close()
	in, event := bufio.NewReader(answer.Body), ""
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return r, fmt.Errorf("the process that holds %s stopped telling of the import; what it recorded is safe, run it again: %w", data, err)
		}
		if name, ok := bytes.CutPrefix(line, []byte("event: ")); ok {
			event = string(bytes.TrimSpace(name))
		}
		v, ok := bytes.CutPrefix(line, []byte("data: "))
		switch {
		case !ok:
		case event == "progress":
			var p struct{ Done, Of int }
			if json.Unmarshal(v, &p) == nil {
				o.Progress(p.Done, p.Of)
			}
		case event == "refused":
			refused := &refusal.Error{}
			if err := json.Unmarshal(v, refused); err != nil {
				return r, err
			}
			return r, refused
		case event == "result":
			return r, json.Unmarshal(v, &r)
		}
	}
}

// ask asks the process that holds a directory and gives its answer as it comes.
func ask(ctx context.Context, data, method, route string, body io.Reader, accept string) (*http.Response, error) {
	a, err := datadir.ReadAddress(data)
	if err != nil {
		return nil, err
	}
	q, err := http.NewRequestWithContext(ctx, method, a.URL+route, body)
	if err != nil {
		return nil, err
	}
	q.Header.Set("Authorization", "Bearer "+a.Token)
	q.Header.Set("Accept", accept)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, fmt.Errorf("ask the process that holds %s: %w", data, err)
	}
	if r.StatusCode == http.StatusOK {
		return r, nil
	}
	defer r.Body.Close()
	return nil, refusedAnswer(r.Status, r.Body)
}

// refusedAnswer is what an answer that is no result says.
func refusedAnswer(status string, body io.Reader) error {
	b, _ := io.ReadAll(io.LimitReader(body, 64<<10))
	refused := &refusal.Error{}
	if json.Unmarshal(b, refused) == nil && refused.Code != "" {
		return refused
	}
	return fmt.Errorf("answered %s: %s", status, bytes.TrimSpace(b))
}

func printImported(w io.Writer, r *client.TableImported) error {
	if r.DryRun {
		fmt.Fprintln(w, "dry run: nothing was recorded")
	}
	n := r.Counts
	fmt.Fprintf(w, "%s: %d new, %d same, %d changed, %d likely duplicates, %d refused\n", r.Kind, n[client.LineNew], n[client.LineSame], n[client.LineChanged], n[client.LineDuplicate], n[client.LineRefused])
	if len(r.Ignored) > 0 {
		fmt.Fprintf(w, "columns that mean nothing here: %s\n", printable(strings.Join(r.Ignored, ", ")))
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, l := range r.Lines {
		if l.Outcome == client.LineSame {
			continue
		}
		why := l.Message
		if l.Code != "" {
			why = l.Code + " " + l.Field + ": " + why
		}
		for _, like := range l.Like {
			why += fmt.Sprintf(" like %s %v (%s)", like.Name, like.ID, strings.Join(like.Because, ", "))
		}
		fmt.Fprintf(t, "line %d\t%s\t%s\t%s\n", l.Line, l.Outcome, printable(l.Name), printable(strings.TrimSpace(why)))
	}
	return t.Flush()
}
