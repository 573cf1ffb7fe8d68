package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto/rules"
)

// yearPublished is what was published of the year. That it is of that year is said of the
// exhibitions alone.
var yearPublished = []server.NewPublished{
	{Figure: "F1", Value: 66, Wording: "نظم 66 معرضاً"},
	{Figure: "F2", Value: 47, Wording: "بواقع 47 معرضاً عند مقرات المؤسسات الشريكة"},
	{Figure: "F3", Value: 19, Wording: "19 داخل مباني الدائرة والأفرع التابعة لها"},
	{Figure: "F4", Value: 310, Approx: true, Assumed: true, Wording: "نحو 310 مشاركة"},
	{Figure: "F5", Value: 109, Assumed: true, Wording: "109 معرضاً وفعالية"},
	{Figure: "F6", Value: 491, Approx: true, Assumed: true, Wording: "نحو 491 مشاركة"},
	{Figure: "F7", Value: 147, Assumed: true, Wording: "147 فعالية أطايب"},
	{Figure: "F8", Value: 65, Assumed: true, Wording: "65 ورشة عملية وتدريبية"},
	{Figure: "F9", Value: 90, Assumed: true, Wording: "90 ورشة عملية"},
	{Figure: "F10", Value: 52, Assumed: true, Wording: "52 ورشة إدارية"},
	{Figure: "F11", Value: yearFounded, Wording: "منذ إنشائه في عام 2009م"},
	{Figure: "F12", Value: 12, Assumed: true, Wording: "12 ساعة معتمدة"},
}

const yearSource = "مقال عن مركز إنتاج في الشارقة"

// yearResult is what the report of a year says, and where that is not what was planned, or
// published.
type yearResult struct {
	Equal    bool           `json:"equal"`
	Planned  int            `json:"planned_fairs"`
	Tills    int            `json:"tills"`
	Sales    report.Figures `json:"sales"`
	Paid     int            `json:"statements_paid"`
	Mistakes map[string]int `json:"mistakes"` // that people made on the way
	Report   report.Annual  `json:"report"`
	Findings []string       `json:"findings"`
}

func (r *yearResult) equal() bool { return r.Equal }

func (r *yearResult) differ(format string, args ...any) {
	r.Findings = append(r.Findings, fmt.Sprintf(format, args...))
}

func (r *yearResult) print(w io.Writer) {
	printAnnual(w, &r.Report)
	fmt.Fprintf(w, "%d fairs were planned, %d tills sold %d receipts, %d pieces, %s\n", r.Planned, r.Tills, r.Sales.Receipts, r.Sales.Pieces, amounts(r.Sales.AmountMinor))
	fmt.Fprintf(w, "%d statements were paid to families\n", r.Paid)
	var mistakes []string
	for _, kind := range slices.Sorted(maps.Keys(r.Mistakes)) {
		mistakes = append(mistakes, fmt.Sprintf("%s %d", strings.ReplaceAll(kind, "_", " "), r.Mistakes[kind]))
	}
	fmt.Fprintf(w, "mistakes that people made on the way: %s\n", strings.Join(mistakes, ", "))
	for _, f := range r.Findings {
		fmt.Fprintln(w, "NOT EQUAL:", f)
	}
	if r.Equal {
		fmt.Fprintln(w, "all figures are those of the plan, and of what was published")
	}
}

// compare holds the report of the year, counted from what arrived at head office, to the plan
// and to what was published, and sales to what staff did.
func (y *yearPlay) compare(ctx context.Context) (*yearResult, error) {
	r := &yearResult{Planned: len(y.plan.fairs), Tills: y.done.tills, Mistakes: y.done.mistakes, Sales: y.done.sales, Paid: y.done.paid, Findings: []string{}}
	for _, q := range yearPublished {
		q.Year, q.Source = theYear, yearSource
		if _, err := y.server.KeepPublished(ctx, q); err != nil {
			return nil, err
		}
	}
	var err error
	if r.Report, err = y.credited(ctx); err != nil {
		return nil, err
	}
	enough, below := y.plan.hours()
	planned := y.plan.figures()
	for _, f := range r.Report.Figures {
		if f.Value != planned[f.ID] {
			r.differ("%s is %d, planned so that it is %d", f.ID, f.Value, planned[f.ID])
		}
		if y.plan.part == 1 && (f.Difference == nil || *f.Difference != 0) {
			r.differ("%s is %d, which was not published", f.ID, f.Value)
		}
		if f.ID == "F12" && (f.Parts[report.PartEnough] != enough || f.Parts[report.PartBelow] != below) {
			r.differ("%v have %s hours, planned so that %d have and %d have not", f.Parts, rules.HoursText(rules.MembershipMinutes), enough, below)
		}
	}
	if n := len(r.Report.MissingSites); n > 0 {
		r.differ("%d sites are still out", n)
	}
	if err := y.compareSales(ctx, r); err != nil {
		return nil, err
	}
	if err := y.compareSettled(ctx, r); err != nil {
		return nil, err
	}
	if err := y.compareSites(ctx, r); err != nil {
		return nil, err
	}
	r.Equal = len(r.Findings) == 0
	return r, nil
}

// creditPatience is how long head office may take to credit the last hours: after a look
// that wrote much it rests nine times as long, which on a busy machine is a minute.
const creditPatience = 5 * time.Minute

// credited waits until head office has credited the hours of all sessions.
func (y *yearPlay) credited(ctx context.Context) (a report.Annual, err error) {
	ctx, stop := context.WithTimeout(ctx, creditPatience)
	defer stop()
	enough, below := y.plan.hours()
	for {
		view := y.server.Live().View()
		view.Head() // wakes at every entry of the log, credits among them
		if a, err = y.server.Annual(ctx, theYear); err != nil {
			return a, err
		}
		i := slices.IndexFunc(a.Figures, func(f report.AnnualFigure) bool { return f.ID == "F12" })
		if p := a.Figures[i].Parts; p[report.PartEnough] == enough && p[report.PartBelow] == below {
			return a, nil
		}
		if view.Wait(ctx) != nil { // what differs is told
			return a, nil
		}
	}
}

func (y *yearPlay) compareSales(ctx context.Context, r *yearResult) error {
	sales, err := y.server.Sales(ctx, report.Day)
	if err != nil {
		return err
	}
	same := func(what string, got, want *report.Figures) {
		difference := report.Figures{}
		difference.Add(got, 1)
		difference.Add(want, -1)
		if !difference.IsZero() {
			r.differ("%s are %+v, staff sold %+v", what, *got, *want)
		}
	}
	same("sales", &sales.Total, &y.done.sales)
	for _, row := range sales.Rows {
		want := y.done.days[row.Key]
		if want == nil {
			want = &report.Figures{}
		}
		same("sales of "+row.Key, &row.Figures, want)
	}
	return nil
}

// compareSites looks for work that did not arrive, or was held.
func (y *yearPlay) compareSites(ctx context.Context, r *yearResult) error {
	for _, s := range y.sites {
		st, err := s.client.Status(ctx)
		if err != nil {
			return err
		}
		if st.Quarantined > 0 || st.Pending > 0 {
			r.differ("%s has %d transactions held and %d to send", s.place, st.Quarantined, st.Pending)
		}
		if unequal := s.store.Progress().Unequal; unequal != "" {
			r.differ("%s: %s", s.place, unequal)
		}
	}
	return nil
}
