package state_test

import (
	"testing"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestWhatADeviceLetGoWithoutABackupIsKnownAsItLastSaid(t *testing.T) {
	o := newOrg(t)
	d := o.stall()
	for _, unbacked := range []uint64{0, 7, 9, 0} {
		c := state.Contact{Device: d.id, Declared: &syncproto.Declared{Transactions: 3, Unbacked: unbacked, Attachments: 2 * unbacked, AmountMinor: map[string]int64{"AED": 1}}}
		o.entry(state.Entry{Kind: state.EntryContact, Payload: c.Encode()})
		o.fold()
		o.read(func(r *state.Reader) error {
			h, ok, err := r.HealthOf(d.id)
			if !ok || h.Declared.Unbacked != unbacked || h.Declared.Attachments != 2*unbacked || h.Declared.Transactions != 3 || h.Declared.AmountMinor["AED"] != 1 {
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

func TestNoNumberThatADeviceMakesUpStopsTheFold(t *testing.T) {
	o := newOrg(t)
	d := o.stall()
	const most, huge = uint64(1<<63 - 1), ^uint64(0)
	c := state.Contact{Device: d.id, Declared: &syncproto.Declared{
		Transactions: huge, Differing: huge, Unbacked: huge, Kept: huge, Gap: huge, GapMS: -1 << 63, OldestMS: -1 << 63, AmountMinor: map[string]int64{},
	}}
	o.entry(state.Entry{Kind: state.EntryContact, Payload: c.Encode()})
	o.fold()
	o.read(func(r *state.Reader) error {
		h, _, err := r.HealthOf(d.id)
		if v := h.Declared; v.Transactions != most || v.Differing != most || v.Unbacked != most || v.Kept != most || v.Gap != most || v.GapMS != 0 {
			t.Errorf("known is %+v", v)
		}
		return err
	})
	g := state.Given{Device: d.id, Upto: huge, Rows: [][]byte{{0xff}, nil, records.AppendRow(nil, records.New(schema.Lookup(schema.Product), o.newID()))}}
	o.entry(state.Entry{Kind: state.EntryGiven, Payload: g.Encode()})
	o.entry(state.Entry{Kind: state.EntryGap, Payload: []byte{1}})
	o.fold()
	n := 0
	o.read(func(r *state.Reader) error {
		return r.EachKept(func(*state.Kept, *records.Row) error { n++; return nil })
	})
	if n != 1 {
		t.Errorf("%d kept records are listed, want the one that can be read", n)
	}
	o.sound()
}
