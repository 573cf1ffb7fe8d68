package schema

import (
	"time"

	"github.com/rawaj/rawaj/syncproto"
)

// Check says whether a change is well formed by the schema: its groups whole, each
// value of its field's kind and within its bounds, what is required there, and a
// creation complete. It looks at nothing but the change.
func Check(c *syncproto.Change) *syncproto.Error {
	t := Lookup(c.Table)
	if t == nil {
		return syncproto.Errorf(syncproto.CodeUnknownTable, "table %d", c.Table)
	}
	for i := range c.Groups {
		if err := t.checkGroup(&c.Groups[i]); err != nil {
			return err
		}
	}
	if c.Op == syncproto.Create {
		return t.checkComplete(c)
	}
	return nil
}

func (t *Table) checkGroup(w *syncproto.GroupWrite) *syncproto.Error {
	g := t.Group(w.Group)
	if g == nil {
		return syncproto.Errorf(syncproto.CodeUnknownTable, "%s: group %d", t.Name, w.Group)
	}
	known, filled := 0, 0
	for _, f := range w.Fields {
		i := t.Index(f.Field)
		if i < 0 {
			continue // of a newer version: kept as it is
		}
		if t.GroupOf(i).ID != g.ID {
			return syncproto.Errorf(syncproto.CodeBadGroup, "%s: field %s is not of group %s", t.Name, t.Fields[i].Name, g.Name)
		}
		if err := t.Fields[i].check(f.Value); err != nil {
			return syncproto.Errorf(syncproto.CodeBadValue, "%s: %s %s", t.Name, t.Fields[i].Name, err.Detail)
		}
		known++
		if !f.Value.IsNull() {
			filled++
		}
	}
	switch {
	case known != len(g.Fields):
		return syncproto.Errorf(syncproto.CodeBadGroup, "%s: group %s is written with %d of its %d fields", t.Name, g.Name, known, len(g.Fields))
	case g.AtLeastOne && filled == 0:
		return syncproto.Errorf(syncproto.CodeBadValue, "%s: one of %s has to be filled", t.Name, g.Name)
	case g.Together && filled != 0 && filled != known:
		return syncproto.Errorf(syncproto.CodeBadValue, "%s: %s is filled in part", t.Name, g.Name)
	case g.Rule != State && w.Left != "":
		return syncproto.Errorf(syncproto.CodeBadGroup, "%s: group %s has no states to leave", t.Name, g.Name)
	}
	return nil
}

func (t *Table) checkComplete(c *syncproto.Change) *syncproto.Error {
	for i := range t.Groups {
		g := &t.Groups[i]
		needed := g.AtLeastOne
		for _, id := range g.Fields {
			needed = needed || t.Fields[t.Index(id)].Required
		}
		if needed && !writes(c, g.ID) {
			return syncproto.Errorf(syncproto.CodeBadValue, "%s: made without %s", t.Name, g.Name)
		}
	}
	if t.Child != 0 && !isChild(c.Record, t.Of(t.valuesOf(c), t.Child).ID()) {
		return syncproto.Errorf(syncproto.CodeBadValue, "%s: its id is no child of the one in %s", t.Name, t.Fields[t.Index(t.Child)].Name)
	}
	if t.Whole != nil {
		if wrong := t.Whole(t, t.valuesOf(c)); wrong != "" {
			return syncproto.Errorf(syncproto.CodeBadValue, "%s: %s", t.Name, wrong)
		}
	}
	return nil
}

func isChild(id, parent syncproto.RecordID) bool {
	return [14]byte(id[:]) == [14]byte(parent[:]) && id != parent && parent[14] == 0 && parent[15] == 0
}

func (t *Table) valuesOf(c *syncproto.Change) Values {
	v := make(Values, len(t.Fields))
	for _, g := range c.Groups {
		for _, f := range g.Fields {
			if i := t.Index(f.Field); i >= 0 {
				v[i] = f.Value
			}
		}
	}
	return v
}

func writes(c *syncproto.Change, id syncproto.GroupID) bool {
	for i := range c.Groups {
		if c.Groups[i].Group == id {
			return true
		}
	}
	return false
}

func bad(why string) *syncproto.Error { return &syncproto.Error{Detail: why} }

func (f *Field) check(v syncproto.Value) *syncproto.Error {
	switch {
	case v.IsNull():
		if f.Required {
			return bad("is required")
		}
		return nil
	case v.Kind() != f.Kind:
		return bad("is of the wrong kind")
	}
	switch f.Kind {
	case syncproto.Int:
		if (f.Min != 0 || f.Max != 0) && (v.Int() < f.Min || v.Int() > f.Max) {
			return bad("is out of range")
		}
	case syncproto.Text:
		return f.checkText(v.Text())
	case syncproto.Bytes:
		if f.Ref != 0 && v.Len() != 16 {
			return bad("is not the id of a record")
		}
		if f.Max != 0 && int64(v.Len()) > f.Max {
			return bad("is too long")
		}
	}
	return nil
}

func (f *Field) checkText(s string) *syncproto.Error {
	if f.Max != 0 && int64(len(s)) > 4*f.Max { // Max letters of at most 4 bytes
		return bad("is too long")
	}
	switch f.Form {
	case Free:
		if s == "" {
			return bad("is empty where null was meant")
		}
	case Code:
		if s == "" || int64(len(s)) > max(f.Max, 1) || !printable(s) {
			return bad("is not a code of ASCII letters, digits and signs")
		}
	case Date:
		if !ValidDay(s) {
			return bad("is not a date such as 2026-11-21")
		}
	case Currency:
		if !ValidCurrency(s) {
			return bad("is not a currency such as AED")
		}
	case OneOf:
		for _, w := range f.Words {
			if w == s {
				return nil
			}
		}
		return bad("is none of its words")
	}
	return nil
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// ValidDay says whether s is a civil date in ISO form, with ASCII digits.
func ValidDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil && len(s) == 10
}

// ValidCurrency says whether s has the form of an ISO 4217 code.
func ValidCurrency(s string) bool {
	return len(s) == 3 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z' && s[2] >= 'A' && s[2] <= 'Z'
}
