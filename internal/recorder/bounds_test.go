package recorder

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestBoundsOfTheRecorderAreThoseOfTheirPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/BOUNDS.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, bound := range map[string]int{"slotBytes": slotBytes, "maxEvents": maxEvents} {
		if row := fmt.Sprintf("\n| `%s` | %d |", name, bound); !strings.Contains(strings.ReplaceAll(string(page), ",", ""), row) {
			t.Errorf("docs/BOUNDS.md has no row%s", row)
		}
	}
}
