package members

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Somebody is a person beside another who is likely the same.
type Somebody struct {
	ID            syncproto.RecordID `json:"id"`
	Name          string             `json:"name"`
	Phone         string             `json:"phone"`
	Card          string             `json:"card"`
	BirthYear     int64              `json:"birth_year"` // 0: not known
	Neighbourhood string             `json:"neighbourhood"`
	Site          syncproto.RecordID `json:"site"` // home branch or centre
}

// Double is two people who are likely one, and why.
type Double struct {
	A       Somebody `json:"a"`
	B       Somebody `json:"b"`
	Because []string `json:"because"` // card, paper, phone, name, name_alike, birth_year, neighbourhood
}

// maxDoubles bounds a list of doubles: who merges some of them sees the others next.
const maxDoubles = 500

func somebody(row *records.Row) Somebody {
	return Somebody{row.ID, row.Of(schema.PersonName).Text(), row.Of(schema.PersonPhone).Text(), row.Of(schema.PersonCard).Text(),
		row.Of(schema.PersonBirthYear).Int(), row.Of(schema.PersonNeighbourhood).Text(), row.Of(schema.PersonSite).ID()}
}

// asked is a person as rules compare it, without papers.
func asked(row *records.Row) rules.PersonOf {
	s := somebody(row)
	return rules.PersonOf{ID: s.ID, Name: s.Name, Phone: s.Phone, Card: s.Card, BirthYear: s.BirthYear, Neighbourhood: s.Neighbourhood}
}

// Doubles lists people who are likely one, of those that are here and not merged.
func Doubles(r Reader) ([]Double, error) {
	aliases, err := Aliases(r)
	if err != nil {
		return nil, err
	}
	papers := map[syncproto.RecordID][]string{}
	if err := r.Each(schema.IdentityDocument, func(row *records.Row) error {
		if person := row.Of(schema.DocumentPerson).ID(); !row.Of(schema.Voided).Bool() {
			papers[person] = append(papers[person], rules.PaperOf(row.Of(schema.DocumentKind).Text(), row.Of(schema.DocumentNumber).Text()))
		}
		return nil
	}); err != nil {
		return nil, err
	}
	var all []rules.PersonOf
	if err := r.Each(schema.Person, func(row *records.Row) error {
		if !row.Of(schema.Voided).Bool() {
			p := asked(row)
			p.Papers = papers[p.ID]
			all = append(all, p)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	list, seen := []Double{}, map[[2]syncproto.RecordID]bool{}
	for _, pair := range rules.Duplicates(all) {
		a, b := rules.Merged(aliases, pair.A), rules.Merged(aliases, pair.B)
		if bytes.Compare(a[:], b[:]) > 0 {
			a, b = b, a
		}
		if a == b || seen[[2]syncproto.RecordID{a, b}] || len(list) == maxDoubles {
			continue
		}
		seen[[2]syncproto.RecordID{a, b}] = true
		double := Double{Because: pair.Because}
		for id, into := range map[syncproto.RecordID]*Somebody{a: &double.A, b: &double.B} {
			row, err := r.Get(schema.Person, id)
			if err != nil {
				return nil, err
			}
			if into.ID = id; row != nil { // who it is read as may be another branch's
				*into = somebody(row)
			}
		}
		list = append(list, double)
	}
	return list, nil
}

// Likely is somebody who is likely the person that was just added.
type Likely struct {
	Somebody
	Because []string `json:"because"` // as in Double
}

// maxLikely bounds who is named when somebody is added: the list has them all.
const maxLikely = 20

// LikelyOf lists who of some others is likely the same as a person, the smallest id first. Of a
// record that was merged it is whoever that is read as.
func LikelyOf(aliases rules.Aliases, person *records.Row, others map[syncproto.RecordID]*records.Row) []Likely {
	list, p, read := []Likely{}, asked(person), rules.Merged(aliases, person.ID)
	for id, row := range others {
		l := Likely{Somebody: somebody(row)}
		if l.ID = rules.Merged(aliases, id); l.ID == read {
			continue
		}
		other := asked(row)
		if l.Because = rules.Alike(&p, &other); l.Because != nil {
			list = append(list, l)
		}
	}
	slices.SortFunc(list, func(a, b Likely) int {
		return cmp.Or(bytes.Compare(a.ID[:], b.ID[:]), cmp.Compare(len(b.Because), len(a.Because)), cmp.Compare(a.Name, b.Name))
	})
	list = slices.CompactFunc(list, func(a, b Likely) bool { return a.ID == b.ID })
	return list[:min(len(list), maxLikely)]
}
