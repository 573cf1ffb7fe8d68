package rules

import (
	"cmp"
	"slices"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Presence is one person's attendance of one session, derived from its scans: however
// many there are, from however many devices, it is one (R4).
type Presence struct {
	Person   syncproto.RecordID
	InAt     int64  // first check-in, UTC ms; 0 where there is none
	OutAt    int64  // last check-out, UTC ms; 0 where there is none
	Credited int64  // minutes
	Review   bool   // no check-out, or none after the check-in: a person has to confirm, nothing is credited
	Verdict  string // what a person decided; empty where nobody has
}

// ScanOf is a scan as Attendance takes it.
type ScanOf struct {
	Person syncproto.RecordID
	Kind   string // schema.ScanIn or schema.ScanOut
	At     int64  // UTC ms, repaired where the device's clock was wrong
}

// VerdictOf is what a person decided about a line, as Attendance takes it.
type VerdictOf struct {
	Person  syncproto.RecordID
	Verdict string // schema.AttendanceConfirmed or schema.AttendanceVoid
	OutAt   int64  // when the person left, where confirmed
	At      int64  // when it was said, UTC ms: of one person's under two records the last holds
}

// After says whether a verdict stands over another about the same attendance.
func (v *VerdictOf) After(o *VerdictOf) bool {
	return cmp.Or(cmp.Compare(v.At, o.At), cmp.Compare(v.Verdict, o.Verdict), cmp.Compare(v.OutAt, o.OutAt)) > 0
}

// Attendance derives who attended a session, in the order of persons. A person is
// credited the session's accredited minutes, or those between first check-in and last
// check-out within the session's times where they are fewer; whole minutes, never
// rounded up (R4, R5). What a person decided stands, whatever check-outs arrive later:
// confirmed, it counts to the time that was said; void, it counts nothing.
func Attendance(session schema.Values, scans []ScanOf, verdicts ...VerdictOf) []Presence {
	t := schema.Lookup(schema.WorkshopSession)
	starts, ends := t.Of(session, schema.SessionStartsAt).Int(), t.Of(session, schema.SessionEndsAt).Int()
	accredited := t.Of(session, schema.SessionMinutes).Int()
	byPerson := map[syncproto.RecordID]*Presence{}
	for _, s := range scans {
		p := byPerson[s.Person]
		if p == nil {
			p = &Presence{Person: s.Person}
			byPerson[s.Person] = p
		}
		switch s.Kind {
		case schema.ScanIn:
			if p.InAt == 0 || s.At < p.InAt {
				p.InAt = s.At
			}
		case schema.ScanOut:
			p.OutAt = max(p.OutAt, s.At)
		}
	}
	decided := map[syncproto.RecordID]VerdictOf{}
	for _, v := range verdicts {
		if have, ok := decided[v.Person]; !ok || v.After(&have) {
			decided[v.Person] = v
		}
	}
	out := make([]Presence, 0, len(byPerson))
	for _, p := range byPerson {
		if v, ok := decided[p.Person]; ok {
			p.Verdict = v.Verdict
			if v.Verdict == schema.AttendanceConfirmed {
				p.OutAt = v.OutAt
			}
		}
		p.credit(starts, ends, accredited)
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b Presence) int { return slices.Compare(a.Person[:], b.Person[:]) })
	return out
}

const minute = 60_000 // ms

func (p *Presence) credit(starts, ends, accredited int64) {
	if p.InAt == 0 || p.Verdict == schema.AttendanceVoid {
		return // out without in, or taken back: nothing to credit
	}
	if p.OutAt <= p.InAt {
		p.Review = true
		return
	}
	within := min(p.OutAt, ends) - max(p.InAt, starts)
	p.Credited = min(accredited, max(within, 0)/minute)
}
