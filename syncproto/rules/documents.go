package rules

import "time"

// Day is an ISO civil date in the zone of the site that it is about: 2026-11-30. Days
// compare as text. The empty day is none.
type Day = string

// DayIn is the civil day of an instant, UTC ms, in a zone.
func DayIn(ms int64, zone *time.Location) Day {
	return time.UnixMilli(ms).In(zone).Format(time.DateOnly)
}

// AddDays is the day n days later; none where d is none.
func AddDays(d Day, n int) Day {
	t, err := time.Parse(time.DateOnly, d)
	if err != nil {
		return ""
	}
	return t.AddDate(0, 0, n).Format(time.DateOnly)
}

// Span is a run of days with its last, as a ground of membership has one.
type Span struct {
	From Day // none: since ever
	To   Day // last day; none: no end
}

// Covers says whether a day is in the span, both its ends included (R3).
func (s Span) Covers(d Day) bool { return s.From <= d && (s.To == "" || d <= s.To) }

// Document is a paper as eligibility takes it: valid through the last day printed on it.
type Document struct {
	IssuedOn  Day // none: not known
	ExpiresOn Day // none: not known, which no day is covered by
}

// ValidOn says whether the paper is valid on a day (R3).
func (p Document) ValidOn(d Day) bool {
	return p.ExpiresOn != "" && Span{p.IssuedOn, p.ExpiresOn}.Covers(d)
}

// RunsOutWithin says whether the paper is valid on a day, and is not n days later than
// its last: the list "expiring in 30 days" has it from 30 days before that day on.
func (p Document) RunsOutWithin(d Day, n int) bool {
	return p.ValidOn(d) && p.ExpiresOn <= AddDays(d, n)
}
