package csvin_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/csvin"
)

func TestParseMinor(t *testing.T) {
	for _, c := range []struct {
		name, in string
		digits   int
		want     int64
		err      error
	}{
		{"as tills write it", "13.25", 2, 1325, nil},
		{"without decimals", "16", 2, 1600, nil},
		{"with fewer decimals", "18.5", 2, 1850, nil},
		{"below one", "0.05", 2, 5, nil},
		{"without a leading zero", ".5", 2, 50, nil},
		{"a return", "-13.25", 2, -1325, nil},
		{"a minus that is no hyphen", "\u221213.25", 2, -1325, nil},
		{"spaces around", " \u00a013.25 ", 2, 1325, nil},
		{"marks of direction", "\u200e-13.25\u200f", 2, -1325, nil},
		{"Persian digits", "۱۳٫۲۵", 2, 1325, nil},
		{"Arabic digits and thousands", "١٬٢٥٠٫٥", 2, 125050, nil},
		{"Arabic thousands alone", "١٬٢٥٠", 3, 1250000, nil},
		{"English thousands", "1,234,567.89", 2, 123456789, nil},
		{"thousands without decimals", "1,250", 2, 125000, nil},
		{"rials", "150,000", 0, 150000, nil},
		{"three decimals where the currency has them", "1.234", 3, 1234, nil},
		{"zeros past the last decimal", "13.2500", 2, 1325, nil},
		{"zero", "0.000", 2, 0, nil},
		{"no whole part and no digits", ".0", 0, 0, nil},
		{"too many decimals", "13.255", 2, 0, csvin.ErrDecimals},
		{"decimals of a currency without", "13.5", 0, 0, csvin.ErrDecimals},
		{"a point that may part thousands", "1.000", 2, 0, csvin.ErrAmbiguous},
		{"a comma that may part decimals", "1,234", 3, 0, csvin.ErrAmbiguous},
		{"a decimal comma", "13,25", 2, 0, csvin.ErrNotNumber},
		{"German thousands", "1.234,56", 2, 0, csvin.ErrNotNumber},
		{"groups that are none", "12,34,567", 2, 0, csvin.ErrNotNumber},
		{"a group that begins with zero", "0,350", 2, 0, csvin.ErrNotNumber},
		{"two kinds of separators", "1,234٬567", 2, 0, csvin.ErrNotNumber},
		{"two points", "1.2.3", 2, 0, csvin.ErrNotNumber},
		{"a point and nothing after", "5.", 2, 0, csvin.ErrNotNumber},
		{"an accountant's negative", "(5)", 2, 0, csvin.ErrNotNumber},
		{"a currency sign", "$5", 2, 0, csvin.ErrNotNumber},
		{"a power", "1e3", 2, 0, csvin.ErrNotNumber},
		{"a word", "free", 2, 0, csvin.ErrNotNumber},
		{"nothing", "", 2, 0, csvin.ErrNotNumber},
		{"a sign alone", "-", 2, 0, csvin.ErrNotNumber},
		{"two signs", "--1", 2, 0, csvin.ErrNotNumber},
		{"the largest", "92233720368547758.07", 2, 1<<63 - 1, nil},
		{"one more", "92233720368547758.08", 2, 0, csvin.ErrRange},
		{"the smallest", "-92233720368547758.08", 2, -1 << 63, nil},
		{"far too large", strings.Repeat("9", 1000), 2, 0, csvin.ErrRange},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := csvin.ParseMinor(c.in, c.digits)
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("ParseMinor(%q, %d): got %d, %v, want %d, %v", c.in, c.digits, got, err, c.want, c.err)
			}
		})
	}
}

func TestParseQuantity(t *testing.T) {
	for in, want := range map[string]int64{"1": 1, " ۲ ": 2, "-3": -3, "٤٬٠٠٠": 4000, "2.0": 2, "2.00": 2, "1,234,567": 1234567, "0": 0} {
		if got, err := csvin.ParseQuantity(in); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", in, got, err, want)
		}
	}
	for in, want := range map[string]error{
		"1.5": csvin.ErrDecimals, "1,250": csvin.ErrAmbiguous, "1.000": csvin.ErrAmbiguous,
		"": csvin.ErrNotNumber, "two": csvin.ErrNotNumber, "0,350": csvin.ErrNotNumber, "99999999999999999999": csvin.ErrRange,
	} {
		if got, err := csvin.ParseQuantity(in); !errors.Is(err, want) || got != 0 {
			t.Errorf("%q: got %d, %v, want %v", in, got, err, want)
		}
	}
}

func TestMinorDigits(t *testing.T) {
	for code, want := range map[string]int{"USD": 2, "AED": 2, "IRR": 0, "OMR": 3, "JPY": 0} {
		if got, err := csvin.MinorDigits(code); err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", code, got, err, want)
		}
	}
	for _, code := range []string{"", "usd", "US", "DOLLAR", "QQQ"} {
		if got, err := csvin.MinorDigits(code); err == nil {
			t.Errorf("%q: got %d, want an error", code, got)
		}
	}
}

func TestParseDate(t *testing.T) {
	for in, want := range map[string]string{"2015-01-31": "2015-01-31", " ۲۰۱۵-۰۱-۳۱": "2015-01-31", "٢٠١٦-٠٢-٢٩": "2016-02-29"} {
		if got, err := csvin.ParseDate(in); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"3/4/2015": "year-month-day", "2015-02-29": "year-month-day", "2015-1-1": "year-month-day", "": "year-month-day",
		"2015-01-01 10:00": "year-month-day", "1404-08-30": "Gregorian", "1437-01-01": "Gregorian",
	} {
		if got, err := csvin.ParseDate(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, %v, want an error with %q", in, got, err, want)
		}
	}
}

func TestParseClock(t *testing.T) {
	for in, want := range map[string]string{"11:38:36": "11:38:36", "09:58": "09:58:00", "9:58": "09:58:00", "۰۹:۵۸:۱۱ ": "09:58:11", "00:00": "00:00:00"} {
		if got, err := csvin.ParseClock(in); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "9", "24:00", "12:60", "12:30:15.5", "12:30:15,5", "9:58 PM", "noon"} {
		if got, err := csvin.ParseClock(in); err == nil {
			t.Errorf("%q: got %q, want an error", in, got)
		}
	}
}
