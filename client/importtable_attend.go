package client

import (
	"strings"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/csvin"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// attendanceOf is the session of an attendance list, and what was scanned of it.
type attendanceOf struct {
	row   *records.Row
	scans map[scanKey][]int64 // times
}

type scanKey struct {
	person syncproto.RecordID // as it is read
	kind   string
}

func (m *tableImport) readScans(r *store.Reader) error {
	row, err := r.Get(schema.WorkshopSession, m.options.Session)
	if err != nil {
		return err
	}
	m.session = &attendanceOf{row, map[scanKey][]int64{}}
	return r.Each(schema.Scan, func(s *records.Row) error {
		if s.Of(schema.ScanSession).ID() == row.ID && !s.Of(schema.Voided).Bool() {
			key := scanKey{rules.Merged(m.aliases, s.Of(schema.ScanPerson).ID()), s.Of(schema.ScanKind).Text()}
			m.session.scans[key] = append(m.session.scans[key], s.Of(schema.ScanAt).Int())
		}
		return nil
	})
}

// attends records that somebody came, and left where the list says when. Scans are only
// added, so a list that says another time than was scanned is refused, not mixed in.
func (m *tableImport) attends(d *store.Draft, l *tableLine) (string, error) {
	person, err := l.find("person", "card", "name")
	if err != nil {
		return "", err
	}
	person = rules.Merged(m.aliases, person)
	if p, err := members.Here(d.Reader(), m.aliases, person); err != nil || p == nil || p.Of(schema.Voided).Bool() {
		if err == nil {
			err = refusal.New(refusal.Reference, "no such person is here: add them first").On("name")
		}
		return "", err
	}
	l.id = person
	if l.cell("in_at") == "" {
		if l.cell("out_at") == "" && l.cell("person") != "" && len(m.session.scans[scanKey{person, schema.ScanIn}]) == 0 {
			return LineSame, nil // as a list that was exported has who did not come
		}
		return "", refusal.New(refusal.Required, "say when the person came").On("in_at")
	}
	if err := l.first(); err != nil {
		return "", err
	}
	in, err := m.moment(l, "in_at")
	if err != nil {
		return "", err
	}
	outcome := LineSame
	if err := m.scanned(d, person, schema.ScanIn, in, &outcome); err != nil {
		return "", err
	}
	if l.cell("out_at") == "" {
		return outcome, nil
	}
	out, err := m.moment(l, "out_at")
	if err != nil {
		return "", err
	}
	if out.Before(in) {
		return "", refusal.New(refusal.EndsBeforeStart, "the person left before it came").On("out_at")
	}
	return outcome, m.scanned(d, person, schema.ScanOut, out, &outcome)
}

func (m *tableImport) scanned(d *store.Draft, person syncproto.RecordID, kind string, at time.Time, outcome *string) error {
	s := m.session.row
	for _, t := range m.session.scans[scanKey{person, kind}] {
		if t/time.Minute.Milliseconds() == at.UnixMilli()/time.Minute.Milliseconds() {
			return nil
		}
	}
	id := syncproto.DerivedID(s.ID.MS(), "imported-scan", s.ID[:], person[:], []byte(kind))
	have, err := d.Get(schema.Scan, id)
	if err != nil {
		return err
	}
	if have != nil && have.Of(schema.ScanAt).Int() == at.UnixMilli() {
		return nil
	}
	if have != nil || len(m.session.scans[scanKey{person, kind}]) > 0 {
		return refusal.New(refusal.FirstStands, "another time was recorded: correct the hours, with a reason").On(kind + "_at")
	}
	*outcome = LineNew
	return d.Create(schema.Scan, id,
		field(schema.ScanSite, s.Of(schema.SessionSite)), field(schema.ScanAlso, s.Of(schema.SessionAlso)), field(schema.ScanSession, syncproto.IDValue(s.ID)), field(schema.ScanPerson, syncproto.IDValue(person)),
		field(schema.ScanKind, text(kind)), field(schema.ScanAt, syncproto.IntValue(at.UnixMilli())), field(schema.ScanSource, text("list")))
}

// moment reads a time: 09:58 of the session's day, a day with a time, or as exported. In a
// sheet it may be a number.
func (m *tableImport) moment(l *tableLine, key string) (time.Time, error) {
	s := strings.TrimSpace(schema.ASCIIDigits(l.cell(key)))
	day := time.UnixMilli(m.session.row.Of(schema.SessionStartsAt).Int()).In(m.zone).Format(time.DateOnly)
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	if on, at, ok := m.file.Moment(s); ok {
		s = strings.TrimSpace(on + " " + at)
	}
	clock := s
	if d, c, ok := strings.Cut(strings.Replace(s, "T", " ", 1), " "); ok {
		parsed, err := csvin.ParseDate(d)
		if err != nil {
			return time.Time{}, refusal.Wrap(refusal.BadForm, err).On(key)
		}
		day, clock = parsed, strings.TrimSpace(c)
	}
	clock, err := csvin.ParseClock(clock)
	if err != nil {
		return time.Time{}, refusal.Wrap(refusal.BadForm, err).On(key)
	}
	t, err := time.ParseInLocation(time.DateTime, day+" "+clock, m.zone)
	if err != nil {
		return t, refusal.Wrap(refusal.BadForm, err).On(key)
	}
	return t, nil
}
