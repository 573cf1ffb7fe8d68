package state_test

import (
	"testing"

	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func photo(n byte) []byte { return append(make([]byte, 31), n) }

// named fails unless exactly these photos are named.
func (o *org) named(want ...byte) {
	o.t.Helper()
	o.read(func(r *state.Reader) error {
		all, err := r.AllNamed()
		if err != nil {
			return err
		}
		for _, n := range want {
			root := syncproto.Root(photo(n))
			if ok, err := r.Named(root); err != nil || !ok || !all[root] {
				o.t.Errorf("photo %d is not named, %v", n, err)
			}
			delete(all, root)
		}
		if len(all) > 0 {
			o.t.Errorf("also named are %v", all)
		}
		return nil
	})
}

func TestPhotosAreNamedByRecordsAsTheyStandAndByWhatIsHeld(t *testing.T) {
	o := newOrg(t)
	stall := o.stall()
	one, two := o.newID(), o.newID()
	stall.doesSo([]syncproto.Change{product(one, "Incense"), product(two, "Tea")})
	stall.doesSo([]syncproto.Change{update(schema.Product, one, raw(schema.ProductPhoto, photo(1)))}, seeing(o.here()))
	stall.doesSo([]syncproto.Change{update(schema.Product, two, raw(schema.ProductPhoto, photo(1)))}, seeing(o.here()))
	o.named(1)
	stall.doesSo([]syncproto.Change{update(schema.Product, one, raw(schema.ProductPhoto, photo(2)))}, seeing(o.here()))
	o.named(1, 2)
	o.read(func(r *state.Reader) error {
		for share, want := range map[syncproto.Share]bool{
			{Class: syncproto.ClassS, Scope: syncproto.OrgScope}:                                     true,
			{Class: syncproto.ClassP, Scope: syncproto.OrgScope}:                                     false,
			{Class: syncproto.ClassS, Scope: syncproto.Scope{Kind: syncproto.ScopeSite, ID: o.site}}: false,
		} {
			if in, err := r.NamedIn(syncproto.Root(photo(2)), []syncproto.Share{share}); err != nil || in != want {
				t.Errorf("in %v it is named: %v, want %v (%v)", share, in, want, err)
			}
		}
		return nil
	})
	stall.doesSo([]syncproto.Change{update(schema.Product, two, raw(schema.ProductPhoto, photo(2)))}, seeing(o.here()))
	o.named(2)
	other := o.stall()
	other.doesSo([]syncproto.Change{update(schema.Product, one, raw(schema.ProductPhoto, photo(3)))}) // it had seen none
	o.named(2, 3)                                                                                     // the one that lost may be taken yet
	o.node.doesSo([]syncproto.Change{update(schema.Device, syncproto.RecordID(stall.id), number(schema.DeviceRevoked, o.now))}, seeing(o.here()))
	held := stall.doesSo([]syncproto.Change{update(schema.Product, two, raw(schema.ProductPhoto, photo(4)))}, seeing(o.here()))
	o.held(held, syncproto.CodeRevokedLate)
	o.named(2, 3, 4)
	o.sound()
}
