package report

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// GrownMonths is how many months in a row make a family one whose income grows.
const GrownMonths = 3

// IncomeMonth is what a family had in a month. Assistance and what it had from elsewhere are
// there for whoever may read class E, and absent for others: a page gives no hint of them.
type IncomeMonth struct {
	Month      rules.Month  `json:"month"`
	SalesMinor int64        `json:"sales_minor"`          // computed, net of what others keep
	Assistance *int64       `json:"assistance,omitempty"` // minor units
	Other      []IncomeNote `json:"other,omitempty"`
}

// IncomeNote is what a family had from elsewhere, as somebody noted it.
type IncomeNote struct {
	Source      string `json:"source"` // assistance, work, business or other
	AmountMinor int64  `json:"amount_minor"`
	VerifiedBy  string `json:"verified_by"`
	Note        string `json:"note"`
}

// FamilyIncome is what a family had, a month a line, in one currency.
type FamilyIncome struct {
	Family   syncproto.RecordID `json:"family"`
	Name     settle.Names       `json:"family_name"`
	Currency string             `json:"currency"`
	Months   []IncomeMonth      `json:"months"`
	Grew     bool               `json:"grew"` // from sales, three months in a row up to the last
}

// incomes are what all families had of sales, by currency and then family.
type incomes map[string]map[syncproto.RecordID]map[rules.Month]int64

// readIncomes adds up the sales of a span of days that are known here: the lines themselves, and lines of
// sales elsewhere that are in a statement which is paid here.
func readIncomes(r settle.Reader, in Span) (incomes, error) {
	lines := map[string][]rules.LineOf{}
	here := map[syncproto.RecordID]bool{}
	if err := settle.EachSold(r, in.From, in.To, func(s *settle.Sold) error {
		here[s.ID] = true
		lines[s.Currency] = append(lines[s.Currency], s.LineOf)
		return nil
	}); err != nil {
		return nil, err
	}
	if err := r.Each(schema.StatementLine, func(row *records.Row) error {
		if id := row.Of(schema.SettledLine).ID(); !id.IsZero() && !here[id] && in.Holds(row.Of(schema.SettledDay).Text()) {
			currency := row.Of(schema.SettledCurrency).Text()
			lines[currency] = append(lines[currency], rules.LineOf{ID: id, Family: row.Of(schema.SettledFamily).ID(), Day: row.Of(schema.SettledDay).Text(), Amount: row.Of(schema.SettledNet).Int(), Priced: true, Currency: currency})
		}
		return nil
	}); err != nil {
		return nil, err
	}
	all := incomes{}
	for currency, of := range lines {
		all[currency] = rules.SalesIncome(of, currency)
	}
	return all, nil
}

// Income is what a family had by month; may says whether who asks reads class E.
func Income(r settle.Reader, family syncproto.RecordID, may bool) ([]FamilyIncome, error) {
	row, err := r.Get(schema.Family, family)
	if row == nil {
		return nil, cmp.Or(err, error(refusal.New(refusal.NoRecord, "family %v is not known here", family)))
	}
	all, err := readIncomes(r, Span{})
	if err != nil {
		return nil, err
	}
	notes := map[string]map[rules.Month][]IncomeNote{}
	if may {
		if err := r.Each(schema.IncomeNote, func(n *records.Row) error {
			if n.Of(schema.IncomeFamily).ID() != family || n.Of(schema.Voided).Bool() {
				return nil
			}
			currency, month := n.Of(schema.IncomeCurrency).Text(), n.Of(schema.IncomeMonth).Text()
			if notes[currency] == nil {
				notes[currency] = map[rules.Month][]IncomeNote{}
			}
			notes[currency][month] = append(notes[currency][month], IncomeNote{n.Of(schema.IncomeSource).Text(), n.Of(schema.IncomeAmount).Int(), n.Of(schema.IncomeVerifiedBy).Text(), n.Of(schema.IncomeNoted).Text()})
			return nil
		}); err != nil {
			return nil, err
		}
	}
	currencies := map[string]bool{}
	for currency, of := range all {
		if len(of[family]) > 0 {
			currencies[currency] = true
		}
	}
	for currency := range notes {
		currencies[currency] = true
	}
	list := []FamilyIncome{}
	for _, currency := range slices.Sorted(maps.Keys(currencies)) {
		sales := all[currency][family]
		f := FamilyIncome{Family: family, Name: settle.NamesOf(row), Currency: currency, Months: []IncomeMonth{}}
		months := map[rules.Month]bool{}
		for month := range sales {
			months[month] = true
		}
		for month := range notes[currency] {
			months[month] = true
		}
		for _, month := range slices.Sorted(maps.Keys(months)) {
			f.Months = append(f.Months, monthOf(month, sales[month], notes[currency][month]))
		}
		if len(f.Months) > 0 {
			f.Grew = rules.Grew(sales, f.Months[len(f.Months)-1].Month, GrownMonths)
		}
		list = append(list, f)
	}
	return list, nil
}

func monthOf(month rules.Month, sales int64, notes []IncomeNote) IncomeMonth {
	m := IncomeMonth{Month: month, SalesMinor: sales}
	for _, n := range notes {
		if n.Source != schema.IncomeAssistance {
			m.Other = append(m.Other, n)
			continue
		}
		sum := n.AmountMinor
		if m.Assistance != nil {
			sum += *m.Assistance
		}
		m.Assistance = &sum
	}
	return m
}

// GrownIncome is a family whose income from sales grew.
type GrownIncome struct {
	Family     syncproto.RecordID `json:"family"`
	Name       settle.Names       `json:"family_name"`
	Currency   string             `json:"currency"`
	SalesMinor []int64            `json:"sales_minor"` // of the month before, and of each of the months
}

// Grown is the report of families whose income from sales grew three months in a row up to
// and with a month. Nothing of class E is in it.
type Grown struct {
	Month        rules.Month   `json:"month"`
	Months       int           `json:"months"`
	Families     []GrownIncome `json:"families"`
	CompleteTo   *string       `json:"complete_to"` // RFC 3339, UTC; null: not known
	MissingSites []MissingSite `json:"missing_sites"`
}

// CountGrown counts it from the sales of these months, and of the one before them, that are
// known here.
func CountGrown(r settle.Reader, month rules.Month) (g Grown, err error) {
	last, err := time.Parse("2006-01", month)
	if err != nil {
		return g, refusal.Parameter("month", "%q is no month such as 2026-11", month)
	}
	all, err := readIncomes(r, Span{last.AddDate(0, -GrownMonths, 0).Format(time.DateOnly), last.AddDate(0, 1, -1).Format(time.DateOnly)})
	g = Grown{Month: month, Months: GrownMonths, Families: []GrownIncome{}, MissingSites: []MissingSite{}}
	if err != nil {
		return g, err
	}
	for currency, families := range all {
		for id, sales := range families {
			if !rules.Grew(sales, month, GrownMonths) {
				continue
			}
			of := GrownIncome{Family: id, Currency: currency}
			for n := range GrownMonths + 1 {
				of.SalesMinor = append(of.SalesMinor, sales[last.AddDate(0, n-GrownMonths, 0).Format("2006-01")])
			}
			row, err := r.Get(schema.Family, id)
			if err != nil {
				return g, err
			}
			if row != nil {
				of.Name = settle.NamesOf(row)
			}
			g.Families = append(g.Families, of)
		}
	}
	slices.SortFunc(g.Families, func(a, b GrownIncome) int {
		return cmp.Or(strings.Compare(a.Currency, b.Currency), bytes.Compare(a.Family[:], b.Family[:]))
	})
	return g, nil
}
