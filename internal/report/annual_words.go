package report

import "fmt"

// sentence says the figures of a year as people say them. The digits are ASCII; a page
// writes its reader's.
func sentence(a *Annual) Sentence {
	n := map[string]int64{}
	for _, f := range a.Figures {
		n[f.ID] = f.Value
	}
	held := n["F9"] + n["F10"]
	var en, ar, fa string // own exhibitions elsewhere, so that what is said adds up
	if rest := n["F1"] - n["F2"] - n["F3"]; rest > 0 {
		en, ar, fa = fmt.Sprintf(" + %d elsewhere", rest), fmt.Sprintf(" و%d في أماكن أخرى", rest), fmt.Sprintf(" و %d در جاهای دیگر", rest)
	}
	return Sentence{
		En: fmt.Sprintf("In %d: %s organised (%d = %d at partners + %d in the department and its branches%s), %s; %s of others, %s; %s; %s, %s held: %d practical, %d administrative.",
			a.Year, english(n["F1"], "exhibition"), n["F1"], n["F2"], n["F3"], en, english(n["F4"], "participation"),
			english(n["F5"], "exhibition or event", "exhibitions and events"), english(n["F6"], "participation"), english(n["F7"], "food event"),
			english(n["F8"], "workshop"), english(held, "session"), n["F9"], n["F10"]),
		Ar: fmt.Sprintf("خلال عام %d: نظم المركز %s، منها %d عند مقرات المؤسسات الشريكة و%d داخل مباني الدائرة والأفرع التابعة لها%s، بواقع %s؛ وشارك في %s لجهات أخرى بواقع %s؛ ونظم %s؛ و%s، عُقدت منها %s: %d عملية و%d إدارية.",
			a.Year, arabic(n["F1"], exhibitionsAr), n["F2"], n["F3"], ar, arabic(n["F4"], participationsAr), arabic(n["F5"], joinedAr), arabic(n["F6"], participationsAr),
			arabic(n["F7"], foodAr), arabic(n["F8"], workshopsAr), arabic(held, sessionsAr), n["F9"], n["F10"]),
		Fa: fmt.Sprintf("در سال %d: %d نمایشگاه برگزار شد (%d در محل نهادهای همکار و %d در اداره و شعبه\u200cهای آن%s) با %d مشارکت؛ حضور در %d نمایشگاه و رویداد دیگران با %d مشارکت؛ %d رویداد اطایب؛ %d کارگاه با %d جلسهٔ برگزارشده: %d عملی و %d اداری.",
			a.Year, n["F1"], n["F2"], n["F3"], fa, n["F4"], n["F5"], n["F6"], n["F7"], n["F8"], held, n["F9"], n["F10"]),
	}
}

// english counts a thing; plural where that is not the thing with an s.
func english(n int64, thing string, plural ...string) string {
	switch {
	case n == 1:
	case len(plural) > 0:
		thing = plural[0]
	default:
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// arabicForms are a noun after a number: of one, of two, after 3 to 10, after 11 to 99, and
// after 100 and its like.
type arabicForms struct{ one, two, few, many, other string }

var (
	exhibitionsAr    = arabicForms{"معرضاً واحداً", "معرضين", "معارض", "معرضاً", "معرض"}
	participationsAr = arabicForms{"مشاركة واحدة", "مشاركتين", "مشاركات", "مشاركة", "مشاركة"}
	joinedAr         = arabicForms{"معرض أو فعالية", "معرضين أو فعاليتين", "معارض وفعاليات", "معرضاً وفعالية", "معرض وفعالية"}
	foodAr           = arabicForms{"فعالية أطايب واحدة", "فعاليتي أطايب", "فعاليات أطايب", "فعالية أطايب", "فعالية أطايب"}
	workshopsAr      = arabicForms{"ورشة واحدة", "ورشتين", "ورش", "ورشة", "ورشة"}
	sessionsAr       = arabicForms{"جلسة واحدة", "جلستان", "جلسات", "جلسة", "جلسة"}
)

// arabic counts a thing: the number decides the noun's form, and of one and two it is the
// noun itself that says it.
func arabic(n int64, f arabicForms) string {
	switch last := n % 100; {
	case n == 1:
		return f.one
	case n == 2:
		return f.two
	case last >= 3 && last <= 10:
		return fmt.Sprintf("%d %s", n, f.few)
	case last >= 11:
		return fmt.Sprintf("%d %s", n, f.many)
	}
	return fmt.Sprintf("%d %s", n, f.other)
}
