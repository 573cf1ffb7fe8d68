package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of the forms that many tables have.

func ref(id syncproto.FieldID, name string, table syncproto.TableID, required bool) Field {
	return Field{ID: id, Name: name, Kind: syncproto.Bytes, Ref: table, Required: required}
}

func text(id syncproto.FieldID, name string, letters int64) Field {
	return Field{ID: id, Name: name, Kind: syncproto.Text, Max: letters}
}

func code(id syncproto.FieldID, name string, signs int64) Field {
	return Field{ID: id, Name: name, Kind: syncproto.Text, Form: Code, Max: signs}
}

func oneOf(id syncproto.FieldID, name string, words ...string) Field {
	return Field{ID: id, Name: name, Kind: syncproto.Text, Form: OneOf, Words: words}
}

// day is an ISO civil date in the zone of the record's site.
func day(id syncproto.FieldID, name string, required bool) Field {
	return Field{ID: id, Name: name, Kind: syncproto.Text, Form: Date, Max: 10, Required: required}
}

// instant is UTC ms by the site's clock, as claimed.
func instant(id syncproto.FieldID, name string, required bool) Field {
	return Field{ID: id, Name: name, Kind: syncproto.Int, Required: required}
}

func count(id syncproto.FieldID, name string, least, most int64, required bool) Field {
	return Field{ID: id, Name: name, Kind: syncproto.Int, Min: least, Max: most, Required: required}
}

func attachment(id syncproto.FieldID, name string) Field {
	return Field{ID: id, Name: name, Kind: syncproto.Bytes, Form: Attachment}
}

func required(f Field) Field {
	f.Required = true
	return f
}

func states(id syncproto.FieldID, m *Machine) Field {
	return required(oneOf(id, "state", m.words()...))
}

func atSite(site syncproto.FieldID) []ScopeRule {
	return []ScopeRule{{Kind: syncproto.ScopeSite, Field: site}}
}

func atSites(one, other syncproto.FieldID) []ScopeRule {
	return append(atSite(one), atSite(other)...)
}

// ShareWhole is a whole as shares are counted: in hundredths of a percent.
const ShareWhole = 10_000

func share(id syncproto.FieldID, required bool) Field {
	return count(id, "share", 0, ShareWhole, required)
}
