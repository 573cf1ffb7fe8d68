package client_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/tables"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Families, people and goods here are made up.

// told is what became of the lines: "2 new", "3 refused required".
func told(t *testing.T, c *client.Client, o client.TableImport, file string) (lines []string) {
	t.Helper()
	r, err := c.ImportTable(context.Background(), strings.NewReader(file), o)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, n := range r.Counts {
		sum += n
	}
	if sum != len(r.Lines) {
		t.Errorf("%d lines are counted and %d told", sum, len(r.Lines))
	}
	for _, l := range r.Lines {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%d %s %s", l.Line, l.Outcome, l.Code)))
	}
	return lines
}

// here is everything that a site has recorded, by table.
func here(t *testing.T, c *client.Client) map[string]int {
	t.Helper()
	n := map[string]int{}
	if err := c.Store.Read(context.Background(), func(r *store.Reader) error {
		for _, table := range []syncproto.TableID{schema.Family, schema.Person, schema.Product, schema.Category, schema.Price, schema.PriceChange, schema.Scan} {
			if err := r.Each(table, func(row *records.Row) error { n[row.Table.Name]++; return nil }); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

const (
	familiesFile = "الاسم بالعربية,Name in English,code\nأسرة اختبار,Family of a test,F۱\n,,F2\nأسرة أخرى,,F3\nأسرة اختبار,,F4\n"
	peopleFile   = "نام,تلفن,کارت,محله\nفاطمه آزمون,۰۵۰ ۱۲۳ ۴۵۶۷,C1,Nodeh\n,,C2,\nفاطمة آزمون,0501234567,C3,\nNobody of a test,,not a card,\nShort\n"
	productsFile = "name,family,category,sku,price,currency,food\nمبخرة,F1,Incense,S1,12.50,AED,لا\nهريس,F1,Food,S2,\"١٢٫٥\",AED,نعم\nBowl,F9,,S3,1,AED,\nCup,,,S4,1.234,AED,\nPan,,,S5,7,,\n"
)

func TestATableIsImportedLineByLineAndTwiceIsHarmless(t *testing.T) {
	for _, c := range []struct {
		kind, file  string
		want, again []string
	}{
		{"families", familiesFile, []string{"2 new", "3 refused required", "4 new", "5 likely_duplicate"}, []string{"2 same", "3 refused required", "4 same", "5 likely_duplicate"}},
		{"people", peopleFile, []string{"2 new", "3 refused required", "4 likely_duplicate", "5 refused bad_form", "6 refused malformed"},
			[]string{"2 same", "3 refused required", "4 likely_duplicate", "5 refused bad_form", "6 refused malformed"}},
		{"products", strings.ReplaceAll(productsFile, "F1", "Family of a test"), []string{"2 new", "3 new", "4 refused no_such_id", "5 refused bad_form", "6 refused no_currency"},
			[]string{"2 same", "3 same", "4 refused no_such_id", "5 refused bad_form", "6 refused no_currency"}},
	} {
		s := newStall(t)
		if c.kind == "products" {
			told(t, s, client.TableImport{Kind: "families"}, familiesFile)
		}
		before := here(t, s)
		o := client.TableImport{Kind: c.kind, DryRun: true}
		if got := told(t, s, o, c.file); !slices.Equal(got, c.want) {
			t.Errorf("%s: a dry run says %q, want %q", c.kind, got, c.want)
		}
		if after := here(t, s); !maps.Equal(before, after) {
			t.Errorf("%s: a dry run recorded: %v, then %v", c.kind, before, after)
		}
		o.DryRun = false
		if got := told(t, s, o, c.file); !slices.Equal(got, c.want) {
			t.Errorf("%s: the run says %q, want %q", c.kind, got, c.want)
		}
		once := here(t, s)
		if got := told(t, s, o, c.file); !slices.Equal(got, c.again) {
			t.Errorf("%s: the same again says %q, want %q", c.kind, got, c.again)
		}
		if after := here(t, s); !maps.Equal(once, after) || maps.Equal(before, after) {
			t.Errorf("%s: there was %v, %v after one run and %v after two", c.kind, before, once, after)
		}
	}
}

func TestALineThatSaysOtherwiseChangesWhatIsHereAndEmptyCellsDoNot(t *testing.T) {
	s := newStall(t)
	o := client.TableImport{Kind: "people"}
	told(t, s, o, "name,phone,card\nA of a test,0501234567,C1\n")
	if got := told(t, s, o, "name,phone,card\nA of a test,,C1\n"); got[0] != "2 same" {
		t.Errorf("an empty cell says %v", got)
	}
	if got := told(t, s, o, "name,phone,card\nB of a test,0501234567,C1\nC of a test,,C1\n"); !slices.Equal(got, []string{"2 changed", "3 refused id_used"}) {
		t.Errorf("another name says %v", got)
	}
	o = client.TableImport{Kind: "people", Duplicates: true}
	if got := told(t, s, o, "name,phone\nB of a test,0501234567\n"); got[0] != "2 new" || here(t, s)["person"] != 2 {
		t.Errorf("a duplicate that is wanted says %v", got)
	}
}

func TestALineThatIsNotRecordedTellsLaterLinesNothing(t *testing.T) {
	s := newStall(t)
	o := client.TableImport{Kind: "families"}
	if got := told(t, s, o, "id,name,code\n"+noID[:35]+"7,A of a test,F9\n,B of a test,F9\n"); !slices.Equal(got, []string{"2 refused bad_id", "3 new"}) {
		t.Errorf("a code under an id that is refused says %v", got)
	}
	if got := told(t, s, o, "id,name\n"+noID[:35]+"7,B of a test\n"); got[0] != "2 refused bad_id" {
		t.Errorf("the id that was refused is there: %v", got)
	}
	if got := told(t, s, o, "name,code\nB of a test,F8\nC of a test,F8\n"); !slices.Equal(got, []string{"2 likely_duplicate", "3 refused id_used"}) {
		t.Errorf("a code under a likely duplicate says %v", got)
	}
}

func TestALineNamesSoManyItIsLikeAndNoMore(t *testing.T) {
	s := newStall(t)
	file := "name,code\n"
	for i := range 100 {
		file += fmt.Sprintf("A of a test,F%d\n", i)
	}
	r, err := s.ImportTable(t.Context(), strings.NewReader(file), client.TableImport{Kind: "families", Duplicates: true})
	if err != nil || r.Counts[client.LineNew] != 100 || len(r.Lines[99].Like) != 20 {
		t.Errorf("the last of 100 of one name is like %d, of %v (%v)", len(r.Lines[99].Like), r.Counts, err)
	}
}

func TestPricesAreImportedToProductsThatAreHere(t *testing.T) {
	s := newStall(t)
	told(t, s, client.TableImport{Kind: "products"}, "name,sku\nBowl,S1\nCup,S2\nCup of a test,S2\n")
	o := client.TableImport{Kind: "prices", Currency: "OMR"}
	file := "sku,name,price,by\nS1,,1.250,Clerk of a test\n,Cup,2,\nS9,,1,\n,,1,\nS1,,1.250,\nS1,,-1,\n"
	want := []string{"2 new", "3 new", "4 refused no_such_id", "5 refused no_such_id", "6 refused id_used", "7 refused out_of_range"}
	if got := told(t, s, o, file); !slices.Equal(got, want) {
		t.Errorf("says %v, want %v", got, want)
	}
	if got := told(t, s, o, file); got[0] != "2 same" || here(t, s)["price_change"] != 2 {
		t.Errorf("again says %v, with %v", got, here(t, s))
	}
	if got := told(t, s, o, "sku,price\nS1,1.5\n"); got[0] != "2 changed" {
		t.Errorf("another price says %v", got)
	}
}

func TestAnAttendanceListIsImportedOnceAndOverwritesNoScan(t *testing.T) {
	ctx, s := context.Background(), newStall(t)
	told(t, s, client.TableImport{Kind: "people"}, "name,card\nA of a test,C1\nB of a test,C2\n")
	workshop, err := s.AddWorkshop(ctx, client.NewWorkshop{Name: "Sewing of a test", Kind: schema.WorkshopPractical, Minutes: 120})
	if err != nil {
		t.Fatal(err)
	}
	starts := time.Date(2026, 11, 1, 5, 0, 0, 0, time.UTC) // 09:00 in Dubai
	session, err := s.PlanSession(ctx, client.NewSession{Workshop: workshop, Starts: starts, Ends: starts.Add(2 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	o := client.TableImport{Kind: "attendance", Session: session}
	file := "card,name,in,out\nC1,,٠٩:٠٥,11:00\n,B of a test,2026-11-01 09:10,\nC9,,09:00,\nC1,,09:00,\n"
	want := []string{"2 new", "3 new", "4 refused no_such_id", "5 refused id_used"}
	if got := told(t, s, o, file); !slices.Equal(got, want) {
		t.Errorf("says %v, want %v", got, want)
	}
	want[0], want[1] = "2 same", "3 same"
	if got := told(t, s, o, file); !slices.Equal(got, want) || here(t, s)["scan"] != 3 {
		t.Errorf("again says %v, with %v", got, here(t, s))
	}
	if got := told(t, s, o, "card,in,out\nC2,08:00,\nC1,09:05,08:00\n"); !slices.Equal(got, []string{"2 refused first_stands", "3 refused ends_before_start"}) {
		t.Errorf("other times say %v", got)
	}
	var people []client.PersonShown
	newAPI(t, s).do("GET", "/api/persons?q=B+of", nil, &people)
	if _, err := s.CheckOut(ctx, client.NewScan{Session: session, Person: people[0].ID}); err != nil {
		t.Fatal(err)
	}
	if got := told(t, s, o, "card,in,out\nC2,09:10,10:00\n"); got[0] != "2 refused first_stands" {
		t.Errorf("another time than was scanned says %v", got)
	}
	var roster []client.RosterLine
	newAPI(t, s).do("GET", "/api/sessions/"+session.String()+"/roster", nil, &roster)
	if i := slices.IndexFunc(roster, func(l client.RosterLine) bool { return l.Name == "A of a test" }); i < 0 || roster[i].Credited != 115 {
		t.Errorf("the roster says %+v", roster)
	}
}

func TestAnAttendanceListMeansOnePersonByWhateverRecordItIsReadAs(t *testing.T) {
	ctx, s := context.Background(), newStall(t)
	told(t, s, client.TableImport{Kind: "people", Duplicates: true}, "name,card\nNoor of a test,C1\nNoor of a test,C2\n")
	var people []client.PersonShown
	a := newAPI(t, s)
	a.do("GET", "/api/persons", nil, &people)
	workshop, err := s.AddWorkshop(ctx, client.NewWorkshop{Name: "Sewing of a test", Kind: schema.WorkshopPractical, Minutes: 120})
	ok(t, err)
	starts := time.Date(2026, 11, 1, 5, 0, 0, 0, time.UTC) // 09:00 in Dubai
	session, err := s.PlanSession(ctx, client.NewSession{Workshop: workshop, Starts: starts, Ends: starts.Add(2 * time.Hour)})
	ok(t, err)
	o := client.TableImport{Kind: "attendance", Session: session}
	byName, byID := "name,in\nNoor of a test,09:05\n", "person,in\n"+people[0].ID.String()+",09:05\n"
	if got := told(t, s, o, byName); got[0] != "2 refused not_unique" {
		t.Errorf("two of one name say %v", got)
	}
	if _, err := s.MergePersons(ctx, members.NewMerge{Person: people[0].ID, Into: people[1].ID, By: "Mariam"}); err != nil {
		t.Fatal(err)
	}
	for i, file := range []string{byName, byName, byID, "card,in\nC1,09:05\n", "card,in\nC2,09:05\n"} {
		if got, want := told(t, s, o, file), []string{"2 new", "2 same"}[min(i, 1)]; got[0] != want {
			t.Errorf("merged, %q says %v, want %s", file, got, want)
		}
	}
	if got := told(t, s, o, "card,in\nC1,09:30\nC2,09:05\n"); !slices.Equal(got, []string{"2 refused first_stands", "3 same"}) || here(t, s)["scan"] != 1 {
		t.Errorf("another time under the other record says %v, with %v", got, here(t, s))
	}
}

// table asks for a list as a file.
func (a *api) table(path string) string {
	a.t.Helper()
	q, _ := http.NewRequest("GET", a.url+path, nil)
	q.Header.Set("Authorization", "Bearer token of a test")
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		a.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		a.t.Fatalf("%s gave %s, %v: %s", path, r.Status, err, b)
	}
	return string(b)
}

func TestWhatIsExportedIsImportedElsewhereAndGivesTheSame(t *testing.T) {
	for _, format := range []string{"csv", "xlsx"} {
		for _, lang := range tables.Languages {
			from := newStall(t)
			told(t, from, client.TableImport{Kind: "families"}, familiesFile+"=SUM(A1),,F5\n")
			told(t, from, client.TableImport{Kind: "people"}, peopleFile)
			told(t, from, client.TableImport{Kind: "products"}, strings.ReplaceAll(productsFile, "F1", "Family of a test"))
			to := newStall(t)
			a, b := newAPI(t, from), newAPI(t, to)
			query := "?format=" + format + "&lang=" + lang
			for _, list := range []struct{ kind, path string }{{"families", "/api/families"}, {"people", "/api/persons"}, {"products", "/api/products"}} {
				file := a.table(list.path + query)
				for _, want := range []string{"new", "same"} {
					for _, line := range told(t, to, client.TableImport{Kind: list.kind}, file) {
						if !strings.HasSuffix(line, want) {
							t.Errorf("%s as %s in %s: a line is %q, want %s", list.kind, format, lang, line, want)
						}
					}
				}
				if got := b.table(list.path + "?format=csv&lang=en"); got != a.table(list.path+"?format=csv&lang=en") {
					t.Errorf("%s as %s in %s gives another list:\n%s", list.kind, format, lang, got)
				}
			}
		}
	}
}

func TestAnImportTellsHowFarItIsAndARefusedFileRecordsNothing(t *testing.T) {
	s := newStall(t)
	a := newAPI(t, s)
	var file bytes.Buffer
	file.WriteString("name,code\n")
	for i := range 500 {
		fmt.Fprintf(&file, "Family %d of a test,F%d\n", i, i)
	}
	q, _ := http.NewRequest("POST", a.url+"/api/import-table?kind=families", &file)
	q.Header.Set("Authorization", "Bearer token of a test")
	q.Header.Set("Accept", "text/event-stream")
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r.Body)
	r.Body.Close()
	if text := string(b); err != nil || !strings.Contains(text, "event: progress\ndata: {\"done\":") || !strings.Contains(text, `event: result`) || !strings.Contains(text, `"new":500`) {
		t.Errorf("the stream is %.300s, %v", b, err)
	}
	before := here(t, s)
	if before["family"] != 500 {
		t.Errorf("there are %v", before)
	}
	for _, c := range []struct{ kind, file string }{{"families", "colour\nred\n"}, {"families", ""}, {"cars", "name\nx\n"}, {"attendance", "name,in\nx,09:00\n"}, {"people", "name\n" + strings.Repeat("x\n", tables.MaxRows+1)}} {
		if _, err := s.ImportTable(t.Context(), strings.NewReader(c.file), client.TableImport{Kind: c.kind}); err == nil {
			t.Errorf("%s of %.20q is taken", c.kind, c.file)
		}
	}
	if after := here(t, s); !maps.Equal(before, after) {
		t.Errorf("a refused file recorded %v", after)
	}
}
