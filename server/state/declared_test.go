package state_test

import (
	"testing"

	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestWhatADeviceLetGoWithoutABackupIsKnownAsItLastSaid(t *testing.T) {
	o := newOrg(t)
	d := o.stall()
	for _, unbacked := range []uint64{0, 7, 9, 0} {
		c := state.Contact{Device: d.id, Declared: &syncproto.Declared{Transactions: 3, Unbacked: unbacked, AmountMinor: map[string]int64{"AED": 1}}}
		o.entry(state.Entry{Kind: state.EntryContact, Payload: c.Encode()})
		o.fold()
		o.read(func(r *state.Reader) error {
			h, ok, err := r.HealthOf(d.id)
			if !ok || h.Declared.Unbacked != unbacked || h.Declared.Transactions != 3 || h.Declared.AmountMinor["AED"] != 1 {
				t.Errorf("known is %+v, want %d", h.Declared, unbacked)
			}
			return err
		})
	}
	o.sound()
}

func TestTheHeadsOfDevicesAreTheEndsOfTheChainsJudgedLast(t *testing.T) {
	o := newOrg(t)
	a, b := o.stall(), o.stall()
	first := o.newID()
	a.doesSo([]syncproto.Change{product(first, "One")}, at(0))
	last := a.doesSo([]syncproto.Change{product(o.newID(), "Two")}, at(0))
	other := b.doesSo([]syncproto.Change{product(o.newID(), "Three")}, at(0))
	heads := map[syncproto.DeviceID]syncproto.Head{}
	o.read(func(r *state.Reader) error {
		list, err := r.DeviceHeads()
		for _, h := range list {
			heads[h.Device] = h.Head
			if ok, err := r.HoldsOf(h); err != nil || !ok {
				t.Errorf("the log does not hold %+v: %v", h, err)
			}
			h.Device = syncproto.DeviceID(first)
			if ok, err := r.HoldsOf(h); err != nil || ok {
				t.Errorf("another device's chain holds %+v: %v", h, err)
			}
		}
		return err
	})
	if len(heads) != 2 || heads[a.id].Hash != last.hash() || heads[b.id].Hash != other.hash() {
		t.Errorf("heads are %+v", heads)
	}
	if o.get(schema.Product, first) == nil {
		t.Error("the product is missing")
	}
}
