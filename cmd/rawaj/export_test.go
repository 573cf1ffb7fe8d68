package main

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/server"
)

func TestWhatSomebodyTypedIsNoFormulaInAnExport(t *testing.T) {
	typed := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "=HYPERLINK(\"http://evil.example\",\"x\")"}
	var k server.KeptRecords
	for _, s := range typed {
		k.Records = append(k.Records, server.KeptRecord{Table: "person", Fields: map[string]any{"name": s}, Present: map[string]any{"name": s}, SiteName: s})
	}
	var out strings.Builder
	if err := keptCSV(&out, &k); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || len(lines) != len(typed)+1 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for _, line := range lines {
		for _, cell := range line {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r\n") {
				t.Errorf("a spreadsheet takes %q for a formula", cell)
			}
		}
	}
	if got := lines[1][3]; got != "'=1+1" {
		t.Errorf("a name is written %q", got)
	}
}
