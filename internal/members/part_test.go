package members_test

import (
	"testing"

	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func (a all) EachOf(table syncproto.TableID, field syncproto.FieldID, id syncproto.RecordID, f func(*records.Row) error) error {
	return a.Each(table, func(r *records.Row) error {
		if r.Of(field).ID() != id {
			return nil
		}
		return f(r)
	})
}

func (a all) CountOf(table syncproto.TableID, field syncproto.FieldID, id syncproto.RecordID, most int) (n int, err error) {
	err = a.EachOf(table, field, id, func(*records.Row) error { n = min(n+1, most); return nil })
	return n, err
}

// What is credited of a session whose scans are here, though none of hers, does not stand.
func TestACreditOfASessionThatOthersWereScannedInIsNoneForWhoIsReadAlone(t *testing.T) {
	const credited, elsewhere = 20, 21
	rows := append(held(schema.SessionHeld), row(schema.Credit, 30, values{schema.CreditSession: ref(session), schema.CreditPerson: ref(credited), schema.CreditMinutes: number(60)}),
		row(schema.Credit, 31, values{schema.CreditSession: ref(elsewhere), schema.CreditPerson: ref(credited), schema.CreditMinutes: number(30)}))
	part, err := members.PartOf(all(rows), map[syncproto.RecordID]bool{rec(credited): true})
	if err != nil {
		t.Fatal(err)
	}
	alone, err := part.Book()
	if err != nil {
		t.Fatal(err)
	}
	for name, book := range map[string]*members.Book{"among all": read(t, rows...), "alone": alone} {
		if m := book.Of[rec(credited)]; m == nil || len(m.Sessions) != 1 || m.Sessions[0].Session != rec(elsewhere) {
			t.Errorf("%s: %+v", name, m)
		}
	}
}
