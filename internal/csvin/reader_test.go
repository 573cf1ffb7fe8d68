package csvin_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/rawaj/rawaj/internal/csvin"
)

// read lists what a file holds, a line each: "2: a|b" or "3! why".
func read(t *testing.T, text string) []string {
	t.Helper()
	r, err := csvin.NewReader(iotest.HalfReader(strings.NewReader(text)))
	if err != nil {
		return []string{"heading! " + err.Error()}
	}
	var got []string
	for {
		record, err := r.Read()
		var bad *csvin.LineError
		switch {
		case err == io.EOF:
			return got
		case errors.As(err, &bad):
			got = append(got, fmt.Sprintf("%d! %s", bad.Line, bad.Reason))
		case err != nil:
			t.Fatal(err)
		default:
			got = append(got, fmt.Sprintf("%d: %s", record.Line, strings.Join(record.Fields, "|")))
		}
	}
}

func TestReaderGivesEveryLineOrSaysWhyNot(t *testing.T) {
	long := strings.Repeat("x", csvin.MaxField+1)
	plain := strings.Repeat("1,2\n", csvin.MaxRecord/4)
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"line feeds", "a,b\n1,2\n3,4\n", []string{"2: 1|2", "3: 3|4"}},
		{"carriage returns and no last line end", "a,b\r\n1,2\r\n3,4", []string{"2: 1|2", "3: 3|4"}},
		{"a byte order mark", "\xef\xbb\xbf\"a\",b\n1,2\n", []string{"2: 1|2"}},
		{"blank lines are no records and count as lines", "\na,b\n\n \r\n1,2\n\n", []string{"5: 1|2"}},
		{"quotes, commas and line ends in quotes", "a,b\n\"1 \"\"x\"\"\",\"2,\r\n3\"\n4,5\n", []string{"2: 1 \"x\"|2,\n3", "4: 4|5"}},
		{"a quote within a field", "a,b\n5\" nail,1\n2,3\n", []string{"2! a quote stands within a field that does not begin with one", "3: 2|3"}},
		{"a quote that is never closed costs its own line only", "a,b\n1,\"2\n3,4\n5,6\n", []string{"2! a quoted field is not closed, or goes on after its quote", "3: 3|4", "4: 5|6"}},
		{"a quote closed by the next record's", "a,b\n1,\"2\n3,\"4\"\n5,6\n", []string{"2! a quoted field is not closed, or goes on after its quote", "3: 3|4", "4: 5|6"}},
		{"too few and too many columns", "a,b\n1\n1,2,3\n4,5\n", []string{"2! has 1 columns where the heading has 2", "3! has 3 columns where the heading has 2", "4: 4|5"}},
		{"a zero byte", "a,b\n1,\x002\n4,5\n", []string{"2! holds a zero byte", "3: 4|5"}},
		{"bytes that are no text", "a,b\n1,\xff\n4,5\n", []string{"2! is not UTF-8", "3: 4|5"}},
		{"a long field", "a,b\n1," + long + "\n4,5\n", []string{"2! column 2 is over 16384 bytes", "3: 4|5"}},
		{"a long line", "a,b\n1," + strings.Repeat(long, 9) + "\n4,5\n", []string{"2! is over 65536 bytes", "3: 4|5"}},
		{"an empty file", "", []string{"heading! the file is empty: its first line has to name the columns"}},
		{"UTF-16", "\xff\xfea\x00", []string{"heading! the file is UTF-16: save it as CSV in UTF-8"}},
		{"a broken heading", "a,\"b\n", []string{"heading! read the heading: line 1: a quoted field is not closed, or goes on after its quote"}},
		{"many columns", strings.Repeat(",", csvin.MaxColumns), []string{"heading! read the heading: line 1: has 257 columns, more than 256"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, read(t, c.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
	got := read(t, "a,b\n1,\"2\n"+plain+"5,6\n")
	if want := "2! a quote is not closed within 65536 bytes"; len(got) != 2+csvin.MaxRecord/4 || got[0] != want || got[len(got)-1] != "16387: 5|6" {
		t.Errorf("an open quote before a long file: got %d records, first %q, last %q", len(got), got[0], got[len(got)-1])
	}
}

func TestReaderPassesOnAnErrorOfTheFile(t *testing.T) {
	broken := errors.New("the stick was pulled")
	for _, text := range []string{"a,b\n1,2\n3,", "a,b\n1,2\n3,\"4\n"} {
		r, err := csvin.NewReader(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)))
		if err != nil {
			t.Fatal(err)
		}
		if record, err := r.Read(); err != nil || record.Line != 2 {
			t.Errorf("%q: got %v, %v", text, record, err)
		}
		for range 2 {
			if _, err := r.Read(); !errors.Is(err, broken) {
				t.Errorf("%q: got %v, want %v", text, err, broken)
			}
		}
	}
}

func TestColumnIsFoundByNameThenByNumber(t *testing.T) {
	r, err := csvin.NewReader(strings.NewReader("Date , 2,الصنف,x۱,twice,Twice\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"date": 0, " DATE": 0, "2": 1, "۲": 1, "الصنف": 2, "X1": 3, "3": 2, "٥": 4} {
		if got, err := r.Column(name); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", name, got, err, want)
		}
	}
	for name, want := range map[string]string{
		"twice": `columns 5 and 6 are both called "Twice": give the number`,
		"price": `no column is called "price": the file has "Date", "2", "الصنف", "x۱", "twice", "Twice"`,
		"0":     "no column", "7": "no column", "": "no column",
	} {
		if _, err := r.Column(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", name, err, want)
		}
	}
}

// Whatever the bytes, every line that is not blank belongs to one record or one
// error, and lines are told in order.
func FuzzReader(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a\n\"1\n\"\"\n", "a\r\n\"\r\n\"x\n\n1", "a\n\"\n\"\"a\n\"\"a\n", "\xef\xbb\xbf\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := csvin.NewReader(strings.NewReader(text))
		if err != nil {
			return
		}
		last, lines := 0, strings.Count(text, "\n")+1
		for {
			record, err := r.Read()
			var bad *csvin.LineError
			switch {
			case err == io.EOF:
				if r.Offset() != int64(len(text)) {
					t.Fatalf("read %d of %d bytes", r.Offset(), len(text))
				}
				return
			case errors.As(err, &bad):
				record.Line = bad.Line
			case err != nil:
				t.Fatal(err)
			case len(record.Fields) != len(r.Header()):
				t.Fatalf("line %d: %d fields of %d", record.Line, len(record.Fields), len(r.Header()))
			}
			if record.Line <= last || record.Line > lines {
				t.Fatalf("line %d after line %d of %d", record.Line, last, lines)
			}
			last = record.Line
		}
	})
}
