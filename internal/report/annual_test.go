package report

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// shelf is records in memory, made up.
type shelf struct {
	rows map[syncproto.TableID][]*records.Row
	next byte
}

func (s *shelf) Each(table syncproto.TableID, f func(*records.Row) error) error {
	for _, row := range s.rows[table] {
		if err := f(row); err != nil {
			return err
		}
	}
	return nil
}

// put makes a record; id zero: a new one.
func (s *shelf) put(table syncproto.TableID, id syncproto.RecordID, fields map[syncproto.FieldID]any) syncproto.RecordID {
	if id.IsZero() {
		s.next++
		id = syncproto.RecordID{s.next}
	}
	row := records.New(schema.Lookup(table), id)
	for field, v := range fields {
		switch v := v.(type) {
		case string:
			row.Set(field, syncproto.TextValue(v))
		case int64:
			row.Set(field, syncproto.IntValue(v))
		case bool:
			row.Set(field, syncproto.BoolValue(v))
		case syncproto.RecordID:
			row.Set(field, syncproto.IDValue(v))
		}
	}
	if s.rows == nil {
		s.rows = map[syncproto.TableID][]*records.Row{}
	}
	s.rows[table] = append(s.rows[table], row)
	return id
}

type fields = map[syncproto.FieldID]any

func TestTheFiguresOfAYearCountWhatWasHeldInItAndNothingElse(t *testing.T) {
	var s shelf
	fair := func(class, organiser, venue, day, state string) syncproto.RecordID {
		id := s.put(schema.Fair, syncproto.RecordID{}, fields{schema.NameEn: class, schema.FairClass: class, schema.FairOrganiser: organiser, schema.FairVenue: venue, schema.FairStartsOn: day})
		return s.put(schema.FairPlan, id, fields{schema.PlanState: state})
	}
	comes := func(fair, family syncproto.RecordID, state string) {
		s.put(schema.Participation, syncproto.RecordID{}, fields{schema.PartFair: fair, schema.PartFamily: family, schema.PartState: state})
	}
	a, b := syncproto.RecordID{0xa}, syncproto.RecordID{0xb}
	first, last := fair("exhibition", "own", "partner", "2018-01-01", "closed"), fair("exhibition", "own", "branch", "2018-12-31", "reconciled")
	fair("exhibition", "own", "government", "2018-06-01", "closed")
	for _, not := range []syncproto.RecordID{
		fair("exhibition", "own", "partner", "2017-12-31", "closed"), fair("exhibition", "own", "partner", "2019-01-01", "closed"),
		fair("exhibition", "own", "partner", "2018-06-01", "open"), fair("exhibition", "own", "partner", "2018-06-01", "cancelled"),
		fair("event", "own", "department", "2018-06-01", "closed"), fair("atayeb", "other", "government", "2018-06-01", "closed"),
	} {
		comes(not, a, "took_part")
	}
	voided := s.put(schema.Fair, syncproto.RecordID{}, fields{schema.FairClass: "exhibition", schema.FairOrganiser: "own", schema.FairVenue: "partner", schema.FairStartsOn: "2018-06-01", schema.Voided: true})
	s.put(schema.FairPlan, voided, fields{schema.PlanState: "closed"})
	others := fair("event", "other", "partner", "2018-06-01", "closed")
	comes(first, a, "took_part")
	comes(first, b, "absent")
	comes(last, a, "settled")
	comes(last, b, "took_part")
	comes(others, b, "took_part")
	comes(others, a, "confirmed")

	home := s.put(schema.Site, syncproto.RecordID{}, fields{schema.SiteZone: "Asia/Dubai"})
	for person, minutes := range map[byte][]int64{1: {360, 360}, 2: {360, 359}} {
		for i, n := range minutes {
			starts := time.Date(2018, 3, 1+i, 8, 0, 0, 0, time.UTC).UnixMilli()
			s.put(schema.Credit, syncproto.RecordID{}, fields{schema.CreditHome: home, schema.CreditPerson: syncproto.RecordID{person}, schema.CreditSession: syncproto.RecordID{100, person, byte(i)},
				schema.CreditStartsAt: starts, schema.CreditEndsAt: starts + 6*3600_000, schema.CreditEntered: starts, schema.CreditMinutes: n, schema.CreditCounts: true, schema.CreditReview: false})
		}
	}
	s.put(schema.PublishedFigure, syncproto.RecordID{}, fields{schema.PublishedOf: "F1", schema.PublishedYear: int64(2018), schema.PublishedValue: int64(66), schema.PublishedSource: "made up"})
	s.put(schema.PublishedFigure, syncproto.RecordID{}, fields{schema.PublishedOf: "F1", schema.PublishedYear: int64(2018), schema.PublishedValue: int64(67), schema.PublishedSource: "made up", schema.Voided: true})

	year, err := CountAnnual(&s, 2018)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{"F1": 3, "F2": 1, "F3": 1, "F4": 3, "F5": 1, "F6": 1, "F7": 1, "F12": 12}
	parts := map[string]map[string]int64{
		"F1": {"partner": 1, "department": 0, "branch": 1, "government": 1}, "F4": {"families": 2}, "F5": {"exhibition": 0, "event": 1}, "F12": {PartEnough: 1, PartBelow: 1},
	}
	for _, f := range year.Figures {
		if f.Value != want[f.ID] {
			t.Errorf("%s is %d, want %d", f.ID, f.Value, want[f.ID])
		}
		if parts[f.ID] != nil && !maps.Equal(f.Parts, parts[f.ID]) {
			t.Errorf("parts of %s are %v, want %v", f.ID, f.Parts, parts[f.ID])
		}
	}
	if f := year.Figures[0]; len(f.Publications) != 1 || f.Published == nil || *f.Published != 66 || *f.Difference != -63 {
		t.Errorf("F1 beside what was published: %+v", f)
	}
	rows, err := AnnualRows(&s, 2018, "F12")
	if err != nil {
		t.Fatal(err)
	}
	var hours []string
	for _, row := range rows {
		hours = append(hours, row.Hours)
	}
	if slices.Sort(hours); !slices.Equal(hours, []string{"11:59", "12:00"}) {
		t.Errorf("F12 opens %v", hours)
	}
}

func TestArabicCountsInTheFormThatTheNumberAsksFor(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 معرض", 1: "معرضاً واحداً", 2: "معرضين", 3: "3 معارض", 10: "10 معارض", 11: "11 معرضاً", 66: "66 معرضاً", 99: "99 معرضاً",
		100: "100 معرض", 101: "101 معرض", 103: "103 معارض", 111: "111 معرضاً",
	} {
		if got := arabic(n, exhibitionsAr); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestTheSentenceOfAYearAddsUp(t *testing.T) {
	year := func(values map[string]int64) Sentence {
		a := &Annual{Year: 2018}
		for id, v := range values {
			a.Figures = append(a.Figures, AnnualFigure{ID: id, Value: v})
		}
		return sentence(a)
	}
	of := year(map[string]int64{"F1": 66, "F2": 47, "F3": 19, "F4": 310, "F5": 109, "F6": 491, "F7": 147, "F8": 65, "F9": 90, "F10": 52})
	for _, want := range []string{"66 exhibitions organised (66 = 47 at partners + 19 in the department and its branches), 310 participations", "65 workshops, 142 sessions held: 90 practical, 52 administrative"} {
		if !strings.Contains(of.En, want) {
			t.Errorf("%q, want %q in it", of.En, want)
		}
	}
	if want := "نظم المركز 66 معرضاً، منها 47 عند مقرات المؤسسات الشريكة و19 داخل مباني الدائرة والأفرع التابعة لها، بواقع 310 مشاركات"; !strings.Contains(of.Ar, want) {
		t.Errorf("%q, want %q in it", of.Ar, want)
	}
	if of = year(map[string]int64{"F1": 4, "F2": 1, "F3": 2}); !strings.Contains(of.En, "4 = 1 at partners + 2 in the department and its branches + 1 elsewhere") {
		t.Errorf("one elsewhere: %q", of.En)
	}
}
