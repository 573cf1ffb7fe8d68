package server

import (
	"reflect"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// undated is a snapshot that reads all lines to find those of some days.
type undated struct{ settle.Reader }

// sells makes made-up sales: of each family one on each of some days, worth more from month to month.
func (l *looker) sells(days, families int) {
	l.families = l.ids(families)
	site, product := l.ids(1)[0], l.ids(1)[0]
	var changes []syncproto.Change
	for day := range days {
		on := time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, day)
		for n, family := range l.families {
			sale := syncproto.DerivedID(on.UnixMilli(), "made up", family[:])
			changes = append(changes, create(schema.Sale, sale, names(schema.SaleSite, site), text(schema.SaleDay, on.Format(time.DateOnly)), number(schema.SaleSoldAt, on.UnixMilli()), number(schema.SaleLineCount, 1),
				text(schema.SaleReceiptNo, "A-1"), yes(schema.Voided, (day+n)%7 == 0)),
				create(schema.SaleLine, sale.Child(1), names(schema.LineSale, sale), names(schema.LineSite, site), names(schema.LineProduct, product), names(schema.LineFamily, family), number(schema.LineQuantity, 1_000),
					number(schema.LineUnitPrice, int64((day/28+1)*100+n)), text(schema.LineCurrency, "AED")))
			if len(changes) >= benchAtOnce || day == days-1 && n == families-1 {
				if err := l.recordSeen(l.t.Context(), decisions, nil, changes...); err != nil {
					l.t.Fatal(err)
				}
				changes = nil
			}
		}
	}
}

func (l *looker) grown(month string, of func(*state.Reader) settle.Reader) (g report.Grown) {
	l.t.Helper()
	if err := l.State.Read(l.t.Context(), func(r *state.Reader) (err error) {
		g, err = report.CountGrown(of(r), month)
		return err
	}); err != nil {
		l.t.Fatal(err)
	}
	return g
}

func dated(r *state.Reader) settle.Reader { return r }

func all(r *state.Reader) settle.Reader { return undated{r} }

func TestWhoseIncomeGrewIsReadFromTheseMonthsAlone(t *testing.T) {
	l := newLooker(t)
	l.sells(400, 3)
	grew := 0
	for _, month := range []string{"2024-12", "2025-01", "2025-04", "2025-05", "2025-12", "2026-02", "2026-03"} {
		got, want := l.grown(month, dated), l.grown(month, all)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: by days %+v, of all %+v", month, got, want)
		}
		grew += len(want.Families)
	}
	if grew == 0 {
		t.Error("nobody's income grew: nothing was shown")
	}
}

// BenchmarkGrown is the report of a month among the sales of two years.
func BenchmarkGrown(b *testing.B) {
	l := newLooker(b)
	l.sells(730, 100)
	for name, of := range map[string]func(*state.Reader) settle.Reader{"by days": dated, "of all": all} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				l.grown("2026-06", of)
			}
		})
	}
}
