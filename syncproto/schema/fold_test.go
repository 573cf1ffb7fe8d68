package schema_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/rawaj/rawaj/syncproto/schema"
)

// The pages read the same table (web/src/i18n/fold.test.ts): what is typed there is looked
// for as it is folded here.
func TestTextIsFoldedAsTheTableSaysThatPagesAreHeldToAsWell(t *testing.T) {
	b, err := os.ReadFile("testdata/fold.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Why, Text, Folds string }
	if err := json.Unmarshal(b, &cases); err != nil || len(cases) < 40 {
		t.Fatal(len(cases), err)
	}
	for _, c := range cases {
		if got := schema.Fold(c.Text); got != c.Folds {
			t.Errorf("%s: %q folds to %q, want %q", c.Why, c.Text, got, c.Folds)
		}
		if got := schema.Fold(c.Folds); got != c.Folds {
			t.Errorf("%s: folded twice %q is %q", c.Why, c.Folds, got)
		}
	}
}

func TestFoldFindsWhatPeopleMean(t *testing.T) {
	for _, pair := range [][2]string{
		{"أسرة", "اسره"}, {"عَلَى", "علی"}, {"كتاب", "کتاب"}, {"می\u200cروم", "میروم"}, {"Ａｂｃ", "abc"}, {"۱۲۳", "١٢٣"}, {"  two   words ", "Two Words"},
	} {
		if schema.Fold(pair[0]) != schema.Fold(pair[1]) {
			t.Errorf("%q folds to %q, %q to %q", pair[0], schema.Fold(pair[0]), pair[1], schema.Fold(pair[1]))
		}
	}
	if schema.Fold("بخور") == schema.Fold("عطور") {
		t.Error("two words fold alike")
	}
}
