package state_test

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// What the log holds is read by every later program: one spelling of each entry.
func FuzzDecodeEntry(f *testing.F) {
	offset := int64(-5)
	for _, e := range []state.Entry{{Kind: state.EntryClock}, {Kind: state.EntryBatch, ReceivedAt: noon, OffsetMS: &offset, Road: state.RoadSocket, Payload: []byte("a batch")}} {
		f.Add(e.Encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := state.DecodeEntry(b)
		if err == nil && !bytes.Equal(e.Encode(), b) {
			t.Fatalf("%x is written again as %x", b, e.Encode())
		}
	})
}

func FuzzDecodeHistory(f *testing.F) {
	h := state.History{OrgKey: make(ed25519.PublicKey, 32), Position: 7, Cause: "first start"}
	f.Add(h.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := state.DecodeHistory(b)
		if err == nil && !bytes.Equal(h.Encode(), b) {
			t.Fatalf("%x is written again as %x", b, h.Encode())
		}
	})
}

// Contacts of earlier builds are shorter, so what is written again is a fixed point only
// from the second time on.
func FuzzDecodeContact(f *testing.F) {
	for _, c := range []state.Contact{
		{},
		{Declared: &syncproto.Declared{Transactions: 3, OldestMS: noon, AmountMinor: map[string]int64{"AED": 5, "USD": -1}, Unbacked: 2}},
		{Newest: &syncproto.Head{Seq: 9}},
	} {
		f.Add(c.Encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := state.DecodeContact(b)
		if err != nil {
			return
		}
		once := c.Encode()
		again, err := state.DecodeContact(once)
		if err != nil || !bytes.Equal(again.Encode(), once) {
			t.Fatalf("%x is written as %x and then as %x, %v", b, once, again.Encode(), err)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add(state.Cursor(7, syncproto.Hash{1}, syncproto.HistoryID{2}))
	f.Add(make([]byte, 33)) // a server may seal it with more
	f.Fuzz(func(t *testing.T, b []byte) {
		if h := state.CursorHistory(b); len(b) < 32 && h != (syncproto.HistoryID{}) {
			t.Fatalf("%x is of history %v", b, h)
		}
	})
}
