package members_test

import (
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// all is a snapshot that is made up.
type all []*records.Row

func (a all) Get(table syncproto.TableID, id syncproto.RecordID) (*records.Row, error) {
	for _, r := range a {
		if r.Table.ID == table && r.ID == id {
			return r, nil
		}
	}
	return nil, nil
}

func (a all) Each(table syncproto.TableID, f func(*records.Row) error) error {
	for _, r := range a {
		if r.Table.ID == table {
			if err := f(r); err != nil {
				return err
			}
		}
	}
	return nil
}

type values = map[syncproto.FieldID]syncproto.Value

func row(table syncproto.TableID, n byte, v values) *records.Row {
	r := records.New(schema.Lookup(table), rec(n))
	for f, value := range v {
		r.Set(f, value)
	}
	return r
}

func rec(n byte) syncproto.RecordID { return syncproto.RecordID{5: n, 6: 0x70, 8: 0x80, 9: n} }

func ref(n byte) syncproto.Value     { return syncproto.IDValue(rec(n)) }
func text(s string) syncproto.Value  { return syncproto.TextValue(s) }
func number(n int64) syncproto.Value { return syncproto.IntValue(n) }

// minutes are those after one o'clock.
func minutes(n int64) syncproto.Value { return number((60 + n) * 60_000) }

func read(t *testing.T, rows ...*records.Row) *members.Book {
	t.Helper()
	b, err := members.Read(all(rows))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	person, double, session, workshop = 1, 2, 3, 4
	day                               = "1970-01-02"
)

func scan(n, who byte, kind string, at int64) *records.Row {
	return row(schema.Scan, n, values{schema.ScanSession: ref(session), schema.ScanPerson: ref(who), schema.ScanKind: text(kind), schema.ScanAt: minutes(at)})
}

func held(status string) []*records.Row {
	return []*records.Row{
		row(schema.Workshop, workshop, values{schema.WorkshopCounts: syncproto.BoolValue(true)}),
		row(schema.WorkshopSession, session, values{schema.SessionWorkshop: ref(workshop), schema.SessionStartsAt: minutes(0), schema.SessionEndsAt: minutes(120), schema.SessionMinutes: number(120), schema.SessionStatus: text(status)}),
		scan(10, person, schema.ScanIn, 0), scan(11, double, schema.ScanOut, 120), scan(12, double, schema.ScanIn, 60),
	}
}

var alias = row(schema.PersonAlias, 20, values{schema.AliasPerson: ref(double), schema.AliasOf: ref(person)})

func TestWhatStandsUnderTwoRecordsOfOnePersonIsReadAsOne(t *testing.T) {
	apart := read(t, held("held")...)
	for who, want := range map[byte]int64{person: 0, double: 60} {
		if _, got := apart.Of[rec(who)].Hours(day, time.UTC); got != want {
			t.Errorf("apart %d has %d minutes, want %d", who, got, want)
		}
	}
	papers := []*records.Row{alias,
		row(schema.Ground, 30, values{schema.GroundPerson: ref(double), schema.GroundFrom: text("1970-01-01")}),
		row(schema.Membership, 31, values{schema.MembershipPerson: ref(double), schema.MembershipState: text(schema.MemberApplied), schema.MembershipFamily: ref(40)}),
		row(schema.Membership, 32, values{schema.MembershipPerson: ref(person), schema.MembershipState: text(schema.MemberEnded)}),
	}
	one := read(t, append(held("held"), papers...)...)
	m := one.Of[rec(person)]
	lines, got := m.Hours(day, time.UTC)
	if len(one.Of) != 1 || got != 120 || len(lines) != 1 || len(m.Grounds) != 1 || m.Family() != rec(40) {
		t.Errorf("merged: %d people, %d minutes in %d lines, %d grounds, family %v", len(one.Of), got, len(lines), len(m.Grounds), m.Family())
	}
}

func TestACancelledSessionCreditsNobody(t *testing.T) {
	if b := read(t, append(held(schema.SessionCancelled), alias)...); len(b.Of) != 0 {
		t.Errorf("credited: %+v", b.Of)
	}
}

func TestHoursFromElsewhereStandWhereNoScanIsKnown(t *testing.T) {
	credit := func(session, who byte, n int64, review bool) *records.Row {
		return row(schema.Credit, session+100, values{schema.CreditSession: ref(session), schema.CreditPerson: ref(who), schema.CreditStartsAt: minutes(30), schema.CreditEndsAt: minutes(150), schema.CreditMinutes: number(n), schema.CreditCounts: syncproto.BoolValue(true), schema.CreditReview: syncproto.BoolValue(review)})
	}
	later := func(r *records.Row) *records.Row {
		r.Set(schema.CreditEntered, number(1<<50))
		return r
	}
	for _, c := range []struct {
		name   string
		credit *records.Row
		want   int64
	}{
		{"of the session that was scanned here", credit(session, person, 7, false), 120},
		{"of another at the same time, entered before: the one here waits", credit(50, person, 90, false), 90},
		{"of another at the same time, entered later, which head office credits", later(credit(50, person, 90, false)), 210},
		{"of another that waits", credit(50, person, 0, true), 120},
		{"of the other record, which stands with the one", credit(50, double, 90, false), 120},
	} {
		_, got := read(t, append(held("held"), alias, c.credit)...).Of[rec(person)].Hours(day, time.UTC)
		if got != c.want {
			t.Errorf("%s: %d minutes, want %d", c.name, got, c.want)
		}
	}
}

func TestHoursCountFromTheDayOnWhichTheSessionEnded(t *testing.T) {
	m := read(t, append(held("held"), alias)...).Of[rec(person)]
	for day, want := range map[string]int64{"1969-12-31": 0, "1970-01-01": 120} {
		if got := m.Facts(day, time.UTC).Minutes; got != want {
			t.Errorf("on %s %d minutes, want %d", day, got, want)
		}
	}
}
