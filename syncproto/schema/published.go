package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of published_figure: a figure as somebody published it, kept beside the one that
// is computed (R44). Head office writes it; a mistake is voided and written anew.
const (
	PublishedOf      syncproto.FieldID = 1 // F1
	PublishedYear    syncproto.FieldID = 2
	PublishedValue   syncproto.FieldID = 3
	PublishedApprox  syncproto.FieldID = 4 // "about"
	PublishedSource  syncproto.FieldID = 5
	PublishedWording syncproto.FieldID = 6 // as it stood there
	PublishedAssumed syncproto.FieldID = 7 // the source does not say of which year it is

	PublishedGroupWhat syncproto.GroupID = 1
)

// maxFigure bounds a published figure: more than there are people.
const maxFigure = 1e12

var published = []*Table{{
	ID: PublishedFigure, Name: "published_figure", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeOrg}},
	Fields: []Field{
		required(code(PublishedOf, "figure", 8)),
		count(PublishedYear, "year", 1, 9999, true),
		count(PublishedValue, "value", 0, maxFigure, true),
		{ID: PublishedApprox, Name: "approx", Kind: syncproto.Bool, Required: true},
		required(text(PublishedSource, "source", MaxName)),
		text(PublishedWording, "wording", MaxReason),
		{ID: PublishedAssumed, Name: "year_assumed", Kind: syncproto.Bool, Required: true},
		voided(),
	},
	Groups: []Group{
		{ID: PublishedGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{
			PublishedOf, PublishedYear, PublishedValue, PublishedApprox, PublishedSource, PublishedWording, PublishedAssumed,
		}},
		voidedGroup(),
	},
}}
