package schema

import (
	"fmt"
	"slices"
	"strings"
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
		if flaw := t.Fields[i].check(f.Value); flaw != nil {
			return flaw.refuse(t)
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
		return t.missing(g, "one of "+g.Name+" has to be filled").refuse(t)
	case g.Together && filled != 0 && filled != known:
		return t.missing(g, g.Name+" is filled in part").refuse(t)
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
			return t.missing(g, "made without "+g.Name).refuse(t)
		}
	}
	if t.Child != 0 && !isChild(c.Record, t.Of(t.valuesOf(c), t.Child).ID()) {
		return syncproto.Errorf(syncproto.CodeBadValue, "%s: its id is no child of the one in %s", t.Name, t.Fields[t.Index(t.Child)].Name)
	}
	return t.CheckWhole(t.valuesOf(c))
}

// CheckWhole says what is wrong with a record as a whole.
func (t *Table) CheckWhole(v Values) *syncproto.Error {
	if t.Whole == nil {
		return nil
	}
	if flaw := t.Whole(t, v); flaw != nil {
		return flaw.refuse(t)
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

// missing says that a group is not filled as it has to be, by the first of its fields.
func (t *Table) missing(g *Group, detail string) *Flaw {
	return &Flaw{Kind: FlawRequired, Field: t.Fields[t.Index(g.Fields[0])].Name, Detail: "is missing: " + detail}
}

func (f *Field) check(v syncproto.Value) *Flaw {
	switch {
	case v.IsNull():
		if f.Required {
			return &Flaw{Kind: FlawRequired, Field: f.Name, Detail: "is required"}
		}
		return nil
	case v.Kind() != f.Kind:
		return f.bad("is of the wrong kind")
	}
	switch f.Kind {
	case syncproto.Int:
		if (f.Min != 0 || f.Max != 0) && (v.Int() < f.Min || v.Int() > f.Max) {
			return &Flaw{Kind: FlawRange, Field: f.Name, Min: f.Min, Max: f.Max, Detail: fmt.Sprintf("is not from %d to %d", f.Min, f.Max)}
		}
	case syncproto.Text:
		return f.checkText(v.Text())
	case syncproto.Bytes:
		if f.Ref != 0 && v.Len() != 16 {
			return f.bad("is not the id of a record")
		}
		if f.Form == Attachment && v.Root().IsZero() {
			return f.bad("is not the name of an attachment")
		}
		if f.Max != 0 && int64(v.Len()) > f.Max {
			return f.long()
		}
	}
	return nil
}

func (f *Field) bad(why string) *Flaw { return &Flaw{Kind: FlawForm, Field: f.Name, Detail: why} }

func (f *Field) long() *Flaw {
	return &Flaw{Kind: FlawLong, Field: f.Name, Max: f.Max, Detail: fmt.Sprintf("is longer than %d", f.Max)}
}

func (f *Field) checkText(s string) *Flaw {
	if f.Max != 0 && int64(len(s)) > 4*f.Max { // Max letters of at most 4 bytes
		return f.long()
	}
	switch f.Form {
	case Free:
		if s == "" {
			return &Flaw{Kind: FlawRequired, Field: f.Name, Detail: "is empty where null was meant"}
		}
	case Code:
		switch {
		case s == "" || !printable(s):
			return f.bad("is not a code of ASCII letters, digits and signs")
		case int64(len(s)) > max(f.Max, 1):
			return f.long()
		}
	case Date:
		if !ValidDay(s) {
			return f.bad("is not a date such as 2026-11-21")
		}
	case Currency:
		if !ValidCurrency(s) {
			return f.bad("is not a currency such as AED")
		}
	case OneOf:
		if !slices.Contains(f.Words, s) {
			return &Flaw{Kind: FlawWord, Field: f.Name, Words: f.Words, Detail: "is none of " + strings.Join(f.Words, ", ")}
		}
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
