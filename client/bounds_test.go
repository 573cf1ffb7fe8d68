package client

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestBoundsOfASiteAreThoseOfTheirPage(t *testing.T) {
	page, err := os.ReadFile("../docs/BOUNDS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(strings.ReplaceAll(string(page), ",", ""), "\n## A site\n")
	for name, bound := range map[string]any{"backoffLeast": backoffLeast, "backoffMost": backoffMost, "retryMost": retryMost, "rowsWindow": rowsWindow,
		"fetchUpTo": fetchUpTo, "laneYield": laneYield, "askAgain": askAgain, "lookAnew": lookAnew, "fetchPatience": fetchPatience, "maxUploads": maxUploads, "maxImports": maxImports} {
		if row := fmt.Sprintf("\n| `%s` | %v |", name, bound); !strings.Contains(part, row) {
			t.Errorf("docs/BOUNDS.md has no row%s", row)
		}
	}
}
