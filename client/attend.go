package client

import (
	"cmp"
	"context"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewPerson is somebody a branch or centre looks after.
type NewPerson struct {
	ID            syncproto.RecordID // as in NewProduct
	Name          string
	Phone         string
	Neighbourhood string
	Card          string         // code on the card, for scanning
	BirthYear     int64          // 0: not known
	Photo         syncproto.Root // zero: none
}

// AddPerson records a person of this site.
func (c *Client) AddPerson(ctx context.Context, n NewPerson) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		var fresh bool
		if id, fresh, err = newID(d, schema.Person, n.ID); err != nil || !fresh {
			return err
		}
		photo, err := c.attached(ctx, "photo", schema.PersonPhoto, n.Photo)
		if err != nil {
			return err
		}
		born := field(schema.PersonBirthYear, syncproto.Value{})
		if n.BirthYear != 0 {
			born.Value = syncproto.IntValue(n.BirthYear)
		}
		return d.Create(schema.Person, id, photo, born,
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
	ID      syncproto.RecordID // as in NewProduct
	Name    string
	Kind    string // practical or administrative
	Minutes int64  // accredited, a session
	Counts  bool   // for membership
}

// AddWorkshop adds a workshop to the organisation's catalogue.
func (c *Client) AddWorkshop(ctx context.Context, n NewWorkshop) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		var fresh bool
		if id, fresh, err = newID(d, schema.Workshop, n.ID); err != nil || !fresh {
			return err
		}
		return d.Create(schema.Workshop, id,
			field(schema.NameField(n.Name), text(n.Name)), field(schema.WorkshopKind, text(n.Kind)),
			field(schema.WorkshopMinutes, syncproto.IntValue(n.Minutes)), field(schema.WorkshopCounts, syncproto.BoolValue(n.Counts)))
	})
	return id, err
}

// NewSession is a session of a workshop at this site.
type NewSession struct {
	ID       syncproto.RecordID // as in NewProduct
	Workshop syncproto.RecordID
	Starts   time.Time
	Ends     time.Time
	Also     syncproto.RecordID // a second site that holds it too; zero: none
}

// PlanSession plans a session.
func (c *Client) PlanSession(ctx context.Context, n NewSession) (id syncproto.RecordID, err error) {
	err = c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		w, err := d.Get(schema.Workshop, n.Workshop)
		if err != nil {
			return err
		}
		if w == nil {
			return reference("workshop", n.Workshop)
		}
		var fresh bool
		if id, fresh, err = newID(d, schema.WorkshopSession, n.ID, field(schema.SessionWorkshop, syncproto.IDValue(n.Workshop))); err != nil || !fresh {
			return err
		}
		also := field(schema.SessionAlso, syncproto.Value{})
		if !n.Also.IsZero() && n.Also != d.Identity().Site {
			if site, err := d.Get(schema.Site, n.Also); err != nil || site == nil {
				return cmp.Or(err, reference("also_site", n.Also))
			}
			also.Value = syncproto.IDValue(n.Also)
		}
		return d.Create(schema.WorkshopSession, id, also,
			field(schema.SessionSite, syncproto.IDValue(d.Identity().Site)), field(schema.SessionWorkshop, syncproto.IDValue(n.Workshop)),
			field(schema.SessionStartsAt, syncproto.IntValue(n.Starts.UnixMilli())), field(schema.SessionEndsAt, syncproto.IntValue(n.Ends.UnixMilli())),
			field(schema.SessionMinutes, w.Of(schema.WorkshopMinutes)), field(schema.SessionStatus, text("planned")))
	})
	return id, err
}

// NewScan is one check-in or check-out.
type NewScan struct {
	ID      syncproto.RecordID // as in NewProduct
	Session syncproto.RecordID
	Person  syncproto.RecordID
	Source  string        // scan, list, paper or correction; scan where empty
	Waited  time.Duration // since it was read; 0: now
}

// CheckIn records that a person came to a session, CheckOut that it left. Scanning
// twice is harmless: attendance is derived, one a person and session.
func (c *Client) CheckIn(ctx context.Context, n NewScan) (syncproto.RecordID, error) {
	return c.scan(ctx, n, schema.ScanIn)
}

// CheckOut records that a person left a session.
func (c *Client) CheckOut(ctx context.Context, n NewScan) (syncproto.RecordID, error) {
	return c.scan(ctx, n, schema.ScanOut)
}

func (c *Client) scan(ctx context.Context, n NewScan, kind string) (id syncproto.RecordID, err error) {
	if n.Source == "" {
		n.Source = "scan"
	}
	err = c.recordLate(ctx, n.Waited, func(d *store.Draft, now time.Time, _ string) error {
		s, err := d.Get(schema.WorkshopSession, n.Session)
		if err != nil {
			return err
		}
		if s == nil {
			return reference("session", n.Session)
		}
		var fresh bool
		if id, fresh, err = newID(d, schema.Scan, n.ID, field(schema.ScanSession, syncproto.IDValue(n.Session)), field(schema.ScanPerson, syncproto.IDValue(n.Person)), field(schema.ScanKind, text(kind))); err != nil || !fresh {
			return err
		}
		return d.Create(schema.Scan, id,
			field(schema.ScanSite, s.Of(schema.SessionSite)), field(schema.ScanAlso, s.Of(schema.SessionAlso)), field(schema.ScanSession, syncproto.IDValue(n.Session)), field(schema.ScanPerson, syncproto.IDValue(n.Person)),
			field(schema.ScanKind, text(kind)), field(schema.ScanAt, syncproto.IntValue(whenFirst(d, schema.Scan, id, schema.ScanAt, now))), field(schema.ScanSource, text(n.Source)))
	})
	return id, err
}
