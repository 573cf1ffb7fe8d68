package client_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/tables"
)

// Whatever the file, a dry run says what the run does and records nothing, every line is
// told once, and what was recorded is the same the second time.
func FuzzImportTable(f *testing.F) {
	f.Add(uint8(0), familiesFile)
	f.Add(uint8(1), peopleFile)
	f.Add(uint8(2), productsFile)
	f.Add(uint8(3), "name,price,currency\nBowl,1,AED\n")
	f.Add(uint8(1), "id,name\n0193c8f0-0000-7000-8000-000000000000,A\n0193c8f0-0000-7000-8000-000000000000,B\nx,C\n")
	f.Add(uint8(4), sheetSales)
	f.Add(uint8(4), string(workbook(f, sheetRows(f, "r,date,time,i,q,unit_price\n1,2015-01-01,10:00:00,Bread,1,2.50\n1,2015-01-01,10:00:00,Tea,2,\n,2015-01-01,,Tea,2,1\n", asTyped), "")))
	f.Fuzz(func(t *testing.T, kind uint8, file string) {
		if kind%5 == 4 {
			salesDryAndTwice(t, newImportStore(t), file)
			return
		}
		s := newStall(t)
		o := client.TableImport{Kind: tables.Kinds[int(kind)%5], DryRun: true}
		run := func() (r client.TableImported, lines []string) {
			r, err := s.ImportTable(t.Context(), strings.NewReader(file), o)
			if _, refused := errors.AsType[*refusal.Error](err); err != nil && !refused {
				t.Fatal(err)
			}
			last := 0
			for _, l := range r.Lines {
				if l.Line <= last {
					t.Fatalf("line %d is told after %d", l.Line, last)
				}
				last = l.Line
				lines = append(lines, l.Outcome+" "+l.Code)
			}
			return r, lines
		}
		before := here(t, s)
		_, dry := run()
		if after := here(t, s); !maps.Equal(before, after) {
			t.Fatalf("a dry run recorded %v", after)
		}
		o.DryRun = false
		_, first := run()
		if !slices.Equal(dry, first) {
			t.Fatalf("the dry run says %q, the run %q", dry, first)
		}
		once := here(t, s)
		again, lines := run()
		if after := here(t, s); !maps.Equal(once, after) || again.Counts[client.LineNew] > 0 {
			t.Fatalf("twice gives %v after %v: %q after %q", after, once, lines, first)
		}
	})
}
