// Package schema is the business as data: tables, groups and fields, the rule of
// each group, the class and scopes of each table, and who may write it. Both sides
// compute from it alike, so it is part of the protocol: a table, group or field
// keeps its number for ever, and a change of meaning moves Version.
package schema

import (
	"fmt"

	"github.com/rawaj/rawaj/syncproto"
)

// Version is the schema this code knows: one integer that only grows.
//
//   - 1 (2026-11): organisation to payment, the centre's own tables, people, workshops and referrals, batches of control, closings, photos,
//     and of the Intaj centre membership, hours, plans of fairs, sheets of tills, stock, agreements, statements and merged persons
const Version = 1

// RulesVersion is the version of rules and merge decisions this code applies.
//
//   - 1 (2026-11): first release
const RulesVersion = 1

// Rule says how writes of a group that did not see each other are decided.
type Rule uint8

const (
	// Register: a later one wins by stamp, the other goes to the conflict ledger.
	Register Rule = iota
	// Once: the first in log order holds; a different later value is a conflict.
	Once
	// OnceStrict: as Once, but a different later value refuses the transaction.
	OnceStrict
	// State: a change carries the state it left; the group's Machine decides.
	State
)

// Form narrows what a field may hold: text, but for the last.
type Form uint8

const (
	Free       Form = iota // as typed
	Code                   // printable ASCII without spaces
	Date                   // ISO civil date, 2026-11-21
	Currency               // ISO 4217, three capital letters
	OneOf                  // one of the field's Words
	Attachment             // bytes that name an attachment
)

// Field is one column.
type Field struct {
	ID       syncproto.FieldID
	Name     string
	Kind     syncproto.Kind
	Ref      syncproto.TableID // bytes that hold the id of a record of this table; 0 for none
	Required bool
	Min, Max int64 // of an integer; both 0 for no bound. Max alone bounds bytes of text or bytes
	Form     Form
	Words    []string // of OneOf
}

// Group is a set of fields that mean something only together: one base, one stamp,
// one winner.
type Group struct {
	ID         syncproto.GroupID
	Name       string
	Rule       Rule
	Fields     []syncproto.FieldID
	AtLeastOne bool     // one of the fields has to be filled
	Together   bool     // all filled, or none
	Machine    *Machine // of rule State
}

// ScopeRule gives one scope of a record from one of its fields.
type ScopeRule struct {
	Kind  syncproto.ScopeKind
	Field syncproto.FieldID // whose id the scope has; 0 for a kind without id
	Self  bool              // the record's own id instead
	Org   bool              // org where the field is null; otherwise no scope
}

// Table is one kind of record.
type Table struct {
	ID      syncproto.TableID
	Name    string // of the SQL table and in JSON
	Class   syncproto.Class
	Scopes  []ScopeRule
	Movable bool              // an update may write the fields that decide the scope
	Child   syncproto.FieldID // a record's id is a child of the id in this field; 0 for none
	Fields  []Field
	Groups  []Group
	Fold    []syncproto.FieldID        // text that people search by
	Whole   func(*Table, Values) *Flaw // what is wrong with a record as a whole; nil where nothing is

	byField places
	byGroup places
	groupOf []int
}

// places finds by a small number, many times for every record: -1 where there is
// nothing of that number.
type places []int16

func (p places) of(n int) int {
	if n < len(p) {
		return int(p[n])
	}
	return -1
}

func (p *places) put(n, at int) {
	for len(*p) <= n {
		*p = append(*p, -1)
	}
	(*p)[n] = int16(at)
}

// All lists the tables by number.
var All = index(sites, catalogue, selling, fairs, centre, people, referrals, ledgers, decisions, controls, closings,
	eligibility, memberships, hours, fairPlans, tills, stock, settlements, families, aliases, eligibilityLedgers, approvals, policyTexts, published)

var byID = func() (p places) {
	for i, t := range All {
		p.put(int(t.ID), i)
	}
	return p
}()

// Lookup gives the table with a number, nil where this version does not know it.
func Lookup(id syncproto.TableID) *Table {
	if i := byID.of(int(id)); i >= 0 {
		return All[i]
	}
	return nil
}

func index(areas ...[]*Table) []*Table {
	var all []*Table
	for _, area := range areas {
		for _, t := range area {
			t.index()
			all = append(all, t)
		}
	}
	return all
}

// index fills the look-ups and panics on a schema that contradicts itself.
func (t *Table) index() {
	t.groupOf = make([]int, len(t.Fields))
	for i, f := range t.Fields {
		if i > 0 && t.Fields[i-1].ID >= f.ID {
			panic(fmt.Sprintf("bug: %s: fields do not ascend at %s", t.Name, f.Name))
		}
		t.byField.put(int(f.ID), i)
		t.groupOf[i] = -1
	}
	for i, g := range t.Groups {
		if i > 0 && t.Groups[i-1].ID >= g.ID {
			panic(fmt.Sprintf("bug: %s: groups do not ascend at %s", t.Name, g.Name))
		}
		t.byGroup.put(int(g.ID), i)
		for _, id := range g.Fields {
			f := t.Index(id)
			if f < 0 || t.groupOf[f] >= 0 {
				panic(fmt.Sprintf("bug: %s: field %d is in no group or in two", t.Name, id))
			}
			t.groupOf[f] = i
		}
	}
	for i, g := range t.groupOf {
		if g < 0 {
			panic(fmt.Sprintf("bug: %s: %s is in no group", t.Name, t.Fields[i].Name))
		}
	}
}

// Index is the place of a field in Fields, -1 where the table has no such field.
func (t *Table) Index(id syncproto.FieldID) int { return t.byField.of(int(id)) }

// Group is the group with a number, nil where the table has none.
func (t *Table) Group(id syncproto.GroupID) *Group {
	if i := t.byGroup.of(int(id)); i >= 0 {
		return &t.Groups[i]
	}
	return nil
}

// GroupOf is the group of Fields[i].
func (t *Table) GroupOf(i int) *Group { return &t.Groups[t.groupOf[i]] }

// Values are a record's fields in the order of Table.Fields; null where absent.
type Values []syncproto.Value

// Of is a field's value; null where the table has no such field.
func (t *Table) Of(v Values, id syncproto.FieldID) syncproto.Value {
	if i := t.Index(id); i >= 0 && i < len(v) {
		return v[i]
	}
	return syncproto.Value{}
}

// ScopesOf appends the scopes of a record, a pure function of its own fields: no
// clock, no other record. Each scope is there once.
func (t *Table) ScopesOf(into []syncproto.Scope, id syncproto.RecordID, v Values) []syncproto.Scope {
	start := len(into)
	for _, r := range t.Scopes {
		s := syncproto.Scope{Kind: r.Kind}
		switch {
		case r.Self:
			s.ID = id
		case r.Field != 0:
			if s.ID = t.Of(v, r.Field).ID(); s.ID.IsZero() {
				if !r.Org {
					continue
				}
				s = syncproto.OrgScope
			}
		}
		if !containsScope(into[start:], s) {
			into = append(into, s)
		}
	}
	return into
}

func containsScope(scopes []syncproto.Scope, s syncproto.Scope) bool {
	for _, have := range scopes {
		if have == s {
			return true
		}
	}
	return false
}

// DecidesScope says whether a group holds a field that decides a scope.
func (t *Table) DecidesScope(g *Group) bool {
	for _, r := range t.Scopes {
		for _, f := range g.Fields {
			if r.Field == f {
				return true
			}
		}
	}
	return false
}
