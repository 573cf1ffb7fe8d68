package state

import (
	"crypto/ed25519"
	"fmt"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/canon"
)

// EntryKind is what a log entry tells.
type EntryKind uint8

const (
	EntryBatch   EntryKind = 1  // a batch as it was received
	EntryHistory EntryKind = 2  // a history begins; the first entry of every log
	EntryNode    EntryKind = 3  // a server's device, by its certificate
	EntryContact EntryKind = 4  // a device was heard of, and what it declared
	EntryClock   EntryKind = 5  // a person, or devices, confirmed the clock that ReceivedAt is of
	EntryGiven   EntryKind = 6  // a device handed over records that this log has lost
	EntryAsked   EntryKind = 7  // a person asked devices for those
	EntrySeen    EntryKind = 8  // a person has seen those that came up to an entry
	EntryGap     EntryKind = 9  // what a device let go cannot come any more; the payload is its id
	EntryVouched EntryKind = 10 // a person vouches for who takes part, after the log went back
)

// Road is the way a batch came.
type Road uint8

const (
	RoadSocket Road = 1
	RoadParcel Road = 2
	RoadOwn    Road = 3 // the server's own device
	RoadBack   Road = 4 // a batch of control, handed back by a device
)

// Entry is one log entry: all that Apply may know besides state.
type Entry struct {
	Kind       EntryKind
	ReceivedAt int64              // UTC ms by the ingesting node's clock
	OffsetMS   *int64             // device's clock minus server's in the session; nil for parcels
	Road       Road               // of a batch
	Node       syncproto.DeviceID // that took it in
	Payload    []byte             // by kind: batch bytes, History, certificate, Contact, Witnesses
}

// Encode gives the entry's bytes in the log.
func (e *Entry) Encode() []byte {
	b := canon.Array(make([]byte, 0, len(e.Payload)+64), 6)
	b = canon.Uint(b, uint64(e.Kind))
	b = canon.Int(b, e.ReceivedAt)
	if e.OffsetMS == nil {
		b = canon.Null(b)
	} else {
		b = canon.Int(b, *e.OffsetMS)
	}
	b = canon.Uint(b, uint64(e.Road))
	b = canon.Bytes(b, e.Node[:])
	return canon.Bytes(b, e.Payload)
}

// DecodeEntry reads the form of Encode.
func DecodeEntry(data []byte) (e Entry, err error) {
	r := canon.NewReader(data)
	r.Exactly(6)
	e.Kind = EntryKind(r.Uint(255))
	e.ReceivedAt = r.Int()
	if !r.Null() {
		offset := r.Int()
		e.OffsetMS = &offset
	}
	e.Road = Road(r.Uint(255))
	r.Fixed(e.Node[:])
	e.Payload = r.Bytes(len(data))
	if err := r.Done(); err != nil {
		return e, fmt.Errorf("log entry: %w", err)
	}
	return e, nil
}

// History begins a log, or a new history of it after a restore.
type History struct {
	Org      syncproto.OrgID
	OrgKey   ed25519.PublicKey
	ID       syncproto.HistoryID
	Parent   syncproto.HistoryID // zero for the first
	Position syncproto.Position  // of the parent, up to which both agree
	Hash     syncproto.Hash      // log hash there
	Cause    string              // for people: "first start", "restore"
	Doubt    bool                // it is certain that the log was longer: revocations may be lost
}

// Encode gives a history entry's payload.
func (h *History) Encode() []byte {
	n := 7
	if h.Doubt {
		n = 8
	}
	b := canon.Array(nil, n)
	b = canon.Bytes(b, h.Org[:])
	b = canon.Bytes(b, h.OrgKey)
	b = canon.Bytes(b, h.ID[:])
	b = canon.Bytes(b, h.Parent[:])
	b = canon.Uint(b, uint64(h.Position))
	b = canon.Bytes(b, h.Hash[:])
	b = canon.Text(b, h.Cause)
	if h.Doubt {
		b = canon.Bool(b, true)
	}
	return b
}

func decodeHistory(data []byte) (h History, err error) {
	r := canon.NewReader(data)
	n := r.Array(8)
	if n < 7 {
		r.Fail("history of %d parts", n)
	}
	r.Fixed(h.Org[:])
	h.OrgKey = make(ed25519.PublicKey, ed25519.PublicKeySize)
	r.Fixed(h.OrgKey)
	r.Fixed(h.ID[:])
	r.Fixed(h.Parent[:])
	h.Position = syncproto.Position(r.Uint(1<<63 - 1))
	r.Fixed(h.Hash[:])
	h.Cause = r.Text(1 << 10)
	if n > 7 {
		h.Doubt = r.Bool()
	}
	return h, r.Done()
}

// Contact is what a device said of itself.
type Contact struct {
	Device   syncproto.DeviceID
	Declared *syncproto.Declared // nil: only that it was there
	Newest   *syncproto.Head     // of its newest incarnation, as Hello named it; nil: it named none
	At       int64               // when that was so, UTC ms, where it is noted later; 0: when the entry came
}

// most is what of a number that a device may have made up the log can hold.
func most(n uint64) uint64 { return min(n, 1<<63-1) }

// Encode gives a contact entry's payload.
func (c *Contact) Encode() []byte {
	parts := 3
	if c.At != 0 {
		parts = 4
	}
	b := canon.Array(nil, parts)
	b = canon.Bytes(b, c.Device[:])
	if d := c.Declared; d == nil {
		b = canon.Null(b)
	} else {
		tail := []uint64{most(d.Unbacked), most(d.Kept), most(d.Gap), uint64(max(d.GapMS, 0)), most(d.Attachments)}
		for len(tail) > 0 && tail[len(tail)-1] == 0 {
			tail = tail[:len(tail)-1]
		}
		b = canon.Array(b, 4+len(tail))
		b = canon.Uint(b, most(d.Transactions))
		b = canon.Int(b, d.OldestMS)
		b = canon.Uint(b, most(d.Differing))
		b = AppendAmounts(b, d.AmountMinor)
		for _, n := range tail {
			b = canon.Uint(b, n)
		}
	}
	if c.Newest == nil {
		b = canon.Null(b)
	} else {
		b = canon.Array(b, 3)
		b = canon.Bytes(b, c.Newest.Incarnation[:])
		b = canon.Uint(b, uint64(c.Newest.Seq))
		b = canon.Bytes(b, c.Newest.Hash[:])
	}
	if parts > 3 {
		b = canon.Int(b, c.At)
	}
	return b
}

func decodeContact(data []byte) (c Contact, err error) {
	r := canon.NewReader(data)
	n := r.Array(4)
	if n < 2 {
		r.Fail("contact of %d parts", n)
	}
	r.Fixed(c.Device[:])
	if !r.Null() {
		c.Declared = &syncproto.Declared{}
		n := r.Array(9)
		c.Declared.Transactions = r.Uint(1<<63 - 1)
		c.Declared.OldestMS = r.Int()
		c.Declared.Differing = r.Uint(1<<63 - 1)
		c.Declared.AmountMinor = readAmounts(r)
		var tail [5]uint64 // logs of before have less
		for i := range max(n-4, 0) {
			tail[i] = r.Uint(1<<63 - 1)
		}
		c.Declared.Unbacked, c.Declared.Kept, c.Declared.Gap, c.Declared.GapMS, c.Declared.Attachments = tail[0], tail[1], tail[2], int64(tail[3]), tail[4]
	}
	if n >= 3 && !r.Null() { // logs of before have two parts
		h := &syncproto.Head{}
		r.Exactly(3)
		r.Fixed(h.Incarnation[:])
		h.Seq = syncproto.Seq(r.Uint(1<<62 - 1))
		r.Fixed(h.Hash[:])
		c.Newest = h
	}
	if n == 4 {
		c.At = r.Int()
	}
	return c, r.Done()
}
