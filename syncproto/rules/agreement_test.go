package rules_test

import (
	"testing"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
)

func TestASaleOutsideOfItsAgreementIsFlagged(t *testing.T) {
	spring, ended, none := syncproto.RecordID{1}, syncproto.RecordID{2}, syncproto.RecordID{}
	all := []rules.Agreement{
		{ID: spring, Span: rules.Span{From: "2026-03-01", To: "2026-05-31"}, Share: 1500},
		{ID: ended, Span: rules.Span{From: "2026-06-01", To: "2026-12-31"}, EndedOn: "2026-07-15", Share: 2000},
	}
	for _, c := range []struct {
		name    string
		named   syncproto.RecordID
		day     rules.Day
		outside bool
	}{
		{"its first day", spring, "2026-03-01", false},
		{"its last day", spring, "2026-05-31", false},
		{"the day before it", spring, "2026-02-28", true},
		{"the day after it", spring, "2026-06-01", true},
		{"the last day of one that was ended", ended, "2026-07-15", false},
		{"sold by one whose end the outlet had not heard of", ended, "2026-07-16", true},
		{"sold under none", none, "2026-04-01", true},
		{"one that is not known here", syncproto.RecordID{9}, "2026-04-01", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := rules.Outside(all, c.named, c.day); got != c.outside {
				t.Errorf("outside is %v", got)
			}
		})
	}
	if !rules.Outside([]rules.Agreement{{Span: rules.Span{From: "2026-03-01", To: "2026-05-31"}}}, none, "2026-04-01") {
		t.Error("a line without an agreement is under one without an id")
	}
}
