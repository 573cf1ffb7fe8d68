package client

import (
	"slices"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// chosenHere are the tables whose records get their ids from callers.
var chosenHere = []syncproto.TableID{
	schema.Product, schema.TillSession, schema.Sale, schema.Person, schema.Workshop, schema.WorkshopSession, schema.Scan, schema.Referral,
	schema.Family, schema.Ground, schema.PolicySignature, schema.AttendanceCorrection,
	schema.Coordination, schema.CheckIn,
	schema.TillCount, schema.StockMovement, schema.Consignment,
}

// newID takes the id that the caller made, or makes one. made is false where a record
// with it is here already: the caller asks again after a lost answer, and what it asked
// for has been done. An id that names something else, which same tells, is refused.
func newID(d *store.Draft, table syncproto.TableID, given syncproto.RecordID, same ...store.Field) (id syncproto.RecordID, made bool, err error) {
	if given.IsZero() {
		id, err = d.NewID()
		return id, true, err
	}
	if given[14] != 0 || given[15] != 0 || given[6]>>4 != 7 {
		return given, false, refusal.New(refusal.BadID, "id %v: want a UUIDv7 whose last four digits are 0", given).On("id")
	}
	for _, t := range chosenHere {
		have, err := d.Get(t, given)
		if err != nil {
			return given, false, err
		}
		if have == nil {
			continue
		}
		if t != table || slices.ContainsFunc(same, func(f store.Field) bool { return have.Of(f.Field) != f.Value }) {
			return given, false, idUsed(given)
		}
		return given, false, nil
	}
	return given, true, nil
}

func idUsed(id syncproto.RecordID) error {
	return refusal.New(refusal.IDUsed, "id %v names something else already: make a new one", id).On("id")
}

// reference refuses a field that names what is not known here.
func reference(field string, id syncproto.RecordID) error {
	return refusal.New(refusal.Reference, "%s %v is not known here", field, id).On(field)
}
