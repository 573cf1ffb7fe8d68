package simtest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// R6: a paper that runs out on the second of four days warns when the family is accepted, and
// blocks the days after it at a stall that hears nothing any more; a supervisor admits for one
// day, and head office sees why. Names are made up.
func TestAFamilyWhoseEligibilityEndsInTheMiddleOfAFair(t *testing.T) {
	inBubble(t, func(b *bubble) {
		branch, stopBranch := b.siteOf("Branch", schema.KindBranch)
		defer stopBranch()
		stall, stopStall := b.site("Stall")
		const first = "2000-01-02"
		family, _, checkOut := b.almostEligible(t, branch, "2000-01-03")
		checkOut()

		fairs, err := b.server.Fairs(ctx, report.Span{})
		must(t, err)
		fair := fairs[0].ID // that the stall was enrolled for
		_, err = b.server.PlanFair(ctx, server.PlanFair{ID: &fair, NameEn: "Fair", Class: schema.FairExhibition, Organiser: "own", Venue: schema.VenueDepartment, StartsOn: first, EndsOn: "2000-01-05"})
		must(t, err)
		elapse(time.Minute)
		done, err := branch.Participate(ctx, client.NewParticipation{Fair: fair, Family: family, State: schema.ParticipationAccepted})
		must(t, err)
		if !slices.Equal(done.Blocked, []string{"2000-01-04", "2000-01-05"}) {
			t.Errorf("who accepts is told of %v", done.Blocked)
		}
		elapse(10 * time.Minute)
		b.net.Down(true) // the fair ground has no network from here on
		zone := time.FixedZone("Dubai", 4*60*60)
		comes := func(day, hour, minute int, by, reason string) error {
			elapse(time.Until(time.Date(2000, 1, day, hour, minute, 0, 0, zone)))
			_, err := stall.CheckInFamily(ctx, client.NewCheckIn{Fair: fair, Family: family, By: by, Reason: reason})
			return err
		}
		must(t, comes(2, 9, 0, "", ""))
		must(t, comes(3, 0, 0, "", ""))
		must(t, comes(3, 23, 59, "", ""))
		wantRefusal(t, comes(4, 0, 0, "", ""), refusal.RedCard, "reason")
		wantRefusal(t, comes(4, 9, 0, "Noura", ""), refusal.RedCard, "reason")
		must(t, comes(4, 9, 1, "Noura", "the new passport is on its way"))
		wantRefusal(t, comes(5, 9, 0, "", ""), refusal.RedCard, "reason") // she admitted for the day
		b.net.Down(false)
		elapse(10 * time.Minute)
		shown, err := b.server.Fair(ctx, fair)
		must(t, err)
		if len(shown.Admitted) != 1 || shown.Admitted[0].By != "Noura" || shown.Admitted[0].Reason != "the new passport is on its way" {
			t.Errorf("head office sees %+v", shown.Admitted)
		}
		stopStall()
	})
}
