package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// playedYear is a year that was played in this process, and is still open.
type playedYear struct {
	*demo
	result *yearResult
}

// playYear plays a part of a year: 1 is all of it.
func playYear(t *testing.T, seed uint64, part int) *playedYear {
	t.Helper()
	o := demoOptions{data: t.TempDir(), once: true, scenario: scenarioYear, seed: seed, part: part}
	d, err := newDemo(o, io.Discard)
	if err == nil {
		err = d.beginYear()
	}
	if err != nil {
		t.Fatal(err)
	}
	if d.centre, err = openCentreAt(t.Context(), d.serverDir(), "Rawaj demo", d.officeClock(), quiet(), io.Discard); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.centre.server.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(g.Wait(), d.close(), d.centre.close()); err != nil {
			t.Error(err)
		}
	})
	if err := d.open(ctx, g, d.centre.server); err != nil {
		t.Fatal(err)
	}
	r, err := d.playYear(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return &playedYear{d, r.(*yearResult)}
}

// bentReader reads records of head office, some of them bent: as a report sees them that
// forgets a filter.
type bentReader struct {
	report.Reader
	table syncproto.TableID
	bend  func(*records.Row)
}

func (b bentReader) Each(table syncproto.TableID, f func(*records.Row) error) error {
	return b.Reader.Each(table, func(row *records.Row) error {
		if table == b.table {
			row = row.Clone()
			b.bend(row)
		}
		return f(row)
	})
}

// become gives a field a word where it has one of some others.
func become(field syncproto.FieldID, word string, from ...string) func(*records.Row) {
	return func(row *records.Row) {
		if slices.Contains(from, row.Of(field).Text()) {
			row.Set(field, syncproto.TextValue(word))
		}
	}
}

var articleFigures = map[string]int64{"F1": 66, "F2": 47, "F3": 19, "F4": 310, "F5": 109, "F6": 491, "F7": 147, "F8": 65, "F9": 90, "F10": 52, "F11": 2009, "F12": 12}

func TestTheYear2018GivesTheFiguresOfTheArticle(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "year")
	demo := start(t, "demo", "--scenario", scenarioYear, "--once", "--json", "--data", dir)
	demo.waitFor(4 * patience) // a quarter of a minute, where nobody else is at work
	var said yearResult
	if err := json.Unmarshal(demo.stdout.Bytes(), &said); err != nil || !said.Equal {
		t.Errorf("%v, %q", err, said.Findings)
	}
	for _, kind := range []string{mistakeScan, mistakeForgot, mistakePerson, mistakeFamily, mistakeLate, mistakeTill, mistakeClock, mistakeCounted} {
		if said.Mistakes[kind] == 0 {
			t.Errorf("in a whole year nothing is %s", kind)
		}
	}
	centre := filepath.Join(dir, "server")
	var a report.Annual
	rawajJSON(t, &a, "report", "annual", "--year", "2018", "--data", centre)
	of := map[string]report.AnnualFigure{}
	for _, f := range a.Figures {
		of[f.ID] = f
		if f.Published == nil || *f.Difference != 0 {
			t.Errorf("%s is %d, beside what was published: %v", f.ID, f.Value, f.Published)
		}
	}
	figuresAre(t, of, articleFigures)
	if len(a.MissingSites) > 0 || a.CompleteTo == nil {
		t.Errorf("it is complete to %v without %v", a.CompleteTo, a.MissingSites)
	}
	rawaj(t, "verify", "--data", centre)

	for _, x := range []struct {
		forgets string
		table   syncproto.TableID
		bend    func(*records.Row)
		gives   map[string]int64
	}{
		{"that cancelled fairs were not held", schema.FairPlan, become(schema.PlanState, schema.FairClosed, schema.FairCancelled), map[string]int64{"F1": 71, "F2": 50, "F3": 21, "F5": 116, "F7": 155}},
		{"that a fair is to be closed", schema.FairPlan, become(schema.PlanState, schema.FairClosed, schema.FairAnnounced), map[string]int64{"F5": 111, "F7": 148}},
		{"the year before", schema.Fair, func(row *records.Row) {
			row.Set(schema.FairStartsOn, syncproto.TextValue(strings.Replace(row.Of(schema.FairStartsOn).Text(), "2017-", "2018-", 1)))
		}, map[string]int64{"F1": 70, "F5": 112, "F7": 152}},
		{"the year after", schema.Fair, func(row *records.Row) {
			row.Set(schema.FairStartsOn, syncproto.TextValue(strings.Replace(row.Of(schema.FairStartsOn).Text(), "2019-", "2018-", 1)))
		}, map[string]int64{"F1": 70, "F5": 112, "F7": 152}},
		{"who organises a fair", schema.Fair, become(schema.FairOrganiser, schema.FairOwn, schema.FairOther), map[string]int64{"F1": 136, "F5": 0, "F6": 0}},
		{"that events are not exhibitions", schema.Fair, become(schema.FairClass, schema.FairExhibition, schema.FairEvent), map[string]int64{"F1": 70, "F5": 109}},
		{"that food events count alone", schema.Fair, become(schema.FairClass, schema.FairExhibition, schema.FairAtayeb), map[string]int64{"F1": 213, "F7": 0}},
		{"who stayed away", schema.Participation, become(schema.PartState, schema.ParticipationTookPart, schema.ParticipationAccepted, schema.ParticipationConfirmed, "absent"), map[string]int64{"F4": 330, "F6": 520}},
		{"that cancelled sessions were not held", schema.WorkshopSession, become(schema.SessionStatus, schema.SessionHeld, schema.SessionCancelled), map[string]int64{"F9": 96, "F10": 55}},
		{"that a session is to be held", schema.WorkshopSession, become(schema.SessionStatus, schema.SessionHeld, "planned"), map[string]int64{"F9": 91, "F10": 53}},
		{"in which year a session was", schema.WorkshopSession, func(row *records.Row) {
			row.Set(schema.SessionStartsAt, syncproto.IntValue(yearDay(theYear, 6, 1).UnixMilli()))
		}, map[string]int64{"F9": 98, "F10": 57}},
	} {
		t.Run("forgetting "+x.forgets, func(t *testing.T) {
			st, err := state.Open(t.Context(), filepath.Join(centre, fileState))
			if err != nil {
				t.Fatal(err)
			}
			defer st.Close()
			if err := st.Read(t.Context(), func(r *state.Reader) error {
				a, err := report.CountAnnual(bentReader{r, x.table, x.bend}, theYear)
				of := map[string]report.AnnualFigure{}
				for _, f := range a.Figures {
					of[f.ID] = f
				}
				figuresAre(t, of, x.gives)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// told is all that a year comes to for people: the rows behind each figure, and sales by day.
func (y *playedYear) told(t *testing.T) (lines []string) {
	t.Helper()
	for _, id := range report.FigureIDs {
		rows, err := y.server.AnnualRows(t.Context(), theYear, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			lines = append(lines, fmt.Sprint(id, r.Part, r.Label, r.Of, r.Day, r.Hours))
		}
	}
	sales, err := y.server.Sales(t.Context(), report.Day)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range sales.Rows {
		lines = append(lines, fmt.Sprint(r.Key, r.Figures))
	}
	slices.Sort(lines)
	return lines
}

// aPart of a year is a tenth of it.
const aPart = 10

func TestTheSameSeedGivesTheSameYearWhichGoesOn(t *testing.T) {
	t.Parallel()
	first, again := playYear(t, 7, aPart), playYear(t, 7, aPart)
	for _, y := range []*playedYear{first, again} {
		if !y.result.Equal {
			t.Errorf("%q", y.result.Findings)
		}
	}
	said := first.told(t)
	if len(said) < 100 {
		t.Errorf("a part of a year comes to %d lines", len(said))
	}
	if got := again.told(t); !slices.Equal(got, said) {
		t.Errorf("the same seed gives %d lines, then %d others", len(said), len(got))
	}
	starts := func(seed uint64) (list []time.Time) {
		for _, f := range drawYear(seed, aPart).fairs {
			list = append(list, f.starts)
		}
		return list
	}
	if !slices.Equal(starts(7), starts(7)) || slices.Equal(starts(7), starts(8)) {
		t.Error("what is planned does not follow from the seed")
	}
	if err := first.beginYear(); err == nil {
		t.Error("a year begins where one was played")
	}
	t.Run("its places sell on today", again.sellOn)
}

// sellOn has every place sell once more, as staff do while the pages are live.
func (y *playedYear) sellOn(t *testing.T) {
	if err := y.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := y.result.Sales.Receipts
	for _, s := range y.sites {
		if err := (&clerk{demo: y.demo, site: s}).sell(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.cable.set(false)
		if _, err := s.client.Sync(t.Context(), demoPatience, nil); err != nil {
			t.Fatal(err)
		}
	}
	sales, err := y.server.Sales(t.Context(), report.Site)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := sales.Total.Receipts, before+int64(len(yearPlaces)); got != want {
		t.Errorf("%d receipts, want %d", got, want)
	}
	today := httptest.NewRecorder()
	y.index().ServeHTTP(today, httptest.NewRequest("GET", "/?lang=ar", nil))
	if page := today.Body.String(); strings.Count(page, "/open?place=") != 1+len(yearPlaces) || strings.Contains(page, `<p class="kind"></p>`) {
		t.Errorf("the index is\n%s", page)
	}
}
