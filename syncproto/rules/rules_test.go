package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const minute = 60_000

func session(starts, ends, minutes int64) schema.Values {
	t := schema.Lookup(schema.WorkshopSession)
	v := make(schema.Values, len(t.Fields))
	v[t.Index(schema.SessionStartsAt)] = syncproto.IntValue(starts)
	v[t.Index(schema.SessionEndsAt)] = syncproto.IntValue(ends)
	v[t.Index(schema.SessionMinutes)] = syncproto.IntValue(minutes)
	return v
}

func TestAttendanceCreditsEachPersonOnce(t *testing.T) {
	const start, end = 1000 * minute, 1120 * minute // two hours
	person := syncproto.RecordID{1}
	in := func(m int64) rules.ScanOf {
		return rules.ScanOf{Person: person, Kind: schema.ScanIn, At: start + m*minute}
	}
	out := func(m int64) rules.ScanOf {
		return rules.ScanOf{Person: person, Kind: schema.ScanOut, At: start + m*minute}
	}
	for _, c := range []struct {
		name     string
		minutes  int64
		scans    []rules.ScanOf
		credited int64
		review   bool
	}{
		{name: "from start to end", minutes: 120, scans: []rules.ScanOf{in(0), out(120)}, credited: 120},
		{name: "two devices scan the same person", minutes: 120, scans: []rules.ScanOf{in(0), in(1), out(119), out(120)}, credited: 120},
		{name: "early in and late out count within the session", minutes: 120, scans: []rules.ScanOf{in(-30), out(150)}, credited: 120},
		{name: "never more than is accredited", minutes: 90, scans: []rules.ScanOf{in(0), out(120)}, credited: 90},
		{name: "late in", minutes: 120, scans: []rules.ScanOf{in(30), out(120)}, credited: 90},
		{name: "719 is not 720: seconds are dropped", minutes: 120, scans: []rules.ScanOf{in(0), {Person: person, Kind: schema.ScanOut, At: start + 119*minute + 59_999}}, credited: 119},
		{name: "no check-out is reviewed", minutes: 120, scans: []rules.ScanOf{in(0)}, review: true},
		{name: "no check-in credits nothing", minutes: 120, scans: []rules.ScanOf{out(60)}},
		{name: "out before in is reviewed", minutes: 120, scans: []rules.ScanOf{in(60), out(10)}, review: true},
		{name: "before the session", minutes: 120, scans: []rules.ScanOf{in(-60), out(-10)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := rules.Attendance(session(start, end, c.minutes), c.scans)
			if len(got) != 1 || got[0].Credited != c.credited || got[0].Review != c.review {
				t.Errorf("got %+v, want %d minutes, review %v", got, c.credited, c.review)
			}
		})
	}
}

func TestAVerdictStandsForTheMissingCheckOut(t *testing.T) {
	const start, end = 1000 * minute, 1120 * minute
	person := syncproto.RecordID{1}
	scan := func(kind string, m int64) rules.ScanOf {
		return rules.ScanOf{Person: person, Kind: kind, At: start + m*minute}
	}
	for _, c := range []struct {
		name     string
		scans    []rules.ScanOf
		verdict  rules.VerdictOf
		credited int64
	}{
		{"confirmed", []rules.ScanOf{scan(schema.ScanIn, 10)}, rules.VerdictOf{Verdict: schema.AttendanceConfirmed, OutAt: start + 70*minute}, 60},
		{"confirmed beyond the session", []rules.ScanOf{scan(schema.ScanIn, 10)}, rules.VerdictOf{Verdict: schema.AttendanceConfirmed, OutAt: end + 70*minute}, 110},
		{"confirmed, and a check-out came later", []rules.ScanOf{scan(schema.ScanIn, 10), scan(schema.ScanOut, 110)}, rules.VerdictOf{Verdict: schema.AttendanceConfirmed, OutAt: start + 70*minute}, 60},
		{"void", []rules.ScanOf{scan(schema.ScanIn, 10)}, rules.VerdictOf{Verdict: schema.AttendanceVoid}, 0},
		{"void, and a check-out came later", []rules.ScanOf{scan(schema.ScanIn, 10), scan(schema.ScanOut, 110)}, rules.VerdictOf{Verdict: schema.AttendanceVoid}, 0},
		{"without a check-in there is nothing to confirm", []rules.ScanOf{scan(schema.ScanOut, 110)}, rules.VerdictOf{Verdict: schema.AttendanceConfirmed, OutAt: end}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.verdict.Person = person
			got := rules.Attendance(session(start, end, 120), c.scans, c.verdict)
			if len(got) != 1 || got[0].Credited != c.credited || got[0].Review || got[0].Verdict != c.verdict.Verdict {
				t.Errorf("got %+v, want %d minutes and nothing to review", got, c.credited)
			}
		})
	}
}

func TestAttendanceDoesNotDependOnTheOrderOfScans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scans := rapid.SliceOf(rapid.Custom(func(t *rapid.T) rules.ScanOf {
			return rules.ScanOf{
				Person: syncproto.RecordID{byte(rapid.IntRange(1, 3).Draw(t, "person"))},
				Kind:   rapid.SampledFrom([]string{schema.ScanIn, schema.ScanOut}).Draw(t, "kind"),
				At:     rapid.Int64Range(1, 300).Draw(t, "at") * minute,
			}
		})).Draw(t, "scans")
		s := session(60*minute, 180*minute, 90)
		want := rules.Attendance(s, scans)
		if d := cmp.Diff(want, rules.Attendance(s, rapid.Permutation(scans).Draw(t, "order"))); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(want, rules.Attendance(s, append(scans, scans...))); d != "" {
			t.Errorf("each scan twice: %s", d)
		}
		for _, p := range want {
			if p.Credited < 0 || p.Credited > 90 || p.Review && p.Credited != 0 {
				t.Errorf("%+v", p)
			}
		}
	})
}

func TestALineIsWorthQuantityTimesPriceLessDiscount(t *testing.T) {
	table := schema.Lookup(schema.SaleLine)
	line := make(schema.Values, len(table.Fields))
	set := func(id syncproto.FieldID, v syncproto.Value) { line[table.Index(id)] = v }
	set(schema.LineQuantity, syncproto.IntValue(-2))
	if _, _, priced := rules.LineAmount(line); priced {
		t.Error("a line without a price counts as priced")
	}
	set(schema.LineUnitPrice, syncproto.IntValue(1250))
	set(schema.LineCurrency, syncproto.TextValue("AED"))
	set(schema.LineDiscount, syncproto.IntValue(50))
	if amount, currency, priced := rules.LineAmount(line); amount != -2550 || currency != "AED" || !priced {
		t.Errorf("got %d %s %v, want -2550 AED", amount, currency, priced)
	}
}
