package records_test

import (
	"slices"
	"testing"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestAFieldOfANewerSchemaIsKeptHashedAndHandedOn(t *testing.T) {
	r := records.New(schema.Lookup(schema.Product), syncproto.RecordID{1})
	r.Set(schema.NameEn, syncproto.TextValue("Incense"))
	var h records.Hasher
	without := h.Hash(r)
	r.Write(&syncproto.GroupWrite{Fields: []syncproto.FieldValue{{Field: 900, Value: syncproto.IntValue(7)}}})
	if !slices.Contains(r.Fields(nil), syncproto.FieldValue{Field: 900, Value: syncproto.IntValue(7)}) {
		t.Errorf("the fields are %v", r.Fields(nil))
	}
	if h.Hash(r) == without {
		t.Error("the hash is the same without it")
	}
	r.Set(900, syncproto.Value{})
	if h.Hash(r) != without {
		t.Error("a null counts")
	}
}
