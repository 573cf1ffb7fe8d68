package server

import (
	"context"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Overview is what head office looks at first. Every figure is complete to CompleteTo,
// but for the sites that are missing (P13).
type Overview struct {
	Position     syncproto.Position   `json:"position"`
	CompleteTo   *string              `json:"complete_to"` // RFC 3339, UTC
	MissingSites []report.MissingSite `json:"missing_sites"`
	Total        report.Figures       `json:"total"`
	BySite       []report.Row         `json:"by_site"`
	ByDay        []report.Row         `json:"by_day"`
	Sites        int                  `json:"sites"`
	Connected    int                  `json:"connected"` // devices with a session now
	Present      int                  `json:"present"`   // people checked in and not out, in sessions that are not over
	Credited     int64                `json:"credited"`  // minutes of attendance, in all
	Referrals    map[string]int       `json:"referrals"` // by state
	Held         int64                `json:"held"`      // transactions in quarantine
	Parked       int64                `json:"parked"`    // transactions whose predecessor has not come
	Conflicts    int                  `json:"conflicts"`
}

// Overview adds it up from one snapshot.
func (s *Server) Overview(ctx context.Context) (o Overview, err error) {
	figures := s.live.View().Figures()
	o.Connected, o.Referrals = s.Open(), map[string]int{}
	now := s.Now().UnixMilli()
	err = s.State.Read(ctx, func(r *state.Reader) error {
		head, err := r.Head()
		if err != nil {
			return err
		}
		o.Position = head.Position
		bySite, err := sales(r, report.Site, figures)
		if err != nil {
			return err
		}
		o.CompleteTo, o.MissingSites, o.Total, o.BySite = bySite.CompleteTo, bySite.MissingSites, bySite.Total, bySite.Rows
		o.ByDay, _ = report.Table(report.Day, figures, nil)
		for _, count := range []struct {
			table syncproto.TableID
			f     func(*records.Row)
		}{
			{schema.Site, func(*records.Row) { o.Sites++ }},
			{schema.Conflict, func(*records.Row) { o.Conflicts++ }},
			{schema.ConflictPersonal, func(*records.Row) { o.Conflicts++ }},
			{schema.Referral, func(row *records.Row) { o.Referrals[row.Of(schema.ReferralState).Text()]++ }},
		} {
			if err := r.Each(count.table, func(row *records.Row) error { count.f(row); return nil }); err != nil {
				return err
			}
		}
		if o.Held, o.Parked, err = r.Held(); err != nil {
			return err
		}
		return attendance(r, &o, now)
	})
	return o, err
}

// attendance derives who is present and what was credited, as rules do.
func attendance(r *state.Reader, o *Overview, now int64) error {
	scans := map[syncproto.RecordID][]rules.ScanOf{}
	if err := r.Each(schema.Scan, func(row *records.Row) error {
		session := row.Of(schema.ScanSession).ID()
		scans[session] = append(scans[session], rules.ScanOf{Person: row.Of(schema.ScanPerson).ID(), Kind: row.Of(schema.ScanKind).Text(), At: row.Of(schema.ScanAt).Int()})
		return nil
	}); err != nil {
		return err
	}
	verdicts := map[syncproto.RecordID][]rules.VerdictOf{}
	if err := r.Each(schema.Attendance, func(row *records.Row) error {
		session := row.Of(schema.AttendanceSession).ID()
		verdicts[session] = append(verdicts[session], rules.VerdictOf{Person: row.Of(schema.AttendancePerson).ID(), Verdict: row.Of(schema.AttendanceVerdict).Text(), OutAt: row.Of(schema.AttendanceOutAt).Int()})
		return nil
	}); err != nil {
		return err
	}
	return r.Each(schema.WorkshopSession, func(row *records.Row) error {
		over := row.Of(schema.SessionEndsAt).Int() < now
		for _, p := range rules.Attendance(row.Values, scans[row.ID], verdicts[row.ID]...) {
			o.Credited += p.Credited
			if !over && p.InAt > p.OutAt {
				o.Present++
			}
		}
		return nil
	})
}
