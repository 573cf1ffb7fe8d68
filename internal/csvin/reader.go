package csvin

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// MaxField bounds one cell in bytes: a screenful of note.
	MaxField = 16 << 10
	// MaxColumns bounds the cells of a record; a file of a till has a dozen.
	MaxColumns = 256
	// MaxRecord bounds a record, and each physical line, in bytes. It also bounds how
	// far a quote that is never closed is followed.
	MaxRecord = 64 << 10
)

// LineError says what is wrong with a line. Reading goes on after it.
type LineError struct {
	Line   int // physical, 1 is the first; where the record starts
	Reason string
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// Record is one line of the table.
type Record struct {
	Line   int      // physical line it starts at, 1 is the first
	Fields []string // as many as the heading has; reused by the next Read
}

// Reader reads a file with a heading. It is for one goroutine and keeps no more
// than two records in memory.
type Reader struct {
	src    *source
	csv    *csv.Reader
	header []string
}

// NewReader reads the heading. A byte order mark before it is dropped.
func NewReader(r io.Reader) (*Reader, error) {
	c := &Reader{src: newSource(r)}
	mark, _ := c.src.in.Peek(3)
	switch {
	case bytes.HasPrefix(mark, []byte("\xef\xbb\xbf")):
		n, _ := c.src.in.Discard(3)
		c.src.offset = int64(n)
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		return nil, errors.New("the file is UTF-16: save it as CSV in UTF-8")
	}
	c.restart()
	first, err := c.Read()
	if err == io.EOF {
		return nil, errors.New("the file is empty: its first line has to name the columns")
	}
	if err != nil {
		return nil, fmt.Errorf("read the heading: %w", err)
	}
	for _, name := range first.Fields {
		c.header = append(c.header, strings.TrimSpace(name))
	}
	return c, nil
}

func (r *Reader) restart() {
	r.csv = csv.NewReader(r.src)
	r.csv.FieldsPerRecord = -1 // counted below, for its own words
	r.csv.ReuseRecord = true
}

// Header names the columns, without spaces around.
func (r *Reader) Header() []string { return r.header }

// Offset is how many bytes of the file have been read.
func (r *Reader) Offset() int64 { return r.src.offset }

// Read returns the next record, a *LineError for a line that is none, io.EOF at the
// end, or the error of the file under it.
func (r *Reader) Read() (Record, error) {
	start, err := r.src.begin()
	if err != nil {
		return Record{}, err
	}
	fields, err := r.csv.Read()
	if r.src.err != nil {
		return Record{}, r.src.err
	}
	if err != nil {
		reason := r.reason(err)
		r.src.retreat()
		r.restart()
		return Record{}, &LineError{start, reason}
	}
	if reason := r.check(fields); reason != "" {
		return Record{}, &LineError{start, reason}
	}
	return Record{start, fields}, nil
}

func (r *Reader) reason(err error) string {
	var syntax *csv.ParseError
	switch {
	case errors.Is(err, errTooLong) && len(r.src.given) == 1:
		return fmt.Sprintf("is over %d bytes", MaxRecord)
	case errors.Is(err, errTooLong):
		return fmt.Sprintf("a quote is not closed within %d bytes", MaxRecord)
	case !errors.As(err, &syntax):
		return err.Error()
	case errors.Is(err, csv.ErrBareQuote):
		return `a quote stands within a field that does not begin with one`
	}
	return `a quoted field is not closed, or goes on after its quote`
}

func (r *Reader) check(fields []string) string {
	for _, l := range r.src.given {
		switch {
		case bytes.IndexByte(l.text, 0) >= 0:
			return "holds a zero byte"
		case !utf8.Valid(l.text):
			return "is not UTF-8"
		}
	}
	switch {
	case len(fields) > MaxColumns:
		return fmt.Sprintf("has %d columns, more than %d", len(fields), MaxColumns)
	case r.header != nil && len(fields) != len(r.header):
		return fmt.Sprintf("has %d columns where the heading has %d", len(fields), len(r.header))
	}
	for i, f := range fields {
		if len(f) > MaxField {
			return fmt.Sprintf("column %d is over %d bytes", i+1, MaxField)
		}
	}
	return ""
}

// Column finds a column by its name, whatever its case, the spaces around it and
// the script of its digits; else by its number, from 1. It returns an index of
// Fields.
func (r *Reader) Column(name string) (int, error) { return Column(r.header, name) }

// Column is Reader.Column, of another table's heading.
func Column(header []string, name string) (int, error) {
	found := -1
	for i, h := range header {
		if foldName(h) != foldName(name) {
			continue
		}
		if found >= 0 {
			return 0, fmt.Errorf("columns %d and %d are both called %q: give the number", found+1, i+1, h)
		}
		found = i
	}
	if found >= 0 {
		return found, nil
	}
	if n, err := strconv.Atoi(foldName(name)); err == nil && n >= 1 && n <= len(header) {
		return n - 1, nil
	}
	return 0, fmt.Errorf("no column is called %q: the file has %s", name, namesOf(header))
}

func foldName(s string) string { return strings.ToLower(ASCIIDigits(strings.TrimSpace(s))) }

// namesOf lists the first columns, for a person who looks for the right one.
func namesOf(header []string) string {
	const most = 20
	names := make([]string, 0, most+1)
	for i, h := range header {
		if i == most {
			names = append(names, "…")
			break
		}
		names = append(names, Quote(h))
	}
	return strings.Join(names, ", ")
}

// Quote shows the beginning of a cell in a message.
func Quote(s string) string { return strconv.Quote(clip(s)) }

// clip keeps a message readable that shows what a cell holds.
func clip(s string) string {
	const most = 40
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}
