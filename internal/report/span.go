package report

import (
	"time"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Span is a run of civil days, both ends in it; an empty end is open.
type Span struct {
	From string `json:"from"` // ISO 8601
	To   string `json:"to"`
}

// ParseSpan reads the ends of a span.
func ParseSpan(from, to string) (Span, error) {
	for name, day := range map[string]string{"from": from, "to": to} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return Span{}, refusal.Parameter(name, "%q is no day: write it as 2026-11-21", day)
		}
	}
	if from != "" && to != "" && to < from {
		return Span{}, refusal.Parameter("to", "the span ends on %s, before it begins on %s", to, from)
	}
	return Span{from, to}, nil
}

// IsZero says that every day is in the span.
func (s Span) IsZero() bool { return s == Span{} }

// Holds says whether a day is in the span.
func (s Span) Holds(day string) bool {
	return day >= s.From && (s.To == "" || day <= s.To)
}

// Skip refuses the sales of other days, for Count; nil where the span holds every day.
func (s Span) Skip() func(*records.Row) bool {
	if s.IsZero() {
		return nil
	}
	return func(sale *records.Row) bool { return !s.Holds(sale.Of(schema.SaleDay).Text()) }
}
