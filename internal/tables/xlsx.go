package tables

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/rawaj/rawaj/internal/csvin"
	"github.com/rawaj/rawaj/internal/refusal"
)

const (
	// maxUnzipped bounds what a workbook unzips to, all of its parts together: MaxRows rows
	// of a dozen cells.
	maxUnzipped = 64 << 20
	// maxPart bounds each part that is neither a sheet nor the table of strings: styles and
	// the like, which are read whole.
	maxPart = 4 << 20
	// maxParts bounds how many there are; a workbook of three sheets has some fifteen.
	maxParts = 200
	// maxCells bounds the cells of a sheet, and its strings, each of which costs some
	// hundred bytes beside its text.
	maxCells = 1_000_000
	// spilled is from which size a sheet is read from a temporary file.
	spilled = 4 << 20
	// maxDepth bounds how deep elements stand in each other; a sheet has six.
	maxDepth = 64
)

var errWorkbook = refusal.New(refusal.BadForm, "the file is no XLSX workbook that can be read: save it anew, or as CSV in UTF-8")

// readXLSX reads the first sheet of a workbook. Formulas are read by the value that the
// workbook keeps of them; a row with one that has none, or an error, is refused.
func readXLSX(b []byte) (f *File, err error) {
	bad, err := scanXLSX(b)
	if err != nil {
		return nil, err
	}
	defer func() { // the library meets files here that nobody made with care
		if v := recover(); v != nil {
			f, err = nil, errWorkbook
		}
	}()
	book, err := excelize.OpenReader(bytes.NewReader(b), excelize.Options{UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: spilled, RawCellValue: true})
	if err != nil {
		return nil, errWorkbook
	}
	defer book.Close()
	sheets := book.GetSheetList()
	if len(sheets) == 0 {
		return nil, errWorkbook
	}
	rows, err := book.Rows(sheets[0])
	if err != nil {
		return nil, errWorkbook
	}
	defer rows.Close()
	f = &File{Sheet: true}
	if p, err := book.GetWorkbookProps(); err == nil && p.Date1904 != nil {
		f.from1904 = *p.Date1904
	}
	for n := 1; rows.Next(); n++ {
		cells, err := rows.Columns()
		if err != nil {
			return nil, errWorkbook
		}
		if n > MaxRows+blankRows {
			return nil, refusal.New(refusal.TooMany, "the file has over %d rows: import it in parts", MaxRows).With("max", MaxRows)
		}
		if err := f.row(n, cells, bad[n]); err != nil {
			return nil, err
		}
	}
	if f.Head == nil {
		return nil, refusal.New(refusal.BadForm, "the first sheet is empty: its first line has to name the columns")
	}
	return f, nil
}

// blankRows bounds the empty rows between others.
const blankRows = 10_000

func (f *File) row(n int, cells []string, bad string) error {
	for i, s := range cells {
		cells[i] = strings.TrimSpace(s)
		if len(s) > csvin.MaxField || !utf8.ValidString(s) {
			bad = fmt.Sprintf("column %d is over %d bytes, or no text", i+1, csvin.MaxField)
		}
	}
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	switch {
	case f.Head == nil && len(cells) > 0 && bad == "":
		f.Head = cells
		return nil
	case f.Head == nil && bad != "":
		return refusal.New(refusal.BadForm, "the heading, line %d: %s", n, bad)
	case bad == "" && len(cells) > len(f.Head):
		bad = fmt.Sprintf("has %d columns where the heading has %d", len(cells), len(f.Head))
	}
	if bad != "" {
		return f.add(Line{Number: n, Bad: bad})
	}
	whole := make([]string, len(f.Head))
	copy(whole, cells)
	return f.add(Line{Number: n, Cells: whole})
}

// scanXLSX holds a workbook to the bounds by what it truly unzips to, before anything of
// it is kept, and tells the rows of the first sheet whose cells have no value.
func scanXLSX(b []byte) (bad map[int]string, err error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, errWorkbook
	}
	if len(z.File) > maxParts {
		return nil, refusal.New(refusal.TooMany, "the workbook has over %d parts", maxParts).With("max", maxParts)
	}
	first, err := firstSheet(z)
	if err != nil {
		return nil, err
	}
	bad = map[int]string{}
	left := int64(maxUnzipped)
	for _, part := range z.File {
		sheet := partName(part.Name) == first
		name := strings.ToLower(partName(part.Name))
		text := strings.HasSuffix(name, "sharedstrings.xml")
		most := left
		if !sheet && !text && !strings.HasPrefix(name, "xl/worksheets/") {
			most = min(left, maxPart)
		}
		if part.UncompressedSize64 > uint64(most) { // what it says; what it is, is counted below
			return nil, tooLarge()
		}
		r, err := part.Open()
		if err != nil {
			return nil, errWorkbook
		}
		in := &io.LimitedReader{R: r, N: most + 1}
		if sheet || text {
			err = scanCells(in, bad)
		} else {
			_, err = io.Copy(io.Discard, in)
		}
		r.Close()
		switch read := most + 1 - in.N; {
		case read > most:
			return nil, tooLarge()
		case errors.Is(err, errWorkbook):
			return nil, err
		case err != nil:
			if _, is := errors.AsType[*refusal.Error](err); is {
				return nil, err
			}
			return nil, errWorkbook
		default:
			left -= read
		}
	}
	return bad, nil
}

func tooLarge() error {
	return refusal.New(refusal.TooLarge, "the workbook unzips to more than %d bytes: import it in parts", maxUnzipped).With("max", maxUnzipped)
}

// scanCells counts the cells of a sheet, or its strings, and finds those without a value.
func scanCells(in io.Reader, bad map[int]string) error {
	d := xml.NewDecoder(in)
	cells, row, depth := 0, 0, 0
	at, formula, value, failed := "", false, false, false
	for {
		t, err := d.Token() // which holds tags to each other: the library takes a sheet that is broken off for one that ends
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.Directive:
			return errWorkbook // no sheet has any: they are how XML is made to grow
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return errWorkbook
			}
			switch t.Name.Local {
			case "row":
				row++
				if n, err := strconv.Atoi(attribute(t, "r")); err == nil {
					row = n
				}
			case "c", "si":
				if cells++; cells > maxCells {
					return refusal.New(refusal.TooMany, "the sheet has over %d cells: import it in parts", maxCells).With("max", maxCells)
				}
				at, formula, value, failed = attribute(t, "r"), false, false, attribute(t, "t") == "e"
				if col, _, err := excelize.CellNameToCoordinates(at); at != "" && (err != nil || col > MaxColumns) {
					return refusal.New(refusal.TooMany, "a row has over %d columns", MaxColumns).With("max", MaxColumns)
				}
			case "f":
				formula = true
			case "v", "is":
				value = true
			}
		case xml.EndElement:
			depth--
			if t.Name.Local == "c" && (failed || formula && !value) && row <= MaxRows+blankRows {
				bad[row] = "cell " + at + " is a formula without a value, or an error"
			}
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
