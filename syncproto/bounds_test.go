package syncproto_test

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/canon"
)

// memory is how many bytes f took in all.
func memory(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestBadInputTakesNoMoreMemoryThanItsBound(t *testing.T) {
	limits := map[string]uint64{"body": 1 << 20, "frame": 2 << 20, "frame in the greeting": 64 << 10, "frame from a device": 1 << 20, "certificate": 64 << 10, "batch": 2 << 20}
	for _, v := range load(t, "bad") {
		b := v.bytes(t)
		if used := memory(func() { readers[v.Form](b) }); used > limits[v.Form] {
			t.Errorf("%s took %d bytes", v.Name, used)
		}
	}
}

func TestClaimsOfLengthTakeNoMemory(t *testing.T) {
	claim := []byte{0x10, 0, 0, 0, 0, 0, 0, 0} // 2^60
	for _, major := range []byte{0x5b, 0x7b, 0x9b, 0xbb} {
		item := append([]byte{major}, claim...)
		for name, read := range map[string]func(){
			"body":  func() { syncproto.ReadBody(append([]byte{0x8a, 0, 0, 0}, item...)) },
			"batch": func() { syncproto.ParseBatch(append([]byte{0x82}, item...)) },
			"frame": func() {
				syncproto.DecodeFrame(append([]byte{0x82, byte(syncproto.TypeResume), 0xa1, 2}, item...), syncproto.DeviceLimits)
			},
			"rows": func() {
				syncproto.DecodeFrame(append([]byte{0x82, byte(syncproto.TypeRows), 0xa1, 4}, item...), syncproto.ServerLimits)
			},
		} {
			if used := memory(read); used > 64<<10 {
				t.Errorf("%s, %x: %d bytes", name, item, used)
			}
		}
	}
}

// A body of fields that are null takes 2 bytes a field on the wire.
func TestTransactionOfTooManyValuesIsRefused(t *testing.T) {
	tx := smallTransaction()
	fields := make([]syncproto.FieldValue, syncproto.MaxFields)
	for i := range fields {
		fields[i].Field = syncproto.FieldID(i)
	}
	groups := make([]syncproto.GroupWrite, syncproto.MaxGroups)
	for i := range groups {
		groups[i] = syncproto.GroupWrite{Group: syncproto.GroupID(i), Base: syncproto.NoBase, Fields: fields}
	}
	tx.Changes = make([]syncproto.Change, syncproto.MaxValues/syncproto.MaxFields/syncproto.MaxGroups)
	for i := range tx.Changes {
		tx.Changes[i].Groups = groups
	}
	if _, err := syncproto.ReadBody(syncproto.AppendBody(nil, tx)); err != nil {
		t.Errorf("at the bound: %v", err)
	}
	tx.Changes = append(tx.Changes, smallTransaction().Changes...)
	if _, err := syncproto.ReadBody(syncproto.AppendBody(nil, tx)); !errors.Is(err, canon.ErrMalformed) {
		t.Errorf("over the bound: %v", err)
	}
}

func TestTheLargestHelloFitsTheGreeting(t *testing.T) {
	c := certificate()
	c.Kind, c.Prefix = strings.Repeat("k", 64), strings.Repeat("p", 16)
	h := &syncproto.Hello{
		Version: 1<<64 - 1, Device: device, Signature: make([]byte, 64), TimeMS: -1 << 63, Certificate: syncproto.SignCertificate(orgKey, org, c), Program: strings.Repeat("p", 64),
		Heads:    make([]syncproto.Head, syncproto.MaxHeads),
		Declared: syncproto.Declared{Transactions: 1<<64 - 1, OldestMS: -1 << 63, AmountMinor: map[string]int64{}},
	}
	for i := range h.Heads {
		h.Heads[i].Seq = 1<<62 - 1
	}
	for i := range 32 {
		h.Declared.AmountMinor["AA"+string(rune('A' + i%26))[:1]] = -1 << 63
		h.Declared.AmountMinor["AB"+string(rune('A' + i%26))[:1]] = -1 << 63
		if len(h.Declared.AmountMinor) >= 32 {
			break
		}
	}
	b, err := syncproto.EncodeFrame(h, false)
	if err != nil || len(b) > syncproto.MaxGreeting {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	if _, err := syncproto.DecodeFrame(b, syncproto.GreetingLimits); err != nil {
		t.Error(err)
	}
	h.Heads = append(h.Heads, syncproto.Head{})
	if _, err := syncproto.EncodeFrame(h, false); !errors.Is(err, syncproto.ErrFrame) {
		t.Errorf("with a head too many: %v", err)
	}
}

func TestFramesThatThePeerWouldRefuseAreNotEncoded(t *testing.T) {
	short := rows()
	short.Columns[0] = short.Columns[0][:2]
	falling := rows()
	falling.Positions[2] = 1
	for _, f := range []syncproto.Frame{
		&syncproto.Challenge{Version: 1, MinVersion: 1},
		&syncproto.Hello{Version: 1, Signature: make([]byte, 63)},
		&syncproto.Hello{Version: 1, Signature: make([]byte, 64), Declared: syncproto.Declared{AmountMinor: map[string]int64{"aed": 1}}},
		&syncproto.Resume{Covered: []syncproto.Share{{}}},
		&syncproto.Resume{Cursor: make([]byte, syncproto.MaxCursor+1)},
		&syncproto.Resume{Credit: syncproto.MaxCredit + 1},
		&syncproto.Welcome{},
		&syncproto.Push{},
		&syncproto.Give{Upto: 1},
		&syncproto.Give{Upto: 1, Rows: [][]byte{make([]byte, syncproto.MaxKeptRow+1)}},
		&syncproto.Push{Batch: 1, Offset: 5, Total: 5, Length: 5, Data: []byte{1}},
		&syncproto.Rows{},
		short, falling,
		&syncproto.Leave{},
		&syncproto.Leave{Class: 1, Scope: syncproto.OrgScope, Records: []syncproto.TableIDs{{IDs: make([]byte, 15)}}},
		&syncproto.Checkpoint{},
		&syncproto.Bye{Detail: strings.Repeat("x", syncproto.MaxDetail+1)},
		&syncproto.Bye{RetryAfterMS: -1},
		&syncproto.Receipt{Signed: make([]byte, syncproto.MaxFrame)},
	} {
		if b, err := syncproto.EncodeFrame(f, false); !errors.Is(err, syncproto.ErrFrame) {
			t.Errorf("%T %+v: got %d bytes, %v", f, f, len(b), err)
		}
	}
}

func TestCostOfAFrameIsTheSameOnBothSides(t *testing.T) {
	for _, f := range sampleFrames() {
		plain, err := syncproto.EncodeFrame(f.frame, false)
		if err != nil {
			t.Fatal(err)
		}
		packed, err := syncproto.EncodeFrame(f.frame, true)
		if err != nil {
			t.Fatal(err)
		}
		cost := syncproto.FrameCost(f.frame, plain)
		if got := syncproto.FrameCost(f.frame, packed); got != cost {
			t.Errorf("%s: %d compressed, %d plain", f.name, got, cost)
		}
		switch f.frame.(type) {
		case *syncproto.Rows, *syncproto.Leave:
			if cost != uint64(len(plain)-2) {
				t.Errorf("%s costs %d of %d", f.name, cost, len(plain))
			}
		case *syncproto.Push:
			if cost != 7 { // bytes 3 to 6 of 9, of 20: 13-6
				t.Errorf("%s costs %d", f.name, cost)
			}
		default:
			if cost != 0 {
				t.Errorf("%s costs %d", f.name, cost)
			}
		}
	}
}

func TestUnknownKeysOfAFrameAreSkipped(t *testing.T) {
	plain, err := syncproto.EncodeFrame(rows(), false)
	if err != nil {
		t.Fatal(err)
	}
	longer := bytes.Replace(plain, []byte{0x82, 0x07, 0xa9}, []byte{0x82, 0x07, 0xaa}, 1)
	longer = append(longer, 0x18, 99, 0x82, 0xa1, 0x01, 0x61, 'x', 0xf6)
	f, err := syncproto.DecodeFrame(longer, syncproto.ServerLimits)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := syncproto.EncodeFrame(f, false); err != nil || !bytes.Equal(again, plain) {
		t.Errorf("got %x, %v", again, err)
	}
	if f, err := syncproto.DecodeFrame([]byte{0x82, 11, 0xa2, 0x01, 0x05, 0x18, 99, 0x81, 0x01}, syncproto.DeviceLimits); err != nil || f.(*syncproto.Ping).TimeMS != 5 {
		t.Errorf("got %v, %v", f, err)
	}
}

func TestRowLeavesNullFieldsOut(t *testing.T) {
	r := rows()
	if got := r.Row(2, nil); len(got) != 1 || got[0].Field != 30 || got[0].Value.ID() != site {
		t.Errorf("got %v", got)
	}
}

func TestEveryCodeHasANameOfItsOwn(t *testing.T) {
	names := map[string]syncproto.Code{}
	for c := range syncproto.Code(300) {
		name := c.String()
		if other, twice := names[name]; twice {
			t.Errorf("%d and %d are both %s", c, other, name)
		}
		names[name] = c
		if known(c) && c.Escrow() != (c >= 250) {
			t.Errorf("%s: escrow is %v", name, c.Escrow())
		}
	}
}
