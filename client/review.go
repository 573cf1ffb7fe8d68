package client

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Attendance derives who attended a session, from the scans and verdicts that are here.
func (c *Client) Attendance(ctx context.Context, session syncproto.RecordID) (list []rules.Presence, err error) {
	err = c.Store.Read(ctx, func(r *store.Reader) error {
		a, err := attendance(r, session)
		if err == nil {
			list = a.present
		}
		return err
	})
	return list, err
}

// attended is who attended a session, under whom they are read as.
type attended struct {
	present []rules.Presence
	scanned map[syncproto.RecordID]int          // scans of each
	decided map[syncproto.RecordID]*records.Row // what was decided about each
	aliases rules.Aliases
}

func attendance(r *store.Reader, session syncproto.RecordID) (*attended, error) {
	s, err := r.Get(schema.WorkshopSession, session)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, store.ErrNoRecord
	}
	a := &attended{scanned: map[syncproto.RecordID]int{}, decided: map[syncproto.RecordID]*records.Row{}}
	if a.aliases, err = members.Aliases(r); err != nil {
		return nil, err
	}
	var scans []rules.ScanOf
	known := map[syncproto.RecordID]bool{} // records of whoever was scanned
	if err := r.Each(schema.Scan, func(row *records.Row) error {
		if row.Of(schema.ScanSession).ID() == session {
			own := row.Of(schema.ScanPerson).ID()
			person := rules.Merged(a.aliases, own)
			a.scanned[person]++
			known[own], known[person] = true, true
			scans = append(scans, rules.ScanOf{Person: person, Kind: row.Of(schema.ScanKind).Text(), At: row.Of(schema.ScanAt).Int()})
		}
		return nil
	}); err != nil {
		return nil, err
	}
	for id, into := range a.aliases { // a verdict may stand under any of them
		if a.scanned[rules.Merged(a.aliases, id)] > 0 {
			known[id], known[into] = true, true
		}
	}
	verdicts := map[syncproto.RecordID]rules.VerdictOf{}
	for id := range known {
		v, err := r.Get(schema.Attendance, schema.AttendanceID(session, id))
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		of := rules.VerdictOf{Person: rules.Merged(a.aliases, id), Verdict: v.Of(schema.AttendanceVerdict).Text(), OutAt: v.Of(schema.AttendanceOutAt).Int(), At: v.Of(schema.AttendanceAt).Int()}
		if have, ok := verdicts[of.Person]; !ok || of.After(&have) {
			verdicts[of.Person], a.decided[of.Person] = of, v
		}
	}
	a.present = rules.Attendance(s.Values, scans, slices.Collect(maps.Values(verdicts))...)
	return a, nil
}

// NewReview is what a person decides about a line that waits for it.
type NewReview struct {
	Session syncproto.RecordID
	Person  syncproto.RecordID
	Verdict string    // schema.AttendanceConfirmed or schema.AttendanceVoid
	Out     time.Time // when the person left, where confirmed
	By      string    // who decides
	Reason  string    // needed where void
}

// Review confirms an attendance that has no sound check-out, or takes it back (R4). A
// later verdict takes the place of an earlier one, which the history keeps.
func (c *Client) Review(ctx context.Context, n NewReview) error {
	var a *attended
	if err := c.Store.Read(ctx, func(r *store.Reader) (err error) {
		a, err = attendance(r, n.Session)
		return err
	}); err != nil {
		return err
	}
	n.Person = rules.Merged(a.aliases, n.Person)
	var line rules.Presence
	for _, p := range a.present {
		if p.Person == n.Person {
			line = p
		}
	}
	confirmed := n.Verdict == schema.AttendanceConfirmed
	switch {
	case !line.Review && line.Verdict == "":
		return refusal.New(refusal.NothingToReview, "nothing of this person's attendance waits for a verdict")
	case confirmed && n.Out.UnixMilli() <= line.InAt:
		return refusal.New(refusal.EndsBeforeStart, "the person came after that").On("out_at")
	}
	verdict := []store.Field{
		field(schema.AttendanceVerdict, text(n.Verdict)), field(schema.AttendanceBy, text(n.By)), field(schema.AttendanceReason, text(n.Reason)), field(schema.AttendanceOutAt, syncproto.Value{}),
	}
	if confirmed {
		verdict[3] = field(schema.AttendanceOutAt, syncproto.IntValue(n.Out.UnixMilli()))
	}
	return c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		s, err := d.Get(schema.WorkshopSession, n.Session)
		if err != nil || s == nil {
			return cmp.Or(err, error(store.ErrNoRecord))
		}
		id := schema.AttendanceID(n.Session, n.Person)
		have, err := d.Get(schema.Attendance, id)
		if err != nil || have != nil && says(have, verdict) {
			return err
		}
		verdict := append(verdict, field(schema.AttendanceAt, syncproto.IntValue(now.UnixMilli())))
		if have != nil {
			return d.Update(schema.Attendance, id, schema.AttendanceGroupVerdict, verdict...)
		}
		return d.Create(schema.Attendance, id, append(verdict, field(schema.AttendanceSite, s.Of(schema.SessionSite)), field(schema.AttendanceAlso, s.Of(schema.SessionAlso)),
			field(schema.AttendanceSession, syncproto.IDValue(n.Session)), field(schema.AttendancePerson, syncproto.IDValue(n.Person)))...)
	})
}

// says whether a record holds all of some fields already.
func says(r *records.Row, fields []store.Field) bool {
	for _, f := range fields {
		if r.Of(f.Field) != f.Value {
			return false
		}
	}
	return true
}
