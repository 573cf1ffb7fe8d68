package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of person_alias: two records are one person; the one is read as the other (one a
// person, AliasID). Nothing is moved, so voiding it undoes the merge.
const (
	AliasSite   syncproto.FieldID = 1 // home of the person that is read as another
	AliasInto   syncproto.FieldID = 2 // home of that other
	AliasPerson syncproto.FieldID = 3
	AliasOf     syncproto.FieldID = 4 // person that stays
	AliasReason syncproto.FieldID = 5
	AliasBy     syncproto.FieldID = 6
	AliasAt     syncproto.FieldID = 7

	AliasGroupPerson syncproto.GroupID = 1
	AliasGroupOf     syncproto.GroupID = 2
	AliasGroupSites  syncproto.GroupID = 3
)

var aliases = []*Table{{
	ID: PersonAlias, Name: "person_alias", Class: syncproto.ClassP, Scopes: atSites(AliasSite, AliasInto), Movable: true,
	Fields: []Field{
		ref(AliasSite, "site", Site, true),
		ref(AliasInto, "into_site", Site, true),
		ref(AliasPerson, "person", Person, true),
		ref(AliasOf, "alias_of", Person, true),
		text(AliasReason, "reason", MaxReason),
		required(text(AliasBy, "by", MaxName)),
		instant(AliasAt, "at", true),
		voided(),
	},
	Groups: []Group{
		{ID: AliasGroupPerson, Name: "person", Rule: OnceStrict, Fields: []syncproto.FieldID{AliasPerson}},
		{ID: AliasGroupOf, Name: "of", Fields: []syncproto.FieldID{AliasOf, AliasReason, AliasBy, AliasAt, Voided}},
		{ID: AliasGroupSites, Name: "sites", Fields: []syncproto.FieldID{AliasSite, AliasInto}},
	},
	Whole: func(t *Table, v Values) *Flaw {
		if t.Of(v, AliasPerson) == t.Of(v, AliasOf) {
			return &Flaw{Kind: FlawForm, Field: "alias_of", Detail: "is the same person"}
		}
		return nil
	},
}}
