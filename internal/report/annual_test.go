package report

import (
	"strings"
	"testing"
)

func TestArabicCountsInTheFormThatTheNumberAsksFor(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 معرض", 1: "معرضاً واحداً", 2: "معرضين", 3: "3 معارض", 10: "10 معارض", 11: "11 معرضاً", 66: "66 معرضاً", 99: "99 معرضاً",
		100: "100 معرض", 101: "101 معرض", 103: "103 معارض", 111: "111 معرضاً",
	} {
		if got := arabic(n, exhibitionsAr); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestTheSentenceOfAYearAddsUp(t *testing.T) {
	year := func(values map[string]int64) Sentence {
		a := &Annual{Year: 2018}
		for id, v := range values {
			a.Figures = append(a.Figures, AnnualFigure{ID: id, Value: v})
		}
		return sentence(a)
	}
	of := year(map[string]int64{"F1": 66, "F2": 47, "F3": 19, "F4": 310, "F5": 109, "F6": 491, "F7": 147, "F8": 65, "F9": 90, "F10": 52})
	for _, want := range []string{"66 exhibitions organised (66 = 47 at partners + 19 in the department and its branches), 310 participations", "65 workshops, 142 sessions held: 90 practical, 52 administrative"} {
		if !strings.Contains(of.En, want) {
			t.Errorf("%q, want %q in it", of.En, want)
		}
	}
	if want := "نظم المركز 66 معرضاً، منها 47 عند مقرات المؤسسات الشريكة و19 داخل مباني الدائرة والأفرع التابعة لها، بواقع 310 مشاركات"; !strings.Contains(of.Ar, want) {
		t.Errorf("%q, want %q in it", of.Ar, want)
	}
	if of = year(map[string]int64{"F1": 4, "F2": 1, "F3": 2}); !strings.Contains(of.En, "4 = 1 at partners + 2 in the department and its branches + 1 elsewhere") {
		t.Errorf("one elsewhere: %q", of.En)
	}
}
