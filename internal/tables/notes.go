package tables

import "fmt"

// noted are what a report says of itself beside its rows, in the order in which it is
// written (P13).
var noted = []struct {
	key   string
	words Words
}{
	{"year", Words{"السنة", "سال", "Year"}},
	{"name", Words{"الاسم", "نام", "Name"}},
	{"on", Words{"حتى يوم", "تا روز", "Up to"}},
	{"hours", Words{"المجموع", "جمع", "Sum"}},
	{"unit", Words{"وحدة القياس", "واحد", "Unit"}},
	{"filter", Words{"ما يُحتسب", "آنچه به حساب می\u200cآید", "Filter"}},
	{"total", Words{"المجموع", "جمع", "Total"}},
	{"complete_to", Words{"مكتمل حتى", "کامل تا", "Complete to"}},
}

var (
	notKnown = Words{"غير معروف", "نامعلوم", "not known"}
	stillOut = Words{"لم يصل بعد", "هنوز نرسیده", "Still out"}
	nobody   = Words{"لا أحد", "هیچ", "nobody"}
)

func notesOf(answer map[string]any, lang string) (notes [][2]string) {
	for _, n := range noted {
		v, ok := answer[n.key]
		if !ok {
			continue
		}
		text := words(v)
		if n.key == "total" {
			text = totalText(v)
		}
		if v == nil {
			text = notKnown.In(lang)
		}
		notes = append(notes, [2]string{n.words.In(lang), text})
	}
	missing, ok := answer["missing_sites"].([]any)
	if ok && len(missing) == 0 {
		notes = append(notes, [2]string{stillOut.In(lang), nobody.In(lang)})
	}
	for _, v := range missing {
		m, _ := v.(map[string]any)
		notes = append(notes, [2]string{stillOut.In(lang), fmt.Sprintf("%s (%s)", m["name"], words(lookup(m, "declared")))})
	}
	return notes
}

func totalText(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return words(v)
	}
	text := words(map[string]any{"pieces": m["pieces"], "lines": m["lines"], "receipts": m["receipts"], "unpriced": m["unpriced_lines"]})
	amounts, _ := m["amount_minor"].(map[string]any)
	for _, c := range sortedKeys(amounts) {
		text += ", " + cell(Minor, amounts[c], c).Text + " " + c
	}
	return text
}
