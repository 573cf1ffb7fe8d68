package client_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/raced"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

var (
	importOrg  = syncproto.OrgID{0xa1}
	importSite = syncproto.RecordID{0x01, 6: 0x70, 8: 0x80, 9: 7}
)

func openImportStore(tb testing.TB, path string) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), store.Config{Path: path, Now: time.Now, Rand: rand.Reader})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

func newImportStore(tb testing.TB) *store.Store {
	tb.Helper()
	s := openImportStore(tb, filepath.Join(tb.TempDir(), "site.db"))
	if err := s.Enrol(tb.Context(), store.Identity{
		Org: importOrg, OrgKey: make([]byte, 32), Device: syncproto.DeviceID{0xd1}, Site: importSite, Kind: schema.KindStall,
		Prefix: "AB12", Certificate: []byte{0}, Server: "http://127.0.0.1:1", SiteName: "Stall 1", Zone: "Asia/Dubai", Lang: "en",
	}); err != nil {
		tb.Fatal(err)
	}
	return s
}

func importOptions(tb testing.TB, mapping string) client.ImportOptions {
	tb.Helper()
	columns, err := client.ParseMapping(mapping)
	if err != nil {
		tb.Fatal(err)
	}
	return client.ImportOptions{Columns: columns, Currency: "USD", Now: time.Now}
}

const (
	importHeading = "receipt,date,time,sku,item,category,quantity,unit_price\n"
	importMapping = "receipt=receipt,date=date,time=time,sku=sku,item=item,category=category,quantity=quantity,unit_price=unit_price"
)

func importText(tb testing.TB, s *store.Store, text string) client.ImportResult {
	tb.Helper()
	r, err := client.ImportSales(tb.Context(), s, strings.NewReader(text), importOptions(tb, importMapping))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func importFigures(tb testing.TB, s *store.Store) map[report.Key]*report.Figures {
	tb.Helper()
	var figures map[report.Key]*report.Figures
	if err := s.Read(tb.Context(), func(r *store.Reader) (err error) {
		figures, err = r.Figures(nil)
		return err
	}); err != nil {
		tb.Fatal(err)
	}
	return figures
}

func importTotal(tb testing.TB, s *store.Store) report.Figures {
	tb.Helper()
	if f := importFigures(tb, s)[report.Key{By: report.Total}]; f != nil {
		return *f
	}
	return report.Figures{}
}

// rowsOf writes out a table, a record a line, with the fields asked for.
func rowsOf(tb testing.TB, s *store.Store, table syncproto.TableID, fields ...syncproto.FieldID) []string {
	tb.Helper()
	var all []string
	if err := s.Read(tb.Context(), func(r *store.Reader) error {
		return r.Each(table, func(row *records.Row) error {
			var values []string
			for _, f := range fields {
				values = append(values, row.Of(f).String())
			}
			all = append(all, strings.Join(values, " "))
			return nil
		})
	}); err != nil {
		tb.Fatal(err)
	}
	return all
}

func TestImportRecordsReceiptsWithTheirCatalogue(t *testing.T) {
	s := newImportStore(t)
	got := importText(t, s, importHeading+
		"1,2015-01-01,11:38:36,haw_m,Hawaiian,Classic,1,13.25\n"+
		"2,2015-01-01,11:57:40,cla_m,\"Classic, large\",Classic,2,16\n"+
		"2,2015-01-01,11:57:40,fiv_l,جبنة,Veggie,1,18.5\n")
	if diff := cmp.Diff(client.ImportResult{Receipts: 2, Lines: 3, Refused: []client.RefusedLine{}}, got); diff != "" {
		t.Error(diff)
	}
	figures := importFigures(t, s)
	want := report.Figures{Pieces: 4, Lines: 3, Receipts: 2, AmountMinor: map[string]int64{"USD": 6375}}
	if diff := cmp.Diff(want, *figures[report.Key{By: report.Total}]); diff != "" {
		t.Error(diff)
	}
	veggie := schema.NamedID("category", importOrg, "veggie")
	if f := figures[report.Key{By: report.Category, Value: string(veggie[:])}]; f == nil || f.AmountMinor["USD"] != 1850 {
		t.Errorf("category of 18.50: got %+v", f)
	}
	at := time.Date(2015, 1, 1, 7, 38, 36, 0, time.UTC).UnixMilli() // Dubai is four hours ahead
	first := fmt.Sprintf("2015-01-01 %d 1 1 AB12-000001 ", at)
	sales := rowsOf(t, s, schema.Sale, schema.SaleDay, schema.SaleSoldAt, schema.SaleLineCount, schema.SaleExternalRef, schema.SaleReceiptNo, schema.SaleTill)
	if len(sales) != 2 || sales[0] != first {
		t.Errorf("got %q, want %q first of two", sales, first)
	}
	if got := rowsOf(t, s, schema.Product, schema.ProductSku); len(got) != 3 {
		t.Errorf("products: got %q, want 3", got)
	}
	if got := rowsOf(t, s, schema.Category); len(got) != 2 {
		t.Errorf("categories: got %d, want 2", len(got))
	}
	if n := rowsOf(t, s, schema.Payment); len(n) != 0 {
		t.Errorf("got %d payments, the file tells of none", len(n))
	}
}

func TestImportReadsWhatOtherProgramsWrite(t *testing.T) {
	const want = "1,2015-01-01,11:38:36,,Bread,,2,13.25\n"
	plain := newImportStore(t)
	importText(t, plain, importHeading+want)
	sales := rowsOf(t, plain, schema.SaleLine, schema.LineSale, schema.LineProduct, schema.LineQuantity, schema.LineUnitPrice, schema.LineCurrency)
	for name, text := range map[string]string{
		"carriage returns and a mark": "\ufeff" + strings.ReplaceAll(importHeading+want, "\n", "\r\n"),
		"no last line end":            strings.TrimSuffix(importHeading+want, "\n"),
		"Persian digits":              importHeading + "1,۲۰۱۵-۰۱-۰۱,۱۱:۳۸:۳۶,,Bread,,۲,۱۳٫۲۵\n",
		"Arabic digits":               importHeading + "1,٢٠١٥-٠١-٠١,١١:٣٨:٣٦,,Bread,,٢,١٣٫٢٥٠\n",
		"spaces and capitals":         strings.ToUpper(importHeading) + " 1 , 2015-01-01,11:38:36 ,,  bread ,, 2, 13.25\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := newImportStore(t)
			if r := importText(t, s, text); r.Lines != 1 || r.RefusedTotal != 0 {
				t.Fatalf("got %+v", r)
			}
			got := rowsOf(t, s, schema.SaleLine, schema.LineSale, schema.LineProduct, schema.LineQuantity, schema.LineUnitPrice, schema.LineCurrency)
			if diff := cmp.Diff(sales, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestImportCountsReturnsAndUnpricedLines(t *testing.T) {
	s := newImportStore(t)
	r := importText(t, s, importHeading+
		"1,2015-01-01,10:00,,Bread,,3,2.50\n"+
		"2,2015-01-01,10:05,,Bread,,-1,2.50\n"+
		"3,2015-01-01,10:10,,Bread,,,\n"+
		"4,2015-01-01,,,Bread,,2,0\n")
	if r.Receipts != 4 || r.RefusedTotal != 0 {
		t.Fatalf("got %+v", r)
	}
	want := report.Figures{Pieces: 5, Lines: 4, Receipts: 4, Unpriced: 1, AmountMinor: map[string]int64{"USD": 500}}
	if diff := cmp.Diff(want, importTotal(t, s), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	midnight := time.Date(2014, 12, 31, 20, 0, 0, 0, time.UTC).UnixMilli()
	if got := rowsOf(t, s, schema.Sale, schema.SaleExternalRef, schema.SaleSoldAt); got[0] != fmt.Sprintf("4 %d", midnight) {
		t.Errorf("a sale without a time: got %q, want the start of the day first", got)
	}
}

func TestImportListsWhatItCannotTake(t *testing.T) {
	name := strings.Repeat("م", 201)
	s := newImportStore(t)
	r := importText(t, s, importHeading+
		"1,2015-01-01,10:00,,Bread,,1,2.50\n"+ // 2: taken
		"1,2015-01-01,10:00,,none,,1,2.50\n"+
		"1,2015-01-01,10:00,,,,1,2.50\n"+
		"1,2015-01-01,10:00,,Bread,,1.5,2.50\n"+
		"1,2015-01-01,10:00,,Bread,,0,2.50\n"+
		"1,2015-01-01,10:00,,Bread,,100001,2.50\n"+
		"1,2015-01-01,10:00,,Bread,,1,13.255\n"+
		"1,2015-01-01,10:00,,Bread,,100000,9999999999\n"+
		"1,2015-01-01,10:00,,Bread,,1,free\n"+
		"1,1/1/2015,10:00,,Bread,,1,2.50\n"+
		"1,2015-01-01,25:00,,Bread,,1,2.50\n"+
		",2015-01-01,10:00,,Bread,,1,2.50\n"+
		"1,2015-01-01,10:00,a b,Bread,,1,2.50\n"+
		"1,2015-01-01,10:00,,"+name+",,1,2.50\n"+
		"1,2015-01-01,10:00,,Bread,"+name+",1,2.50\n"+
		name+",2015-01-01,10:00,,Bread,,1,2.50\n"+
		"1,2015-01-01,10:00,,Bread,1,2.50\n"+
		"1,2015-01-01,10:00,,Br\"ead,,1,2.50\n"+
		"1,2015-01-01,10:00,,Cake,,1,2.50\n"+ // 20: taken, of the same receipt
		"2,2015-01-01,10:00,,NONE,,1,2.50\n")
	var got []string
	for _, l := range r.Refused {
		word, _, _ := strings.Cut(l.Reason, ":")
		got = append(got, fmt.Sprintf("%d %s", l.Line, word))
	}
	want := []string{
		"3 no_item", "4 no_item", "5 bad_quantity", "6 bad_quantity", "7 bad_quantity", "8 bad_price", "9 bad_price", "10 bad_price",
		"11 bad_date", "12 bad_time", "13 no_receipt", "14 bad_sku", "15 bad_item", "16 bad_category", "17 bad_receipt",
		"18 malformed", "19 malformed", "21 no_item",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if want := `bad_price: "13.255" has more decimals than USD has`; r.Refused[5].Reason != want {
		t.Errorf("got %q, want %q", r.Refused[5].Reason, want)
	}
	if r.Receipts != 1 || r.Lines != 2 || r.RefusedTotal != len(want) {
		t.Errorf("got %d receipts, %d lines, %d refused", r.Receipts, r.Lines, r.RefusedTotal)
	}
}

func TestImportAgainAddsNothing(t *testing.T) {
	s := newImportStore(t)
	text := importHeading + "1,2015-01-01,10:00,,Bread,A,1,2.50\n1,2015-01-01,10:00,,NONE,A,1,1\n2,2015-01-01,10:01,b,Cake,B,-1,\n"
	importText(t, s, text)
	before := importTotal(t, s)
	sales := rowsOf(t, s, schema.Sale, schema.SaleReceiptNo)
	r := importText(t, s, text)
	if diff := cmp.Diff(client.ImportResult{AlreadyThere: 2, Refused: []client.RefusedLine{{Line: 3, Reason: "no_item"}}, RefusedTotal: 1}, r); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, importTotal(t, s)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(sales, rowsOf(t, s, schema.Sale, schema.SaleReceiptNo)); diff != "" || len(sales) != 2 {
		t.Errorf("receipts: %d %s", len(sales), diff)
	}
}

func TestImportAfterARestartFindsWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "site.db")
	s := openImportStore(t, path)
	if err := s.Enrol(t.Context(), *newImportStore(t).Identity()); err != nil {
		t.Fatal(err)
	}
	text := importHeading + "1,2015-01-01,10:00,,Bread,A,1,2.50\n"
	importText(t, s, text)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openImportStore(t, path)
	for range 2 {
		if r := importText(t, s, text); r.AlreadyThere != 1 || r.Receipts != 0 {
			t.Errorf("the same file: got %+v", r)
		}
	}
	if r := importText(t, s, text+"2,2015-01-01,10:01,,Bread,A,1,2.50\n"); r.AlreadyThere != 1 || r.Receipts != 1 {
		t.Errorf("a longer file: got %+v", r)
	}
}

func TestImportNeverOverwritesAReceipt(t *testing.T) {
	const first = "7,2015-01-01,10:00,,Bread,,1,2.50\n7,2015-01-01,10:00,,Cake,,1,4\n"
	for name, again := range map[string]string{
		"another price":    strings.Replace(first, "2.50", "2.60", 1),
		"another quantity": strings.Replace(first, ",1,4", ",2,4", 1),
		"another item":     strings.Replace(first, "Cake", "Pie", 1),
		"another line":     first + "7,2015-01-01,10:00,,Tea,,1,1\n",
		"a line less":      first[:strings.Index(first, "\n")+1],
		"another order":    "7,2015-01-01,10:00,,Cake,,1,4\n7,2015-01-01,10:00,,Bread,,1,2.50\n",
		"no price":         strings.Replace(first, "2.50", "", 1),
	} {
		t.Run(name, func(t *testing.T) {
			s := newImportStore(t)
			importText(t, s, importHeading+first)
			want := rowsOf(t, s, schema.SaleLine, schema.LineProduct, schema.LineQuantity, schema.LineUnitPrice)
			r := importText(t, s, importHeading+"6,2015-01-01,10:00,,Bread,,1,2.50\n"+again)
			if diff := cmp.Diff(client.ImportResult{Receipts: 1, Lines: 1, Refused: []client.RefusedLine{{Line: 3, Reason: "receipt_differs"}}, RefusedTotal: 1}, r); diff != "" {
				t.Error(diff)
			}
			got := rowsOf(t, s, schema.SaleLine, schema.LineProduct, schema.LineQuantity, schema.LineUnitPrice)
			if len(got) != 3 || !strings.Contains(strings.Join(got, "\n"), strings.Join(want, "\n")) {
				t.Errorf("got %q, want %q and one more", got, want)
			}
		})
	}
}

func TestImportKnowsAReceiptThatComesAgainLater(t *testing.T) {
	s := newImportStore(t)
	r := importText(t, s, importHeading+
		"1,2015-01-01,10:00,,Bread,,1,2.50\n"+
		"2,2015-01-01,10:00,,Bread,,1,2.50\n"+
		"1,2015-01-01,10:00,,Bread,,1,2.50\n"+ // equal
		"2,2015-01-01,10:00,,Bread,,1,2.60\n"+ // differs
		"1,2015-01-02,10:00,,Bread,,1,2.50\n"+ // another day: another sale
		"1,2015-01-02,10:01,,Bread,,1,2.50\n") // another time: another sale
	want := client.ImportResult{Receipts: 4, Lines: 4, AlreadyThere: 1, Refused: []client.RefusedLine{{Line: 5, Reason: "receipt_differs"}}, RefusedTotal: 1}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
}

func TestImportKeepsAReceiptTogetherAcrossRefusedLines(t *testing.T) {
	s := newImportStore(t)
	r := importText(t, s, importHeading+
		"1,2015-01-01,10:00,,Bread,,1,2.50\n2,2015-01-01,10:00,,NONE,,1,2.50\nx\n1,2015-01-01,10:00,,Cake,,1,2.50\n")
	if r.Receipts != 1 || r.Lines != 2 || r.RefusedTotal != 2 {
		t.Errorf("got %+v", r)
	}
}

// made is a file of n receipts with two lines each.
func made(n int) string {
	var b strings.Builder
	b.WriteString(importHeading)
	for i := range n {
		fmt.Fprintf(&b, "%d,2015-03-%02d,%02d:%02d:%02d,s%d,Item %d,Category %d,%d,%d.%02d\n", i, i%28+1, i/3600%24, i/60%60, i%60, i%97, i%97, i%7, i%3+1, i%40, i%100)
		fmt.Fprintf(&b, "%d,2015-03-%02d,%02d:%02d:%02d,t%d,Thing %d,Category %d,1,2\n", i, i%28+1, i/3600%24, i/60%60, i%60, i%89, i%89, i%7)
	}
	return b.String()
}

func TestImportCutShortIsCompletedByAnother(t *testing.T) {
	const n = 1500
	text := made(n)
	whole := newImportStore(t)
	importText(t, whole, text)

	s := newImportStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	o := importOptions(t, importMapping)
	o.Progress = func(bytes int64, receipts int) {
		if receipts >= n/3 {
			cancel()
		}
	}
	r, err := client.ImportSales(ctx, s, strings.NewReader(text), o)
	if !errors.Is(err, context.Canceled) || r.Receipts < n/3 || r.Receipts >= n {
		t.Fatalf("got %d receipts, %v", r.Receipts, err)
	}
	if f := importTotal(t, s); int(f.Receipts) != r.Receipts || int(f.Lines) != 2*r.Receipts {
		t.Errorf("cut short: got %d receipts with %d lines here, want %d whole ones", f.Receipts, f.Lines, r.Receipts)
	}
	again := importText(t, s, text)
	if again.AlreadyThere != r.Receipts || again.Receipts != n-r.Receipts {
		t.Errorf("again: got %d there and %d new, want %d and %d", again.AlreadyThere, again.Receipts, r.Receipts, n-r.Receipts)
	}
	if diff := cmp.Diff(importFigures(t, whole), importFigures(t, s)); diff != "" {
		t.Error(diff)
	}
}

func TestImportTellsHowFarItGotWhenTheStoreFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "site.db")
	s := openImportStore(t, path)
	if err := s.Enrol(t.Context(), *newImportStore(t).Identity()); err != nil {
		t.Fatal(err)
	}
	o := importOptions(t, importMapping)
	o.Progress = func(_ int64, receipts int) {
		if receipts >= 300 {
			s.Close()
		}
	}
	r, err := client.ImportSales(t.Context(), s, strings.NewReader(made(1000)), o)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("with %d receipts recorded", r.Receipts)) {
		t.Errorf("got %v", err)
	}
	s = openImportStore(t, path)
	if f := importTotal(t, s); int(f.Receipts) != r.Receipts || int(f.Lines) != r.Lines || r.Receipts < 300 {
		t.Errorf("got %d receipts here, told of %d", f.Receipts, r.Receipts)
	}
	if r2 := importText(t, s, made(1000)); r2.AlreadyThere != r.Receipts || r2.Receipts != 1000-r.Receipts {
		t.Errorf("again: got %+v after %d", r2, r.Receipts)
	}
}

func TestImportOfAFileThatBreaksOffLeavesOutTheLastReceipt(t *testing.T) {
	s := newImportStore(t)
	broken := errors.New("the stick was pulled")
	text := importHeading + "1,2015-01-01,10:00,,Bread,,1,2.50\n2,2015-01-01,10:00,,Bread,,1,2.50\n"
	r, err := client.ImportSales(t.Context(), s, io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), importOptions(t, importMapping))
	if !errors.Is(err, broken) || r.Receipts != 1 || !strings.Contains(err.Error(), "run it again") {
		t.Errorf("got %+v, %v", r, err)
	}
	r = importText(t, s, text+"2,2015-01-01,10:00,,Cake,,1,2.50\n")
	if r.Receipts != 1 || r.Lines != 2 || r.AlreadyThere != 1 || r.RefusedTotal != 0 {
		t.Errorf("the whole file: got %+v", r)
	}
}

func TestImportForAFamilyAtAFair(t *testing.T) {
	s := newImportStore(t)
	o := importOptions(t, importMapping)
	o.Family, o.Fair = "عائلة الريم", "Ramadan Fair"
	text := importHeading + "1,2015-01-01,10:00,,Bread,,1,2.50\n2,2015-01-01,10:00,,Bread,,1,2.50\n"
	if _, err := client.ImportSales(t.Context(), s, strings.NewReader(text), o); err == nil || !strings.Contains(err.Error(), `enrol this site with --fair "Ramadan Fair"`) {
		t.Fatalf("a fair that nobody made: got %v", err)
	}
	fair := schema.NamedID("fair", importOrg, "ramadan fair")
	if err := s.Write(t.Context(), func(w *store.Writer) error {
		return w.Transaction(syncproto.RecordID{}, 0, func(d *store.Draft) error {
			return d.Create(schema.Fair, fair, store.Field{Field: schema.NameEn, Value: syncproto.TextValue("Ramadan  FAIR")})
		})
	}); err != nil {
		t.Fatal(err)
	}
	if r, err := client.ImportSales(t.Context(), s, strings.NewReader(text), o); err != nil || r.Receipts != 2 {
		t.Fatalf("got %+v, %v", r, err)
	}
	family := schema.NamedID("family", importOrg, o.Family)
	want := fmt.Sprintf("%v %v", family, fair)
	for _, got := range rowsOf(t, s, schema.SaleLine, schema.LineFamily, schema.LineFair) {
		if got != want {
			t.Errorf("got a line of %s, want %s", got, want)
		}
	}
	if got := rowsOf(t, s, schema.Product, schema.ProductFamily); len(got) != 1 || got[0] != family.String() {
		t.Errorf("products: got families %q", got)
	}
	if got := rowsOf(t, s, schema.Family, schema.NameAr); len(got) != 1 || got[0] != o.Family {
		t.Errorf("families: got %q", got)
	}
}

func TestImportBoundsAReceiptAndTheListOfRefusals(t *testing.T) {
	s := newImportStore(t)
	r := importText(t, s, importHeading+
		strings.Repeat("1,2015-01-01,10:00,,Bread,,1,2.50\n", 4001)+strings.Repeat("x\n", client.MaxRefusedListed))
	if r.Receipts != 1 || r.Lines != 4000 || r.RefusedTotal != client.MaxRefusedListed+1 || len(r.Refused) != client.MaxRefusedListed {
		t.Errorf("got %d receipts, %d lines, %d refused, %d listed", r.Receipts, r.Lines, r.RefusedTotal, len(r.Refused))
	}
	if !strings.HasPrefix(r.Refused[0].Reason, "too_many_lines") || r.Refused[0].Line != 4002 {
		t.Errorf("first refusal: got %+v", r.Refused[0])
	}
}

func TestImportSaysWhatIsMissing(t *testing.T) {
	for mapping, want := range map[string]string{
		"":                                 "meaning=column",
		"receipt":                          "meaning=column",
		"receipt=":                         "meaning=column",
		"receipt=a,date=b":                 "item=COLUMN or sku=COLUMN",
		"receipt=a,item=b":                 "date=COLUMN",
		"date=a,item=b":                    "receipt=COLUMN",
		"receipt=a,receipt=b":              "twice",
		"receipt=a,date=b,item=c,colour=d": "one of receipt, date",
	} {
		if _, err := client.ParseMapping(mapping); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("map %q: got %v, want %s", mapping, err, want)
		}
	}
	got, err := client.ParseMapping(" receipt = Bill no , date=2,item=a=b")
	if diff := cmp.Diff(map[string]string{"receipt": "Bill no", "date": "2", "item": "a=b"}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}

	s := newImportStore(t)
	for name, c := range map[string]struct {
		change     func(*client.ImportOptions)
		text, want string
	}{
		"no currency":      {func(o *client.ImportOptions) { o.Currency = "" }, importHeading, "in which currency"},
		"a wrong currency": {func(o *client.ImportOptions) { o.Currency = "usd" }, importHeading, "not a currency"},
		"a wrong column":   {func(o *client.ImportOptions) { o.Columns["item"] = "what" }, importHeading, `item: no column is called "what"`},
		"an empty file":    {func(*client.ImportOptions) {}, "", "is empty"},
		"an empty family":  {func(o *client.ImportOptions) { o.Family = " " }, importHeading, "family"},
	} {
		o := importOptions(t, importMapping)
		c.change(&o)
		if _, err := client.ImportSales(t.Context(), s, strings.NewReader(c.text), o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	stranger := openImportStore(t, filepath.Join(t.TempDir(), "site.db"))
	if _, err := client.ImportSales(t.Context(), stranger, strings.NewReader(importHeading), importOptions(t, importMapping)); !errors.Is(err, store.ErrNotEnrolled) {
		t.Errorf("a device that is not enrolled: got %v", err)
	}
}

// importFile opens a file of real till data, which is not part of this project.
func importFile(tb testing.TB, name string) *os.File {
	tb.Helper()
	dir := os.Getenv("RAWAJ_TILL_DATA")
	if dir == "" {
		tb.Skip("RAWAJ_TILL_DATA names no directory of real till data")
	}
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	return f
}

func TestImportOfAYearIsExact(t *testing.T) {
	raced.Skip(t)
	f := importFile(t, "food-till.csv")
	s := newImportStore(t)
	began := time.Now()
	r, err := client.ImportSales(t.Context(), s, f, importOptions(t, importMapping))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d lines in %v", r.Lines, time.Since(began))
	if diff := cmp.Diff(client.ImportResult{Receipts: 21350, Lines: 48620, Refused: []client.RefusedLine{}}, r); diff != "" {
		t.Error(diff)
	}
	figures := importFigures(t, s)
	want := report.Figures{Pieces: 49574, Lines: 48620, Receipts: 21350, AmountMinor: map[string]int64{"USD": 81786005}}
	if diff := cmp.Diff(want, *figures[report.Key{By: report.Total}]); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string][2]int64{"Chicken": {11050, 19591950}, "Classic": {14888, 22005310}, "Supreme": {11987, 20819700}, "Veggie": {11649, 19369045}} {
		id := schema.NamedID("category", importOrg, name)
		got := figures[report.Key{By: report.Category, Value: string(id[:])}]
		if got == nil || got.Pieces != want[0] || got.AmountMinor["USD"] != want[1] {
			t.Errorf("%s: got %+v, want %v", name, got, want)
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	r, err = client.ImportSales(t.Context(), s, f, importOptions(t, importMapping))
	if diff := cmp.Diff(client.ImportResult{AlreadyThere: 21350, Refused: []client.RefusedLine{}}, r); err != nil || diff != "" {
		t.Error(err, diff)
	}
	t.Logf("again in %v", time.Since(began))
}

func TestImportOfABakeryListsItsEmptyItems(t *testing.T) {
	s := newImportStore(t)
	r, err := client.ImportSales(t.Context(), s, importFile(t, "bakery-till.csv"), importOptions(t, "receipt=Transaction,date=Date,time=Time,item=Item"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Receipts != 9465 || r.Lines != 20507 || r.RefusedTotal != 786 || len(r.Refused) != 786 {
		t.Errorf("got %d receipts, %d lines, %d refused, %d listed", r.Receipts, r.Lines, r.RefusedTotal, len(r.Refused))
	}
	want := report.Figures{Pieces: 20507, Lines: 20507, Receipts: 9465, Unpriced: 20507}
	if diff := cmp.Diff(want, importTotal(t, s), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkImport(b *testing.B) {
	const n = 2000
	text := made(n)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		s := newImportStore(b)
		o := importOptions(b, importMapping)
		b.StartTimer()
		if r, err := client.ImportSales(b.Context(), s, strings.NewReader(text), o); err != nil || r.Receipts != n {
			b.Fatal(r.Receipts, err)
		}
	}
	b.ReportMetric(float64(2*n*b.N)/b.Elapsed().Seconds(), "lines/s")
}

// A spreadsheet is read line by line as text; a database is not opened, whoever made it.
func TestADatabaseOfferedAsAnImportIsRefused(t *testing.T) {
	s := newImportStore(t)
	path := filepath.Join(t.TempDir(), "till.db")
	db, err := sqlitedb.Open(path, sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), func(tx *sqlitedb.Tx) error {
		return tx.Script(`CREATE TABLE sales (receipt, date, item); INSERT INTO sales VALUES (1, '2026-11-20', 'Bread')`)
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := client.ImportSales(t.Context(), s, f, importOptions(t, "receipt=1,date=2,item=3"))
	if err == nil || r.Receipts != 0 {
		t.Errorf("a database was imported as %+v, %v", r, err)
	}
	if total := importTotal(t, s); total.Receipts != 0 {
		t.Errorf("%d receipts are here", total.Receipts)
	}
}
