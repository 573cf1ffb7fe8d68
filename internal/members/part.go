package members

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Indexed is a snapshot that finds records by one that they name.
type Indexed interface {
	Reader
	EachOf(table syncproto.TableID, field syncproto.FieldID, id syncproto.RecordID, f func(*records.Row) error) error
	// CountOf counts them, up to most.
	CountOf(table syncproto.TableID, field syncproto.FieldID, id syncproto.RecordID, most int) (int, error)
}

// Part is what a snapshot holds of some people, under all records that each of them has. It
// reads as a snapshot of nothing else does.
type Part struct {
	Indexed
	people  []syncproto.RecordID // their records, in order
	aliases []*records.Row
}

// PartOf finds who the records of some people are read as, and who is read as they are: all
// that aliases lead to from one of them, in either direction.
func PartOf(r Indexed, people map[syncproto.RecordID]bool) (*Part, error) {
	p := &Part{Indexed: r}
	seen, aliases := maps.Clone(people), map[syncproto.RecordID]*records.Row{}
	for next := slices.Collect(maps.Keys(people)); len(next) > 0; {
		id := next[len(next)-1]
		next = next[:len(next)-1]
		for from, to := range map[syncproto.FieldID]syncproto.FieldID{schema.AliasPerson: schema.AliasOf, schema.AliasOf: schema.AliasPerson} {
			if err := r.EachOf(schema.PersonAlias, from, id, func(row *records.Row) error {
				if other := row.Of(to).ID(); !row.Of(schema.Voided).Bool() {
					if aliases[row.ID] = row; !seen[other] {
						seen[other] = true
						next = append(next, other)
					}
				}
				return nil
			}); err != nil {
				return nil, err
			}
		}
	}
	p.people, p.aliases = slices.SortedFunc(maps.Keys(seen), compareIDs), inOrder(slices.Collect(maps.Values(aliases)))
	return p, nil
}

func compareIDs(a, b syncproto.RecordID) int { return bytes.Compare(a[:], b[:]) }

func inOrder(rows []*records.Row) []*records.Row {
	slices.SortFunc(rows, func(a, b *records.Row) int { return compareIDs(a.ID, b.ID) })
	return rows
}

// Book is the book of these people.
func (p *Part) Book() (*Book, error) { return read(p, p.scanned) }

// ofPerson are the fields in which records name whose they are.
var ofPerson = map[syncproto.TableID]syncproto.FieldID{
	schema.Membership: schema.MembershipPerson, schema.Ground: schema.GroundPerson, schema.IdentityDocument: schema.DocumentPerson, schema.PolicySignature: schema.SignaturePerson,
	schema.Scan: schema.ScanPerson, schema.Attendance: schema.AttendancePerson, schema.AttendanceCorrection: schema.CorrectionPerson, schema.Credit: schema.CreditPerson,
}

// Each calls f for every record of a table that is of these people, or of nobody, in the
// order of ids.
func (p *Part) Each(table syncproto.TableID, f func(*records.Row) error) error {
	rows := p.aliases
	switch field, ok := ofPerson[table]; {
	case table == schema.Policy:
		return p.Indexed.Each(table, f)
	case ok:
		rows = nil
		for _, id := range p.people {
			if err := p.EachOf(table, field, id, func(row *records.Row) error { rows = append(rows, row); return nil }); err != nil {
				return err
			}
		}
		inOrder(rows)
	case table != schema.PersonAlias:
		return fmt.Errorf("bug: table %d is of nobody", table)
	}
	for _, row := range rows {
		if err := f(row); err != nil {
			return err
		}
	}
	return nil
}

// scanned says whether a scan of a session is here, of anybody.
func (p *Part) scanned(session syncproto.RecordID) (bool, error) {
	n, err := p.CountOf(schema.Scan, schema.ScanSession, session, 1)
	return n > 0, err
}
