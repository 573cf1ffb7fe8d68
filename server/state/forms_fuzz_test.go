package state_test

import (
	"bytes"
	"testing"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/canon"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// What devices hand over that the log has lost, they hand over as they kept it.
func FuzzReadKept(f *testing.F) {
	kept := func(fields ...syncproto.FieldValue) []byte {
		id := syncproto.RecordID{1, 2}
		return records.AppendFields(canon.Bytes(canon.Uint(canon.Array(nil, 3), uint64(schema.Person)), id[:]), fields)
	}
	f.Add(kept())
	f.Add(kept(text(1, "A made-up name"), number(2, -7), boolean(3, true), raw(4, []byte{0, 1}), syncproto.FieldValue{Field: 5}))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := state.ReadKept(b)
		if err != nil {
			return
		}
		again := canon.Bytes(canon.Uint(canon.Array(nil, 3), uint64(k.Table)), k.Record[:])
		if again = records.AppendFields(again, k.Fields); !bytes.Equal(again, b) {
			t.Fatalf("%x is written again as %x", b, again)
		}
	})
}

func FuzzReadWitnesses(f *testing.F) {
	f.Add(state.Witnesses{{Device: syncproto.DeviceID{1}, Site: syncproto.RecordID{2}, SaysMS: noon, OffsetMS: -3}}.Encode())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := state.ReadWitnesses(b)
		if err != nil || len(w) == 0 { // none are written as nothing
			return
		}
		if again := w.Encode(); !bytes.Equal(again, b) {
			t.Fatalf("%x is written again as %x", b, again)
		}
	})
}

// An amount that is read is one of what was written: a currency twice is none.
func FuzzReadAmounts(f *testing.F) {
	f.Add(state.AppendAmounts(nil, map[string]int64{"AED": 5, "USD": -1}))
	f.Add(state.AppendAmounts(nil, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		amounts, err := state.ReadAmounts(b)
		if err != nil {
			return
		}
		if again := state.AppendAmounts(nil, amounts); !bytes.Equal(again, b) {
			t.Fatalf("%x is written again as %x", b, again)
		}
	})
}
