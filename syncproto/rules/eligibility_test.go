package rules_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// member is made up: a dependant whose papers end in this order: passport, licence, card.
func member(change ...func(*rules.Facts)) *rules.Facts {
	f := &rules.Facts{
		Grounds:    []rules.Span{{From: "2026-01-01"}},
		Licences:   []rules.Document{{ExpiresOn: "2027-03-31"}},
		IDCards:    []rules.Document{{ExpiresOn: "2028-01-31"}},
		Passports:  []rules.Document{{ExpiresOn: "2026-11-30"}},
		Policies:   []rules.PolicyFrom{{ID: syncproto.RecordID{1}, Version: 1, From: "2026-01-01"}},
		Signatures: []rules.Signed{{Policy: syncproto.RecordID{1}, On: "2026-02-01"}},
		Minutes:    720,
	}
	for _, c := range change {
		c(f)
	}
	return f
}

func TestEachOfTheFiveConditionsFailsAlone(t *testing.T) {
	names := []string{rules.ByGround, rules.ByLicence, rules.ByIdentity, rules.BySignature, rules.ByHours}
	second := rules.PolicyFrom{ID: syncproto.RecordID{2}, Version: 2, From: "2026-06-01"}
	for _, c := range []struct {
		name   string
		change func(*rules.Facts)
		broken string
		light  rules.Light
		since  rules.Day
	}{
		{"nothing is broken", func(*rules.Facts) {}, "", "", ""},
		{"no ground was recorded", func(f *rules.Facts) { f.Grounds = nil }, rules.ByGround, rules.Unknown, ""},
		{"assistance ended yesterday", func(f *rules.Facts) { f.Grounds[0].To = "2026-06-30" }, rules.ByGround, rules.Failed, "2026-06-30"},
		{"assistance ends today", func(f *rules.Facts) { f.Grounds[0].To = "2026-07-01" }, "", "", ""},
		{"assistance begins tomorrow", func(f *rules.Facts) { f.Grounds[0].From = "2026-07-02" }, rules.ByGround, rules.Failed, ""},
		{"assistance ended, and another ground holds", func(f *rules.Facts) {
			f.Grounds = append(f.Grounds, rules.Span{From: "2025-01-01", To: "2026-01-31"})
		}, "", "", ""},
		{"no licence was seen", func(f *rules.Facts) { f.Licences = nil }, rules.ByLicence, rules.Unknown, ""},
		{"the licence ended yesterday", func(f *rules.Facts) { f.Licences[0].ExpiresOn = "2026-06-30" }, rules.ByLicence, rules.Failed, "2026-06-30"},
		{"the licence ends today", func(f *rules.Facts) { f.Licences[0].ExpiresOn = "2026-07-01" }, "", "", ""},
		{"a licence whose last day nobody knows", func(f *rules.Facts) { f.Licences[0].ExpiresOn = "" }, rules.ByLicence, rules.Failed, ""},
		{"the new licence is issued tomorrow", func(f *rules.Facts) {
			f.Licences = []rules.Document{{ExpiresOn: "2026-06-30"}, {IssuedOn: "2026-07-02", ExpiresOn: "2027-07-01"}}
		}, rules.ByLicence, rules.Failed, "2026-06-30"},
		{"no card was seen", func(f *rules.Facts) { f.IDCards = nil }, rules.ByIdentity, rules.Unknown, ""},
		{"no passport was seen", func(f *rules.Facts) { f.Passports = nil }, rules.ByIdentity, rules.Unknown, ""},
		{"the passport ended yesterday", func(f *rules.Facts) { f.Passports[0].ExpiresOn = "2026-06-30" }, rules.ByIdentity, rules.Failed, "2026-06-30"},
		{"no card, and a passport that ended", func(f *rules.Facts) { f.IDCards, f.Passports[0].ExpiresOn = nil, "2026-06-30" }, rules.ByIdentity, rules.Failed, "2026-06-30"},
		{"an old passport beside the valid one", func(f *rules.Facts) { f.Passports = append(f.Passports, rules.Document{ExpiresOn: "2020-01-01"}) }, "", "", ""},
		{"nothing was signed", func(f *rules.Facts) { f.Signatures = nil }, rules.BySignature, rules.Unknown, ""},
		{"no version is in force", func(f *rules.Facts) { f.Policies = nil }, rules.BySignature, rules.Unknown, ""},
		{"the second version waits for a signature", func(f *rules.Facts) { f.Policies = append(f.Policies, second) }, rules.BySignature, rules.Failed, "2026-05-31"},
		{"the second version is signed", func(f *rules.Facts) {
			f.Policies, f.Signatures = append(f.Policies, second), append(f.Signatures, rules.Signed{Policy: second.ID, On: "2026-07-01"})
		}, "", "", ""},
		{"the second version is signed tomorrow", func(f *rules.Facts) {
			f.Policies, f.Signatures = append(f.Policies, second), append(f.Signatures, rules.Signed{Policy: second.ID, On: "2026-07-02"})
		}, rules.BySignature, rules.Failed, "2026-05-31"},
		{"two versions from one day: the later is in force", func(f *rules.Facts) {
			f.Policies = append(f.Policies, rules.PolicyFrom{ID: syncproto.RecordID{2}, Version: 2, From: "2026-01-01"})
		}, rules.BySignature, rules.Failed, "2025-12-31"},
		{"the third version is not in force yet", func(f *rules.Facts) {
			f.Policies = append(f.Policies, rules.PolicyFrom{ID: syncproto.RecordID{3}, Version: 3, From: "2026-07-02"})
		}, "", "", ""},
		{"719 minutes", func(f *rules.Facts) { f.Minutes = 719 }, rules.ByHours, rules.Failed, ""},
		{"721 minutes", func(f *rules.Facts) { f.Minutes = 721 }, "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := member(c.change)
			for i, got := range rules.Conditions(f, "2026-07-01") {
				want := rules.Met
				if names[i] == c.broken {
					want = c.light
				}
				if got.Name != names[i] || got.Light != want || got.Since != c.since && names[i] == c.broken {
					t.Errorf("%+v, want %s", got, want)
				}
			}
			if rules.Eligible(f, "2026-07-01") != (c.broken == "") {
				t.Errorf("eligible is %v", c.broken != "")
			}
		})
	}
}

func TestAMemberWithoutTheTwelfthHourIsProvisional(t *testing.T) {
	f := member(func(f *rules.Facts) { f.Minutes = 11*60 + 59 })
	if got, _ := rules.MemberState(f, "2026-07-01", false); got != schema.MemberProvisional {
		t.Errorf("11:59 is %s", got)
	}
	if got := rules.Conditions(f, "2026-07-01")[4].Missing; got != 1 {
		t.Errorf("%d minutes are missing, want 1", got)
	}
	f.Minutes++
	if got, until := rules.MemberState(f, "2026-07-01", false); got != schema.MemberEligible || until != "2026-11-30" {
		t.Errorf("12:00 is %s until %s", got, until)
	}
	f.Minutes, f.IDCards = 0, nil
	if got, _ := rules.MemberState(f, "2026-07-01", false); got != schema.MemberOpen {
		t.Errorf("without a card it is %s", got)
	}
	if got, _ := rules.MemberState(f, "2026-07-01", true); got != schema.MemberSuspended {
		t.Errorf("one that was eligible is %s", got)
	}
}

func TestAPassportHoldsThroughItsLastDayInTheZoneOfTheSite(t *testing.T) {
	f := member()
	until, ok := rules.EligibleUntil(f, "2026-11-01")
	if !ok || until != "2026-11-30" {
		t.Fatalf("eligible until %s, %v", until, ok)
	}
	for day, want := range map[rules.Day]string{"2026-10-30": "eligible", "2026-10-31": "at_risk", "2026-11-30": "at_risk", "2026-12-01": "suspended"} {
		if got, _ := rules.MemberState(f, day, true); got != want {
			t.Errorf("on %s it is %s, want %s", day, got, want)
		}
	}
	for day, want := range map[rules.Day]string{"2026-11-30": schema.MemberEligible, "2026-12-01": schema.MemberSuspended} {
		if got := rules.StandingOn(schema.MemberEligible, until, day); got != want {
			t.Errorf("a stall that heard nothing since reads %s on %s", got, day)
		}
	}
	zone, err := time.LoadLocation("Asia/Dubai")
	if err != nil {
		t.Fatal(err)
	}
	lastMinute := time.Date(2026, 11, 30, 23, 59, 59, 0, zone)
	if got := rules.DayIn(lastMinute.UnixMilli(), zone); got != "2026-11-30" {
		t.Errorf("the last minute is on %s", got)
	}
	if got := rules.DayIn(lastMinute.Add(time.Second).UnixMilli(), zone); got != "2026-12-01" {
		t.Errorf("midnight is on %s, though it is %s in UTC", got, rules.DayIn(lastMinute.Add(time.Second).UnixMilli(), time.UTC))
	}
}

func TestAPaperStandsOnTheListFromThirtyDaysBeforeItsLast(t *testing.T) {
	p := rules.Document{ExpiresOn: "2026-11-30"}
	for day, want := range map[rules.Day]bool{"2026-10-30": false, "2026-10-31": true, "2026-11-30": true, "2026-12-01": false} {
		if got := p.RunsOutWithin(day, 30); got != want {
			t.Errorf("on %s: %v", day, got)
		}
	}
	if got := rules.AddDays("2028-02-28", 1); got != "2028-02-29" {
		t.Errorf("the day after is %s", got)
	}
}

func TestEligibilityGoesOnWhereOnePaperFollowsAnother(t *testing.T) {
	f := member(func(f *rules.Facts) {
		f.Passports = append(f.Passports, rules.Document{IssuedOn: "2026-11-15", ExpiresOn: "2036-11-14"})
	})
	if until, _ := rules.EligibleUntil(f, "2026-07-01"); until != "2027-03-31" {
		t.Errorf("until %s, want the end of the licence", until)
	}
	f.Passports[1].IssuedOn = "2026-12-02" // a day without one
	if until, _ := rules.EligibleUntil(f, "2026-07-01"); until != "2026-11-30" {
		t.Errorf("until %s, want the end of the first passport", until)
	}
	f = member(func(f *rules.Facts) {
		f.Policies = append(f.Policies, rules.PolicyFrom{ID: syncproto.RecordID{2}, Version: 2, From: "2026-09-01"})
	})
	if until, _ := rules.EligibleUntil(f, "2026-07-01"); until != "2026-08-31" {
		t.Errorf("until %s, want the day before the second version", until)
	}
}

func TestAFamilyIsEligibleAsLongAsOneOfItsMembersIs(t *testing.T) {
	late := member(func(f *rules.Facts) {
		f.Grounds[0].From, f.Passports[0].ExpiresOn = "2026-12-01", "2027-01-31"
	})
	if until, ok := rules.FamilyUntil([]*rules.Facts{member(), late}, "2026-07-01"); !ok || until != "2027-01-31" {
		t.Errorf("until %s, %v", until, ok)
	}
	if _, ok := rules.FamilyUntil(nil, "2026-07-01"); ok {
		t.Error("a family without members is eligible")
	}
}

// EligibleUntil is what asking day by day would give.
func TestEligibleUntilIsTheLastDayOfTheRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := rapid.Custom(func(t *rapid.T) rules.Day { return rules.AddDays("2026-01-01", rapid.IntRange(0, 60).Draw(t, "n")) })
		document := rapid.Custom(func(t *rapid.T) rules.Document {
			return rules.Document{IssuedOn: day.Draw(t, "issued"), ExpiresOn: day.Draw(t, "expires")}
		})
		f := &rules.Facts{
			Grounds:   rapid.SliceOfN(rapid.Custom(func(t *rapid.T) rules.Span { return rules.Span{From: day.Draw(t, "from"), To: day.Draw(t, "to")} }), 1, 3).Draw(t, "grounds"),
			Licences:  rapid.SliceOfN(document, 1, 3).Draw(t, "licences"),
			IDCards:   rapid.SliceOfN(document, 1, 3).Draw(t, "cards"),
			Passports: rapid.SliceOfN(document, 1, 3).Draw(t, "passports"),
			Policies:  []rules.PolicyFrom{{ID: syncproto.RecordID{1}, Version: 1}, {ID: syncproto.RecordID{2}, Version: 2, From: day.Draw(t, "second")}},
			Signatures: []rules.Signed{
				{Policy: syncproto.RecordID{1}}, {Policy: syncproto.RecordID{byte(rapid.IntRange(1, 2).Draw(t, "signed"))}, On: day.Draw(t, "on")},
			},
			Minutes: 720,
		}
		d := day.Draw(t, "day")
		var want rules.Day
		for next := d; rules.Eligible(f, next); next = rules.AddDays(next, 1) {
			want = next
		}
		if got, ok := rules.EligibleUntil(f, d); got != want || ok != (want != "") {
			t.Errorf("from %s until %q, %v, want %q", d, got, ok, want)
		}
	})
}
