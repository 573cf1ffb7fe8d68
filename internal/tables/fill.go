package tables

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rawaj/rawaj/internal/csvin"
)

// Table is a list with its rows, ready to be written.
type Table struct {
	Title   string
	Lang    string
	Heads   []string
	Rows    [][]Cell
	Notes   [][2]string // what a report says of itself: unit, filter, cut-off, who is out
	columns []Column
	sums    map[int][]string // currencies of a Sums column
}

// Cell is a value as its column types it; the zero Cell is empty.
type Cell struct {
	Text string // as CSV has it
	Kind Kind
	Full bool // there is a value
}

// For drops the columns that a side does not answer; response is the zero value of what
// it answers. Where one side alone answers a list in pages, its rows are the page's items.
func (l *List) For(response any) *List {
	t := reflect.TypeOf(response)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	own := *l
	if own.Rows == "" && fieldOf(t, "items") != nil {
		own.Rows = "items"
	}
	if own.Rows != "" {
		t = fieldOf(t, own.Rows)
	}
	if t != nil && t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	own.Columns = slices.DeleteFunc(slices.Clone(l.Columns), func(c Column) bool { return !answers(t, c.Key) })
	return &own
}

func answers(t reflect.Type, key string) bool {
	for part := range strings.SplitSeq(key, ".") {
		if t = fieldOf(t, part); t == nil {
			return false
		}
	}
	return true
}

// fieldOf is the type of what JSON has under a key of a struct, embedded ones too.
func fieldOf(t reflect.Type, key string) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == key {
			return f.Type
		}
	}
	return nil
}

// Fill makes a table of what the API answered, page after page.
func (l *List) Fill(lang string, answers ...[]byte) (*Table, error) {
	t := &Table{Title: l.Title.In(lang), Lang: lang, columns: l.Columns, sums: map[int][]string{}}
	var rows []map[string]any
	for _, answer := range answers {
		d := json.NewDecoder(bytes.NewReader(answer))
		d.UseNumber()
		var whole any
		if err := d.Decode(&whole); err != nil {
			return nil, fmt.Errorf("read the list %s: %w", l.Name, err)
		}
		in := whole
		if m, ok := whole.(map[string]any); ok {
			in = m[l.Rows]
			t.Notes = notesOf(m, lang)
		}
		list, _ := in.([]any)
		for _, v := range list {
			if m, ok := v.(map[string]any); ok {
				rows = append(rows, m)
			}
		}
	}
	t.head(rows)
	for _, r := range rows {
		t.Rows = append(t.Rows, t.row(r))
	}
	return t, nil
}

// head names the columns; amounts by currency have one for each currency there is.
func (t *Table) head(rows []map[string]any) {
	for i, c := range t.columns {
		if c.Kind != Sums {
			t.Heads = append(t.Heads, c.Words.In(t.Lang))
			continue
		}
		found := map[string]struct{}{}
		for _, r := range rows {
			m, _ := lookup(r, c.Key).(map[string]any)
			for currency := range m {
				found[currency] = struct{}{}
			}
		}
		t.sums[i] = slices.Sorted(maps.Keys(found))
		for _, currency := range t.sums[i] {
			t.Heads = append(t.Heads, c.Words.In(t.Lang)+" "+currency)
		}
	}
}

func lookup(r map[string]any, key string) any {
	var v any = r
	for part := range strings.SplitSeq(key, ".") {
		m, _ := v.(map[string]any)
		v = m[part]
	}
	return v
}

func (t *Table) row(r map[string]any) []Cell {
	var cells []Cell
	for i, c := range t.columns {
		v := lookup(r, c.Key)
		if c.Kind != Sums {
			currency, _ := lookup(r, c.Currency).(string)
			cells = append(cells, cell(c.Kind, v, currency))
			continue
		}
		m, _ := v.(map[string]any)
		for _, currency := range t.sums[i] {
			cells = append(cells, cell(Minor, m[currency], currency))
		}
	}
	return cells
}

// noID is how JSON has an id that names nothing.
const noID = "00000000-0000-0000-0000-000000000000"

func cell(kind Kind, v any, currency string) Cell {
	text := ""
	switch v := v.(type) {
	case nil:
	case string:
		if text = v; v == noID {
			text = ""
		}
	case bool:
		text = strconv.FormatBool(v)
	case json.Number:
		n, err := v.Int64()
		switch {
		case err != nil:
			text = v.String()
		case kind == Moment && n == 0:
		case kind == Moment:
			text = time.UnixMilli(n).UTC().Format(time.RFC3339)
		case kind == Minor:
			text = Decimal(n, currency)
		default:
			text = v.String()
		}
	default:
		text = words(v)
	}
	return Cell{Text: text, Kind: kind, Full: text != ""}
}

// Decimal writes minor units of a currency exactly, with a point.
func Decimal(minor int64, currency string) string {
	digits, err := csvin.MinorDigits(currency)
	if err != nil {
		digits = 0
	}
	s, sign := strconv.FormatInt(minor, 10), ""
	if s[0] == '-' {
		s, sign = s[1:], "-"
	}
	if digits == 0 {
		return sign + s
	}
	if len(s) <= digits {
		s = strings.Repeat("0", digits+1-len(s)) + s
	}
	return sign + s[:len(s)-digits] + "." + s[len(s)-digits:]
}

// words are what a cell says of a value that has parts.
func words(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = words(v[i])
		}
		return strings.Join(parts, "; ")
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if s := words(v[key]); s != "" {
				parts = append(parts, key+" "+s)
			}
		}
		return strings.Join(parts, ", ")
	}
	return fmt.Sprint(v)
}
