package schema

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/rawaj/rawaj/syncproto"
)

var folded = map[rune]rune{
	'أ': 'ا', 'إ': 'ا', 'آ': 'ا', 'ٱ': 'ا',
	'ى': 'ی', 'ي': 'ی', 'ئ': 'ی', 'ك': 'ک', 'ة': 'ه', 'ۀ': 'ه', 'ؤ': 'و',
	'ـ': -1, '\u200c': -1, '\u200d': -1, '\u200e': -1, '\u200f': -1,
}

// Fold brings text to the form that people search by: compatibility forms, case,
// vowel signs, the spellings of alef, yeh, kaf and heh, half-spaces and the digits
// of Arabic and Persian do not matter; runs of space are one.
func Fold(s string) string {
	s = strings.Map(func(r rune) rune {
		if to, ok := folded[r]; ok {
			return to
		}
		if unicode.Is(unicode.Mn, r) || unicode.IsControl(r) && r != '\t' {
			return -1
		}
		return unicode.ToLower(digit(r))
	}, norm.NFKD.String(s))
	return strings.Join(strings.Fields(norm.NFC.String(s)), " ")
}

func digit(r rune) rune {
	switch {
	case r >= '٠' && r <= '٩':
		return r - '٠' + '0'
	case r >= '۰' && r <= '۹':
		return r - '۰' + '0'
	}
	return r
}

// ASCIIDigits writes the digits of Arabic and Persian, and their decimal and
// thousands separators and minus, as ASCII does.
func ASCIIDigits(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '٫':
			return '.'
		case '٬':
			return ','
		case '−':
			return '-'
		case '\u200e', '\u200f':
			return -1
		}
		return digit(r)
	}, s)
}

// NameField tells which of the three names a typed name is, by its letters: those
// that only Persian has, others of the Arabic script, or none of either.
func NameField(name string) syncproto.FieldID {
	arabic := false
	for _, r := range name {
		if strings.ContainsRune("پچژگکی", r) {
			return NameFa
		}
		arabic = arabic || unicode.Is(unicode.Arabic, r)
	}
	if arabic {
		return NameAr
	}
	return NameEn
}
