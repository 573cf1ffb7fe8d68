package rules_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
)

// The names are made up.
func TestRecordsThatAreLikelyOnePersonAreFound(t *testing.T) {
	for _, c := range []struct {
		name    string
		a, b    rules.PersonOf
		because []string
	}{
		{"one card", rules.PersonOf{Name: "Noor", Card: "C1"}, rules.PersonOf{Name: "Reem", Card: "C1"}, []string{"card"}},
		{"one paper, written otherwise", rules.PersonOf{Name: "Noor", Papers: []string{rules.PaperOf("passport", "X12")}, BirthYear: 1980}, rules.PersonOf{Name: "Reem", Papers: []string{rules.PaperOf("id_card", "x12"), rules.PaperOf("passport", "x۱۲")}, BirthYear: 1981}, []string{"paper"}},
		{"one number of two papers", rules.PersonOf{Name: "Noor", Papers: []string{rules.PaperOf("passport", "X12")}}, rules.PersonOf{Name: "Reem", Papers: []string{rules.PaperOf("licence", "X12")}}, nil},
		{"name and phone, with and without the country", rules.PersonOf{Name: "نورة بنت سالم الفلاني", Phone: "+971501234567"}, rules.PersonOf{Name: "نوره سالم فلانی", Phone: "050 123 4567"}, []string{"phone", "name"}},
		{"digits of another script", rules.PersonOf{Name: "Noor Salem", Phone: "۰۵۰۱۲۳۴۵۶۷"}, rules.PersonOf{Name: "Salem Noor", Phone: "0501234567"}, []string{"phone", "name"}},
		{"the phone of the household alone", rules.PersonOf{Name: "Noor Salem", Phone: "0501234567"}, rules.PersonOf{Name: "Reem Salem", Phone: "0501234567"}, nil},
		{"the name alone", rules.PersonOf{Name: "Noor Salem"}, rules.PersonOf{Name: "noor salem"}, nil},
		{"name and year", rules.PersonOf{Name: "كريمة أحمد", BirthYear: 1980}, rules.PersonOf{Name: "کریمه احمد", BirthYear: 1980}, []string{"name", "birth_year"}},
		{"name and neighbourhood", rules.PersonOf{Name: "Noor Salem", Neighbourhood: "محله نوده"}, rules.PersonOf{Name: "Noor Salem", Neighbourhood: "محلة نوده"}, []string{"name", "neighbourhood"}},
		{"name and neighbourhood, and other years", rules.PersonOf{Name: "Noor Salem", Neighbourhood: "N", BirthYear: 1980}, rules.PersonOf{Name: "Noor Salem", Neighbourhood: "N", BirthYear: 1981}, nil},
		{"a letter apart, year and neighbourhood", rules.PersonOf{Name: "Noora Salem", BirthYear: 1980, Neighbourhood: "N"}, rules.PersonOf{Name: "Nora Salem", BirthYear: 1980, Neighbourhood: "N"}, []string{"name_alike", "birth_year", "neighbourhood"}},
		{"a letter apart, and the year", rules.PersonOf{Name: "Noora Salem", BirthYear: 1980}, rules.PersonOf{Name: "Nora Salem", BirthYear: 1980}, nil},
		{"a letter apart in both names, and the phone", rules.PersonOf{Name: "Noora Salem", Phone: "0501234567"}, rules.PersonOf{Name: "Nora Salim", Phone: "0501234567"}, nil},
		{"fewer of the names, and the phone", rules.PersonOf{Name: "Noor Salem Omar", Phone: "0501234567"}, rules.PersonOf{Name: "Noor Omar", Phone: "0501234567"}, []string{"phone", "name_alike"}},
		{"one name of three, and the phone", rules.PersonOf{Name: "Noor Salem Omar", Phone: "0501234567"}, rules.PersonOf{Name: "Noor", Phone: "0501234567"}, nil},
		{"no name and the phone", rules.PersonOf{Phone: "0501234567"}, rules.PersonOf{Phone: "0501234567"}, nil},
		{"a phone that is none", rules.PersonOf{Name: "Noor Salem", Phone: "1"}, rules.PersonOf{Name: "Noor Salem", Phone: "1"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.a.ID, c.b.ID = syncproto.RecordID{1}, syncproto.RecordID{2}
			if got := rules.Alike(&c.a, &c.b); !slices.Equal(got, c.because) {
				t.Errorf("because %v, want %v", got, c.because)
			}
			if got := rules.Alike(&c.b, &c.a); !slices.Equal(got, c.because) {
				t.Errorf("the other way round because %v, want %v", got, c.because)
			}
			pairs := rules.Duplicates([]rules.PersonOf{c.b, c.a})
			if len(pairs) != min(len(c.because), 1) || len(pairs) == 1 && (pairs[0].A != c.a.ID || pairs[0].B != c.b.ID) {
				t.Errorf("listed as %v", pairs)
			}
		})
	}
}

func TestDuplicatesAreThoseThatAreAlikeAndHaveSomethingInCommon(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := []string{"noor", "reem", "salem", "omar", "salim"}
		var all []rules.PersonOf
		for i := range rapid.IntRange(0, 12).Draw(t, "people") {
			all = append(all, rules.PersonOf{
				ID: syncproto.RecordID{byte(i + 1)}, Name: rapid.SampledFrom(words).Draw(t, "first") + " " + rapid.SampledFrom(words).Draw(t, "last"),
				Phone: rapid.SampledFrom([]string{"", "0501234567", "0507654321"}).Draw(t, "phone"), BirthYear: rapid.SampledFrom([]int64{0, 1980, 1990}).Draw(t, "born"),
				Neighbourhood: rapid.SampledFrom([]string{"", "N"}).Draw(t, "where"),
			})
		}
		var want []rules.Pair
		for i := range all {
			for j := i + 1; j < len(all); j++ {
				if because := rules.Alike(&all[i], &all[j]); because != nil {
					want = append(want, rules.Pair{A: all[i].ID, B: all[j].ID, Because: because})
				}
			}
		}
		if d := cmp.Diff(want, rules.Duplicates(rapid.Permutation(all).Draw(t, "order"))); d != "" {
			t.Error(d)
		}
	})
}

func TestAMergeLeadsToOnePersonAndCanBeUndone(t *testing.T) {
	a, b, c, d := syncproto.RecordID{1}, syncproto.RecordID{2}, syncproto.RecordID{3}, syncproto.RecordID{4}
	aliases := rules.Aliases{a: b, b: c}
	for _, id := range []syncproto.RecordID{a, b, c} {
		if got := rules.Merged(aliases, id); got != c {
			t.Errorf("%v is read as %v", id, got)
		}
	}
	delete(aliases, b) // undone
	if rules.Merged(aliases, a) != b || rules.Merged(aliases, c) != c {
		t.Error("a merge that was undone still leads on")
	}
	circle := rules.Aliases{a: b, b: c, c: a, d: c}
	for _, id := range []syncproto.RecordID{a, b, c, d} {
		if got := rules.Merged(circle, id); got != a {
			t.Errorf("in a circle %v is read as %v", id, got)
		}
	}
	if got := rules.Merged(rules.Aliases{a: b, b: c, c: b}, a); got != b {
		t.Errorf("merged into one of a circle it is read as %v", got)
	}
}

func TestUndoingLetsARecordStandByItself(t *testing.T) {
	a, b, c, d := syncproto.RecordID{1}, syncproto.RecordID{2}, syncproto.RecordID{3}, syncproto.RecordID{4}
	for _, x := range []struct {
		name    string
		aliases rules.Aliases
		undone  []syncproto.RecordID
		apart   []syncproto.RecordID // from a afterwards
	}{
		{"not merged", rules.Aliases{b: a}, nil, nil},
		{"into another", rules.Aliases{a: b}, []syncproto.RecordID{a}, []syncproto.RecordID{b}},
		{"within a chain, with what was merged into it", rules.Aliases{d: a, a: b, b: c}, []syncproto.RecordID{a}, []syncproto.RecordID{b, c}},
		{"into each other", rules.Aliases{a: b, b: a}, []syncproto.RecordID{a, b}, []syncproto.RecordID{b}},
		{"a circle of three", rules.Aliases{a: b, b: c, c: a}, []syncproto.RecordID{a, c}, []syncproto.RecordID{b, c}},
		{"into one of a circle", rules.Aliases{a: b, b: c, c: b}, []syncproto.RecordID{a}, []syncproto.RecordID{b, c}},
	} {
		t.Run(x.name, func(t *testing.T) {
			got := rules.Undoing(x.aliases, a)
			if !slices.Equal(got, x.undone) {
				t.Fatalf("undoes %v, want %v", got, x.undone)
			}
			for _, id := range got {
				delete(x.aliases, id)
			}
			for _, other := range x.apart {
				if rules.Merged(x.aliases, a) == rules.Merged(x.aliases, other) {
					t.Errorf("%v is still one with %v", a, other)
				}
			}
		})
	}
}
