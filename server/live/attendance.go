package live

import (
	"maps"
	"slices"
	"time"
	_ "time/tzdata" // the days of a site are those of its zone, on any machine

	"github.com/hashicorp/go-memdb"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const tableSession = "session"

// session is a workshop session with its scans, some 60 bytes each, what people said of
// them, and what rules derive. Scans may come before their session does.
type session struct {
	Key      string
	Values   schema.Values // nil until it has come
	Scans    []scan
	Verdicts map[syncproto.RecordID]rules.VerdictOf
	Day      string // in its site's zone
	Ends     int64  // UTC ms
	Credited int64  // minutes
	In       int    // people who checked in and not out
}

type scan struct {
	id syncproto.RecordID
	rules.ScanOf
}

func sessionTxn(txn *memdb.Txn, id syncproto.RecordID) (session, error) {
	v, err := txn.First(tableSession, indexID, string(id[:]))
	if err != nil || v == nil {
		return session{Key: string(id[:])}, err
	}
	return *v.(*session), nil
}

// loadSessions reads every scan once; from then on only new ones are read.
func loadSessions(txn *memdb.Txn, rd *state.Reader) error {
	scans := map[syncproto.RecordID][]scan{}
	if err := rd.Each(schema.Scan, func(row *records.Row) error {
		id := row.Of(schema.ScanSession).ID()
		scans[id] = append(scans[id], scanOf(row))
		return nil
	}); err != nil {
		return err
	}
	for id, own := range scans {
		if err := txn.Insert(tableSession, &session{Key: string(id[:]), Scans: own}); err != nil {
			return err
		}
	}
	if err := rd.Each(schema.Attendance, func(row *records.Row) error { return followVerdict(txn, row) }); err != nil {
		return err
	}
	if err := loadAliases(txn, rd); err != nil {
		return err
	}
	return rd.Each(schema.WorkshopSession, func(row *records.Row) error { return follow(txn, rd, row) })
}

func scanOf(row *records.Row) scan {
	return scan{row.ID, rules.ScanOf{Person: row.Of(schema.ScanPerson).ID(), Kind: row.Of(schema.ScanKind).Text(), At: row.Of(schema.ScanAt).Int()}}
}

func follow(txn *memdb.Txn, rd *state.Reader, row *records.Row) error {
	s, err := sessionTxn(txn, row.ID)
	if err != nil {
		return err
	}
	site, err := rd.Get(schema.Site, row.Of(schema.SessionSite).ID())
	if err != nil {
		return err
	}
	zone := time.UTC
	if site != nil {
		if z, err := time.LoadLocation(site.Of(schema.SiteZone).Text()); err == nil {
			zone = z
		}
	}
	s.Values, s.Ends = row.Values, row.Of(schema.SessionEndsAt).Int()
	s.Day = time.UnixMilli(row.Of(schema.SessionStartsAt).Int()).In(zone).Format(time.DateOnly)
	return putSession(txn, s)
}

func followScan(txn *memdb.Txn, row *records.Row) error {
	s, err := sessionTxn(txn, row.Of(schema.ScanSession).ID())
	if err != nil || slices.ContainsFunc(s.Scans, func(k scan) bool { return k.id == row.ID }) {
		return err
	}
	s.Scans = append(slices.Clip(s.Scans), scanOf(row)) // readers hold the list before
	return putSession(txn, s)
}

func followVerdict(txn *memdb.Txn, row *records.Row) error {
	s, err := sessionTxn(txn, row.Of(schema.AttendanceSession).ID())
	if err != nil {
		return err
	}
	if s.Verdicts = maps.Clone(s.Verdicts); s.Verdicts == nil {
		s.Verdicts = map[syncproto.RecordID]rules.VerdictOf{}
	}
	s.Verdicts[row.ID] = rules.VerdictOf{Person: row.Of(schema.AttendancePerson).ID(), Verdict: row.Of(schema.AttendanceVerdict).Text(), OutAt: row.Of(schema.AttendanceOutAt).Int(), At: row.Of(schema.AttendanceAt).Int()}
	return putSession(txn, s)
}

func putSession(txn *memdb.Txn, s session) error {
	s.Credited, s.In = 0, 0
	if s.Values != nil {
		aliases, err := aliasesTxn(txn)
		if err != nil {
			return err
		}
		of := make([]rules.ScanOf, len(s.Scans))
		for i := range s.Scans {
			of[i] = s.Scans[i].ScanOf
			of[i].Person = rules.Merged(aliases, of[i].Person)
		}
		var verdicts []rules.VerdictOf
		for _, v := range s.Verdicts {
			v.Person = rules.Merged(aliases, v.Person)
			verdicts = append(verdicts, v)
		}
		for _, p := range rules.Attendance(s.Values, of, verdicts...) {
			s.Credited += p.Credited
			if p.InAt > p.OutAt {
				s.In++
			}
		}
	}
	return txn.Insert(tableSession, &s)
}

// Attendance tells the minutes credited in sessions of a span, and how many people are
// in a session that is not over at a time (UTC ms).
func (v *View) Attendance(in report.Span, now int64) (credited int64, present int) {
	it, err := v.txn.Get(tableSession, indexID)
	if err != nil {
		panic("bug: " + err.Error())
	}
	for e := it.Next(); e != nil; e = it.Next() {
		s := e.(*session)
		if s.Values == nil {
			continue
		}
		if in.Holds(s.Day) {
			credited += s.Credited
		}
		if s.Ends >= now {
			present += s.In
		}
	}
	return credited, present
}
