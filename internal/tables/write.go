package tables

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// formulaStarts are what a spreadsheet takes for the beginning of a formula, the wide
// forms too.
const formulaStarts = "=+-@\t\r\n＝＋－＠"

// Defuse puts an apostrophe before text that a spreadsheet would run as a formula.
func Defuse(s string) string {
	if strings.IndexAny(strings.TrimLeft(s, "' "), formulaStarts) == 0 {
		return "'" + s
	}
	return s
}

// Armed gives the text that Defuse was given.
func Armed(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && Defuse(rest) == s {
		return rest
	}
	return s
}

// byteOrderMark tells Excel that a file is UTF-8; without it Arabic does not open.
const byteOrderMark = "\ufeff"

// WriteCSV writes a table for spreadsheets. What a report says of itself follows after an
// empty line.
func (t *Table) WriteCSV(out io.Writer) error {
	if _, err := io.WriteString(out, byteOrderMark); err != nil {
		return err
	}
	c := csv.NewWriter(out)
	c.UseCRLF = true
	if err := c.Write(t.Heads); err != nil {
		return err
	}
	line := make([]string, len(t.Heads))
	for _, row := range t.Rows {
		for i, v := range row {
			if line[i] = v.Text; v.Kind != Whole && v.Kind != Minor {
				line[i] = Defuse(v.Text)
			}
		}
		if err := c.Write(line); err != nil {
			return err
		}
	}
	if len(t.Notes) > 0 {
		c.Write([]string{""})
	}
	for _, n := range t.Notes {
		if err := c.Write([]string{Defuse(n[0]), Defuse(n[1])}); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// sheetName bounds the name of a sheet, which Excel refuses where it is longer.
const sheetName = 31

// exactDigits is how many digits of a number a sheet keeps; what is longer is written as
// text.
const exactDigits = 15

// WriteXLSX writes a table as a sheet, from right to left in Arabic and Persian, and what
// a report says of itself as a second one.
func (t *Table) WriteXLSX(out io.Writer) error {
	f := excelize.NewFile()
	defer f.Close()
	title := []rune(t.Title)
	title = title[:min(len(title), sheetName)]
	if err := f.SetSheetName("Sheet1", string(title)); err != nil {
		return err
	}
	s, err := t.styles(f)
	if err != nil {
		return err
	}
	if err := t.sheet(f, string(title), s); err != nil {
		return err
	}
	if len(t.Notes) > 0 {
		if err := t.about(f); err != nil {
			return err
		}
	}
	return f.Write(out)
}

// about is the sheet of what a report says of itself.
func (t *Table) about(f *excelize.File) error {
	const about = "i"
	if _, err := f.NewSheet(about); err != nil {
		return err
	}
	if err := t.aside(f, about); err != nil {
		return err
	}
	for i, n := range t.Notes {
		for j, text := range n {
			at, _ := excelize.CoordinatesToCellName(j+1, i+1)
			if err := f.SetCellStr(about, at, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// aside makes a sheet go from right to left where its language does.
func (t *Table) aside(f *excelize.File, sheet string) error {
	rtl := t.Lang == "ar" || t.Lang == "fa"
	return f.SetSheetView(sheet, 0, &excelize.ViewOptions{RightToLeft: &rtl})
}

type styles struct {
	head, day int
	decimals  map[int]int // by digits after the point
}

func (t *Table) styles(f *excelize.File) (s styles, err error) {
	if s.head, err = f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}}); err != nil {
		return s, err
	}
	format := "yyyy-mm-dd"
	if s.day, err = f.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
		return s, err
	}
	s.decimals = map[int]int{}
	for digits := range 5 { // what currencies have
		format := strings.TrimSuffix("0."+strings.Repeat("0", digits), ".")
		if s.decimals[digits], err = f.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (t *Table) sheet(f *excelize.File, name string, s styles) error {
	if err := t.aside(f, name); err != nil {
		return err
	}
	stream, err := f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	if err := stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	line := make([]any, len(t.Heads))
	for i, h := range t.Heads {
		line[i] = excelize.Cell{StyleID: s.head, Value: h}
	}
	if err := stream.SetRow("A1", line); err != nil {
		return err
	}
	for i, row := range t.Rows {
		for j, c := range row {
			line[j] = c.typed(s)
		}
		if err := stream.SetRow("A"+strconv.Itoa(i+2), line); err != nil {
			return fmt.Errorf("row %d: %w", i+2, err)
		}
	}
	return stream.Flush()
}

// typed is a cell as a sheet has it: text is a string, never a formula.
func (c Cell) typed(s styles) any {
	switch {
	case !c.Full:
		return nil
	case c.Kind == YesNo:
		return c.Text == "true"
	case c.Kind == Day:
		if day, err := time.Parse(time.DateOnly, c.Text); err == nil {
			return excelize.Cell{StyleID: s.day, Value: day}
		}
	case (c.Kind == Whole || c.Kind == Minor) && len(c.Text) <= exactDigits:
		_, fraction, _ := strings.Cut(c.Text, ".")
		if n, err := strconv.ParseFloat(c.Text, 64); err == nil {
			return excelize.Cell{StyleID: s.decimals[len(fraction)], Value: n}
		}
	}
	return c.Text
}

// Write writes a table in a format, csv or xlsx.
func (t *Table) Write(out io.Writer, format string) error {
	if format == "xlsx" {
		return t.WriteXLSX(out)
	}
	return t.WriteCSV(out)
}
