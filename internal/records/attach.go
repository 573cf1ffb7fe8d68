package records

import (
	"slices"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Attachments lists what a record names: in its own fields, and, of a conflict that nobody
// has settled, in the values of both sides, for either may be taken yet.
func (r *Row) Attachments() (roots []syncproto.Root) {
	add := func(root syncproto.Root) { roots = append(roots, root) }
	for i := range r.Table.Fields {
		if r.Table.Fields[i].Form == schema.Attachment && !r.Values[i].Root().IsZero() {
			add(r.Values[i].Root())
		}
	}
	if !slices.Contains(schema.Ledgers, r.Table.ID) || !r.Of(schema.ConflictChoice).IsNull() {
		return roots
	}
	of := schema.Lookup(syncproto.TableID(r.Of(schema.ConflictTable).Int()))
	if of == nil {
		return roots
	}
	for _, side := range []syncproto.FieldID{schema.ConflictLoserFields, schema.ConflictWinnerFields} {
		if fields, err := ReadFields(r.Of(side).Bytes()); err == nil {
			of.AttachmentsIn(fields, add)
		}
	}
	return roots
}
