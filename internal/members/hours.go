package members

import (
	"maps"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// held is a session with what was recorded of its attendance, under the persons that
// people are read as.
type held struct {
	scans    []rules.ScanOf
	verdicts []rules.VerdictOf
	entered  map[syncproto.RecordID]int64 // UTC ms: when the first scan of a person was made
}

// readHours reads what sessions gave people: of sessions whose scans are here by the scans,
// of others by what head office says.
func (b *Book) readHours(r Reader, scanned func(session syncproto.RecordID) (bool, error)) error {
	sessions := map[syncproto.RecordID]*held{}
	if err := r.Each(schema.Scan, func(row *records.Row) error {
		id, person := row.Of(schema.ScanSession).ID(), b.Person(row.Of(schema.ScanPerson).ID())
		s := sessions[id]
		if s == nil {
			s = &held{entered: map[syncproto.RecordID]int64{}}
			sessions[id] = s
		}
		s.scans = append(s.scans, rules.ScanOf{Person: person, Kind: row.Of(schema.ScanKind).Text(), At: row.Of(schema.ScanAt).Int()})
		if have, ok := s.entered[person]; !ok || row.ID.MS() < have {
			s.entered[person] = row.ID.MS()
		}
		return nil
	}); err != nil {
		return err
	}
	if err := r.Each(schema.Attendance, func(row *records.Row) error {
		if s := sessions[row.Of(schema.AttendanceSession).ID()]; s != nil {
			s.verdicts = append(s.verdicts, rules.VerdictOf{Person: b.Person(row.Of(schema.AttendancePerson).ID()), Verdict: row.Of(schema.AttendanceVerdict).Text(), OutAt: row.Of(schema.AttendanceOutAt).Int(), At: row.Of(schema.AttendanceAt).Int()})
		}
		return nil
	}); err != nil {
		return err
	}
	for _, id := range slices.SortedFunc(maps.Keys(sessions), compareIDs) {
		if err := b.session(r, id, sessions[id]); err != nil {
			return err
		}
	}
	if err := r.Each(schema.AttendanceCorrection, func(row *records.Row) error {
		m := b.of(row.Of(schema.CorrectionPerson).ID())
		m.Corrections = append(m.Corrections, rules.Correction{
			ID: row.ID, Session: row.Of(schema.CorrectionSession).ID(), Was: row.Of(schema.CorrectionWas).Int(), Minutes: row.Of(schema.CorrectionMinutes).Int(),
			Reason: row.Of(schema.CorrectionReason).Text(), At: row.Of(schema.CorrectionAt).Int(),
		})
		return nil
	}); err != nil {
		return err
	}
	return r.Each(schema.Credit, func(row *records.Row) error {
		person, session := row.Of(schema.CreditPerson).ID(), row.Of(schema.CreditSession).ID()
		if sessions[session] != nil || b.Person(person) != person || Withdrawn(row) { // under another record of the person it stands with that
			return nil
		}
		here, err := scanned(session)
		if err == nil && !here {
			m := b.of(person)
			m.Sessions = append(m.Sessions, credited(row))
		}
		return err
	})
}

// session adds what one session gave people by its scans.
func (b *Book) session(r Reader, id syncproto.RecordID, s *held) error {
	row, err := r.Get(schema.WorkshopSession, id)
	if err != nil || row == nil || row.Of(schema.SessionStatus).Text() == schema.SessionCancelled {
		return err
	}
	w, err := r.Get(schema.Workshop, row.Of(schema.SessionWorkshop).ID())
	if err != nil {
		return err
	}
	for _, p := range rules.Attendance(row.Values, s.scans, s.verdicts...) {
		m := b.of(p.Person)
		m.Sessions = append(m.Sessions, rules.Credited{
			Session: id, StartsAt: row.Of(schema.SessionStartsAt).Int(), EndsAt: row.Of(schema.SessionEndsAt).Int(),
			Entered: s.entered[p.Person], Minutes: p.Credited, Counts: w != nil && w.Of(schema.WorkshopCounts).Bool(),
			Review: p.Review, Decided: p.Verdict != "",
		})
	}
	return nil
}

// Withdrawn says whether a credit was taken back, since nothing stands for it any more.
func Withdrawn(credit *records.Row) bool {
	return credit.Of(schema.CreditMinutes).Int() == 0 && !credit.Of(schema.CreditReview).Bool() && !credit.Of(schema.CreditCounts).Bool()
}

// credited is what head office says of a session elsewhere. Head office knows all that
// was at the same time, so what it credits is decided.
func credited(row *records.Row) rules.Credited {
	review := row.Of(schema.CreditReview).Bool()
	return rules.Credited{
		Session: row.Of(schema.CreditSession).ID(), StartsAt: row.Of(schema.CreditStartsAt).Int(), EndsAt: row.Of(schema.CreditEndsAt).Int(),
		Entered: row.Of(schema.CreditEntered).Int(), Minutes: row.Of(schema.CreditMinutes).Int(), Counts: row.Of(schema.CreditCounts).Bool(),
		Review: review, Decided: !review,
	}
}
