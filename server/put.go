package server

import (
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func set(id syncproto.FieldID, v syncproto.Value) syncproto.FieldValue {
	return syncproto.FieldValue{Field: id, Value: v}
}

// typed is typed text as a value; nothing typed is null.
func typed(id syncproto.FieldID, s string) syncproto.FieldValue {
	if s == "" {
		return syncproto.FieldValue{Field: id}
	}
	return set(id, syncproto.TextValue(s))
}

// put is the change after which a record has some values: it makes the record, or writes
// those of its groups that differ, checked as Apply will; none where nothing differs. A
// state is left by an arrow of its machine alone.
func put(r *state.Reader, table syncproto.TableID, id syncproto.RecordID, fields ...syncproto.FieldValue) ([]syncproto.Change, error) {
	have, err := r.Get(table, id)
	if err != nil {
		return nil, err
	}
	var c syncproto.Change
	if have == nil {
		c = create(table, id, slices.DeleteFunc(slices.Clone(fields), func(f syncproto.FieldValue) bool { return f.Value.IsNull() })...)
	} else {
		c = syncproto.Change{Op: syncproto.Update, Table: table, Record: id}
		after := have.Clone()
		for _, f := range fields {
			after.Set(f.Field, f.Value)
		}
		for i := range have.Table.Groups {
			w, err := groupWrite(have, after, &have.Table.Groups[i])
			if err != nil {
				return nil, err
			}
			if w != nil {
				c.Groups = append(c.Groups, *w)
			}
		}
		if len(c.Groups) == 0 {
			return nil, nil
		}
		if flaw := after.Table.CheckWhole(after.Values); flaw != nil {
			return nil, refusal.Flawed(flaw)
		}
	}
	if flaw := schema.Check(&c); flaw != nil {
		return nil, refusal.Flawed(flaw)
	}
	return []syncproto.Change{c}, nil
}

// groupWrite is the write of a group, nil where it stays as it is.
func groupWrite(have, after *records.Row, g *schema.Group) (*syncproto.GroupWrite, error) {
	w := &syncproto.GroupWrite{Group: g.ID}
	same := true
	for _, id := range g.Fields {
		same = same && have.Of(id) == after.Of(id)
		w.Fields = append(w.Fields, set(id, after.Of(id)))
	}
	if same {
		return nil, nil
	}
	first := have.Of(g.Fields[0])
	if (g.Rule == schema.Once || g.Rule == schema.OnceStrict) && !first.IsNull() {
		return nil, refusal.New(refusal.FirstStands, "the %s of this %s was written once and stands", g.Name, have.Table.Name)
	}
	if g.Rule == schema.State {
		left, wanted := first.Text(), after.Of(g.Fields[0]).Text()
		if _, ok := g.Machine.Decide(left, wanted, left); !ok {
			return nil, refusal.New(refusal.BadStep, "%s is %s: it cannot become %s", have.Table.Name, left, wanted).On("state").With("from", left).With("to", wanted)
		}
		w.Left = left
	}
	return w, nil
}
