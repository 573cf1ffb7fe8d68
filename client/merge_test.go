package client_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/syncproto"
)

// Names, cards and numbers are made up.
func TestAddingAPersonNamesWhoIsLikelyTheSame(t *testing.T) {
	c := newStall(t)
	a, id := newAPI(t, c), newIDs(t)
	noor := id()
	type answer struct {
		ID     syncproto.RecordID
		Likely []members.Likely
	}
	adds := func(body object) (got answer) {
		t.Helper()
		if code := a.do("POST", "/api/persons", body, &got); code != http.StatusOK {
			t.Fatalf("%v is answered with %d", body, code)
		}
		return got
	}
	if got := adds(object{"id": noor, "name": "نورة بنت سالم الفلاني", "phone": "+971501234567", "card": "F-17", "birth_year": 1980, "neighbourhood": "محلة نوده"}); len(got.Likely) != 0 {
		t.Errorf("the first is like %+v", got.Likely)
	}
	var last syncproto.RecordID
	for _, x := range []struct {
		name    string
		body    object
		because []string
	}{
		{"the name alone", object{"name": "نورة سالم الفلاني"}, nil},
		{"the phone alone", object{"name": "ريم سالم عمر", "phone": "0501234567"}, nil},
		{"another year", object{"name": "نوره سالم فلانی", "birth_year": 1981, "neighbourhood": "محله نوده"}, nil},
		{"the card alone", object{"name": "ريم خالد", "card": "f-17"}, nil},
		{"the card, as it is", object{"name": "ريم خالد", "card": "F-17"}, []string{"card"}},
		{"name and year, in another spelling", object{"name": "نوره سالم فلانی", "birth_year": 1980}, []string{"name", "birth_year"}},
		{"a letter apart, and the phone", object{"name": "نوراه سالم", "phone": "۰۵۰۱۲۳۴۵۶۷"}, []string{"phone", "name_alike"}},
	} {
		x.body["id"] = id()
		for range 2 { // asked again it says the same
			got := adds(x.body)
			last = got.ID
			at := slices.IndexFunc(got.Likely, func(l members.Likely) bool { return l.ID == noor })
			if at < 0 != (x.because == nil) || at >= 0 && !slices.Equal(got.Likely[at].Because, x.because) {
				t.Errorf("%s: like %+v, want the first because %v", x.name, got.Likely, x.because)
			}
		}
	}
	var people []client.PersonShown
	if a.do("GET", "/api/persons", nil, &people); len(people) != 8 {
		t.Errorf("%d are recorded, want all 8", len(people))
	}

	ok(t, c.Apply(t.Context(), last, syncproto.RecordID{}))
	other := adds(object{"id": id(), "name": "سارة"}).ID
	for _, person := range []syncproto.RecordID{last, other} {
		_, err := c.AddDocument(t.Context(), client.NewDocument{Person: person, Kind: "passport", Number: "X-99", ExpiresOn: "2030-01-01"})
		ok(t, err)
	}
	doubles := func() (n int) {
		var list []members.Double
		a.do("GET", "/api/persons/duplicates", nil, &list)
		for _, d := range list {
			if slices.Equal(d.Because, []string{"paper"}) && (d.A.ID == last || d.B.ID == last) && (d.A.ID == other || d.B.ID == other) {
				n++
			}
		}
		return n
	}
	if doubles() != 1 {
		t.Error("two with one passport are not listed")
	}
	if code := a.do("POST", "/api/persons/"+other.String()+"/merge", object{"into": last, "by": "Mariam", "reason": "one passport"}, nil); code != http.StatusOK || doubles() != 0 {
		t.Errorf("merging is answered with %d, and lists %d", code, doubles())
	}
	a.do("GET", "/api/persons?q="+"سارة", nil, &people)
	if len(people) != 1 || people[0].ID != last {
		t.Errorf("who was merged is found as %+v", people)
	}
	var merges []members.Merge
	a.do("GET", "/api/persons/merges", nil, &merges)
	if len(merges) != 1 || merges[0].Person != other || merges[0].As != last || merges[0].Name != "سارة" || merges[0].By != "Mariam" || merges[0].Reason != "one passport" {
		t.Errorf("merges are %+v", merges)
	}
	if code := a.do("POST", "/api/persons/"+other.String()+"/part", object{"by": "Mariam"}, nil); code != http.StatusOK || doubles() != 1 {
		t.Errorf("undoing is answered with %d, and lists %d", code, doubles())
	}
	if a.do("GET", "/api/persons/merges", nil, &merges); len(merges) != 0 {
		t.Errorf("after undoing merges are %+v", merges)
	}
}

func TestWhoIsLikeAMergedRecordIsLikeWhoThatIsReadAs(t *testing.T) {
	c := newStall(t)
	a, id := newAPI(t, c), newIDs(t)
	var got struct{ Likely []members.Likely }
	adds := func(body object) {
		t.Helper()
		if code := a.do("POST", "/api/persons", body, &got); code != http.StatusOK {
			t.Fatalf("%v is answered with %d", body, code)
		}
	}
	merged, into, another := id(), id(), id()
	adds(object{"id": merged, "name": "Made-up Reem", "card": "Z-1"})
	adds(object{"id": into, "name": "Made-up Hind"})
	_, err := c.MergePersons(t.Context(), members.NewMerge{Person: merged, Into: into, By: "Mariam"})
	ok(t, err)
	adds(object{"id": another, "name": "Made-up Nadia", "card": "Z-1"})
	if len(got.Likely) != 1 || got.Likely[0].ID != into || !slices.Equal(got.Likely[0].Because, []string{"card"}) {
		t.Errorf("whose card a merged record has is like %+v", got.Likely)
	}
	_, err = c.MergePersons(t.Context(), members.NewMerge{Person: another, Into: into, By: "Mariam"})
	ok(t, err)
	if adds(object{"id": another, "name": "Made-up Nadia", "card": "Z-1"}); len(got.Likely) != 0 {
		t.Errorf("who is one with them by now is like %+v", got.Likely)
	}
}
