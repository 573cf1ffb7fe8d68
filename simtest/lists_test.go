package simtest_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/tables"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// listed is a head office that two branches told of families, people and goods, all made up.
type listed struct {
	t      *testing.T
	centre *simtest.Centre
	sites  [2]*simtest.Site
	site   [2]string // their ids
	person map[string]syncproto.RecordID
	family map[string]syncproto.RecordID
}

// What of them is on no list of head office.
var unlisted = []string{"0501234567", "Made-up quarter", "1977", "X-784-1977", "AE-070331-bank", "A made-up holder", "0559876543"}

func newListed(t *testing.T) *listed {
	t.Helper()
	l := &listed{t: t, centre: simtest.NewCentre(t), person: map[string]syncproto.RecordID{}, family: map[string]syncproto.RecordID{}}
	ctx := context.Background()
	for i, names := range [][]string{{"أحمد آل فلان", "كريمة يكتا", "Noor Salem"}, {"نورة بنت سالم", "Nora Salem", "زهرا کم\u200cبرخوردار"}} {
		s := l.centre.NewSite(fmt.Sprintf("Branch %d", i+1), schema.KindBranch)
		l.sites[i], l.site[i] = s, s.Store.Identity().Site.String()
		for n, name := range names {
			var err error
			l.person[name], err = s.Client.AddPerson(ctx, client.NewPerson{Name: name, Card: fmt.Sprintf("C%d%d", i, n), Phone: unlisted[0], Neighbourhood: unlisted[1], BirthYear: 1977})
			must(t, err)
			_, err = s.Client.AddDocument(ctx, client.NewDocument{Person: l.person[name], Kind: "id_card", Number: unlisted[3], ExpiresOn: "2030-01-01"})
			must(t, err)
			l.family[name], err = s.Client.AddFamily(ctx, client.NewFamily{Name: "Family of " + name, Code: fmt.Sprintf("F%d%d", i, n)})
			must(t, err)
			must(t, s.Client.KeepAccount(ctx, l.family[name], client.FamilyAccount{Holder: unlisted[5], Bank: "x", Number: unlisted[4]}))
			must(t, s.Client.KeepFamily(ctx, l.family[name], client.FamilyFile{Phone: unlisted[6]}))
			_, err = s.Client.AddProduct(ctx, client.NewProduct{Name: "Goods of " + name, Sku: fmt.Sprintf("S%d%d", i, n), Family: l.family[name], PriceMinor: 1250, Currency: "AED"})
			must(t, err)
		}
		l.syncs()
	}
	return l
}

func (l *listed) syncs() {
	l.t.Helper()
	for _, s := range l.sites {
		if s == nil {
			continue
		}
		if r := s.Sync(); r.Quarantined != 0 {
			l.t.Errorf("held: %+v", r)
		}
	}
	l.centre.Folded()
}

// page asks for a part of a list.
func (l *listed) page(path string, q url.Values) (items []map[string]any, next string) {
	l.t.Helper()
	status, e, answer := office(l.t, l.centre, "GET", path+"?"+q.Encode(), "", "")
	var p struct {
		Items []map[string]any
		Next  string
	}
	if err := json.Unmarshal(answer, &p); status != 200 || err != nil {
		l.t.Fatalf("%s gave %d %s %v", path, status, e.Code, err)
	}
	return p.Items, p.Next
}

// all is what is found, page after page of so many, with what is asked as key=value.
func (l *listed) all(path string, limit int, asked ...string) (items []map[string]any) {
	l.t.Helper()
	q := url.Values{"limit": {fmt.Sprint(limit)}}
	for _, a := range asked {
		key, value, _ := strings.Cut(a, "=")
		q.Set(key, value)
	}
	for {
		page, next := l.page(path, q)
		if items = append(items, page...); next == "" {
			return items
		}
		q.Set("cursor", next)
	}
}

func of(items []map[string]any, key string) (all []string) {
	for _, i := range items {
		all = append(all, fmt.Sprint(i[key]))
	}
	return all
}

func TestHeadOfficeListsFamiliesPeopleAndGoodsOfAllBranchesInPages(t *testing.T) {
	l := newListed(t)
	for path, filter := range map[string][2]string{"/api/families": {"site=" + l.site[1], "branch_name"}, "/api/persons": {"site=" + l.site[1], "site_name"}, "/api/products": {"family=" + l.family["Nora Salem"].String(), "family_name"}} {
		whole := of(l.all(path, 500), "id")
		if len(whole) != 6 || !slices.IsSortedFunc(whole, func(a, b string) int { return strings.Compare(b, a) }) {
			t.Errorf("%s lists %q, want six, newest first", path, whole)
		}
		for limit := 1; limit < 7; limit++ {
			if got := of(l.all(path, limit), "id"); !slices.Equal(got, whole) {
				t.Errorf("%s in pages of %d lists %q, want %q", path, limit, got, whole)
			}
		}
		for _, q := range []struct {
			text string
			want int
		}{{"احمد ال", 1}, {"کریمه یکتا", 1}, {"کمبرخوردار", 1}, {"salem NOOR", 1}, {"salem", 2}, {"۰۱", 1}, {"nobody", 0}, {"%'_", 0}, {"ـ", 6}, {strings.Repeat("noor ", 8) + "nobody", 1}} {
			if got := l.all(path, 1, "q="+q.text); len(got) != q.want {
				t.Errorf("%s finds %v by %q, want %d", path, of(got, "id"), q.text, q.want)
			}
		}
		want := map[string]int{"branch_name": 3, "site_name": 3, "family_name": 1}[filter[1]]
		got := l.all(path, 2, filter[0])
		if len(got) != want || strings.Count(strings.Join(of(got, filter[1]), "|"), of(got, filter[1])[0]) != want {
			t.Errorf("%s of %s lists %v", path, filter[0], got)
		}
		if got := l.all(path, 2, filter[0], "q=noor"); len(got) != 0 {
			t.Errorf("%s of another finds %v", path, got)
		}
	}
	if got := l.all("/api/products", 9, "q=S10")[0]; fmt.Sprint(got["price"]) != "map[amount_minor:1250 currency:AED]" || got["family_name"] != "Family of نورة بنت سالم" {
		t.Errorf("a product is %v", got)
	}
}

func TestWhoWasMergedIsListedOnceAtHeadOfficeAndFoundByEitherRecord(t *testing.T) {
	l := newListed(t)
	one, other := l.person["Noor Salem"], l.person["نورة بنت سالم"] // of two branches
	for _, way := range [][2]syncproto.RecordID{{one, other}, {other, one}} {
		_, err := l.centre.Server.MergePersons(t.Context(), members.NewMerge{Person: way[0], Into: way[1], Reason: "a made-up reason", By: "Mariam"})
		must(t, err)
		l.centre.Folded()
		as := way[1].String()
		for limit := 1; limit < 6; limit++ {
			ids := of(l.all("/api/persons", limit), "id")
			if len(ids) != 5 || strings.Count(strings.Join(ids, " "), as) != 1 || slices.Contains(ids, way[0].String()) {
				t.Errorf("in pages of %d there are %q, want %s once and not %v", limit, ids, as, way[0])
			}
		}
		for _, q := range []string{"q=noor", "q=نوره", "q=C02", "q=C10"} {
			if ids := of(l.all("/api/persons", 1, q), "id"); !slices.Equal(ids, []string{as}) {
				t.Errorf("%s finds %q, want %s", q, ids, as)
			}
		}
		for _, site := range l.site { // who is of both is listed at both
			if ids := of(l.all("/api/persons", 1, "site="+site), "id"); len(ids) != 3 || !slices.Contains(ids, as) {
				t.Errorf("at %s there are %q", site, ids)
			}
		}
		must(t, l.centre.Server.PartPerson(t.Context(), way[0], "Mariam"))
		l.centre.Folded()
		if ids := of(l.all("/api/persons", 2), "id"); len(ids) != 6 {
			t.Errorf("parted there are %q", ids)
		}
	}
}

func TestNoListOfHeadOfficeShowsMoreThanItIsFor(t *testing.T) {
	l := newListed(t)
	for path, want := range map[string]string{
		"/api/families": "branch branch_name code id name_ar name_en name_fa",
		"/api/persons":  "card id name site site_name",
		"/api/products": "about category category_name family family_name food id ingredients name_ar name_en name_fa price sku unit",
	} {
		if keys := slices.Sorted(maps.Keys(l.all(path, 1)[0])); strings.Join(keys, " ") != want {
			t.Errorf("%s answers %q, want %q", path, keys, want)
		}
		for _, format := range []string{"", "json", "csv"} {
			_, _, answer := office(t, l.centre, "GET", path+"?format="+format, "", "")
			for _, s := range unlisted {
				if bytes.Contains(answer, []byte(s)) {
					t.Errorf("%s as %q tells %s", path, format, s)
				}
			}
		}
		for _, s := range unlisted { // nor is anybody found by it
			if got := l.all(path, 9, "q="+s); len(got) != 0 {
				t.Errorf("%s finds %v by %s", path, of(got, "id"), s)
			}
		}
	}
}

func TestAListOfHeadOfficeLeavesWholeInEveryFormat(t *testing.T) {
	l := newListed(t)
	for _, path := range []string{"/api/families", "/api/persons", "/api/products"} {
		want := of(l.all(path, 500), "id")
		for _, query := range []string{"limit=2", "limit=2&lang=ar", "lang=fa"} { // a table has all pages
			as := func(format string) []byte {
				status, e, answer := office(t, l.centre, "GET", path+"?format="+format+"&"+query, "", "")
				if status != 200 {
					t.Fatalf("%s as %s gave %d %s", path, format, status, e.Code)
				}
				return answer
			}
			var whole struct{ Items []map[string]any }
			if err := json.Unmarshal(as("json"), &whole); err != nil || !slices.Equal(of(whole.Items, "id"), want) {
				t.Errorf("%s?%s as JSON has %v, %v", path, query, of(whole.Items, "id"), err)
			}
			rows, err := csv.NewReader(bytes.NewReader(as("csv"))).ReadAll()
			if err != nil || len(rows) != 7 || len(rows[0]) < 5 {
				t.Errorf("%s?%s as CSV is %q, %v", path, query, rows, err)
			}
			sheet, err := tables.Read(bytes.NewReader(as("xlsx")))
			if err != nil || len(sheet.Lines) != 6 {
				t.Fatalf("%s?%s as XLSX is %+v, %v", path, query, sheet, err)
			}
			for i, id := range want {
				if rows[i+1][0] != id || sheet.Lines[i].Cells[0] != id {
					t.Errorf("%s?%s: row %d is %q and %q, want %s", path, query, i, rows[i+1], sheet.Lines[i].Cells, id)
				}
			}
		}
	}
}

func TestClosingsAreListedOfOneSite(t *testing.T) {
	l := newListed(t)
	day := time.Now().UTC().Format(time.DateOnly)
	for _, s := range l.sites {
		_, err := s.Client.StateDay(t.Context(), day)
		must(t, err)
	}
	l.syncs()
	for site, want := range map[string]int{"": 2, l.site[0]: 1, l.site[1]: 1, noID: 0} {
		_, _, answer := office(t, l.centre, "GET", "/api/closings?from="+day+"&site="+site, "", "")
		var list struct{ Closings []struct{ Site string } }
		if err := json.Unmarshal(answer, &list); err != nil || len(list.Closings) != want || want == 1 && list.Closings[0].Site != site {
			t.Errorf("of %q there are %+v, %v", site, list.Closings, err)
		}
	}
}
