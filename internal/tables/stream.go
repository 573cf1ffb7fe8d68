package tables

import (
	"bufio"
	"bytes"
	"io"

	"github.com/rawaj/rawaj/internal/csvin"
	"github.com/rawaj/rawaj/internal/refusal"
)

// workbookStart is how a workbook begins: it is a zip.
var workbookStart = []byte("PK\x03\x04")

// Stream is a file that is read line by line. CSV may be of any length, for no more than
// two of its lines are kept; a sheet is read whole first, within the bounds of Read.
type Stream struct {
	csv   *csvin.Reader
	sheet *File
	next  int   // line of the sheet
	size  int64 // of the workbook
}

// Open reads the heading of a CSV or XLSX file, whichever it is.
func Open(r io.Reader) (*Stream, error) {
	in := bufio.NewReader(r)
	if start, _ := in.Peek(len(workbookStart)); !bytes.Equal(start, workbookStart) {
		c, err := csvin.NewReader(in)
		if err != nil {
			return nil, refusal.Wrap(refusal.BadForm, err)
		}
		return &Stream{csv: c}, nil
	}
	counted := &counter{in: in}
	f, err := Read(counted)
	if err != nil {
		return nil, err
	}
	return &Stream{sheet: f, size: counted.n}, nil
}

// Sheet is the file where it is a workbook; else nil.
func (s *Stream) Sheet() *File { return s.sheet }

// Column finds a column as csvin.Reader does.
func (s *Stream) Column(name string) (int, error) {
	if s.sheet != nil {
		return csvin.Column(s.sheet.Head, name)
	}
	return s.csv.Column(name)
}

// Read gives the next line as csvin.Reader does. A row of a sheet without any value is no
// line.
func (s *Stream) Read() (csvin.Record, error) {
	if s.sheet == nil {
		return s.csv.Read()
	}
	if s.next == len(s.sheet.Lines) {
		return csvin.Record{}, io.EOF
	}
	l := &s.sheet.Lines[s.next]
	s.next++
	if l.Bad != "" {
		return csvin.Record{}, &csvin.LineError{Line: l.Number, Reason: l.Bad}
	}
	return csvin.Record{Line: l.Number, Fields: l.Cells}, nil
}

// Offset is how many bytes of the file have been read; of a sheet as many as its lines
// that have been.
func (s *Stream) Offset() int64 {
	switch {
	case s.sheet == nil:
		return s.csv.Offset()
	case s.next == len(s.sheet.Lines):
		return s.size
	}
	return s.size * int64(s.next) / int64(len(s.sheet.Lines))
}

type counter struct {
	in io.Reader
	n  int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}
