package main

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestTheIndexOfADemoSaysTheSameInEveryLanguage(t *testing.T) {
	want := slices.Sorted(maps.Keys(demoWords["en"]))
	for _, l := range demoLanguages {
		if have := slices.Sorted(maps.Keys(demoWords[l.Tag])); !slices.Equal(have, want) {
			t.Errorf("%s has %v, want %v", l.Tag, have, want)
		}
		for key, word := range demoWords[l.Tag] {
			if strings.TrimSpace(word) == "" {
				t.Errorf("%s has nothing for %s", l.Tag, key)
			}
		}
		for _, p := range demoPlans {
			if demoWords[l.Tag]["kind."+p.place] == "" || demoWords[l.Tag]["try."+p.place] == "" {
				t.Errorf("%s has no words for %s", l.Tag, p.place)
			}
		}
	}
}

// TestTheIndexOfADemoHasTheColoursOfThePages: its sheet follows the system without a
// script, so it holds the tokens once more.
func TestTheIndexOfADemoHasTheColoursOfThePages(t *testing.T) {
	tokens, err := os.ReadFile("../../web/src/style/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	light, rest, _ := strings.Cut(string(tokens), ":root[data-theme='dark']")
	dark, _, _ := strings.Cut(rest, ":root[data-theme='sun']")
	ownLight, rest, _ := strings.Cut(string(demoCSS), "@media (prefers-color-scheme: dark)")
	ownDark, _, _ := strings.Cut(rest, "* {")
	colour := regexp.MustCompile(`--([a-z0-9-]+): (#[0-9a-f]+);`)
	for _, x := range []struct{ theme, own, all string }{{"light", ownLight, light}, {"dark", ownDark, dark}} {
		want := map[string]string{}
		for _, m := range colour.FindAllStringSubmatch(x.all, -1) {
			want[m[1]] = m[2]
		}
		own := colour.FindAllStringSubmatch(x.own, -1)
		if len(own) < 10 {
			t.Errorf("%s has %d colours", x.theme, len(own))
		}
		for _, m := range own {
			if want[m[1]] != m[2] {
				t.Errorf("%s --%s is %s, want %s", x.theme, m[1], m[2], want[m[1]])
			}
		}
	}
}
