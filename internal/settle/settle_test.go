package settle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/settle"
)

func TestMoneyAndSharesAreWrittenAsPeopleWriteThem(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{settle.Money(81786005, "USD"), "817860.05"}, {settle.Money(5, "AED"), "0.05"}, {settle.Money(-5, "AED"), "-0.05"}, {settle.Money(1234, "OMR"), "1.234"},
		{settle.Money(1234, "IRR"), "1234"}, {settle.Money(0, "AED"), "0.00"}, {settle.Money(7, ""), "7"},
		{settle.Percent(0), "0%"}, {settle.Percent(1500), "15%"}, {settle.Percent(1550), "15.5%"}, {settle.Percent(1), "0.01%"}, {settle.Percent(10000), "100%"},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
}

// madeUp is a statement that was paid late in the evening of its branch.
func madeUp() *settle.Statement {
	return &settle.Statement{
		Number: "S-000001", FamilyName: settle.Names{Ar: "أسرة مختلقة", En: "Made-up <family>"}, Lang: "fa", BranchName: settle.Names{En: "Kalba\u202e\x1b[31m"}, Zone: "Asia/Dubai",
		From: "2026-11-01", To: "2026-11-30", Currency: "AED", State: "paid", GrossMinor: 3000, NetMinor: 2700,
		Rows: []settle.Row{
			{Kind: "sale", Product: settle.Names{En: "Incense"}, Place: settle.Names{En: "Spring"}, Pieces: 4, GrossMinor: 4000, Share: 1000, NetMinor: 3600},
			{Kind: "refund", Product: settle.Names{En: "Incense"}, Place: settle.Names{En: "Spring"}, Pieces: -1, GrossMinor: -1000, Share: 1000, NetMinor: -900},
			{Kind: "adjustment", Reason: "a <word>"},
		},
		Payout: &settle.Paid{State: "paid", PaidAt: time.Date(2026, 12, 1, 20, 30, 0, 0, time.UTC).UnixMilli(), AmountMinor: 2700, Method: "cash", ReceiptNo: "AB-S-000001", By: "Noura", Dispute: "too little"},
	}
}

func TestThePageOfAFamilySaysEachProductInItsLanguage(t *testing.T) {
	for lang, words := range map[string][]string{
		"ar": {"كشف مستحقات الأسرة", "أسرة مختلقة", "مرتجع", "نقداً"},
		"fa": {"صورت\u200cحساب خانواده", "برگشتی", "نقد"},
		"en": {"Statement of what the family is owed", "refund", "cash"},
	} {
		b, err := madeUp().Page(lang, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range append(words, "S-000001", "Incense", "Spring", "36.00", "-9.00", "10%", "27.00 AED", "AB-S-000001", "2026-12-02", "too little", "a <word>") {
			if !strings.Contains(string(b), word) {
				t.Errorf("in %s it lacks %q:\n%s", lang, word, b)
			}
		}
		if strings.ContainsAny(string(b), "\u202e\x1b") {
			t.Errorf("in %s it steers the terminal:\n%q", lang, b)
		}
	}
	own, err := madeUp().Page("", false)
	if err != nil || !strings.Contains(string(own), "صورت\u200cحساب") {
		t.Errorf("in its own language it is %s (%v)", own, err)
	}
	if _, err := madeUp().Page("de", false); err == nil {
		t.Error("it is printed in a language that nobody wrote")
	}
}

func TestWhatPeopleTypedIsNoMarkupOnThePage(t *testing.T) {
	b, err := madeUp().Page("en", true)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"Made-up &lt;family&gt;", "a &lt;word&gt;", `lang="en" dir="ltr"`} {
		if !strings.Contains(string(b), word) {
			t.Errorf("it lacks %q:\n%s", word, b)
		}
	}
}
