package tables_test

import (
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/tables"
)

func TestNumbersOfASheetAreTheDaysAndTimesThatItShows(t *testing.T) {
	sheet := &tables.File{Sheet: true}
	for cell, want := range map[string]string{
		"42005": "2015-01-01 00:00:00", "42005.4851388889": "2015-01-01 11:38:36", "25569": "1970-01-01 00:00:00", "42004.999999999": "2015-01-01 00:00:00",
		"0": "00:00:00", "0.5": "12:00:00", "0.485138889": "11:38:36", "0.99998843": "23:59:59", "0.999999": "23:59:59", "1.15740740740741E-05": "00:00:01", "1.15740740740741e-05": "00:00:01",
		"": "none", "1": "none", "9": "none", "25568": "none", "109937": "none", "1e308": "none", "1e999": "none", "-1": "none", "-0.5": "none", "2015-01-01": "none", "Inf": "none", "0x1p4": "none", "٤٢٠٠٥": "none",
	} {
		day, clock, ok := sheet.Moment(cell)
		got := strings.TrimSpace(day + " " + clock)
		if !ok {
			got = "none"
		}
		if got != want {
			t.Errorf("%q is %s, want %s", cell, got, want)
		}
		if _, _, ok := (&tables.File{}).Moment(cell); ok {
			t.Errorf("%q is a moment in a CSV", cell)
		}
	}
}

func TestNumbersOfASheetAreThoseThatItShows(t *testing.T) {
	sheet := &tables.File{Sheet: true}
	for cell, want := range map[string]string{
		"0.30000000000000004": "0.3", "5.0000000000000003E-2": "0.05", "13.249999999999998": "13.25", "1e2": "100", "-2.5": "-2.5",
		"1.000": "1.000", "007": "007", "1,250": "1,250", "free": "free", "6291041500213": "6291041500213", "1e300": "1e300", "": "", "12.50": "12.50",
	} {
		if got := sheet.Number(cell); got != want {
			t.Errorf("%q is %q, want %q", cell, got, want)
		}
		if got := (&tables.File{}).Number(cell); got != cell {
			t.Errorf("%q of a CSV is %q", cell, got)
		}
	}
}
