package tables

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/internal/csvin"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const (
	// MaxFile bounds a file that is read, in bytes: MaxRows rows of a dozen columns.
	MaxFile = 16 << 20
	// MaxRows bounds its rows: more than any branch has people. All of them are told what
	// became of them.
	MaxRows = 50_000
	// MaxColumns bounds the cells of a row, as csvin.MaxColumns does.
	MaxColumns = csvin.MaxColumns
)

// Line is one line of a file.
type Line struct {
	Number int // in the file, 1 is the first
	Cells  []string
	Bad    string // why it cannot be read; empty where it can
}

// File is a table as it was read: all of it, since nothing is recorded of a file that is
// too large.
type File struct {
	Head  []string
	Lines []Line
	Sheet bool // numbers may be days and times: see Moment

	from1904 bool // that they are counted from
}

// Read reads a CSV or XLSX file, whichever it is.
func Read(r io.Reader) (*File, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > MaxFile {
		return nil, refusal.New(refusal.TooLarge, "the file is over %d bytes: import it in parts", MaxFile).With("max", MaxFile)
	}
	if bytes.HasPrefix(b, workbookStart) {
		return readXLSX(b)
	}
	return readCSV(b)
}

func readCSV(b []byte) (*File, error) {
	c, err := csvin.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, refusal.Wrap(refusal.BadForm, err)
	}
	f := &File{Head: c.Header()}
	for {
		record, err := c.Read()
		bad, isBad := errors.AsType[*csvin.LineError](err)
		switch {
		case err == io.EOF:
			return f, nil
		case isBad:
			err = f.add(Line{Number: bad.Line, Bad: bad.Reason})
		case err == nil:
			cells := make([]string, len(record.Fields))
			for i, s := range record.Fields {
				cells[i] = Armed(strings.TrimSpace(strings.Clone(s)))
			}
			err = f.add(Line{Number: record.Line, Cells: cells})
		}
		if err != nil {
			return nil, err
		}
	}
}

// add takes a line that is not blank.
func (f *File) add(l Line) error {
	if l.Bad == "" && !slices.ContainsFunc(l.Cells, func(s string) bool { return s != "" }) {
		return nil
	}
	if len(f.Lines) == MaxRows {
		return refusal.New(refusal.TooMany, "the file has over %d rows: import it in parts", MaxRows).With("max", MaxRows)
	}
	f.Lines = append(f.Lines, l)
	return nil
}

// Columns finds the keys that a file has columns of, by the key or its word in any of the
// three languages. ignored are headings that mean none of them.
func (f *File) Columns(keys []string) (at map[string]int, ignored []string, err error) {
	meaning := map[string]string{}
	for _, key := range keys {
		c, ok := columns[key]
		if !ok {
			panic("bug: no words for column " + key)
		}
		for _, name := range []string{c.Words.Ar, c.Words.Fa, c.Words.En} {
			if other, taken := meaning[schema.Fold(name)]; taken && other != key {
				panic(fmt.Sprintf("bug: %q means two columns, %s and %s", name, other, key))
			}
			meaning[schema.Fold(name)] = key
		}
	}
	for _, key := range keys { // "family" is a name to people, though the JSON has an id there
		if _, taken := meaning[key]; !taken {
			meaning[key] = key
		}
	}
	at = map[string]int{}
	for i, name := range f.Head {
		key, ok := meaning[schema.Fold(Armed(name))]
		if _, twice := at[key]; ok && twice {
			return nil, nil, refusal.New(refusal.NotUnique, "two columns mean %s: take one out", key).On(key)
		}
		switch {
		case ok:
			at[key] = i
		case name != "":
			ignored = append(ignored, name)
		}
	}
	return at, ignored, nil
}
