package server

import (
	"maps"
	"sync"

	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// named is a record that a change names, or is about.
type named struct {
	table syncproto.TableID
	id    syncproto.RecordID
}

// touched is what changes touched that standings and credits follow from. It may be lost:
// a start looks at everybody.
type touched struct {
	all bool          // everybody
	of  map[named]int // people, families, sessions, workshops and fairs, with the number of changes
}

// maxTouched bounds what is touched, and the people and families that are looked at one by
// one: one of them costs a few times what it costs among all, and of a bulk of changes all
// are read at once.
const maxTouched = 2000

// touching are the fields of changed records that name whom they touch; where there is none
// it is the record itself.
var touching = map[syncproto.TableID][]syncproto.FieldID{
	schema.Scan: {schema.ScanPerson}, schema.Attendance: {schema.AttendancePerson}, schema.AttendanceCorrection: {schema.CorrectionPerson},
	schema.Membership: {schema.MembershipPerson, schema.MembershipFamily}, schema.Ground: {schema.GroundPerson},
	schema.IdentityDocument: {schema.DocumentPerson}, schema.PolicySignature: {schema.SignaturePerson},
	schema.PersonAlias: {schema.AliasPerson, schema.AliasOf}, schema.Participation: {schema.PartFamily},
	schema.Person: nil, schema.WorkshopSession: nil, schema.Workshop: nil, schema.Fair: nil,
}

// note takes over a change: what the record named before it is touched as well.
func (t *touched) note(c state.Touched) {
	fields, ok := touching[c.Table]
	switch {
	case c.Table == schema.Policy, c.Table == schema.Site && (c.Was == nil || c.Was.Of(schema.SiteZone) != c.Is.Of(schema.SiteZone)): // its day begins at another time
		t.all = true
	case c.Table == schema.Scan: // of a session: see first
		t.add(named{schema.Scan, c.Is.Of(schema.ScanSession).ID()})
	case ok && len(fields) == 0:
		t.add(named{c.Table, c.ID})
	}
	for _, row := range []*records.Row{c.Was, c.Is} {
		for _, field := range fields {
			if row != nil {
				t.add(named{row.Table.Fields[row.Table.Index(field)].Ref, row.Of(field).ID()})
			}
		}
	}
	if t.all = t.all || len(t.of) > maxTouched; t.all {
		clear(t.of)
	}
}

func (t *touched) add(n named) {
	if !n.id.IsZero() {
		t.of[n]++
	}
}

// whom is what a look reads: people with all of their records, and families with all of
// their members.
type whom struct {
	of       members.Reader // those people, or all
	book     *members.Book
	families map[syncproto.RecordID]bool
}

// everybody reads all there are, with the families that a branch was told of and that have
// nobody any more.
func everybody(r *state.Reader) (w whom, err error) {
	w = whom{of: r, families: map[syncproto.RecordID]bool{}}
	if w.book, err = members.Read(r); err != nil {
		return w, err
	}
	for id := range w.book.Families() {
		w.families[id] = true
	}
	return w, r.Each(schema.Standing, func(row *records.Row) error {
		w.families[row.Of(schema.StandingFamily).ID()] = true
		return nil
	})
}

// reach is who is found from what was touched.
type reach struct {
	r                *state.Reader
	people, families map[syncproto.RecordID]bool
}

// whom reads those whose credits or standings may be others now.
func (t *touched) whom(r *state.Reader) (w whom, err error) {
	if t.all {
		return everybody(r)
	}
	to := reach{r, map[syncproto.RecordID]bool{}, map[syncproto.RecordID]bool{}}
	for n, changes := range t.of {
		if t.all = len(to.people)+len(to.families) > maxTouched; t.all {
			return everybody(r)
		}
		if err := to.from(n, changes); err != nil {
			return w, err
		}
	}
	part, err := members.PartOf(r, to.people)
	if err != nil {
		return w, err
	}
	if err := part.Each(schema.Membership, func(row *records.Row) error { // of each record: a merge or its end takes somebody from one to another
		if family := row.Of(schema.MembershipFamily).ID(); !family.IsZero() {
			to.families[family] = true
		}
		return nil
	}); err != nil {
		return w, err
	}
	for family := range maps.Clone(to.families) {
		if err := to.add(to.people, schema.Membership, schema.MembershipFamily, family, schema.MembershipPerson); err != nil {
			return w, err
		}
	}
	if t.all = len(to.people)+len(to.families) > maxTouched; t.all {
		return everybody(r)
	}
	if part, err = members.PartOf(r, to.people); err != nil {
		return w, err
	}
	w = whom{of: part, families: to.families}
	w.book, err = part.Book()
	return w, err
}

func (to *reach) from(n named, changes int) error {
	switch n.table {
	case schema.Person:
		to.people[n.id] = true
	case schema.Family:
		to.families[n.id] = true
	case schema.Fair:
		return to.add(to.families, schema.Participation, schema.PartFair, n.id, schema.PartFamily)
	case schema.Scan:
		return to.first(n.id, changes)
	case schema.WorkshopSession:
		return to.attendees(n.id)
	case schema.Workshop:
		sessions := map[syncproto.RecordID]bool{}
		if err := to.r.EachOf(schema.WorkshopSession, schema.SessionWorkshop, n.id, func(row *records.Row) error { sessions[row.ID] = true; return nil }); err != nil {
			return err
		}
		for id := range sessions {
			if err := to.attendees(id); err != nil {
				return err
			}
		}
	}
	return nil
}

// add adds who the records name that name something.
func (to *reach) add(into map[syncproto.RecordID]bool, table syncproto.TableID, field syncproto.FieldID, id syncproto.RecordID, whom syncproto.FieldID) error {
	return to.r.EachOf(table, field, id, func(row *records.Row) error {
		into[row.Of(whom).ID()] = true
		return nil
	})
}

// attendees are those whom a session credits something, or may: who is credited is read as
// somebody who was scanned.
func (to *reach) attendees(session syncproto.RecordID) error {
	return to.add(to.people, schema.Scan, schema.ScanSession, session, schema.ScanPerson)
}

// first is about a session that scans came of: were they the first, then what head office
// said of it before without any no longer stands, for nobody.
func (to *reach) first(session syncproto.RecordID, came int) error {
	scans, err := to.r.CountOf(schema.Scan, schema.ScanSession, session, came+1)
	if err != nil || scans > came {
		return err
	}
	return to.add(to.people, schema.Credit, schema.CreditSession, session, schema.CreditPerson)
}

// dirty gathers what is touched between two looks.
type dirty struct {
	mu      sync.Mutex
	touched touched
	wake    chan struct{} // holds a token when something is touched
}

func newDirty() dirty {
	return dirty{touched: touched{of: map[named]int{}}, wake: make(chan struct{}, 1)}
}

// noted takes over what a commit of the fold brought.
func (d *dirty) noted(r *state.Result) {
	d.mu.Lock()
	for _, c := range r.Records {
		d.touched.note(c)
	}
	some := d.touched.all || len(d.touched.of) > 0
	d.mu.Unlock()
	if !some {
		return
	}
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// take gives what was touched since it was taken last.
func (d *dirty) take() *touched {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.touched
	d.touched = touched{of: map[named]int{}}
	return &t
}
