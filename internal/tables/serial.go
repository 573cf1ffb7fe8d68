package tables

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/rawaj/rawaj/internal/csvin"
)

const (
	// sheetDigits are those that a spreadsheet shows of a number; those after them are
	// noise of its arithmetic.
	sheetDigits = 15
	// daySeconds is a day of a sheet: none is longer or shorter.
	daySeconds = 24 * 60 * 60
	// from1904 is how much later a workbook counts from that says so (ISO/IEC 29500-1,
	// 18.17.4.1): programs of old Macintoshes made such.
	from1904 = 1462
)

// epoch is the day 0 of a sheet, since its 1900 has a 29th of February.
var epoch = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// firstDay and lastDay are the days that are taken for such, as csvin.ParseDate does. A 9
// is no time of day, and no day either.
var (
	firstDay = time.Date(csvin.MinYear, 1, 1, 0, 0, 0, 0, time.UTC).Sub(epoch).Hours() / 24
	lastDay  = time.Date(csvin.MaxYear+1, 1, 1, 0, 0, 0, 0, time.UTC).Sub(epoch).Hours() / 24
)

// counted reads a cell of a sheet as the number that it may be: in ASCII, and with an
// exponent as programs write it. Of CSV no cell is.
func (f *File) counted(cell string) (float64, bool) {
	if !f.Sheet || strings.Trim(cell, "0123456789.eE+-") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(cell, 64)
	return n, err == nil && !math.IsInf(n, 0)
}

// Number is a cell of a sheet as the sheet shows it: 0.3, not 0.30000000000000004 and not
// 3E-1. What has neither noise nor an exponent stays as it is.
func (f *File) Number(cell string) string {
	n, ok := f.counted(cell)
	if !ok || math.Abs(n) > 1e15 || len(cell) <= sheetDigits && !strings.ContainsAny(cell, "eE") {
		return cell
	}
	n, err := strconv.ParseFloat(strconv.FormatFloat(n, 'g', sheetDigits, 64), 64)
	if err != nil {
		return cell
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// Moment is a cell of a sheet that counts days: a day and a time of it, to the second, or
// where it is less than a day the time alone. ok is false where it is no such number.
func (f *File) Moment(cell string) (day, clock string, ok bool) {
	n, ok := f.counted(cell)
	if !ok || n < 0 {
		return "", "", false
	}
	if n < 1 {
		s := min(math.Round(n*daySeconds), daySeconds-1)
		return "", epoch.Add(time.Duration(s) * time.Second).Format(time.TimeOnly), true
	}
	if f.from1904 {
		n += from1904
	}
	if n < firstDay || n >= lastDay {
		return "", "", false
	}
	at := time.Unix(epoch.Unix()+int64(math.Round(n*daySeconds)), 0).UTC()
	return at.Format(time.DateOnly), at.Format(time.TimeOnly), true
}
