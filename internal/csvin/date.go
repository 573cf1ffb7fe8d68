package csvin

import (
	"fmt"
	"strings"
	"time"
)

// Years that a date may have. What is outside is of another calendar: 1404-08-30
// looks like a date of ours and is one of the Persian calendar.
const (
	MinYear = 1970
	MaxYear = 2199
)

// ParseDate reads an ISO date of the Gregorian calendar in any digits and returns
// it in ASCII: "2015-01-01". No other order is accepted, for 3/4/2015 is a day in
// March or in April.
func ParseDate(s string) (string, error) {
	day := plain(s)
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return "", fmt.Errorf("%s is not a date such as 2015-01-31 (year-month-day)", Quote(s))
	}
	if t.Year() < MinYear || t.Year() > MaxYear {
		return "", fmt.Errorf("%s is not a date of the Gregorian calendar from %d to %d", Quote(s), MinYear, MaxYear)
	}
	return day, nil
}

// ParseClock reads a time of day, 9:58, 09:58 or 09:58:11, in any digits and returns
// it as "09:58:11".
func ParseClock(s string) (string, error) {
	clock := plain(s)
	layout := "15:04:05"
	if strings.Count(clock, ":") == 1 {
		layout = "15:04"
	}
	t, err := time.Parse(layout, clock)
	if err != nil || strings.ContainsAny(clock, ".,") { // which Parse takes for fractions
		return "", fmt.Errorf("%s is not a time such as 09:58 or 09:58:11", Quote(s))
	}
	return t.Format(time.TimeOnly), nil
}
