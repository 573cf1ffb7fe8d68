// Package tables is what goes in and out as a table: which lists there are, what their
// columns are called in three languages, and how they are written as CSV, XLSX and JSON
// and read again. A list is made of the JSON that the API answers, so a table never
// shows what the list itself would not.
package tables

import (
	"slices"
	"strings"
)

// Words are a heading in three languages.
type Words struct{ Ar, Fa, En string }

// In is the word of a language; English where it is none of ours.
func (w Words) In(lang string) string {
	switch lang {
	case "ar":
		return w.Ar
	case "fa":
		return w.Fa
	}
	return w.En
}

// Kind is what a column holds, and how it is typed in a sheet.
type Kind uint8

// Kinds of columns.
const (
	Text   Kind = iota
	Whole       // a number
	YesNo       //
	Day         // ISO 8601
	Moment      // UTC ms, written as RFC 3339 in UTC; 0 is none
	Minor       // minor units, with their currency in another column
	Sums        // amounts by currency: a column each
	Nested      // what a cell cannot hold but in words
)

// Column is one column of a list.
type Column struct {
	Key      string // of the JSON, with points between: price.amount_minor
	Kind     Kind
	Currency string // of a Minor: the key that has it
	Words    Words
}

// List is a list or report that an API call answers.
type List struct {
	Name    string // of files and sheets
	Path    string // of the call
	Rows    string // key of the rows within the answer; empty where it is them
	Title   Words
	Columns []Column
}

// Of is the list that a call answers; nil where it answers none.
func Of(path string) *List {
	if i := slices.IndexFunc(lists, func(l List) bool { return l.Path == path }); i >= 0 {
		return &lists[i]
	}
	return nil
}

// Lists are all of them.
func Lists() []List { return lists }

// list describes one: its columns are keys of words, apart by spaces.
func list(name, path, rows string, title Words, keys string) List {
	l := List{Name: name, Path: path, Rows: rows, Title: title}
	for key := range strings.FieldsSeq(keys) {
		c, ok := columns[key]
		if !ok {
			panic("bug: no words for column " + key)
		}
		if c.Key == "" {
			c.Key = key
		}
		if c.Kind == Minor && c.Currency == "" {
			c.Currency = "currency"
		}
		l.Columns = append(l.Columns, c)
	}
	return l
}

// Languages that a table is written in.
var Languages = []string{"ar", "fa", "en"}

// Formats that a list is written in.
var Formats = []string{"json", "csv", "xlsx"}

// MediaType is that of a format.
func MediaType(format string) string {
	switch format {
	case "csv":
		return "text/csv; charset=utf-8"
	case "xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "application/json"
}
