package localapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/tables"
)

const (
	// tablePage is how many rows of a list in pages are asked for at a time: the most
	// that a page has.
	tablePage = 500
	// maxTableRows bounds a table: a sheet has room for 1,048,576.
	maxTableRows = 1_000_000
)

// table is the list that a route answers; nil where it answers none.
func (r *Route) table() *tables.List {
	if r.Method != http.MethodGet || r.Response == nil || r.Stream {
		return nil
	}
	return tables.Of(r.Path)
}

// parameters are those of the query, with what every list takes.
func (r *Route) parameters() []string {
	if r.table() == nil {
		return r.Query
	}
	return slices.Concat(r.Query, []string{"format", "lang"})
}

// asTable answers a list as CSV or XLSX where that is asked for. It is made of the list's
// own answer, so that a table has nothing that whoever asks may not read.
func asTable(r *Route) http.HandlerFunc {
	whole, handle := r.table(), r.Handle
	if whole == nil {
		return handle
	}
	own := sync.OnceValue(func() *tables.List { return whole.For(r.Response) }) // no start waits for it
	paged := slices.Contains(r.Query, "cursor")
	return func(w http.ResponseWriter, q *http.Request) {
		format, lang := q.URL.Query().Get("format"), q.URL.Query().Get("lang")
		switch {
		case format != "" && !slices.Contains(tables.Formats, format):
			Refuse(w, refusal.Parameter("format", "%q is no format: use %s", format, strings.Join(tables.Formats, ", ")))
			return
		case lang != "" && !slices.Contains(tables.Languages, lang):
			Refuse(w, refusal.Parameter("lang", "%q is no language: use %s", lang, strings.Join(tables.Languages, ", ")))
			return
		case format == "" || format == "json" && !paged:
			handle(w, q)
			return
		}
		pages, refused, err := pagesOf(handle, q, paged)
		switch {
		case err != nil:
			Refuse(w, err)
			return
		case refused != nil:
			refused.copy(w)
			return
		}
		l := own()
		var out bytes.Buffer
		if err = write(&out, l, format, lang, pages); err == nil {
			err = q.Context().Err()
		}
		if err != nil {
			Refuse(w, err)
			return
		}
		w.Header().Set("Content-Type", tables.MediaType(format))
		w.Header().Set("Content-Disposition", `attachment; filename="`+l.Name+"."+format+`"`)
		w.Write(out.Bytes())
	}
}

// write writes the pages of a list; as JSON they are one.
func write(out *bytes.Buffer, l *tables.List, format, lang string, pages [][]byte) error {
	if format != "json" {
		t, err := l.Fill(lang, pages...)
		if err != nil {
			return err
		}
		return t.Write(out, format)
	}
	all := map[string][]json.RawMessage{l.Rows: {}}
	for _, b := range pages {
		page := map[string]json.RawMessage{}
		var rows []json.RawMessage
		if err := json.Unmarshal(b, &page); err != nil {
			return err
		}
		if err := json.Unmarshal(page[l.Rows], &rows); err != nil {
			return err
		}
		all[l.Rows] = append(all[l.Rows], rows...)
	}
	return json.NewEncoder(out).Encode(all)
}

// pagesOf asks a list for all of its pages.
func pagesOf(handle http.HandlerFunc, q *http.Request, paged bool) (pages [][]byte, refused *kept, err error) {
	query := q.URL.Query()
	if paged && query.Get("limit") == "" {
		query.Set("limit", strconv.Itoa(tablePage))
	}
	for len(pages)*tablePage < maxTableRows {
		asked := q.Clone(q.Context())
		asked.URL.RawQuery = query.Encode()
		k := &kept{head: http.Header{}, status: http.StatusOK}
		handle(k, asked)
		if k.status != http.StatusOK {
			return nil, k, nil
		}
		pages = append(pages, k.body.Bytes())
		var page struct {
			Next string `json:"next"`
		}
		if !paged || json.Unmarshal(k.body.Bytes(), &page) != nil || page.Next == "" {
			return pages, nil, q.Context().Err()
		}
		query.Set("cursor", page.Next)
	}
	return nil, nil, refusal.New(refusal.TooMany, "the list is longer than the %d rows that a sheet has: ask for less of it", maxTableRows).With("max", maxTableRows)
}

// Ask answers a GET from routes that no process serves.
func Ask(ctx context.Context, routes []Route, address string) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	k := &kept{head: http.Header{}, status: http.StatusOK}
	Mux(routes).ServeHTTP(k, q)
	if k.status == http.StatusOK {
		return k.body.Bytes(), nil
	}
	refused := &refusal.Error{}
	if err := json.Unmarshal(k.body.Bytes(), refused); err != nil {
		return nil, err
	}
	return nil, refused
}

// kept keeps what a handler answers.
type kept struct {
	head   http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header         { return k.head }
func (k *kept) WriteHeader(status int)      { k.status = status }
func (k *kept) Write(b []byte) (int, error) { return k.body.Write(b) }

func (k *kept) copy(w http.ResponseWriter) {
	for name, values := range k.head {
		w.Header()[name] = values
	}
	w.WriteHeader(k.status)
	w.Write(k.body.Bytes())
}

// IsList says whether a route answers rows: a list, or a page or report of them.
func IsList(r *Route) bool {
	if r.Method != http.MethodGet || r.Response == nil || r.Stream {
		return false
	}
	t := reflect.TypeOf(r.Response)
	if t.Kind() == reflect.Slice {
		return true
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	for _, name := range []string{"Items", "Rows"} {
		if _, ok := t.FieldByName(name); ok {
			return true
		}
	}
	return strings.HasPrefix(r.Path, "/api/report/")
}
