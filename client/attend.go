package client

import (
	"context"
	"fmt"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewPerson is somebody a branch or centre looks after.
type NewPerson struct {
	Name          string
	Phone         string
	Neighbourhood string
	Card          string // code on the card, for scanning
}

// AddPerson records a person of this site.
func (c *Client) AddPerson(ctx context.Context, n NewPerson) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		if id, err = d.NewID(); err != nil {
			return err
		}
		return d.Create(schema.Person, id,
			field(schema.PersonSite, syncproto.IDValue(d.Identity().Site)), field(schema.PersonName, syncproto.TextValue(n.Name)),
			field(schema.PersonPhone, text(n.Phone)), field(schema.PersonNeighbourhood, text(n.Neighbourhood)), field(schema.PersonCard, text(n.Card)))
	})
	return id, err
}

// text is typed text as a value; nothing typed is null.
func text(s string) syncproto.Value {
	if s == "" {
		return syncproto.Value{}
	}
	return syncproto.TextValue(s)
}

// NewWorkshop is a kind of training.
type NewWorkshop struct {
	Name    string
	Kind    string // practical or administrative
	Minutes int64  // accredited, a session
	Counts  bool   // for membership
}

// AddWorkshop adds a workshop to the organisation's catalogue.
func (c *Client) AddWorkshop(ctx context.Context, n NewWorkshop) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		if id, err = d.NewID(); err != nil {
			return err
		}
		return d.Create(schema.Workshop, id,
			field(schema.NameField(n.Name), text(n.Name)), field(schema.WorkshopKind, text(n.Kind)),
			field(schema.WorkshopMinutes, syncproto.IntValue(n.Minutes)), field(schema.WorkshopCounts, syncproto.BoolValue(n.Counts)))
	})
	return id, err
}

// PlanSession plans a session of a workshop at this site.
func (c *Client) PlanSession(ctx context.Context, workshop syncproto.RecordID, starts, ends time.Time) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		w, err := d.Get(schema.Workshop, workshop)
		if err != nil {
			return err
		}
		if w == nil {
			return fmt.Errorf("workshop %v: %w", workshop, store.ErrNoRecord)
		}
		if id, err = d.NewID(); err != nil {
			return err
		}
		return d.Create(schema.WorkshopSession, id,
			field(schema.SessionSite, syncproto.IDValue(d.Identity().Site)), field(schema.SessionWorkshop, syncproto.IDValue(workshop)),
			field(schema.SessionStartsAt, syncproto.IntValue(starts.UnixMilli())), field(schema.SessionEndsAt, syncproto.IntValue(ends.UnixMilli())),
			field(schema.SessionMinutes, w.Of(schema.WorkshopMinutes)), field(schema.SessionStatus, text("planned")))
	})
	return id, err
}

// CheckIn records that a person came to a session, CheckOut that it left. Scanning
// twice is harmless: attendance is derived, one a person and session.
func (c *Client) CheckIn(ctx context.Context, session, person syncproto.RecordID, source string) (syncproto.RecordID, error) {
	return c.scan(ctx, session, person, schema.ScanIn, source)
}

// CheckOut records that a person left a session.
func (c *Client) CheckOut(ctx context.Context, session, person syncproto.RecordID, source string) (syncproto.RecordID, error) {
	return c.scan(ctx, session, person, schema.ScanOut, source)
}

func (c *Client) scan(ctx context.Context, session, person syncproto.RecordID, kind, source string) (id syncproto.RecordID, err error) {
	if source == "" {
		source = "scan"
	}
	err = c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		s, err := d.Get(schema.WorkshopSession, session)
		if err != nil {
			return err
		}
		if s == nil {
			return fmt.Errorf("session %v: %w", session, store.ErrNoRecord)
		}
		if id, err = d.NewID(); err != nil {
			return err
		}
		return d.Create(schema.Scan, id,
			field(schema.ScanSite, s.Of(schema.SessionSite)), field(schema.ScanSession, syncproto.IDValue(session)), field(schema.ScanPerson, syncproto.IDValue(person)),
			field(schema.ScanKind, text(kind)), field(schema.ScanAt, syncproto.IntValue(now.UnixMilli())), field(schema.ScanSource, text(source)))
	})
	return id, err
}

// Attendance derives who attended a session, from the scans that are here.
func (c *Client) Attendance(ctx context.Context, session syncproto.RecordID) (list []rules.Presence, err error) {
	err = c.Store.Read(ctx, func(r *store.Reader) error {
		s, err := r.Get(schema.WorkshopSession, session)
		if err != nil {
			return err
		}
		if s == nil {
			return fmt.Errorf("session %v: %w", session, store.ErrNoRecord)
		}
		var scans []rules.ScanOf
		if err := r.Each(schema.Scan, func(row *records.Row) error {
			if row.Of(schema.ScanSession).ID() == session {
				scans = append(scans, rules.ScanOf{Person: row.Of(schema.ScanPerson).ID(), Kind: row.Of(schema.ScanKind).Text(), At: row.Of(schema.ScanAt).Int()})
			}
			return nil
		}); err != nil {
			return err
		}
		list = rules.Attendance(s.Values, scans)
		return nil
	})
	return list, err
}
