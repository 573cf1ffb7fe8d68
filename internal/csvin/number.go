package csvin

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/currency"
)

// What is wrong with a number. The error that wraps one shows the number.
var (
	ErrNotNumber = errors.New("is not a number")
	ErrRange     = errors.New("is too large")
	ErrDecimals  = errors.New("has too many decimals")
	ErrAmbiguous = errors.New("could mean two numbers")
)

// ASCIIDigits writes the digits of Arabic and Persian as ASCII.
func ASCIIDigits(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '٠' && r <= '٩':
			return r - '٠' + '0'
		case r >= '۰' && r <= '۹':
			return r - '۰' + '0'
		}
		return r
	}, s)
}

// plain is a cell with ASCII digits, without spaces around it and without the marks
// that programs put beside numbers in text that runs from right to left.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '\u200e', '\u200f', '\u061c':
			return -1
		case '\u2212':
			return '-'
		}
		return r
	}, ASCIIDigits(s))
	return strings.TrimSpace(s)
}

// ParseQuantity reads a whole number, exactly: "1", "-2", "۱٬۲۵۰", "3.0". Decimals
// other than 0 are refused, and so is "1,250" or "1.000", which a till that weighs
// writes for one and a bit.
func ParseQuantity(s string) (int64, error) {
	d, err := scan(s)
	if err == nil && d.groups == 2 && d.thousands == ',' && d.point == 0 {
		err = fmt.Errorf("%s %w: write it without the comma", Quote(s), ErrAmbiguous)
	}
	if err != nil {
		return 0, err
	}
	return d.scaled(s, 0)
}

// ParseMinor reads an amount of a currency with a number of decimal digits into
// minor units, exactly: with 2, "1,250.5" is 125050. Points and commas are read as
// English has them, ٫ and ٬ as Arabic and Persian have them. What would be another
// number under the other custom, "1.000" with 2 digits or "1,000" with 3, is refused.
func ParseMinor(s string, digits int) (int64, error) {
	d, err := scan(s)
	if err == nil && digits >= 3 && d.groups == 2 && d.thousands == ',' && d.point == 0 {
		err = fmt.Errorf("%s %w: write it without the comma", Quote(s), ErrAmbiguous)
	}
	if err != nil {
		return 0, err
	}
	return d.scaled(s, digits)
}

// decimal is a number as it was written.
type decimal struct {
	negative    bool
	whole, frac string // ASCII digits, separators dropped
	point       rune   // before frac; 0 where there is none
	thousands   rune   // between groups; 0 where there is none
	groups      int    // of whole
}

func scan(s string) (decimal, error) {
	var d decimal
	number := plain(s)
	number, d.negative = strings.CutPrefix(number, "-")
	whole := number
	if i := strings.IndexAny(number, ".٫"); i >= 0 {
		var size int
		d.point, size = utf8.DecodeRuneInString(number[i:])
		whole, d.frac = number[:i], number[i+size:]
	}
	switch {
	case !d.group(whole), !isDigits(d.frac), d.point != 0 && d.frac == "", d.whole == "" && d.frac == "":
		return decimal{}, fmt.Errorf("%s %w such as -1250.50", Quote(s), ErrNotNumber)
	}
	return d, nil
}

// group drops the separators of thousands where they stand where they should.
func (d *decimal) group(whole string) bool {
	d.groups = 1
	i := strings.IndexAny(whole, ",٬")
	if i < 0 {
		d.whole = whole
		return isDigits(whole)
	}
	d.thousands, _ = utf8.DecodeRuneInString(whole[i:])
	groups := strings.Split(whole, string(d.thousands))
	d.whole, d.groups = strings.Join(groups, ""), len(groups)
	for i, g := range groups {
		if !isDigits(g) || i > 0 && len(g) != 3 || i == 0 && (len(g) < 1 || len(g) > 3 || g[0] == '0') {
			return false
		}
	}
	return true
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func (d decimal) scaled(s string, digits int) (int64, error) {
	frac := d.frac
	for len(frac) > digits && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	switch {
	case len(frac) > digits:
		return 0, fmt.Errorf("%s %w: at most %d", Quote(s), ErrDecimals, digits)
	case digits < 3 && d.frac == "000" && d.point == '.' && d.thousands == 0 && d.whole != "" && d.whole[0] != '0':
		return 0, fmt.Errorf("%s %w: write it without the point", Quote(s), ErrAmbiguous)
	}
	text := "0" + d.whole + frac + strings.Repeat("0", digits-len(frac))
	if d.negative {
		text = "-" + text
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s %w", Quote(s), ErrRange)
	}
	return n, nil
}

// MinorDigits is how many decimal digits a currency has in use (Unicode CLDR): 2 for
// USD and AED, 3 for OMR, 0 for IRR.
func MinorDigits(code string) (int, error) {
	unit, err := currency.ParseISO(code)
	if err != nil || unit.String() != code {
		return 0, fmt.Errorf("%s is not a currency such as AED", Quote(code))
	}
	digits, _ := currency.Standard.Rounding(unit)
	return digits, nil
}
