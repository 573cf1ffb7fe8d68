package schema_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rawaj/rawaj/syncproto/schema"
)

// foldGrows is the most that compatibility forms make of a letter: U+FDFA is 18 letters,
// 33 bytes of 3.
const foldGrows = 11

// What people search by has one form, which is found again by itself, and a text costs no
// more than its length.
func FuzzFold(f *testing.F) {
	for _, s := range []string{"مرکز رویش", "Ａbc", "ﷺ", "e\u0301\u0301\u0301", strings.Repeat("\u0301", 50), "کتاب\u200cخانه", "ßẞİ", "\xff\xfe", "½", "K"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 4096 { // none is kept that is longer
			return
		}
		once := schema.Fold(s) // of a search that is no text as well
		if again := schema.Fold(once); again != once {
			t.Fatalf("%q is %q, and then %q", s, once, again)
		}
		if len(once) > foldGrows*len(s) || !utf8.ValidString(once) {
			t.Fatalf("%d bytes become %d: %q", len(s), len(once), once)
		}
	})
}
