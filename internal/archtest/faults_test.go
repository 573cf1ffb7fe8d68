package archtest_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	faultRow = regexp.MustCompile(`(?m)^\| [A-I][0-9]+ \|.*\| (.*) \|$`)
	goTest   = regexp.MustCompile("`(Test|Fuzz)[A-Z]")
)

func TestThePageOnReliabilitySaysHowManyFaultsHaveATest(t *testing.T) {
	text := func(path string) string {
		b, err := os.ReadFile("../../docs/" + path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	all, whole, part := 0, 0, 0
	for _, row := range faultRow.FindAllStringSubmatch(text("FAULTS.md"), -1) {
		all++
		switch tested := goTest.MatchString(row[1]); {
		case tested && strings.HasPrefix(row[1], "in part"):
			part++
		case tested:
			whole++
		}
	}
	want := fmt.Sprintf("Of %d faults %d have an automatic test: %d as a whole, %d in part.", all, whole+part, whole, part)
	if !strings.Contains(text("RELIABILITY.md"), want) {
		t.Errorf("docs/RELIABILITY.md does not say: %s", want)
	}
}
