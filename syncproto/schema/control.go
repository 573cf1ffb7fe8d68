package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of control: a batch of the server's own device that says who takes part, as it
// was signed. Whoever reads the organisation's records holds them all, and hands them
// back to a server that has lost them.
const (
	ControlBatch syncproto.FieldID = 1

	ControlGroupBatch syncproto.GroupID = 1
)

// MaxControl bounds a batch of control: one that is longer is not handed back.
const MaxControl = syncproto.MaxBytes

var controls = []*Table{{
	ID: Control, Name: "control", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeOrg}},
	Fields: []Field{{ID: ControlBatch, Name: "batch", Kind: syncproto.Bytes, Required: true, Max: MaxControl}},
	Groups: []Group{{ID: ControlGroupBatch, Name: "batch", Rule: OnceStrict, Fields: []syncproto.FieldID{ControlBatch}}},
}}

// OfControl says whether a table tells who takes part in the organisation, and with what
// rights: transactions of the server's device that write nothing else are batches of
// control. Everybody who reads the organisation's records reads those batches, so no table
// of another class than S belongs here.
func OfControl(t syncproto.TableID) bool {
	switch t {
	case Organisation, Site, Device, Fair, Grant:
		return true
	}
	return false
}

// Derived says whether a centre makes the records of a table itself, from what it judges: one
// that lost them makes them anew.
func Derived(t syncproto.TableID) bool {
	switch t {
	case Verdict, Conflict, ConflictPersonal, ConflictEligibility, Backed, Control:
		return true
	}
	return false
}

// ControlID is the id of a batch of control, by the chain hash after it; ms is its
// author's time.
func ControlID(ms int64, after syncproto.Hash) syncproto.RecordID {
	return syncproto.DerivedID(ms, "control", after[:])
}
