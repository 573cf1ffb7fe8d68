package client

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// part is a group of a record with the fields that a line says something of.
type part struct {
	group  syncproto.GroupID
	fields []store.Field
}

// said is a part of what a line says as text; what it does not say is left out.
func (l *tableLine) said(group syncproto.GroupID, keys map[string]syncproto.FieldID) part {
	p := part{group: group}
	for key, id := range keys {
		if s := l.cell(key); s != "" {
			p.fields = append(p.fields, field(id, text(s)))
		}
	}
	return p
}

// names are those of a line: each in its language, or one in whichever it is written.
func (l *tableLine) names() (p part, all []string) {
	p = l.said(schema.GroupNames, map[string]syncproto.FieldID{"name_ar": schema.NameAr, "name_fa": schema.NameFa, "name_en": schema.NameEn})
	if name := l.cell("name"); name != "" {
		if id := schema.NameField(name); !slices.ContainsFunc(p.fields, func(f store.Field) bool { return f.Field == id }) {
			p.fields = append(p.fields, field(id, text(name)))
		}
	}
	for _, f := range p.fields {
		all = append(all, f.Value.Text())
	}
	slices.Sort(all)
	return p, all
}

// put makes a record of what a line says, or gives it the values that it lacks.
func (l *tableLine) put(d *store.Draft, table syncproto.TableID, fixed []store.Field, parts ...part) (string, error) {
	if err := l.first(); err != nil {
		return "", err
	}
	have, err := l.free(d, table)
	if err != nil {
		return "", err
	}
	if have == nil {
		if len(l.like) > 0 && !l.m.options.Duplicates {
			return LineDuplicate, nil
		}
		for _, p := range parts {
			fixed = append(fixed, p.fields...)
		}
		if err := l.draftBefore(); err != nil {
			return "", err
		}
		return LineNew, d.Create(table, l.id, fixed...)
	}
	l.like = nil
	outcome := LineSame
	for _, p := range parts {
		if says(have, p.fields) {
			continue
		}
		outcome = LineChanged
		if err := l.draftBefore(); err != nil {
			return "", err
		}
		if err := d.Update(table, l.id, p.group, p.fields...); err != nil {
			return outcome, err
		}
	}
	return outcome, nil
}

// draftBefore drafts what the line needs, once.
func (l *tableLine) draftBefore() error {
	f := l.before
	if l.before = nil; f == nil {
		return nil
	}
	return f()
}

// free reads what the line's id names; nil where it may be made.
func (l *tableLine) free(d *store.Draft, table syncproto.TableID) (*records.Row, error) {
	have, err := d.Get(table, l.id)
	switch {
	case err != nil:
		return nil, err
	case have != nil && have.Of(schema.Voided).Bool():
		return nil, refusal.New(refusal.NotAllowed, "it was taken back here: a file does not bring it again")
	case have != nil:
		return have, nil
	}
	if l.cell("id") == "" {
		return nil, nil // it follows from the line: nothing else has it
	}
	for _, t := range chosenHere {
		if other, err := d.Get(t, l.id); err != nil || other != nil {
			return nil, cmp.Or(err, idUsed(l.id))
		}
	}
	if l.id[14] != 0 || l.id[15] != 0 || l.id[6]>>4 != 7 && l.id[6]>>4 != 8 {
		return nil, refusal.New(refusal.BadID, "id %v is not one as this program makes them", l.id).On("id")
	}
	return nil, nil
}

func (m *tableImport) family(d *store.Draft, l *tableLine) (string, error) {
	names, all := l.names()
	code := schema.ASCIIDigits(l.cell("code"))
	site := d.Identity().Site
	id, err := l.find("id", "code")
	switch {
	case err != nil:
		return "", err
	case len(all) == 0 || schema.Fold(all[0]) == "":
		return "", refusal.New(refusal.Required, "a family has a name").On("name")
	case !id.IsZero():
	case code != "":
		id = syncproto.DerivedID(site.MS(), "imported-family", site[:], []byte(code))
	default: // as sales that name it are imported
		id = schema.NamedID("family", d.Identity().Org, all[0])
	}
	l.id = id
	have, err := d.Get(schema.Family, id)
	if err != nil {
		return "", err
	}
	if have != nil && !have.Of(schema.FamilyBranch).IsNull() && have.Of(schema.FamilyBranch).ID() != site {
		return "", refusal.New(refusal.NotAllowed, "the family belongs to another branch: it is changed there")
	}
	l.like = m.known.like(id, all...)
	l.after = append(l.after, func() { m.known.add(id, code, all...) })
	codes := part{group: schema.FamilyGroupCode}
	if code != "" {
		codes.fields = []store.Field{field(schema.FamilyCode, text(code))}
	}
	return l.put(d, schema.Family, []store.Field{field(schema.FamilyBranch, syncproto.IDValue(site))}, names, codes)
}

func (m *tableImport) person(d *store.Draft, l *tableLine) (string, error) {
	site := d.Identity().Site
	p := &rules.PersonOf{Name: l.cell("name"), Phone: strings.ReplaceAll(schema.ASCIIDigits(l.cell("phone")), " ", ""), Card: schema.ASCIIDigits(l.cell("card")), Neighbourhood: l.cell("neighbourhood")}
	id, err := l.find("id", "card")
	switch {
	case err != nil:
		return "", err
	case schema.Fold(p.Name) == "":
		return "", refusal.New(refusal.Required, "a person has a name").On("name")
	case !id.IsZero():
	case p.Card != "":
		id = syncproto.DerivedID(site.MS(), "imported-person-card", site[:], []byte(p.Card))
	default:
		id = syncproto.DerivedID(site.MS(), "imported-person", site[:], []byte(schema.Fold(p.Name)), []byte(p.Phone))
	}
	l.id, p.ID = id, id
	have, err := d.Get(schema.Person, id)
	if err != nil {
		return "", err
	}
	if have == nil { // who is read as another branch's is listed by its id, whose record is not here
		if have, err = members.Here(d.Reader(), m.aliases, id); err != nil {
			return "", err
		}
	}
	if have != nil && (have.ID != id || have.Of(schema.PersonSite).ID() != site) {
		return "", refusal.New(refusal.NotAllowed, "the person belongs to another branch: it is changed there")
	}
	l.like = m.known.likePerson(p)
	l.after = append(l.after, func() { m.known.addPerson(p) })
	contact, card := part{group: schema.PersonGroupContact}, part{group: schema.PersonGroupCard}
	if p.Phone != "" {
		contact.fields = append(contact.fields, field(schema.PersonPhone, text(p.Phone)))
	}
	if p.Neighbourhood != "" {
		contact.fields = append(contact.fields, field(schema.PersonNeighbourhood, text(p.Neighbourhood)))
	}
	if p.Card != "" {
		card.fields = append(card.fields, field(schema.PersonCard, text(p.Card)))
	}
	return l.put(d, schema.Person, []store.Field{field(schema.PersonSite, syncproto.IDValue(site))},
		part{schema.PersonGroupName, []store.Field{field(schema.PersonName, text(p.Name))}}, contact, card)
}
