package simtest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// almostEligible makes a family of one person, with papers of which the first runs out on
// that day: it is eligible once checkOut has given her the hours of her workshop.
func (b *bubble) almostEligible(t *testing.T, branch *client.Client, passport string) (family, person syncproto.RecordID, checkOut func()) {
	t.Helper()
	policy, err := b.server.Publish(ctx, server.NewPolicy{NameEn: "Made-up policies", From: "1999-01-01", TextEn: "a made-up text"})
	must(t, err)
	family, err = branch.AddFamily(ctx, client.NewFamily{Name: "Made-up family"})
	must(t, err)
	person, err = branch.AddPerson(ctx, client.NewPerson{Name: "a made-up person"})
	must(t, err)
	must(t, branch.Apply(ctx, person, family))
	_, err = branch.AddGround(ctx, client.NewGround{Person: person, Kind: schema.GroundDependant, From: "1999-01-01"})
	must(t, err)
	for kind, last := range map[string]string{schema.DocumentLicence: "2000-12-31", schema.DocumentIDCard: "2001-12-31", schema.DocumentPassport: passport} {
		_, err = branch.AddDocument(ctx, client.NewDocument{Person: person, Kind: kind, Number: "X1", ExpiresOn: last})
		must(t, err)
	}
	drawing, err := branch.Attach(ctx, []byte("a made-up drawing"))
	must(t, err)
	elapse(time.Minute)
	_, err = branch.Sign(ctx, client.NewSignature{Person: person, Policy: policy.ID, Lang: "en", Image: drawing})
	must(t, err)
	workshop, err := branch.AddWorkshop(ctx, client.NewWorkshop{Name: "Incense", Kind: "practical", Minutes: 720, Counts: true})
	must(t, err)
	begin := time.Now()
	session, err := branch.PlanSession(ctx, client.NewSession{Workshop: workshop, Starts: begin, Ends: begin.Add(12 * time.Hour)})
	must(t, err)
	_, err = branch.CheckIn(ctx, client.NewScan{Session: session, Person: person})
	must(t, err)
	elapse(12 * time.Hour)
	return family, person, func() {
		t.Helper()
		_, err := branch.CheckOut(ctx, client.NewScan{Session: session, Person: person})
		must(t, err)
	}
}

// Head office writes on the midnight after a paper's last day, in the zone of the branch,
// and nothing in the days before: a look that finds nothing new adds nothing.
func TestHeadOfficeSuspendsAFamilyAtMidnightOfItsBranch(t *testing.T) {
	inBubble(t, func(b *bubble) {
		branch, stop := b.siteOf("Branch", schema.KindBranch)
		family, person, checkOut := b.almostEligible(t, branch, "2000-01-10")
		reads := func() (standing string) {
			t.Helper()
			must(t, b.server.State.Read(ctx, func(r *state.Reader) error {
				row, err := r.Get(schema.Standing, schema.StandingID(family, syncproto.RecordID{}))
				if row != nil {
					standing = row.Of(schema.StandingState).Text() + " " + row.Of(schema.StandingEligibleUntil).Text()
				}
				return err
			}))
			return standing
		}
		if got := reads(); got != "provisional " {
			t.Errorf("before the check-out head office reads %q", got)
		}
		checkOut()
		elapse(time.Minute)
		stop() // nobody does anything from here on
		if got := reads(); got != "eligible 2000-01-10" {
			t.Fatalf("head office reads %q", got)
		}
		at := b.server.State.Head().Position
		zone := time.FixedZone("Dubai", 4*60*60)
		elapse(time.Until(time.Date(2000, 1, 10, 23, 59, 59, 0, zone)))
		if got := reads(); got != "eligible 2000-01-10" {
			t.Errorf("in the last minute of its last day head office reads %q", got)
		}
		if now := b.server.State.Head().Position; now != at {
			t.Errorf("%d transactions of days on which nothing changed", now-at)
		}
		elapse(2 * time.Second)
		if got := reads(); got != "suspended " {
			t.Errorf("after midnight head office reads %q", got)
		}
		elapse(48 * time.Hour)
		if now := b.server.State.Head().Position; now != at+1 {
			t.Errorf("suspending was %d transactions, want 1", now-at)
		}
		credits := 0
		must(t, b.server.State.Read(ctx, func(r *state.Reader) error {
			return r.Each(schema.Credit, func(row *records.Row) error {
				credits++
				if row.Of(schema.CreditMinutes).Int() != 720 || row.Of(schema.CreditPerson).ID() != person {
					t.Errorf("credited %d minutes", row.Of(schema.CreditMinutes).Int())
				}
				return nil
			})
		}))
		if credits != 1 {
			t.Errorf("%d credits, want 1", credits)
		}
	})
}

func TestVersionsOfThePoliciesAreNumberedAndPublishedOnce(t *testing.T) {
	c := simtest.NewCentre(t)
	publish := func(change func(*server.NewPolicy)) (server.PolicyShown, error) {
		n := server.NewPolicy{NameAr: "سياسات مختلقة", From: "2026-01-01", TextAr: "نص مختلق"}
		change(&n)
		return c.Server.Publish(ctx, n)
	}
	for name, want := range map[string]struct {
		change func(*server.NewPolicy)
		code   refusal.Code
		field  string
	}{
		"no name":            {func(n *server.NewPolicy) { n.NameAr = "" }, refusal.Required, "name_ar"},
		"no text":            {func(n *server.NewPolicy) { n.TextAr = "" }, refusal.Required, "text_ar"},
		"no day":             {func(n *server.NewPolicy) { n.From = "soon" }, refusal.BadForm, "from"},
		"a name without end": {func(n *server.NewPolicy) { n.NameAr = strings.Repeat("a", 900) }, refusal.TooLong, "name_ar"},
		"a text without end": {func(n *server.NewPolicy) { n.TextEn = strings.Repeat("a", 1<<17) }, refusal.TooLong, "text_en"},
		"an id of something": {func(n *server.NewPolicy) { n.ID = syncproto.RecordID{1} }, refusal.BadID, "id"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := publish(want.change)
			wantRefusal(t, err, want.code, want.field)
		})
	}
	first, err := publish(func(*server.NewPolicy) {})
	must(t, err)
	again, err := publish(func(n *server.NewPolicy) { n.ID, n.TextAr = first.ID, "نص آخر" })
	must(t, err)
	second, err := publish(func(n *server.NewPolicy) { n.TextEn = "a made-up text" })
	must(t, err)
	list, err := c.Server.Policies(ctx)
	must(t, err)
	if first.Version != 1 || again.ID != first.ID || again.Version != 1 || second.Version != 2 || len(list) != 2 || !slices.Equal(list[1].Langs, []string{"ar", "en"}) {
		t.Errorf("%+v, %+v, %+v, and listed %+v", first, again, second, list)
	}
}
