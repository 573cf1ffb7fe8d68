package rules

import (
	"bytes"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Agreement is what an outlet sells under.
type Agreement struct {
	ID      syncproto.RecordID
	Span    Span // as agreed
	EndedOn Day  // last day, where it was ended before
	Share   int64
}

// Covers says whether it is in force on a day: its last day is in it.
func (a *Agreement) Covers(d Day) bool {
	return a.Span.Covers(d) && (a.EndedOn == "" || d <= a.EndedOn)
}

// AgreementOn is the agreement that a sale of a day falls under; ok is false outside of
// any: the sale is recorded all the same, and flagged (R17). Of two the one that began
// later holds.
func AgreementOn(all []Agreement, d Day) (in Agreement, ok bool) {
	for _, a := range all {
		if a.Covers(d) && (!ok || a.Span.From > in.Span.From || a.Span.From == in.Span.From && bytes.Compare(a.ID[:], in.ID[:]) > 0) {
			in, ok = a, true
		}
	}
	return in, ok
}

// Kept is what somebody else than the family keeps of an amount. A part of a minor unit is
// the family's, and what a refund takes back is what the sale gave.
func Kept(amount, share int64) int64 {
	return amount/schema.ShareWhole*share + amount%schema.ShareWhole*share/schema.ShareWhole
}

// Outside says whether a sale of a day is outside of what was agreed (R17): it names no
// agreement, or one that is not known or was not in force on that day. An outlet that had
// not heard of an end sold by what it knew, and its line keeps that share.
func Outside(all []Agreement, named syncproto.RecordID, d Day) bool {
	for i := range all {
		if all[i].ID == named {
			return named.IsZero() || !all[i].Covers(d)
		}
	}
	return true
}
