package client_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestWhatIsRecordedOfMembersIsRefusedByRuleAndField(t *testing.T) {
	ctx := context.Background()
	c := newStall(t)
	a, id := newAPI(t, c), newIDs(t)
	person, workshop, session := id(), id(), id()
	_, err := c.AddPerson(ctx, client.NewPerson{ID: person, Name: "Made-up person"})
	ok(t, err)
	ok(t, c.Apply(ctx, person, [16]byte{}))
	_, err = c.AddWorkshop(ctx, client.NewWorkshop{ID: workshop, Name: "w", Kind: "practical", Minutes: 60})
	ok(t, err)
	_, err = c.PlanSession(ctx, client.NewSession{ID: session, Workshop: workshop, Starts: c.Now(), Ends: c.Now().Add(3600e9)})
	ok(t, err)
	drawing, err := c.Attach(ctx, []byte("a made-up drawing"))
	ok(t, err)
	of := "/api/members/" + person.String()
	for _, b := range []struct {
		name, path, body string
		code             refusal.Code
		field            string
	}{
		{"nobody applies", "/api/members", `{"person":"` + noID + `"}`, refusal.Reference, "person"},
		{"into no family", "/api/members", fmt.Sprintf(`{"person":%q,"family":%q}`, person, noID), refusal.Reference, "family"},
		{"an end without a reason", of + "/end", `{}`, refusal.Required, "reason"},
		{"an end for another reason", of + "/end", `{"reason":"bored"}`, refusal.UnknownWord, "reason"},
		{"the end of nobody", "/api/members/" + noID + "/end", `{"reason":"left"}`, refusal.NoRecord, ""},
		{"a third ground", of + "/grounds", `{"kind":"social_home","from":"2026-01-01"}`, refusal.UnknownWord, "kind"},
		{"a ground since ever", of + "/grounds", `{"kind":"dependant"}`, refusal.Required, "from"},
		{"a ground that ends first", of + "/grounds", `{"kind":"dependant","from":"2026-02-01","to":"2026-01-31"}`, refusal.EndsBeforeStart, "to"},
		{"a ground through nobody", of + "/grounds", `{"kind":"dependant","from":"2026-02-01","dependant_of":"` + noID + `"}`, refusal.Reference, "dependant_of"},
		{"a paper without a last day", of + "/documents", `{"kind":"passport","number":"1"}`, refusal.Required, "expires_on"},
		{"a paper without a number", of + "/documents", `{"kind":"passport","expires_on":"2026-01-01"}`, refusal.Required, "number"},
		{"a day that is none", of + "/documents", `{"kind":"passport","number":"1","expires_on":"2026-02-30"}`, refusal.BadForm, "expires_on"},
		{"a paper of nobody", "/api/members/" + noID + "/documents", `{"kind":"passport","number":"1","expires_on":"2026-01-01"}`, refusal.Reference, "person"},
		{"a signature without a drawing", of + "/signatures", `{"policy":"` + noID + `","lang":"ar"}`, refusal.Required, "image"},
		{"a signature under nothing", of + "/signatures", fmt.Sprintf(`{"policy":%q,"lang":"ar","image":%q}`, noID, drawing), refusal.Reference, "policy"},
		{"a correction without a reason", "/api/sessions/" + session.String() + "/corrections", fmt.Sprintf(`{"person":%q,"minutes":5,"by":"x"}`, person), refusal.Required, "reason"},
		{"a correction to less than nothing", "/api/sessions/" + session.String() + "/corrections", fmt.Sprintf(`{"person":%q,"minutes":-5,"reason":"r","by":"x"}`, person), refusal.OutOfRange, "minutes"},
		{"a correction of nobody", "/api/sessions/" + session.String() + "/corrections", fmt.Sprintf(`{"person":%q,"minutes":5,"reason":"r","by":"x"}`, noID), refusal.Reference, "person"},
	} {
		if _, e := a.refused("POST", b.path, "application/json", b.body); e.Code != b.code || e.Field != b.field {
			t.Errorf("%s: got %s on %q (%s), want %s on %q", b.name, e.Code, e.Field, e.Message, b.code, b.field)
		}
	}
}

func TestAskingTwiceRecordsAMembersFactsOnce(t *testing.T) {
	ctx := context.Background()
	c := newStall(t)
	a, id := newAPI(t, c), newIDs(t)
	person, ground := id(), id()
	_, err := c.AddPerson(ctx, client.NewPerson{ID: person, Name: "Made-up person"})
	ok(t, err)
	before := int64(0)
	for n := range 2 {
		ok(t, c.Apply(ctx, person, [16]byte{}))
		_, err = c.AddGround(ctx, client.NewGround{ID: ground, Person: person, Kind: schema.GroundBeneficiary, From: "2026-01-01"})
		ok(t, err)
		_, err = c.AddDocument(ctx, client.NewDocument{Person: person, Kind: schema.DocumentPassport, Number: "P1", ExpiresOn: "2026-12-31"})
		ok(t, err)
		ok(t, c.SetGroundDates(ctx, ground, "2026-01-01", "2026-06-30"))
		_, err = c.AddGround(ctx, client.NewGround{ID: ground, Person: person, Kind: schema.GroundBeneficiary, From: "2026-01-01"})
		ok(t, err)
		ok(t, c.EndMembership(ctx, person, "left", ""))
		st, err := c.Status(ctx)
		ok(t, err)
		if n == 0 {
			before = int64(st.Transactions)
			ok(t, c.EndMembership(ctx, person, "left", ""))
			st, err = c.Status(ctx)
			ok(t, err)
			if int64(st.Transactions) != before {
				t.Error("ending it twice recorded something")
			}
		}
	}
	var f client.MemberFile
	if code := a.do("GET", "/api/members/"+person.String()+"?on=2026-03-01", nil, &f); code != 200 || len(f.Grounds) != 1 || len(f.Documents) != 1 || f.Grounds[0].To != "2026-06-30" || f.State != schema.MemberEnded || f.EndedReason != "left" {
		t.Errorf("%d %+v", code, f)
	}
	var list []client.MemberShown
	if a.do("GET", "/api/members?state=eligible", nil, &list); len(list) != 0 {
		t.Errorf("eligible are %+v", list)
	}
	if a.do("GET", "/api/members?state=ended", nil, &list); len(list) != 1 {
		t.Errorf("ended are %+v", list)
	}
}
