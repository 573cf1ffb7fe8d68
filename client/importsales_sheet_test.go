package client_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/raced"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/tables"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Sales here are made up, but for those of RAWAJ_TILL_DATA.

// workbook is a file with one sheet of the XML of rows.
func workbook(tb testing.TB, rows string, properties string) []byte {
	tb.Helper()
	const main, doc = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	const types, rels = "http://schemas.openxmlformats.org/package/2006/content-types", "http://schemas.openxmlformats.org/package/2006/relationships"
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range [][2]string{
		{"[Content_Types].xml", `<Types xmlns="` + types + `"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="` + rels + `"><Relationship Id="r1" Type="` + doc + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="` + main + `" xmlns:r="` + doc + `">` + properties + `<sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + rels + `"><Relationship Id="r1" Type="` + doc + `/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", `<worksheet xmlns="` + main + `"><sheetData>` + rows + `</sheetData></worksheet>`},
	} {
		w, err := z.Create(part[0])
		if err == nil {
			_, err = io.WriteString(w, part[1])
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// typing writes a cell of a column as a sheet has it: a number where number is true.
type typing func(column, cell string, row map[string]string) (as string, number bool)

// asText is a sheet in which everything is text.
func asText(_, cell string, _ map[string]string) (string, bool) { return cell, false }

func serial(day, clock string, from int) string {
	n := 0.0
	if d, err := time.Parse(time.DateOnly, day); err == nil {
		n = d.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours()/24 - float64(from)
	}
	if c, err := time.Parse(time.TimeOnly, clock); err == nil {
		n += float64(c.Hour()*3600+c.Minute()*60+c.Second()) / 86400
	}
	return strconv.FormatFloat(n, 'g', 15, 64) // what Excel keeps
}

// asTyped is a sheet with days, times and numbers in cells of their own.
func asTyped(column, cell string, row map[string]string) (string, bool) {
	switch _, err := strconv.ParseFloat(cell, 64); {
	case column == "date" || column == "Date":
		if day, err := time.Parse(time.DateOnly, cell); err == nil && day.Year() > 1900 {
			return serial(cell, "", 0), true
		}
	case column == "time" || column == "Time":
		if _, err := time.Parse(time.TimeOnly, cell); err == nil {
			return serial("", cell, 0), true
		}
	case err == nil && !strings.HasPrefix(cell, "0"):
		return cell, true
	}
	return cell, false
}

// asMoments is a sheet with both in one cell, which stands in both columns.
func asMoments(from int) typing {
	return func(column, cell string, row map[string]string) (string, bool) {
		if column == "date" || column == "time" {
			return serial(row["date"], row["time"], from), true
		}
		return asTyped(column, cell, row)
	}
}

// noisy has numbers as arithmetic leaves them.
func noisy(column, cell string, row map[string]string) (string, bool) {
	if n, err := strconv.ParseFloat(cell, 64); err == nil && column == "unit_price" {
		return strconv.FormatFloat(n*(1+2e-16), 'E', 17, 64), true
	}
	return asTyped(column, cell, row)
}

// sheetRows writes a CSV as rows of a sheet.
func sheetRows(tb testing.TB, text string, as typing) string {
	tb.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	var b strings.Builder
	for i, cells := range all {
		row := map[string]string{}
		for j, cell := range cells {
			row[all[0][j]] = cell
		}
		fmt.Fprintf(&b, `<row r="%d">`, i+1)
		for j, cell := range cells {
			at, number := cell, false
			if i > 0 && cell != "" {
				at, number = as(all[0][j], cell, row)
			}
			if number {
				fmt.Fprintf(&b, `<c r="%c%d"><v>%s</v></c>`, 'A'+j, i+1, at)
				continue
			}
			fmt.Fprintf(&b, `<c r="%c%d" t="inlineStr"><is><t xml:space="preserve">`, 'A'+j, i+1)
			xml.EscapeText(&b, []byte(at))
			b.WriteString(`</t></is></c>`)
		}
		b.WriteString(`</row>`)
	}
	return b.String()
}

// kept is all that an import records, with ids and every field.
func kept(tb testing.TB, s *store.Store) (all []string) {
	tb.Helper()
	if err := s.Read(tb.Context(), func(r *store.Reader) error {
		for _, table := range []syncproto.TableID{schema.Sale, schema.SaleLine, schema.Product, schema.Category, schema.Family} {
			if err := r.Each(table, func(row *records.Row) error {
				all = append(all, fmt.Sprintf("%s %v %v", row.Table.Name, row.ID, row.Values))
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	return all
}

func importBytes(tb testing.TB, s *store.Store, file []byte, o client.ImportOptions) client.ImportResult {
	tb.Helper()
	r, err := client.ImportSales(tb.Context(), s, bytes.NewReader(file), o)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// sheetSales are as many receipts as two commits take, and one whose number, price and item are no plain numbers.
var sheetSales = made(250) + "R-7,2015-01-02,23:59:59,007,\"Bread, <large> & warm\",خبز,-1,0.30\n900,2015-01-02,,,جبنة,Veggie,2,\n901,2015-01-02,00:00:00,,Tea,,1,4.35\n"

func TestASheetGivesTheSameSalesAsTheCSV(t *testing.T) {
	for _, c := range []struct {
		name, text string
		as         typing
		properties string
	}{
		{"all of it text", sheetSales, asText, ""},
		{"days, times and numbers", sheetSales, asTyped, ""},
		{"numbers with noise and exponents", sheetSales, noisy, ""},
		{"day and time in one cell", made(250), asMoments(0), ""},
		{"of a workbook that counts from 1904", made(250), asMoments(1462), `<workbookPr date1904="1"/>`},
	} {
		t.Run(c.name, func(t *testing.T) { sameAsSheet(t, c.text, workbook(t, sheetRows(t, c.text, c.as), c.properties)) })
	}
}

func sameAsSheet(t *testing.T, text string, file []byte) {
	t.Helper()
	o := importOptions(t, importMapping)
	one, other := newImportStore(t), newImportStore(t)
	want := importBytes(t, one, []byte(text), o)
	if diff := cmp.Diff(want, importBytes(t, other, file, o)); diff != "" {
		t.Error(diff)
	}
	if want.Receipts == 0 || want.RefusedTotal != 0 {
		t.Errorf("the CSV gives %+v", want)
	}
	had := kept(t, one)
	if diff := cmp.Diff(had, kept(t, other)); diff != "" {
		t.Errorf("the sheet gives other records:\n%.3000s", diff)
	}
	if diff := cmp.Diff(importTotal(t, one), importTotal(t, other)); diff != "" {
		t.Error(diff)
	}
	if r := importBytes(t, one, file, o); r.Receipts != 0 || r.AlreadyThere != want.Receipts || r.RefusedTotal != 0 {
		t.Errorf("after the CSV the sheet gives %+v", r)
	}
	if !slices.Equal(had, kept(t, one)) {
		t.Error("what was imported twice is not what it was")
	}
}

func TestAYearAsASheetGivesTheSameSalesAsTheCSV(t *testing.T) {
	raced.Skip(t)
	dir := os.Getenv("RAWAJ_TILL_DATA")
	if dir == "" {
		t.Skip("RAWAJ_TILL_DATA names no directory of real till data")
	}
	text, err := os.ReadFile(filepath.Join(dir, "food-till.csv"))
	if err != nil {
		t.Fatal(err)
	}
	sameAsSheet(t, string(text), workbook(t, sheetRows(t, string(text), asTyped), ""))
}

func TestASheetWithBrokenCellsIsRefusedLineByLineAsTheCSV(t *testing.T) {
	name := strings.Repeat("م", 201)
	text := importHeading +
		"1,2015-01-01,10:00,,Bread,,1,2.50\n1,2015-01-01,10:00,,none,,1,2.50\n1,2015-01-01,10:00,,,,1,2.50\n" +
		"1,2015-01-01,10:00,,Bread,,1.5,2.50\n1,2015-01-01,10:00,,Bread,,0,2.50\n1,2015-01-01,10:00,,Bread,,100001,2.50\n" +
		"1,2015-01-01,10:00,,Bread,,1,13.255\n1,2015-01-01,10:00,,Bread,,100000,9999999999\n1,2015-01-01,10:00,,Bread,,1,free\n" +
		"1,2015-01-01,10:00,,Bread,,\"1,250\",1\n1,2015-01-01,10:00,,Bread,,1.000,1\n" +
		"1,1/1/2015,10:00,,Bread,,1,2.50\n1,1404-08-30,10:00,,Bread,,1,2.50\n1,0.5,10:00,,Bread,,1,2.50\n1,999999,10:00,,Bread,,1,2.50\n" +
		"1,2015-01-01,25:00,,Bread,,1,2.50\n1,2015-01-01,9,,Bread,,1,2.50\n1,2015-01-01,-0.5,,Bread,,1,2.50\n" +
		",2015-01-01,10:00,,Bread,,1,2.50\n1,2015-01-01,10:00,a b,Bread,,1,2.50\n1,2015-01-01,10:00,," + name + ",,1,2.50\n" +
		"1,2015-01-01,10:00,,Bread," + name + ",1,2.50\n" + name + ",2015-01-01,10:00,,Bread,,1,2.50\n1,2015-01-01,10:00,,Cake,,1,2.50\n"
	o := importOptions(t, importMapping)
	want := importBytes(t, newImportStore(t), []byte(text), o)
	if want.RefusedTotal != 22 || want.Lines != 2 {
		t.Errorf("the CSV gives %+v", want)
	}
	numbers := func(column, cell string, row map[string]string) (string, bool) {
		if _, err := strconv.ParseFloat(cell, 64); err == nil && cell != "1.000" {
			return cell, true
		}
		return asTyped(column, cell, row)
	}
	for name, as := range map[string]typing{"text": asText, "typed": asTyped, "every number a number": numbers} {
		if diff := cmp.Diff(want, importBytes(t, newImportStore(t), workbook(t, sheetRows(t, text, as), ""), o)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestASheetRefusesCellsThatACSVCannotHave(t *testing.T) {
	rows := `<row r="1"><c r="A1" t="inlineStr"><is><t>receipt</t></is></c><c r="B1" t="inlineStr"><is><t>when</t></is></c><c r="C1" t="inlineStr"><is><t>item</t></is></c></row>` +
		`<row r="2"><c r="A2"><v>1</v></c><c r="B2"><f>NOW()</f></c><c r="C2" t="inlineStr"><is><t>Bread</t></is></c></row>` +
		`<row r="3"><c r="A3"><v>1</v></c><c r="B3"><v>42005.5</v></c><c r="C3" t="e"><v>#REF!</v></c></row>` +
		`<row r="4"><c r="A4"><v>1</v></c><c r="B4"><v>42005.5</v></c><c r="C4" t="str"><f>"Bread"</f><v>Bread</v></c></row>` +
		`<row r="6"><c r="A6"><v>2</v></c><c r="B6"><v>42005.5</v></c><c r="C6" t="inlineStr"><is><t>Tea</t></is></c><c r="D6"><v>1</v></c></row>`
	file := workbook(t, rows, "")
	s := newImportStore(t)
	r := importBytes(t, s, file, importOptions(t, "receipt=receipt,date=when,time=WHEN,item=3"))
	want := []client.RefusedLine{{2, "malformed: cell B2 is a formula without a value, or an error"}, {3, "malformed: cell C3 is a formula without a value, or an error"}, {6, "malformed: has 4 columns where the heading has 3"}}
	if diff := cmp.Diff(client.ImportResult{Receipts: 1, Lines: 1, Refused: want, RefusedTotal: 3}, r); diff != "" {
		t.Error(diff)
	}
	at := time.Date(2015, 1, 1, 8, 0, 0, 0, time.UTC).UnixMilli() // noon in Dubai
	if got := rowsOf(t, s, schema.Sale, schema.SaleDay, schema.SaleSoldAt); len(got) != 1 || got[0] != fmt.Sprintf("2015-01-01 %d", at) {
		t.Errorf("the sale is of %q", got)
	}
	r = importBytes(t, newImportStore(t), file, importOptions(t, "receipt=receipt,date=when,item=3"))
	if r.Receipts != 0 || len(r.Refused) != 4 || r.Refused[2].Reason != "bad_date: 2015-01-01 has a time, 12:00:00: map its column as the time too" {
		t.Errorf("a time that nobody mapped gives %+v", r)
	}
}

func TestAHostileWorkbookOfSalesRecordsNothing(t *testing.T) {
	raced.Skip(t)
	c := newStall(t)
	a := newAPI(t, c)
	head := sheetRows(t, "receipt,date,item\n", asText)
	row := `<row><c><v>1</v></c><c><v>42005</v></c><c><v>7</v></c></row>`
	good := workbook(t, head+row, "")
	for name, f := range map[string]struct {
		file []byte
		code refusal.Code
	}{
		"a bomb":           {workbook(t, head+row+strings.Repeat(" ", 70<<20), ""), refusal.TooLarge},
		"too many rows":    {workbook(t, head+strings.Repeat(row, tables.MaxRows+1), ""), refusal.TooMany},
		"half a file":      {good[:len(good)/2], refusal.BadForm},
		"an empty sheet":   {workbook(t, "", ""), refusal.BadForm},
		"too long a file":  {append(slices.Clone(good), make([]byte, tables.MaxFile)...), refusal.TooLarge},
		"no such column":   {workbook(t, sheetRows(t, "receipt,date,thing\n", asText)+row, ""), refusal.BadParameter},
		"a column in twos": {workbook(t, sheetRows(t, "receipt,date,item,Item\n", asText)+row, ""), refusal.BadParameter},
	} {
		status, e := a.refused("POST", "/api/import/sales?map=receipt=receipt,date=date,item=item&currency=AED", tables.MediaType("xlsx"), string(f.file))
		if e.Code != f.code || status != e.Status() {
			t.Errorf("%s gives %d %s (%s), want %s", name, status, e.Code, e.Message, f.code)
		}
	}
	if total := importTotal(t, c.Store); total.Receipts != 0 {
		t.Errorf("%d receipts are here", total.Receipts)
	}
	if status, e := a.refused("POST", "/api/import/sales?map=receipt=r,date=d,item=i&dry_run=perhaps", "text/csv", ""); e.Field != "dry_run" || status != http.StatusBadRequest {
		t.Errorf("perhaps a dry run gives %d %+v", status, e)
	}
}

// dryRun is what a dry run says of the lines: "2 new", "3 refused no_item".
func dryRun(tb testing.TB, s *store.Store, file []byte) (client.ImportResult, []string) {
	tb.Helper()
	o := importOptions(tb, importMapping)
	o.DryRun = true
	r := importBytes(tb, s, file, o)
	var lines []string
	for _, l := range r.Told {
		word, _, _ := strings.Cut(l.Reason, ":")
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", l.Line, l.Receipt, l.Outcome, word)))
	}
	return r, lines
}

func TestADryRunOfSalesTellsEveryLineAndRecordsNothing(t *testing.T) {
	few := importHeading + "1,2015-01-01,10:00,,Bread,A,1,2.50\n1,2015-01-01,10:00,,NONE,A,1,2.50\n1,2015-01-01,10:00,,Cake,A,1,3\n2,2015-01-01,10:05,,Bread,A,1,2.50\n"
	late := "1,2015-01-01,10:00,,Bread,A,1,2.50\n1,2015-01-01,10:00,,Cake,A,1,3\n2,2015-01-01,10:05,,Bread,A,2,2.50\n2,2015-01-01,10:06,,Bread,A,2,2.50\n"
	many := few + strings.TrimPrefix(made(500), importHeading) + late // many commits later they come again
	for _, file := range [][]byte{[]byte(many), workbook(t, sheetRows(t, many, asTyped), "")} {
		s := newImportStore(t)
		dry, lines := dryRun(t, s, file)
		if got := kept(t, s); len(got) != 0 {
			t.Fatalf("a dry run recorded %d: %v", len(got), got[0])
		}
		end := strings.Count(many, "\n")
		want := []string{"2 1 new", "3 1 refused no_item", "4 1 new", "5 2 new"}
		wantLate := []string{fmt.Sprint(end-3, " 1 same"), fmt.Sprint(end-2, " 1 same"), fmt.Sprint(end-1, " 2 refused receipt_differs"), fmt.Sprint(end, " 2 new")}
		if len(lines) != end-1 || !slices.Equal(lines[:4], want) || !slices.Equal(lines[len(lines)-4:], wantLate) {
			t.Errorf("%d of %d lines are told, %q and %q", len(lines), end-1, lines[:4], lines[len(lines)-4:])
		}
		run := importBytes(t, s, file, importOptions(t, importMapping))
		if !dry.DryRun || run.DryRun || run.Told != nil {
			t.Errorf("the dry run is %v, the run %v and tells %d", dry.DryRun, run.DryRun, len(run.Told))
		}
		dry.DryRun, dry.Told = false, nil
		if diff := cmp.Diff(dry, run); diff != "" {
			t.Errorf("the run is not what the dry run said: %s", diff)
		}
		before := kept(t, s)
		again, lines := dryRun(t, s, file)
		if again.Receipts != 0 || slices.ContainsFunc(lines, func(l string) bool { return strings.HasSuffix(l, "new") }) || !slices.Equal(before, kept(t, s)) {
			t.Errorf("afterwards a dry run says %d new", again.Receipts)
		}
	}
}

// What a dry run says of sales the run does, whatever the file.
func salesDryAndTwice(t *testing.T, s *store.Store, file string) {
	o := importOptions(t, "receipt=1,date=2,time=3,item=4,quantity=5,unit_price=6")
	run := func(dry bool) client.ImportResult {
		o.DryRun = dry
		r, err := client.ImportSales(t.Context(), s, strings.NewReader(file), o)
		if _, refused := errors.AsType[*refusal.Error](err); err != nil && !refused {
			t.Fatal(err)
		}
		r.DryRun = false
		return r
	}
	dry := run(true)
	if got := kept(t, s); len(got) != 0 {
		t.Fatalf("a dry run recorded %v", got)
	}
	last := 0
	for _, l := range dry.Told {
		if l.Line <= last {
			t.Fatalf("line %d is told after %d", l.Line, last)
		}
		last = l.Line
	}
	dry.Told = nil
	first := run(false)
	if diff := cmp.Diff(dry, first); diff != "" {
		t.Fatalf("the run is not what the dry run said: %s", diff)
	}
	once := kept(t, s)
	if again := run(false); again.Receipts != 0 || !slices.Equal(once, kept(t, s)) {
		t.Fatalf("twice gives %+v after %+v", again, first)
	}
}
