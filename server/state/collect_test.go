package state_test

import (
	"testing"

	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func (o *org) floors() map[syncproto.Share]syncproto.Position {
	floors := map[syncproto.Share]syncproto.Position{}
	o.read(func(r *state.Reader) error {
		return r.Floors(func(s syncproto.Share, at syncproto.Position) { floors[s] = at })
	})
	return floors
}

// A record leaves a share; for a year who missed it is told, and then it is forgotten and
// the share has a floor. What comes back is heard of as ever.
func TestMarkersOfWhatLeftAreCollectedAfterAYear(t *testing.T) {
	o := newOrg(t)
	branch := o.branch()
	second := o.newSite("Second branch", schema.KindBranch)
	scope := func(site syncproto.RecordID) syncproto.Scope {
		return syncproto.Scope{Kind: syncproto.ScopeSite, ID: site}
	}
	late := func() *replica { return o.replica(syncproto.ClassP, scope(o.site)) }
	user := o.newID()
	branch.does(create(schema.User, user, ref(schema.UserSite, o.site), text(schema.UserName, "Amal"), text(schema.UserRole, "cashier"), boolean(schema.UserActive, true)))
	heard := late()
	heard.hears(10)
	move := func(to syncproto.RecordID) tx {
		x := o.node.doesSo([]syncproto.Change{update(schema.User, user, ref(schema.UserSite, to))}, seeing(o.here()))
		o.applied(x)
		return x
	}
	left := o.judged(move(second)).Position
	const day = 24 * 3600 * 1000
	o.now += day
	o.node.does(product(o.newID(), "the next day"))
	o.now += 363 * day
	o.node.does(product(o.newID(), "within the year"))
	if r := late(); len(o.floors()) != 0 || r.leavesOf(10) != 1 {
		t.Errorf("within the year: floors %v", o.floors())
	}
	o.now += 2 * day
	o.node.does(product(o.newID(), "after it"))
	share := syncproto.Share{Class: syncproto.ClassP, Scope: scope(o.site)}
	if got := o.floors(); len(got) != 1 || got[share] != left {
		t.Errorf("after the year floors are %v, want %d for %v", got, left, share)
	}
	if n := late().leavesOf(10); n != 0 {
		t.Errorf("after the year %d leaves are told", n)
	}
	o.sound()
	move(o.site)
	rows, leaves := late().hears(10)
	if rows != 1 || leaves != 0 {
		t.Errorf("it came back as %d rows and %d leaves, want one row", rows, leaves)
	}
	o.sound()
}

func (r *replica) leavesOf(size int) int { _, leaves := r.hears(size); return leaves }
