package schema

import "github.com/rawaj/rawaj/syncproto"

// A field of form Attachment names bytes that stand apart (SPEC §5.16). A record's hash
// counts the name alone.

func photo(id syncproto.FieldID) Field {
	return Field{ID: id, Name: "photo", Kind: syncproto.Bytes, Form: Attachment}
}

// AttachmentField is a field that names attachments.
type AttachmentField struct {
	Table *Table
	Field *Field
}

// AttachmentFields lists those of all tables.
var AttachmentFields = func() (all []AttachmentField) {
	for _, t := range All {
		for i := range t.Fields {
			if t.Fields[i].Form == Attachment {
				all = append(all, AttachmentField{t, &t.Fields[i]})
			}
		}
	}
	return all
}()

// AttachmentsIn calls f for every attachment that fields of a table name.
func (t *Table) AttachmentsIn(fields []syncproto.FieldValue, f func(syncproto.Root)) {
	for _, v := range fields {
		if i := t.Index(v.Field); i >= 0 && t.Fields[i].Form == Attachment && !v.Value.Root().IsZero() {
			f(v.Value.Root())
		}
	}
}
