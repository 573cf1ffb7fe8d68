package schema

import (
	"slices"

	"github.com/rawaj/rawaj/syncproto"
)

// Who may read and write what (design: a grant opens a share to a device; the kind
// of its site bounds the tables it may write at all). One function decides for
// ingest, Apply, feed and every API.

// Permit is a grant as it stands.
type Permit struct {
	Share        syncproto.Share
	Write        bool
	RecordsUntil int64 // UTC ms; 0: no end
	DeliverUntil int64 // UTC ms; 0: no end
}

// Access is all that one device may do.
type Access struct {
	Kind    string
	Revoked bool
	Permits []Permit
}

// A stall takes part in the fair that it was armed for, so it may note there that a family came.
var stallWrites = []syncproto.TableID{
	Category, Family, Product, Price, PriceChange, TillSession, TillSheet, TillCount, TillApproval, Sale, SaleLine, LineOwner, Payment, Closing,
	Participation, CheckIn, Consignment, StockMovement,
}

var branchWrites = []syncproto.TableID{
	User, Person, PersonAlias, FamilyPrivate, FamilyAccount, IncomeNote, Workshop, WorkshopSession, RosterEntry, Scan, Attendance, AttendanceCorrection,
	Coordination, IdentityDocument, Ground, PolicySignature, Membership, Payout, Referral,
}

// Nobody but head office writes the rest: policies, standings and credits, plans of fairs,
// agreements, statements and their lines.

var writable = map[string][]syncproto.TableID{
	KindStall:   stallWrites,
	KindOutlet:  stallWrites,
	KindBranch:  append(slices.Clone(stallWrites), branchWrites...),
	KindRooyesh: append(slices.Clone(stallWrites), branchWrites...),
	KindDesk:    {Referral},
}

var readable = map[string][]syncproto.Class{
	KindStall:   {syncproto.ClassS},
	KindOutlet:  {syncproto.ClassS},
	KindBranch:  {syncproto.ClassS, syncproto.ClassP, syncproto.ClassE},
	KindRooyesh: {syncproto.ClassS, syncproto.ClassP, syncproto.ClassE},
	KindDesk:    {syncproto.ClassS, syncproto.ClassP},
}

// GrantFor is a grant that a device of a kind gets when it enrols.
type GrantFor struct {
	Scope   syncproto.Scope
	Classes string
	Write   bool
}

// FirstGrants lists what a device of a site's kind may read and write from the
// start: the organisation's catalogue, its own site, its fairs and its own scope.
func FirstGrants(kind string, device syncproto.DeviceID, site syncproto.RecordID, fairs []syncproto.RecordID) []GrantFor {
	var own string
	for _, c := range readable[kind] {
		own += c.String()
	}
	grants := []GrantFor{
		{syncproto.OrgScope, "S", kind != KindDesk},
		{syncproto.Scope{Kind: syncproto.ScopeDevice, ID: syncproto.RecordID(device)}, own, false},
	}
	switch kind {
	case KindDesk:
		grants = append(grants, GrantFor{syncproto.Scope{Kind: syncproto.ScopeDesk, ID: site}, "P", true})
	default:
		grants = append(grants, GrantFor{syncproto.Scope{Kind: syncproto.ScopeSite, ID: site}, own, true})
		if kind == KindBranch || kind == KindRooyesh {
			grants = append(grants, GrantFor{syncproto.Scope{Kind: syncproto.ScopeDesk, ID: site}, "P", true})
		}
	}
	for _, f := range fairs {
		grants = append(grants, GrantFor{syncproto.Scope{Kind: syncproto.ScopeFair, ID: f}, "S", true})
	}
	return grants
}

// PermitsOf gives what a grant record opens: one permit a class.
func PermitsOf(v Values) []Permit {
	t := Lookup(Grant)
	if t.Of(v, Voided).Bool() {
		return nil
	}
	scope, err := syncproto.ScopeFromBinary(t.Of(v, GrantScope).Bytes())
	if err != nil {
		return nil
	}
	var permits []Permit
	for _, letter := range t.Of(v, GrantClass).Text() {
		for c := syncproto.ClassS; c <= syncproto.ClassX; c++ {
			if c.String() == string(letter) {
				permits = append(permits, Permit{
					Share: syncproto.Share{Class: c, Scope: scope}, Write: t.Of(v, GrantWrite).Bool(),
					RecordsUntil: t.Of(v, GrantRecordsUntil).Int(), DeliverUntil: t.Of(v, GrantDeliverUntil).Int(),
				})
			}
		}
	}
	return permits
}

// ReadsPersonal says whether any right of the device is to more than sales and activity.
func (a *Access) ReadsPersonal() bool {
	return slices.ContainsFunc(a.Permits, func(p Permit) bool { return p.Share.Class > syncproto.ClassS })
}

// MayRead lists the shares the device reads at a time, in order, each once.
func (a *Access) MayRead(ms int64) []syncproto.Share {
	var shares []syncproto.Share
	if a.Revoked {
		return nil
	}
	for _, p := range a.Permits {
		if p.RecordsUntil == 0 || ms <= p.RecordsUntil {
			shares = append(shares, p.Share)
		}
	}
	slices.SortFunc(shares, syncproto.Share.Compare)
	return slices.Compact(shares)
}

// MayWrite says whether the device may write a record of a table that is in scopes,
// delivered at a time by the server's clock: 0, or the code of the refusal. The
// right to write in one of the scopes is enough.
func (a *Access) MayWrite(t *Table, scopes []syncproto.Scope, ms int64) syncproto.Code {
	if a.Kind == KindServerDevice {
		return 0
	}
	if !slices.Contains(writable[a.Kind], t.ID) {
		return syncproto.CodeNotGranted
	}
	ended := false
	for _, p := range a.Permits {
		if !p.Write || p.Share.Class != t.Class || !containsScope(scopes, p.Share.Scope) {
			continue
		}
		if p.DeliverUntil == 0 || ms <= p.DeliverUntil {
			return 0
		}
		ended = true
	}
	if ended {
		return syncproto.CodeGrantEnded
	}
	return syncproto.CodeNotGranted
}
