package tables_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/rawaj/rawaj/internal/raced"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/tables"
)

// People, families and amounts here are made up.

const products = `[
 {"id":"0193c8f0-0000-7000-8000-000000000000","name_ar":"مبخرة","name_en":"=HYPERLINK(\"http://x\")","sku":"007","family":"00000000-0000-0000-0000-000000000000","price":{"amount_minor":1250,"currency":"AED"},"food":false},
 {"id":"0193c8f0-0000-7000-8000-000000010000","name_ar":"هريس","name_en":"'@sum","sku":"-1","family":"0193c8f0-0000-7000-8000-000000020000","price":null,"food":true}]`

func filled(t *testing.T, lang string) *tables.Table {
	t.Helper()
	table, err := tables.Of("/api/products").Fill(lang, []byte(products))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestWhatIsWrittenIsReadAgainTheSameInEveryLanguageAndFormat(t *testing.T) {
	for _, format := range []string{"csv", "xlsx"} {
		for _, lang := range tables.Languages {
			var out bytes.Buffer
			if err := filled(t, lang).Write(&out, format); err != nil {
				t.Fatal(err)
			}
			f, err := tables.Read(&out)
			if err != nil {
				t.Fatal(err)
			}
			at, _, err := f.Columns(tables.KeysOf("products"))
			if err != nil {
				t.Fatal(err)
			}
			for key, want := range map[string][2]string{
				"name_ar": {"مبخرة", "هريس"}, "name_en": {`=HYPERLINK("http://x")`, "'@sum"}, "sku": {"007", "-1"}, "family": {"", "0193c8f0-0000-7000-8000-000000020000"},
				"price.currency": {"AED", ""},
			} {
				i, ok := at[key]
				if !ok {
					t.Fatalf("%s in %s has no column %s: %q", format, lang, key, f.Head)
				}
				for n, w := range want {
					if got := f.Lines[n].Cells[i]; got != w {
						t.Errorf("%s in %s: %s of line %d is %q, want %q", format, lang, key, n, got, w)
					}
				}
			}
			if got := strings.TrimSuffix(f.Lines[0].Cells[at["price.amount_minor"]], "0"); got != "12.5" {
				t.Errorf("%s in %s: the price is %q", format, lang, got)
			}
		}
	}
}

func TestACSVOpensInExcelAndRunsNoFormula(t *testing.T) {
	var out bytes.Buffer
	if err := filled(t, "ar").WriteCSV(&out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if !strings.HasPrefix(text, "\xef\xbb\xbf") {
		t.Error("there is no byte order mark")
	}
	for _, want := range []string{`"'=HYPERLINK(`, `''@sum`, `,'-1,`, "الاسم بالعربية"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	for _, s := range []string{"=1", "+1", "-1", "@a", "\ta", "\ra", "＝1", " =1", "'=1", "''+", "plain", "'quoted", ""} {
		if d := tables.Defuse(s); tables.Armed(d) != s || strings.ContainsAny(d[:min(1, len(d))], "=+-@\t\r") {
			t.Errorf("%q is written %q and read %q", s, d, tables.Armed(d))
		}
	}
}

func TestASheetGoesFromRightToLeftAndItsCellsAreTyped(t *testing.T) {
	for lang, want := range map[string]bool{"ar": true, "fa": true, "en": false} {
		var out bytes.Buffer
		if err := filled(t, lang).WriteXLSX(&out); err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(&out)
		if err != nil {
			t.Fatal(err)
		}
		sheet := f.GetSheetList()[0]
		view, err := f.GetSheetView(sheet, 0)
		if err != nil || view.RightToLeft == nil || *view.RightToLeft != want {
			t.Errorf("%s: the view is %+v, %v", lang, view, err)
		}
		heads, _ := f.GetRows(sheet)
		for i, head := range heads[0] {
			cell, _ := excelize.CoordinatesToCellName(i+1, 2)
			formula, _ := f.GetCellFormula(sheet, cell)
			kind, _ := f.GetCellType(sheet, cell)
			value, _ := f.GetCellValue(sheet, cell)
			if formula != "" {
				t.Errorf("%s: %s is a formula, %q", lang, head, formula)
			}
			switch head {
			case "Price", "السعر", "قیمت":
				if kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber || value != "12.50" {
					t.Errorf("the price is of type %v and shown %q", kind, value)
				}
			case "Product code":
				if kind != excelize.CellTypeInlineString || value != "007" {
					t.Errorf("a code is of type %v and shown %q", kind, value)
				}
			}
		}
	}
}

func TestMinorUnitsAreWrittenExactly(t *testing.T) {
	for _, c := range []struct {
		minor    int64
		currency string
		want     string
	}{{0, "AED", "0.00"}, {5, "AED", "0.05"}, {-5, "AED", "-0.05"}, {123456, "AED", "1234.56"}, {150000, "IRR", "150000"}, {1, "OMR", "0.001"}, {-1 << 63, "AED", "-92233720368547758.08"}} {
		if got := tables.Decimal(c.minor, c.currency); got != c.want {
			t.Errorf("%d %s is written %s, want %s", c.minor, c.currency, got, c.want)
		}
	}
}

// workbook is a file with one sheet of the XML of rows.
func workbook(t testing.TB, rows string, more ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	parts := []string{
		"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`,
		"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml", `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + rows + `</sheetData></worksheet>`,
	}
	for i := 0; i < len(parts)+len(more); i += 2 {
		part := append(parts, more...)[i : i+2]
		w, err := z.Create(part[0])
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(part[1]))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const heading = `<row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c><c r="B1" t="inlineStr"><is><t>code</t></is></c></row>`

func TestFormulasAreReadByTheirValueAndThoseWithoutOneAreRefused(t *testing.T) {
	f, err := tables.Read(bytes.NewReader(workbook(t, heading+
		`<row r="2"><c r="A2" t="str"><f>1+1</f><v>two</v></c><c r="B2"><v>7</v></c></row>`+
		`<row r="4"><c r="A4"><f>1+1</f></c></row><row r="5"><c r="A5" t="e"><v>#REF!</v></c></row><row r="6"><c r="C6"><v>1</v></c></row>`)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range f.Lines {
		got = append(got, fmt.Sprintf("%d %q %v", l.Number, l.Cells, l.Bad != ""))
	}
	want := `[2 ["two" "7"] false 4 [] true 5 [] true 6 [] true]`
	if fmt.Sprint(got) != want {
		t.Errorf("read %v, want %v", got, want)
	}
}

func TestOtherSheetsOfAWorkbookSayNothingOfTheFirst(t *testing.T) {
	second := `<worksheet><sheetData><row r="1"><c r="A1" t="e"><v>#N/A</v></c></row><row r="2"><c r="A2"><f>1+1</f></c><c r="XFD2"><v>1</v></c></row></sheetData></worksheet>`
	f, err := tables.Read(bytes.NewReader(workbook(t, heading+`<row r="2"><c r="A2"><v>7</v></c></row>`, "xl/worksheets/sheet2.xml", second)))
	if err != nil || len(f.Lines) != 1 || f.Lines[0].Bad != "" || f.Lines[0].Cells[0] != "7" {
		t.Errorf("read %+v, %v", f, err)
	}
}

func TestASheetThatIsBrokenOffIsRefusedAsAWhole(t *testing.T) {
	for _, rows := range []string{`<row r="2"><c r="A2"><v>7</v></c></row></sheetData></worksheet><broken`, `<row r="2"><c r="A2"><v>7</w></c></row><row r="3"><c r="A3"><v>8</v></c></row>`} {
		if f, err := tables.Read(bytes.NewReader(workbook(t, heading+rows))); !errors.Is(err, refusal.New(refusal.BadForm, "")) {
			t.Errorf("%s is read as %+v, %v", rows, f, err)
		}
	}
}

func TestAHostileWorkbookIsRefusedBeforeItIsKept(t *testing.T) {
	raced.Skip(t)
	wide := strings.Repeat(`<c r="A1"/>`, 20)
	for name, c := range map[string]struct {
		file []byte
		code refusal.Code
	}{
		"a bomb in the sheet":      {workbook(t, heading+strings.Repeat(" ", 70<<20)), refusal.TooLarge},
		"a bomb beside it":         {workbook(t, heading, "xl/styles.xml", strings.Repeat(" ", 5<<20)), refusal.TooLarge},
		"a far column":             {workbook(t, heading+`<row r="2"><c r="XFD2"><v>1</v></c></row>`), refusal.TooMany},
		"a far row":                {workbook(t, heading+`<row r="900000"><c r="A900000"><v>1</v></c></row>`), refusal.TooMany},
		"too many rows":            {workbook(t, heading+strings.Repeat(`<row><c><v>1</v></c></row>`, tables.MaxRows+1)), refusal.TooMany},
		"too many cells":           {workbook(t, heading+strings.Repeat(`<row>`+wide+`</row>`, 51_000)), refusal.TooMany},
		"elements without end":     {workbook(t, strings.Repeat("<a>", 1000)), refusal.BadForm},
		"a doctype":                {workbook(t, heading, "xl/sharedStrings.xml", `<!DOCTYPE a [<!ENTITY b "c">]><a/>`), refusal.BadForm},
		"a zip of something else":  {workbook(t, "")[:100], refusal.BadForm},
		"an empty sheet":           {workbook(t, ""), refusal.BadForm},
		"a heading that is broken": {workbook(t, `<row r="1"><c r="A1"><f>1</f></c></row>`), refusal.BadForm},
		"too long a file":          {append([]byte("a\n"), bytes.Repeat([]byte("x\n"), tables.MaxFile/2)...), refusal.TooLarge},
		"too long a table":         {append([]byte("a\n"), bytes.Repeat([]byte("x\n"), tables.MaxRows+1)...), refusal.TooMany},
		"UTF-16":                   {[]byte("\xff\xfea\x00"), refusal.BadForm},
	} {
		_, err := tables.Read(bytes.NewReader(c.file))
		if r, _ := errors.AsType[*refusal.Error](err); r == nil || r.Code != c.code {
			t.Errorf("%s gave %v, want %s", name, err, c.code)
		}
	}
}

// A part that says that it is small, and is not, is found by what comes out of it.
func TestAWorkbookThatLiesAboutItsSizeIsRefused(t *testing.T) {
	var b, packed bytes.Buffer
	z := zip.NewWriter(&b)
	d, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	d.Write(bytes.Repeat([]byte(" "), 5<<20))
	d.Close()
	w, err := z.CreateRaw(&zip.FileHeader{Name: "xl/styles.xml", Method: zip.Deflate, CompressedSize64: uint64(packed.Len()), UncompressedSize64: 10})
	if err != nil {
		t.Fatal(err)
	}
	w.Write(packed.Bytes())
	z.Close()
	_, err = tables.Read(&b)
	if r, _ := errors.AsType[*refusal.Error](err); r == nil {
		t.Errorf("it gave %v", err)
	}
}

func TestHeadingsAreKnownInThreeLanguagesAndOthersAreTold(t *testing.T) {
	f, err := tables.Read(strings.NewReader("الاسم,\"Card \",تلفن,Colour\nx,1,2,3\n"))
	if err != nil {
		t.Fatal(err)
	}
	at, ignored, err := f.Columns(tables.KeysOf("people"))
	if err != nil || fmt.Sprint(at) != "map[card:1 name:0 phone:2]" || fmt.Sprint(ignored) != "[Colour]" {
		t.Errorf("found %v, ignored %v, %v", at, ignored, err)
	}
	f.Head[3] = "NAME"
	if _, _, err := f.Columns(tables.KeysOf("people")); !errors.Is(err, refusal.New(refusal.NotUnique, "")) {
		t.Errorf("two columns of one meaning gave %v", err)
	}
}

// Whatever the bytes, a file is read within the bounds or refused with a code.
func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{"name,code\nA,1\n", "\xef\xbb\xbfالاسم\r\n'=1\r\n", "a,\"b\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(readFuzzed)
}

func FuzzReadXLSX(f *testing.F) {
	f.Add(workbook(f, heading+`<row r="2"><c r="A2"><v>1</v></c></row>`))
	f.Add(workbook(f, `<row r="1"><c r="A1" t="s"><v>0</v></c></row>`, "xl/sharedStrings.xml", `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>name</t></si></sst>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		readFuzzed(t, b)
		if len(b) < 1<<16 { // as a sheet, which chance seldom zips
			readFuzzed(t, workbook(t, string(b)))
		}
	})
}

func readFuzzed(t *testing.T, b []byte) {
	file, err := tables.Read(bytes.NewReader(b))
	if err != nil {
		if r, _ := errors.AsType[*refusal.Error](err); r == nil {
			t.Fatalf("an error without a code: %v", err)
		}
		return
	}
	last := 0
	for _, l := range file.Lines {
		if l.Number <= last || len(file.Lines) > tables.MaxRows || l.Bad == "" && len(l.Cells) != len(file.Head) {
			t.Fatalf("line %d after %d of %d: %d cells of %d", l.Number, last, len(file.Lines), len(l.Cells), len(file.Head))
		}
		last = l.Number
	}
}
