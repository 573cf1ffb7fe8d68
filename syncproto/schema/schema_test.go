package schema_test

import (
	"testing"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestReferralStatesEndAlikeInBothOrders(t *testing.T) {
	m := schema.Lookup(schema.Referral).Group(schema.ReferralGroupState).Machine
	for _, left := range []string{"sent", "delivered", "received"} {
		// Receiver accepts and sender withdraws without hearing of each other.
		first, ok := m.Decide(left, "accepted", left)
		if !ok {
			t.Fatalf("accept from %s is refused", left)
		}
		acceptedFirst, ok := m.Decide(left, "withdrawn", first)
		if !ok || acceptedFirst != "accepted" {
			t.Errorf("withdraw after accept gave %q, %v", acceptedFirst, ok)
		}
		first, ok = m.Decide(left, "withdrawn", left)
		if !ok {
			t.Fatalf("withdraw from %s is refused", left)
		}
		withdrawnFirst, ok := m.Decide(left, "accepted", first)
		if !ok || withdrawnFirst != "accepted" {
			t.Errorf("accept after withdraw gave %q, %v", withdrawnFirst, ok)
		}
	}
	if _, ok := m.Decide("accepted", "withdrawn", "accepted"); ok {
		t.Error("what was accepted was withdrawn by a sender who knew")
	}
	if got, ok := m.Decide("sent", "accepted", "received"); !ok || got != "accepted" {
		t.Errorf("accept while it moved to received gave %q, %v", got, ok)
	}
}

func TestAReferralNamesAPersonOnlyWithConsent(t *testing.T) {
	table := schema.Lookup(schema.Referral)
	v := make(schema.Values, len(table.Fields))
	set := func(id syncproto.FieldID, value syncproto.Value) { v[table.Index(id)] = value }
	set(schema.ReferralCode, syncproto.TextValue("C-17"))
	if wrong := table.Whole(table, v); wrong != nil {
		t.Errorf("a case code alone: %s", wrong)
	}
	set(schema.ReferralName, syncproto.TextValue("a made-up name"))
	if table.Whole(table, v) == nil {
		t.Error("a name went without consent")
	}
	set(schema.ReferralConsentBy, syncproto.TextValue("herself"))
	if table.Whole(table, v) == nil {
		t.Error("a name went with a consent of no time")
	}
	set(schema.ReferralConsentAt, syncproto.IntValue(1))
	if wrong := table.Whole(table, v); wrong != nil {
		t.Errorf("with consent: %s", wrong)
	}
}

func TestWhoMayWriteWhat(t *testing.T) {
	site, other := syncproto.RecordID{1}, syncproto.RecordID{2}
	access := func(kind string) *schema.Access {
		a := &schema.Access{Kind: kind}
		for _, g := range schema.FirstGrants(kind, syncproto.DeviceID{9}, site, nil) {
			for _, letter := range g.Classes {
				for c := syncproto.ClassS; c <= syncproto.ClassX; c++ {
					if c.String() == string(letter) {
						a.Permits = append(a.Permits, schema.Permit{Share: syncproto.Share{Class: c, Scope: g.Scope}, Write: g.Write})
					}
				}
			}
		}
		return a
	}
	here := []syncproto.Scope{{Kind: syncproto.ScopeSite, ID: site}}
	there := []syncproto.Scope{{Kind: syncproto.ScopeSite, ID: other}}
	desk := []syncproto.Scope{{Kind: syncproto.ScopeDesk, ID: other}, {Kind: syncproto.ScopeDesk, ID: site}}
	org := []syncproto.Scope{syncproto.OrgScope}
	for _, c := range []struct {
		name, kind string
		table      syncproto.TableID
		scopes     []syncproto.Scope
		want       syncproto.Code
	}{
		{"a stall sells at its own site", schema.KindStall, schema.Sale, here, 0},
		{"a stall does not sell elsewhere", schema.KindStall, schema.Sale, there, syncproto.CodeNotGranted},
		{"a stall prices the catalogue", schema.KindStall, schema.Price, org, 0},
		{"a stall makes no sites", schema.KindStall, schema.Site, org, syncproto.CodeNotGranted},
		{"a stall has no persons", schema.KindStall, schema.Person, here, syncproto.CodeNotGranted},
		{"a branch has persons", schema.KindBranch, schema.Person, here, 0},
		{"a branch refers from its own desk", schema.KindBranch, schema.Referral, desk, 0},
		{"a desk answers what is addressed to it", schema.KindDesk, schema.Referral, desk, 0},
		{"a desk sells nothing", schema.KindDesk, schema.Sale, here, syncproto.CodeNotGranted},
		{"a server's device does it all", schema.KindServerDevice, schema.Site, org, 0},
		{"an unknown kind does nothing", "", schema.Sale, here, syncproto.CodeNotGranted},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := access(c.kind).MayWrite(schema.Lookup(c.table), c.scopes, 1); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	a := access(schema.KindStall)
	for _, s := range a.MayRead(1) {
		if s.Class != syncproto.ClassS {
			t.Errorf("a stall reads %v", s)
		}
	}
	a.Revoked = true
	if got := a.MayRead(1); len(got) != 0 {
		t.Errorf("a revoked device reads %v", got)
	}
}

func TestEveryTableIsSound(t *testing.T) {
	for _, table := range schema.All {
		if schema.Lookup(table.ID) != table {
			t.Errorf("%s: its number %d is another's", table.Name, table.ID)
		}
		for _, f := range table.Fields {
			if f.Ref != 0 && schema.Lookup(f.Ref) == nil {
				t.Errorf("%s.%s refers to table %d, which is not there", table.Name, f.Name, f.Ref)
			}
		}
		for _, g := range table.Groups {
			if (g.Rule == schema.State) != (g.Machine != nil) || g.Machine != nil && len(g.Fields) != 1 {
				t.Errorf("%s.%s: a state has one field and a machine", table.Name, g.Name)
			}
		}
		if len(table.Scopes) == 0 {
			t.Errorf("%s is in no scope", table.Name)
		}
	}
}

func TestAGrantThatWasTakenAwayOpensNothing(t *testing.T) {
	table := schema.Lookup(schema.Grant)
	v := make(schema.Values, len(table.Fields))
	v[table.Index(schema.GrantScope)] = syncproto.BytesValue(syncproto.OrgScope.AppendBinary(nil))
	v[table.Index(schema.GrantClass)] = syncproto.TextValue("SP")
	if permits := schema.PermitsOf(v); len(permits) != 2 {
		t.Errorf("a grant of two classes opens %v", permits)
	}
	v[table.Index(schema.Voided)] = syncproto.BoolValue(true)
	if permits := schema.PermitsOf(v); len(permits) != 0 {
		t.Errorf("a grant that was taken away opens %v", permits)
	}
}
