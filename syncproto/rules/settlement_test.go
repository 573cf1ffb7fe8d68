package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

var family, another = syncproto.RecordID{1}, syncproto.RecordID{2}

func soldLine(n byte, day rules.Day, pieces, amount int64, change ...func(*rules.LineOf)) rules.LineOf {
	l := rules.LineOf{ID: syncproto.RecordID{n}, Family: family, Day: day, Quantity: pieces, Amount: amount, Priced: true, Currency: "AED"}
	for _, c := range change {
		c(&l)
	}
	return l
}

// ledger is what approved statements hold.
type ledger map[syncproto.RecordID]map[string]int64

func (l ledger) taken(of syncproto.RecordID, kind string) bool { _, ok := l[of][kind]; return ok }

func (l ledger) approve(t testing.TB, d rules.Due) {
	for _, e := range d.Entries {
		if l.taken(e.Of, e.Kind) {
			t.Fatalf("%v is settled twice as %s", e.Of, e.Kind)
		}
		if l[e.Of] == nil {
			l[e.Of] = map[string]int64{}
		}
		l[e.Of][e.Kind] = e.Net
	}
}

func TestAStatementTakesWhatIsDueAndNothingElse(t *testing.T) {
	for _, c := range []struct {
		name       string
		lines      []rules.LineOf
		adjust     []rules.AdjustmentOf
		settled    ledger
		gross, net int64
		entries    int
		unpriced   int
	}{
		{"two fairs and an outlet", []rules.LineOf{
			soldLine(1, "2026-11-01", 2, 2000), soldLine(2, "2026-11-30", 1, 500),
			soldLine(3, "2026-11-15", 1, 1000, func(l *rules.LineOf) { l.Share = 1500 }),
		}, nil, nil, 3500, 3350, 3, 0},
		{"the day after is the next statement's", []rules.LineOf{soldLine(1, "2026-12-01", 2, 2000)}, nil, nil, 0, 0, 0, 0},
		{"another's, and nobody's", []rules.LineOf{
			soldLine(1, "2026-11-01", 2, 2000, func(l *rules.LineOf) { l.Family = another }),
			soldLine(2, "2026-11-01", 2, 2000, func(l *rules.LineOf) { l.Family = syncproto.RecordID{} }),
		}, nil, nil, 0, 0, 0, 0},
		{"another currency", []rules.LineOf{soldLine(1, "2026-11-01", 2, 2000, func(l *rules.LineOf) { l.Currency = "IRR" })}, nil, nil, 0, 0, 0, 0},
		{"without a price it waits", []rules.LineOf{soldLine(1, "2026-11-01", 2, 0, func(l *rules.LineOf) { l.Priced = false })}, nil, nil, 0, 0, 0, 1},
		{"settled already", []rules.LineOf{soldLine(1, "2026-11-01", 2, 2000)}, nil, ledger{{1}: {schema.SettledSale: 2000}}, 0, 0, 0, 0},
		{"voided before it was settled", []rules.LineOf{soldLine(1, "2026-11-01", 2, 2000, func(l *rules.LineOf) { l.Voided = true })}, nil, nil, 0, 0, 0, 0},
		{"voided after it was settled", []rules.LineOf{soldLine(1, "2026-11-01", 2, 2000, func(l *rules.LineOf) { l.Voided, l.Share = true, 1500 })}, nil, ledger{{1}: {schema.SettledSale: 1700}}, -2000, -1700, 1, 0},
		{"voided after it was settled, and deducted", []rules.LineOf{soldLine(1, "2026-11-01", 2, 2000, func(l *rules.LineOf) { l.Voided = true })}, nil, ledger{{1}: {schema.SettledSale: 2000, schema.SettledVoid: -2000}}, 0, 0, 0, 0},
		{"refunded after it was settled", []rules.LineOf{
			soldLine(1, "2026-10-01", 2, 2000), soldLine(2, "2026-11-02", -1, -1000), soldLine(3, "2026-11-03", 5, 5000),
		}, nil, ledger{{1}: {schema.SettledSale: 2000}}, 4000, 4000, 2, 0},
		{"an answer to a dispute", nil, []rules.AdjustmentOf{{ID: syncproto.RecordID{9}, Family: family, Amount: 250, Currency: "AED", Day: "2026-11-20"}}, nil, 250, 250, 1, 0},
		{"an answer that was given already", nil, []rules.AdjustmentOf{{ID: syncproto.RecordID{9}, Family: family, Amount: 250, Currency: "AED", Day: "2026-11-20"}}, ledger{{9}: {schema.SettledOther: 250}}, 0, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := rules.Settle(family, "AED", "2026-11-30", c.lines, c.adjust, c.settled.taken)
			if d.Gross != c.gross || d.Net != c.net || len(d.Entries) != c.entries || len(d.Unpriced) != c.unpriced || d.Payable() != (c.net > 0) {
				t.Errorf("got %d, net %d in %d entries, %d unpriced, payable %v", d.Gross, d.Net, len(d.Entries), len(d.Unpriced), d.Payable())
			}
		})
	}
}

// However sales, refunds, voids and settlements follow each other, what was paid in the
// end is what was sold and kept, and nothing is in two statements.
func TestWhateverHappensBetweenStatementsNothingIsPaidTwiceOrLeftOut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		settled := ledger{}
		var lines []rules.LineOf
		for n := range rapid.IntRange(1, 30).Draw(rt, "steps") {
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0, 1:
				lines = append(lines, soldLine(byte(n+1), "2026-11-01", rapid.Int64Range(1, 5).Draw(rt, "pieces"), rapid.Int64Range(0, 999).Draw(rt, "amount"),
					func(l *rules.LineOf) { l.Share = rapid.Int64Range(0, 10000).Draw(rt, "share") }))
			case 2:
				if len(lines) > 0 {
					lines[rapid.IntRange(0, len(lines)-1).Draw(rt, "voided")].Voided = true
				}
			case 3:
				settled.approve(t, rules.Settle(family, "AED", "2026-11-30", lines, nil, settled.taken))
			}
		}
		settled.approve(t, rules.Settle(family, "AED", "2026-11-30", lines, nil, settled.taken))
		if again := rules.Settle(family, "AED", "2026-11-30", lines, nil, settled.taken); len(again.Entries) != 0 {
			rt.Errorf("settled again, %v is due", again.Entries)
		}
		var want, paid int64
		for _, l := range lines {
			if !l.Voided {
				want += l.Amount - rules.Kept(l.Amount, l.Share)
			}
		}
		for _, kinds := range settled {
			for _, net := range kinds {
				paid += net
			}
		}
		if paid != want {
			rt.Errorf("%d was paid of %d", paid, want)
		}
	})
}

func TestWhatIsToBeAssignedIsDueToNobody(t *testing.T) {
	none := syncproto.RecordID{}
	d := rules.Settle(none, "AED", "2026-11-30", []rules.LineOf{soldLine(1, "2026-11-01", 2, 2000, func(l *rules.LineOf) { l.Family = none })}, nil, ledger{}.taken)
	if len(d.Entries) != 0 {
		t.Errorf("%v is due to nobody", d.Entries)
	}
}

func TestALineComesToTheFamilyThroughItsStates(t *testing.T) {
	for _, c := range []struct {
		approved bool
		payout   string
		drafted  bool
		want     string
	}{
		{false, "", false, "unsettled"}, {false, "", true, "in_statement"}, {true, "", false, "approved"}, {true, "", true, "approved"},
		{true, "paid", false, "paid"}, {true, "disputed", false, "disputed"}, {true, "answered", false, "paid"},
	} {
		if got := rules.LineState(c.approved, c.payout, c.drafted); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestIncomeOfSalesIsComputedByMonth(t *testing.T) {
	lines := []rules.LineOf{
		soldLine(1, "2026-08-31", 1, 100), soldLine(2, "2026-09-01", 1, 200), soldLine(3, "2026-10-15", 1, 300), soldLine(4, "2026-11-30", 1, 1000, func(l *rules.LineOf) { l.Share = 5000 }),
		soldLine(5, "2026-11-30", -1, -50), soldLine(6, "2026-11-30", 1, 900, func(l *rules.LineOf) { l.Voided = true }), soldLine(7, "2026-11-01", 1, 900, func(l *rules.LineOf) { l.Family = another }),
	}
	months := rules.SalesIncome(lines, "AED")[family]
	if d := cmp.Diff(map[rules.Month]int64{"2026-08": 100, "2026-09": 200, "2026-10": 300, "2026-11": 450}, months); d != "" {
		t.Error(d)
	}
	if !rules.Grew(months, "2026-11", 3) || rules.Grew(months, "2026-12", 3) || rules.Grew(map[rules.Month]int64{"2026-10": 300, "2026-11": 300}, "2026-11", 1) {
		t.Error("growth is told wrongly")
	}
	if !rules.Grew(map[rules.Month]int64{"2026-01": 2, "2025-12": 1}, "2026-01", 2) {
		t.Error("growth ends with the year")
	}
}
