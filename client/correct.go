package client

import (
	"cmp"
	"context"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewCorrection is other minutes than a session credited to a person, and why.
type NewCorrection struct {
	ID      syncproto.RecordID // as in NewProduct
	Session syncproto.RecordID
	Person  syncproto.RecordID
	Minutes int64
	Reason  string
	By      string
}

// Correct corrects what a session credited to a person. The old value stays beside it, and
// the last correction holds (R4).
func (c *Client) Correct(ctx context.Context, n NewCorrection) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		s, err := d.Get(schema.WorkshopSession, n.Session)
		if err != nil || s == nil {
			return cmp.Or(err, error(store.ErrNoRecord))
		}
		var fresh bool
		if id, fresh, err = newID(d, schema.AttendanceCorrection, n.ID, field(schema.CorrectionSession, syncproto.IDValue(n.Session)), field(schema.CorrectionPerson, syncproto.IDValue(n.Person))); err != nil || !fresh {
			return err
		}
		book, err := members.Read(d.Reader())
		if err != nil {
			return err
		}
		var was int64
		found := false
		if m := book.Of[book.Person(n.Person)]; m != nil {
			lines, _ := rules.Hours(m.Sessions, m.Corrections)
			for _, l := range lines {
				if l.Session == n.Session {
					was, found = l.Minutes, true
				}
			}
		}
		if p, err := d.Get(schema.Person, n.Person); err != nil || p == nil && !found {
			return cmp.Or(err, reference("person", n.Person))
		}
		return d.Create(schema.AttendanceCorrection, id,
			field(schema.CorrectionSite, s.Of(schema.SessionSite)), field(schema.CorrectionAlso, s.Of(schema.SessionAlso)),
			field(schema.CorrectionSession, syncproto.IDValue(n.Session)), field(schema.CorrectionPerson, syncproto.IDValue(n.Person)),
			field(schema.CorrectionWas, syncproto.IntValue(was)), field(schema.CorrectionMinutes, syncproto.IntValue(n.Minutes)),
			field(schema.CorrectionReason, text(n.Reason)), field(schema.CorrectionBy, text(n.By)), field(schema.CorrectionAt, syncproto.IntValue(now.UnixMilli())))
	})
	return id, err
}
