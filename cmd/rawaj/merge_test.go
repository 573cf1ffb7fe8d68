package main

import (
	"testing"

	people "github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/refusal"
)

// A branch without a network merges two records of a person, head office has it after a sync
// and undoes it, and the branch hears of that. Names are made up.
func TestPeopleAreMergedAtABranchWithoutANetworkAndPartedAtHeadOffice(t *testing.T) {
	t.Parallel()
	s := newMembers(t)
	s.cut()
	adds := func(name string) (added struct {
		ID     string
		Likely []people.Likely
	}) {
		t.Helper()
		s.branch.call("POST", "/api/persons", m{"name": name, "phone": "0501234567"}, &added)
		return added
	}
	first := adds("نورة بنت سالم الفلاني")
	second := adds("نوره سالم فلانی")
	if len(first.Likely) != 0 || len(second.Likely) != 1 || second.Likely[0].ID.String() != first.ID {
		t.Fatalf("who is added is like %+v, and like %+v", first.Likely, second.Likely)
	}
	s.person = second.ID
	s.sits(s.branch, 60, 30)
	s.person = first.ID
	s.sits(s.branch, 30, 20)
	hours := func(person, want string) {
		t.Helper()
		var h struct{ Hours string }
		s.branch.call("GET", "/api/members/"+person+"/hours", nil, &h)
		if h.Hours != want {
			t.Errorf("hours are %s, want %s", h.Hours, want)
		}
	}
	hours(first.ID, "0:30")
	s.branch.call("POST", "/api/persons/"+second.ID+"/merge", m{"into": first.ID, "by": "Mariam", "reason": "one phone"}, new(any))
	hours(first.ID, "1:30")
	hours(second.ID, "1:30")
	s.join()
	s.branch.arrives()

	head := func(method, route string, in, out any) {
		t.Helper()
		if no := answered(t, s.centre, method, route, in, out); no != "" {
			t.Fatalf("%s: %s", route, no)
		}
	}
	var merges []people.Merge
	head("GET", "/api/persons/merges", nil, &merges)
	if len(merges) != 1 || merges[0].Person.String() != second.ID || merges[0].As.String() != first.ID || merges[0].Reason != "one phone" {
		t.Fatalf("head office has the merges %+v", merges)
	}
	var doubles []people.Double
	if head("GET", "/api/persons/duplicates", nil, &doubles); len(doubles) != 0 {
		t.Errorf("head office lists %+v", doubles)
	}
	if no := answered(t, s.centre, "POST", "/api/persons/"+first.ID+"/part", m{"by": "Hind"}, nil); no != refusal.NoRecord {
		t.Errorf("parting who was not merged: %q", no)
	}
	head("POST", "/api/persons/"+second.ID+"/part", m{"by": "Hind"}, nil)
	if head("GET", "/api/persons/duplicates", nil, &doubles); len(doubles) != 1 {
		t.Errorf("parted, head office lists %+v", doubles)
	}
	until(t, "the branch hears that they are two", func() bool {
		s.branch.call("GET", "/api/persons/merges", nil, &merges)
		return len(merges) == 0
	})
	hours(first.ID, "0:30")
	hours(second.ID, "1:00")
	head("POST", "/api/persons/"+first.ID+"/merge", m{"into": second.ID, "by": "Hind"}, nil)
	until(t, "the branch hears that they are one", func() bool {
		s.branch.call("GET", "/api/persons/merges", nil, &merges)
		return len(merges) == 1
	})
	hours(first.ID, "1:30")
}
