package members

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Aliases reads which records of people are read as others.
func Aliases(r interface {
	Each(table syncproto.TableID, f func(*records.Row) error) error
}) (rules.Aliases, error) {
	aliases := rules.Aliases{}
	return aliases, r.Each(schema.PersonAlias, func(row *records.Row) error {
		if !row.Of(schema.Voided).Bool() {
			aliases[row.Of(schema.AliasPerson).ID()] = row.Of(schema.AliasOf).ID()
		}
		return nil
	})
}

// Records are all records of a person, in order.
func Records(r Reader, person syncproto.RecordID) ([]syncproto.RecordID, error) {
	aliases, err := Aliases(r)
	if err != nil {
		return nil, err
	}
	as := rules.Merged(aliases, person)
	all := []syncproto.RecordID{as}
	for id := range aliases {
		if id != as && rules.Merged(aliases, id) == as {
			all = append(all, id)
		}
	}
	slices.SortFunc(all, func(a, b syncproto.RecordID) int { return bytes.Compare(a[:], b[:]) })
	return all, nil
}

// Here is the record that is here of a person by whom others are read: its own, or where that
// is another branch's the first that was merged into it. nil: there is none.
func Here(r Reader, aliases rules.Aliases, person syncproto.RecordID) (*records.Row, error) {
	row, err := r.Get(schema.Person, person)
	if err != nil || row != nil {
		return row, err
	}
	for id := range aliases {
		if row != nil && bytes.Compare(id[:], row.ID[:]) > 0 || rules.Merged(aliases, id) != person {
			continue
		}
		other, err := r.Get(schema.Person, id)
		if err != nil {
			return nil, err
		}
		if other != nil {
			row = other
		}
	}
	return row, nil
}

// Merge is one record of a person that is read as another.
type Merge struct {
	Person syncproto.RecordID `json:"person"`
	Name   string             `json:"name"` // empty where the record is not here
	Into   syncproto.RecordID `json:"into"` // who it was merged into
	As     syncproto.RecordID `json:"as"`   // who it is read as, by all merges
	AsName string             `json:"as_name"`
	By     string             `json:"by"`
	Reason string             `json:"reason"`
	At     int64              `json:"at"` // UTC ms
}

// Merges lists the merges that hold, the newest first.
func Merges(r Reader) ([]Merge, error) {
	list := []Merge{}
	aliases, err := Aliases(r)
	if err != nil {
		return nil, err
	}
	if err := r.Each(schema.PersonAlias, func(row *records.Row) error {
		if row.Of(schema.Voided).Bool() {
			return nil
		}
		m := Merge{Person: row.Of(schema.AliasPerson).ID(), Into: row.Of(schema.AliasOf).ID(), By: row.Of(schema.AliasBy).Text(), Reason: row.Of(schema.AliasReason).Text(), At: row.Of(schema.AliasAt).Int()}
		m.As = rules.Merged(aliases, m.Person)
		own, err := r.Get(schema.Person, m.Person)
		if err != nil {
			return err
		}
		as, err := Here(r, aliases, m.As)
		if err != nil {
			return err
		}
		m.Name, m.AsName = nameOf(own), nameOf(as)
		list = append(list, m)
		return nil
	}); err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b Merge) int {
		return cmp.Or(cmp.Compare(b.At, a.At), slices.Compare(a.Person[:], b.Person[:]))
	})
	return list, nil
}

func nameOf(person *records.Row) string {
	if person == nil {
		return ""
	}
	return person.Of(schema.PersonName).Text()
}

// Name is what a person is called here, "" where no record of it is here.
func (b *Book) Name(r Reader, person syncproto.RecordID) (string, error) {
	row, err := Here(r, b.aliases, person)
	return nameOf(row), err
}

// NewMerge says that two records are one person.
type NewMerge struct {
	Person, Into syncproto.RecordID
	Reason, By   string
}

// Fields are those of the alias that a merge makes, under its id, in the order of their
// groups (person, sites, of): whoever the person is read
// as, is read as whoever the other is. as is that one. There are none where they are one
// person already.
func (n *NewMerge) Fields(r Reader, at int64) (id, as syncproto.RecordID, fields []syncproto.FieldValue, err error) {
	if n.Person == n.Into {
		return id, as, nil, refusal.New(refusal.SamePerson, "%v cannot be merged into itself", n.Person).On("into")
	}
	for field, person := range map[string]syncproto.RecordID{"person": n.Person, "into": n.Into} {
		p, err := r.Get(schema.Person, person)
		if err != nil {
			return id, as, nil, err
		}
		if p == nil || p.Of(schema.Voided).Bool() {
			return id, as, nil, refusal.New(refusal.Reference, "%s %v is not known here", field, person).On(field)
		}
	}
	aliases, err := Aliases(r)
	if err != nil {
		return id, as, nil, err
	}
	was := rules.Merged(aliases, n.Person)
	if as = rules.Merged(aliases, n.Into); was == as {
		return id, as, nil, nil
	}
	home := func(person syncproto.RecordID) (syncproto.Value, error) {
		p, err := r.Get(schema.Person, person)
		if p == nil {
			return syncproto.Value{}, cmp.Or(err, error(refusal.New(refusal.NotAllowed, "%v belongs to another branch: head office merges it", person)))
		}
		return p.Of(schema.PersonSite), nil
	}
	site, err := home(was)
	if err != nil {
		return id, as, nil, err
	}
	into, err := home(as)
	if err != nil {
		return id, as, nil, err
	}
	reason := syncproto.Value{}
	if n.Reason != "" {
		reason = syncproto.TextValue(n.Reason)
	}
	by := syncproto.Value{}
	if n.By != "" {
		by = syncproto.TextValue(n.By)
	}
	return schema.AliasID(was), as, []syncproto.FieldValue{
		{Field: schema.AliasPerson, Value: syncproto.IDValue(was)}, {Field: schema.AliasSite, Value: site}, {Field: schema.AliasInto, Value: into},
		{Field: schema.AliasOf, Value: syncproto.IDValue(as)}, {Field: schema.AliasReason, Value: reason},
		{Field: schema.AliasBy, Value: by}, {Field: schema.AliasAt, Value: syncproto.IntValue(at)}, {Field: schema.Voided},
	}, nil
}

// Parted are the fields of an alias that is undone.
func Parted(by string, at int64) []syncproto.FieldValue {
	return []syncproto.FieldValue{
		{Field: schema.AliasBy, Value: syncproto.TextValue(by)}, {Field: schema.AliasAt, Value: syncproto.IntValue(at)},
		{Field: schema.Voided, Value: syncproto.BoolValue(true)},
	}
}

// Parting gives the aliases that are undone so that a person stands by itself again; none
// where it does.
func Parting(r Reader, person syncproto.RecordID) ([]syncproto.RecordID, error) {
	aliases, err := Aliases(r)
	if err != nil {
		return nil, err
	}
	var list []syncproto.RecordID
	for _, id := range rules.Undoing(aliases, person) {
		list = append(list, schema.AliasID(id))
	}
	if have, err := r.Get(schema.PersonAlias, schema.AliasID(person)); err != nil || have != nil {
		return list, err
	}
	return nil, refusal.New(refusal.NoRecord, "%v was not merged into anybody", person)
}
