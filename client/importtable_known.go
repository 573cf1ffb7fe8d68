package client

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// knownHere is what lines are looked up in: what is here when an import begins, and what its
// lines added.
type knownHere struct {
	byCode map[string]syncproto.RecordID   // card, code or sku; zero: several have it
	byName map[string][]syncproto.RecordID // folded
	names  map[syncproto.RecordID]string
	people map[string][]*rules.PersonOf // by what two records of one person have in common
}

// maxAlike bounds how many records with one name or number a line is compared with: what
// half the world is called tells nobody apart.
const maxAlike = 300

func newKnown() *knownHere {
	return &knownHere{byCode: map[string]syncproto.RecordID{}, byName: map[string][]syncproto.RecordID{}, names: map[syncproto.RecordID]string{}, people: map[string][]*rules.PersonOf{}}
}

func (k *knownHere) add(id syncproto.RecordID, code string, names ...string) {
	if other, taken := k.byCode[code]; code != "" && (!taken || other == id) {
		k.byCode[code] = id
	} else if code != "" {
		k.byCode[code] = syncproto.RecordID{}
	}
	for _, n := range names {
		if n == "" || slices.Contains(k.byName[schema.Fold(n)], id) {
			continue
		}
		if k.names[id] == "" {
			k.names[id] = n
		}
		k.byName[schema.Fold(n)] = append(k.byName[schema.Fold(n)], id)
	}
}

// like are the records of another id that have one of the names.
func (k *knownHere) like(id syncproto.RecordID, names ...string) (like []LikeShown) {
	for _, n := range names {
		for _, other := range k.byName[schema.Fold(n)] {
			if n != "" && other != id && len(like) < maxAlike {
				like = append(like, LikeShown{other, k.names[other], []string{rules.SameName}})
			}
		}
	}
	return like
}

// personKeys are what two records of one person have at least one of in common.
func personKeys(p *rules.PersonOf) []string {
	keys := []string{"name " + strings.Join(rules.NameWords(p.Name), " ")}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, schema.ASCIIDigits(p.Phone))
	if len(digits) >= 8 { // as many as tell subscribers apart
		keys = append(keys, "tel "+digits[len(digits)-8:])
	}
	if p.Card != "" {
		keys = append(keys, "card "+p.Card)
	}
	return keys
}

func (k *knownHere) addPerson(p *rules.PersonOf) {
	k.add(p.ID, p.Card, p.Name)
	for _, key := range personKeys(p) {
		if len(k.people[key]) < maxAlike && !slices.ContainsFunc(k.people[key], func(o *rules.PersonOf) bool { return o.ID == p.ID }) {
			k.people[key] = append(k.people[key], p)
		}
	}
}

func (k *knownHere) likePerson(p *rules.PersonOf) (like []LikeShown) {
	met := map[syncproto.RecordID]struct{}{p.ID: {}}
	for _, key := range personKeys(p) {
		for _, other := range k.people[key] {
			if _, again := met[other.ID]; again {
				continue
			}
			met[other.ID] = struct{}{}
			if because := rules.Alike(p, other); because != nil {
				like = append(like, LikeShown{other.ID, other.Name, because})
			}
		}
	}
	return like
}

// prepare reads what lines of the kind are looked up in.
func (m *tableImport) prepare(ctx context.Context) (err error) {
	if m.zone, err = time.LoadLocation(m.client.Store.Identity().Zone); err != nil {
		return err
	}
	m.known, m.families = newKnown(), newKnown()
	name := []string{"name", "name_ar", "name_fa", "name_en"}
	table := schema.Person // beside families
	switch m.options.Kind {
	case "families":
		table, m.settle, err = 0, m.family, m.require(name)
		m.known = m.families
	case "people":
		m.settle, err = m.person, m.require(name[:1])
	case "products":
		table, m.settle, err = schema.Product, m.product, m.require(name)
	case "prices":
		table, m.settle, err = schema.Product, m.price, m.require([]string{"id", "sku", "name", "name_ar", "name_fa", "name_en"}, []string{"price.amount_minor"})
	case "attendance":
		m.settle, err = m.attends, m.require([]string{"person", "card", "name"}, []string{"in_at", "out_at"})
	}
	if err != nil {
		return err
	}
	return m.client.Store.Read(ctx, func(r *store.Reader) (err error) {
		if m.aliases, err = members.Aliases(r); err != nil {
			return err
		}
		if m.options.Kind == "attendance" {
			if s, err := r.Get(schema.WorkshopSession, m.options.Session); err != nil || s == nil {
				return orReference(err, "session", m.options.Session)
			}
		}
		for _, t := range []syncproto.TableID{schema.Family, table} {
			if t == 0 {
				continue
			}
			if err := r.Each(t, func(row *records.Row) error { m.know(row); return nil }); err != nil {
				return err
			}
		}
		if m.options.Kind == "attendance" {
			return m.readScans(r)
		}
		return nil
	})
}

func orReference(err error, field string, id syncproto.RecordID) error {
	if err != nil {
		return err
	}
	return reference(field, id)
}

func (m *tableImport) know(row *records.Row) {
	if row.Of(schema.Voided).Bool() {
		return
	}
	n := namesOf(row)
	switch row.Table.ID {
	case schema.Person:
		p := personOf(row)
		if m.options.Kind == "attendance" { // who it is, and not which record is written
			p.ID = rules.Merged(m.aliases, p.ID)
		}
		m.known.addPerson(p)
	case schema.Family:
		code := row.Of(schema.FamilyCode).Text()
		if branch := row.Of(schema.FamilyBranch); !branch.IsNull() && branch.ID() != m.client.Store.Identity().Site {
			code = "" // another branch may have given it too
		}
		m.families.add(row.ID, code, n.Ar, n.Fa, n.En)
	case schema.Product:
		sku := row.Of(schema.ProductSku).Text()
		if m.options.Kind == "products" {
			sku = skuOf(row.Of(schema.ProductFamily).ID(), sku)
		}
		m.known.add(row.ID, sku, n.Ar, n.Fa, n.En)
	}
}

func personOf(row *records.Row) *rules.PersonOf {
	return &rules.PersonOf{ID: row.ID, Name: row.Of(schema.PersonName).Text(), Phone: row.Of(schema.PersonPhone).Text(), Card: row.Of(schema.PersonCard).Text(),
		BirthYear: row.Of(schema.PersonBirthYear).Int(), Neighbourhood: row.Of(schema.PersonNeighbourhood).Text()}
}

// skuOf is a product's code within its family: two families may have the same.
func skuOf(family syncproto.RecordID, sku string) string {
	if sku == "" {
		return ""
	}
	return family.String() + " " + sku
}

// find is the record that a line means: by its id, its code, or its name where one alone
// has it. Zero where there is none.
func (l *tableLine) find(idKey, codeKey string, nameKeys ...string) (id syncproto.RecordID, err error) {
	if s := l.cell(idKey); s != "" {
		if id, err = syncproto.ParseRecordID(s); err != nil {
			return id, refusal.New(refusal.BadID, "%q is no id", s).On(idKey)
		}
		return id, nil
	}
	if code := schema.ASCIIDigits(l.cell(codeKey)); code != "" {
		id, here := l.m.known.byCode[code]
		if here && id.IsZero() {
			return id, refusal.New(refusal.NotUnique, "several have the code %q: name it by its id", code).On(codeKey)
		}
		return id, nil
	}
	for _, key := range nameKeys {
		if name := l.cell(key); name != "" {
			switch ids := l.m.known.byName[schema.Fold(name)]; len(ids) {
			case 0:
			case 1:
				return ids[0], nil
			default:
				return id, refusal.New(refusal.NotUnique, "several are called %q: name it by its id or code", name).On(key)
			}
		}
	}
	return id, nil
}
