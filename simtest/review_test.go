package simtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestAnAttendanceWithoutACheckOutCountsOnceSomebodyConfirmsIt(t *testing.T) {
	ctx := context.Background()
	c := simtest.NewCentre(t)
	a, b := c.NewSite("Branch", schema.KindBranch), c.NewSite("Branch", schema.KindBranch)
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	a.Now, b.Now = func() time.Time { return now }, func() time.Time { return now }
	person, err := a.Client.AddPerson(ctx, client.NewPerson{Name: "a made-up person"})
	must(t, err)
	workshop, err := a.Client.AddWorkshop(ctx, client.NewWorkshop{Name: "Incense", Kind: "practical", Minutes: 90})
	must(t, err)
	session, err := a.Client.PlanSession(ctx, client.NewSession{Workshop: workshop, Starts: now, Ends: now.Add(2 * time.Hour)})
	must(t, err)
	begun := now
	review := client.NewReview{Session: session, Person: person, Verdict: schema.AttendanceConfirmed, Out: begun.Add(time.Hour), By: "Mariam"}
	wantRefusal(t, a.Client.Review(ctx, review), refusal.NothingToReview, "")
	_, err = a.Client.CheckIn(ctx, client.NewScan{Session: session, Person: person})
	must(t, err)
	now = now.Add(3 * time.Hour)
	with := func(change func(*client.NewReview)) client.NewReview {
		r := review
		change(&r)
		return r
	}
	wantRefusal(t, a.Client.Review(ctx, with(func(r *client.NewReview) { r.Out = begun })), refusal.EndsBeforeStart, "out_at")
	wantRefusal(t, a.Client.Review(ctx, with(func(r *client.NewReview) { r.By = "" })), refusal.Required, "by")
	wantRefusal(t, a.Client.Review(ctx, with(func(r *client.NewReview) { r.Verdict = "perhaps" })), refusal.UnknownWord, "verdict")
	wantRefusal(t, a.Client.Review(ctx, with(func(r *client.NewReview) { r.Verdict = schema.AttendanceVoid })), refusal.Required, "reason")
	wantRefusal(t, a.Client.Review(ctx, with(func(r *client.NewReview) { r.Session = syncproto.RecordID{1} })), refusal.NoRecord, "")
	for range 2 {
		must(t, a.Client.Review(ctx, review))
	}
	if r := a.Sync(); r.Quarantined != 0 {
		t.Errorf("held: %+v", r)
	}
	b.Sync()
	wantCredit := func(minutes int64, verdict string) {
		t.Helper()
		for i, s := range []*simtest.Site{a, b} {
			list, err := s.Client.Attendance(ctx, session)
			must(t, err)
			if len(list) != 1 || list[0].Credited != minutes || list[0].Review || list[0].Verdict != verdict {
				t.Errorf("device %d derives %+v, want %d minutes, %s", i, list, minutes, verdict)
			}
		}
		c.Folded()
		o, err := c.Server.Overview(ctx, server.Asked{})
		must(t, err)
		if o.Credited != minutes {
			t.Errorf("head office credits %d minutes, want %d", o.Credited, minutes)
		}
	}
	wantCredit(60, schema.AttendanceConfirmed)

	// A check-out that comes later changes nothing; another verdict does, and says why.
	_, err = b.Client.CheckOut(ctx, client.NewScan{Session: session, Person: person})
	must(t, err)
	b.Sync()
	a.Sync()
	wantCredit(60, schema.AttendanceConfirmed)
	must(t, b.Client.Review(ctx, with(func(r *client.NewReview) { r.Verdict, r.Reason = schema.AttendanceVoid, "was another person's card" })))
	b.Sync()
	a.Sync()
	wantCredit(0, schema.AttendanceVoid)
}
