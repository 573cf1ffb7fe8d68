package schema_test

import (
	"slices"
	"testing"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func machineOf(t *testing.T, table syncproto.TableID) *schema.Machine {
	for i := range schema.Lookup(table).Groups {
		if m := schema.Lookup(table).Groups[i].Machine; m != nil {
			return m
		}
	}
	t.Fatalf("table %d has no states", table)
	return nil
}

// Two sites leave one state for two others without having heard of each other.
func TestAClashOfStatesEndsAsPeopleExpectInBothOrders(t *testing.T) {
	for _, c := range []struct {
		name               string
		table              syncproto.TableID
		left, a, b, stands string
	}{
		{"a member that ended stays ended, though the night suspended it", schema.Membership, "at_risk", "suspended", "ended", "ended"},
		{"papers that were renewed win over the night that had not seen them", schema.Membership, "at_risk", "suspended", "eligible", "eligible"},
		{"the twelfth hour wins over nothing new", schema.Membership, "conditions_open", "provisional", "eligible", "eligible"},
		{"a condition that fell away yields to the hours that came", schema.Membership, "provisional", "conditions_open", "eligible", "eligible"},
		{"suspended and ended", schema.Membership, "suspended", "eligible", "ended", "ended"},
		{"a fair that was called off before it opened", schema.FairPlan, "planned", "coordinated", "cancelled", "cancelled"},
		{"announced and called off", schema.FairPlan, "coordinated", "announced", "cancelled", "cancelled"},
		{"what opened was held", schema.FairPlan, "announced", "open", "cancelled", "open"},
		{"what was held and closed is not called off", schema.FairPlan, "open", "closed", "cancelled", "closed"},
		{"a family was told that it is accepted", schema.Participation, "applied", "accepted", "declined", "accepted"},
		{"a family withdrew, and the office confirmed it", schema.Participation, "accepted", "confirmed", "withdrawn", "withdrawn"},
		{"a family that came took part, though it was noted as absent", schema.Participation, "confirmed", "took_part", "absent", "took_part"},
		{"a family that came took part, though it had withdrawn", schema.Participation, "confirmed", "took_part", "withdrawn", "took_part"},
		{"it told us, so it is not absent", schema.Participation, "confirmed", "absent", "withdrawn", "withdrawn"},
		{"a till that is counted was not lost", schema.TillSheet, "selling", "counting", "declared_lost", "counting"},
		{"a till that is closed was not lost", schema.TillSheet, "counting", "closed", "declared_lost", "closed"},
		{"a difference is not approved away", schema.TillSheet, "closed", "approved", "variance_review", "variance_review"},
		{"a late sale is not approved away", schema.TillSheet, "closed", "approved", "late_sales", "late_sales"},
		{"a late sale is seen before the difference is", schema.TillSheet, "variance_review", "approved", "late_sales", "late_sales"},
		{"a device that turned up is not written off", schema.TillSheet, "declared_lost", "recovered", "written_off", "recovered"},
		{"what was sold was sold, though it was noted as returned", schema.Consignment, "at_place", "sold", "returned", "sold"},
		{"what was sold was sold, though it was sent on", schema.Consignment, "at_place", "sold", "moved", "sold"},
		{"a family that signed has it back", schema.Consignment, "at_place", "returned", "damaged", "returned"},
		{"broken and sent on", schema.Consignment, "at_place", "damaged", "moved", "damaged"},
		{"broken on the way", schema.Consignment, "moved", "at_place", "damaged", "damaged"},
		{"handed back at the door", schema.Consignment, "delivered", "at_place", "returned", "returned"},
		{"lines were made, so the approval stands", schema.Statement, "draft", "approved", "cancelled", "approved"},
		{"a family's answer came, and so did the money", schema.Payout, "disputed", "paid", "answered", "answered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := machineOf(t, c.table)
			for _, order := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
				first, ok := m.Decide(c.left, order[0], c.left)
				if !ok {
					t.Fatalf("from %s to %s is refused", c.left, order[0])
				}
				if got, ok := m.Decide(c.left, order[1], first); !ok || got != c.stands {
					t.Errorf("%s, then %s: %q, %v, want %s", order[0], order[1], got, ok, c.stands)
				}
			}
		})
	}
}

// Whatever two states a pair of arrows leads to, one of them stands, the same in both
// orders, and nothing is held for it.
func TestEveryClashOfARankedMachineEndsAlikeInBothOrders(t *testing.T) {
	for _, table := range schema.All {
		for i := range table.Groups {
			m := table.Groups[i].Machine
			if m == nil || len(m.Rank) == 0 {
				continue
			}
			for _, a := range m.Arrows {
				if !slices.Contains(m.Rank, a.From) || !slices.Contains(m.Rank, a.To) {
					t.Errorf("%s: %s to %s is not in the rank", table.Name, a.From, a.To)
				}
				for _, b := range m.Arrows {
					if a.From != b.From || a.To == b.To {
						continue
					}
					one, ok := m.Decide(a.From, b.To, a.To)
					other, ok2 := m.Decide(a.From, a.To, b.To)
					if !ok || !ok2 || one != other || one != a.To && one != b.To {
						t.Errorf("%s: from %s to %s and %s: %q, %v and %q, %v", table.Name, a.From, a.To, b.To, one, ok, other, ok2)
					}
				}
			}
		}
	}
}

func TestARankDrawsNoArrow(t *testing.T) {
	m := machineOf(t, schema.TillSheet)
	if got, ok := m.Decide("opened", "approved", "opened"); ok {
		t.Errorf("a till was approved before it was counted: %s", got)
	}
	if got, ok := m.Decide("opened", "approved", "closed"); ok {
		t.Errorf("a till was approved by somebody who saw it opened: %s", got)
	}
}
