package syncproto

import (
	"crypto/sha256"
	"fmt"

	"github.com/rawaj/rawaj/syncproto/canon"
	"github.com/rawaj/rawaj/syncproto/hlc"
)

// Numbers of the schema. They are part of the agreement: a rename keeps them.
type (
	TableID uint16
	GroupID uint16
	FieldID uint16
)

// Op is what a change does to its record.
type Op uint8

const (
	Create Op = 0 // the record is made; of an id that exists, each group is judged as an update without base
	Update Op = 1 // some groups of an existing record are written
)

// Lane orders what travels: sales and referrals before photos and bulk.
type Lane uint8

const (
	LaneUrgent Lane = 0
	LaneBulk   Lane = 1
)

// FieldValue is one field of a written group.
type FieldValue struct {
	Field FieldID
	Value Value
}

// GroupWrite writes every field of one group; null clears (SPEC §3.3).
type GroupWrite struct {
	Group  GroupID
	Base   int          // index into the transaction's Bases, or NoBase
	Left   string       // of a group with rule state: the state that was left; else empty
	Fields []FieldValue // ascending by field; every field of the group
}

// NoBase says that the author's screen showed no settled value of the group.
const NoBase = -1

// Change creates or updates some groups of one record.
type Change struct {
	Op     Op
	Table  TableID
	Record RecordID
	Groups []GroupWrite // ascending by group
}

// Base (SPEC §3.4) is the log position of the checkpoint that an author's screen was loaded
// from, and the log's hash there.
type Base struct {
	Position Position
	Hash     ShortHash
}

// BodyKind is the form of a transaction's body.
type BodyKind uint8

// BodyChanges is the only kind so far: a list of changes.
const BodyChanges BodyKind = 0

// Transaction is a set of changes that stand or fall together. Neither device nor
// seq stands in it: chain and batch header give them.
type Transaction struct {
	Kind     BodyKind
	Time     hlc.Stamp // by the device's clock, as claimed
	Zone     int       // minutes east of UTC at the author
	Person   RecordID  // who did it; zero where nobody signed in
	Schema   uint32    // schema version it was written under
	Rules    uint32    // rules version it was written under
	Lane     Lane
	Replaces *Hash // the quarantined transaction that this one mends
	Bases    []Base
	Changes  []Change
}

// AppendBody appends the canonical body bₙ (SPEC §3.4).
func AppendBody(b []byte, t *Transaction) []byte {
	b = canon.Array(b, 10)
	b = canon.Uint(b, uint64(t.Kind))
	b = canon.Uint(b, uint64(t.Time))
	b = canon.Int(b, int64(t.Zone))
	if t.Person.IsZero() {
		b = canon.Null(b)
	} else {
		b = canon.Bytes(b, t.Person[:])
	}
	b = canon.Uint(b, uint64(t.Schema))
	b = canon.Uint(b, uint64(t.Rules))
	b = canon.Uint(b, uint64(t.Lane))
	if t.Replaces == nil {
		b = canon.Null(b)
	} else {
		b = canon.Bytes(b, t.Replaces[:])
	}
	b = canon.Array(b, len(t.Bases))
	for _, base := range t.Bases {
		b = canon.Array(b, 2)
		b = canon.Uint(b, uint64(base.Position))
		b = canon.Bytes(b, base.Hash[:])
	}
	b = canon.Array(b, len(t.Changes))
	for i := range t.Changes {
		b = appendChange(b, &t.Changes[i])
	}
	return b
}

func appendChange(b []byte, c *Change) []byte {
	b = canon.Array(b, 4)
	b = canon.Uint(b, uint64(c.Op))
	b = canon.Uint(b, uint64(c.Table))
	b = canon.Bytes(b, c.Record[:])
	b = canon.Array(b, len(c.Groups))
	for _, g := range c.Groups {
		n := 3
		if g.Left != "" {
			n = 4
		}
		b = canon.Array(b, n)
		b = canon.Uint(b, uint64(g.Group))
		if g.Base == NoBase {
			b = canon.Null(b)
		} else {
			b = canon.Uint(b, uint64(g.Base))
		}
		b = canon.Map(b, len(g.Fields))
		for _, f := range g.Fields {
			b = canon.Uint(b, uint64(f.Field))
			b = AppendValue(b, f.Value)
		}
		if g.Left != "" {
			b = canon.Text(b, g.Left)
		}
	}
	return b
}

// ReadBody decodes a body, which has to be canonical and within the bounds. It
// knows nothing of the schema.
func ReadBody(b []byte) (*Transaction, error) {
	if len(b) > MaxBody {
		return nil, fmt.Errorf("body of %d bytes is over %d: %w", len(b), MaxBody, canon.ErrMalformed)
	}
	r := canon.NewReader(b)
	t := &Transaction{}
	r.Exactly(10)
	t.Kind = BodyKind(r.Uint(uint64(BodyChanges)))
	t.Time = hlc.Stamp(r.Uint(uint64(hlc.Max)))
	t.Zone = int(r.Int())
	if t.Zone < -24*60 || t.Zone > 24*60 {
		r.Fail("zone offset of %d minutes", t.Zone)
	}
	if !r.Null() {
		if r.Fixed(t.Person[:]); t.Person.IsZero() {
			r.Fail("nobody is written as null")
		}
	}
	t.Schema = uint32(r.Uint(1<<32 - 1))
	t.Rules = uint32(r.Uint(1<<32 - 1))
	t.Lane = Lane(r.Uint(uint64(LaneBulk)))
	if !r.Null() {
		t.Replaces = &Hash{}
		r.Fixed(t.Replaces[:])
	}
	if n := r.Array(MaxBases); n > 0 {
		t.Bases = make([]Base, n)
	}
	for i := range t.Bases {
		r.Exactly(2)
		t.Bases[i].Position = Position(r.Uint(1<<63 - 1))
		r.Fixed(t.Bases[i].Hash[:])
	}
	t.Changes = make([]Change, r.Array(MaxChanges))
	values := 0
	for i := range t.Changes {
		values += readChange(r, &t.Changes[i], len(t.Bases))
		if values > MaxValues {
			r.Fail("a transaction of over %d values", MaxValues)
		}
		if r.Err() != nil {
			break
		}
	}
	if len(t.Changes) == 0 && t.Replaces == nil { // it takes a held one back
		r.Fail("a transaction without a change")
	}
	return t, r.Done()
}

// readChange says how many values it took.
func readChange(r *canon.Reader, c *Change, bases int) (values int) {
	r.Exactly(4)
	c.Op = Op(r.Uint(uint64(Update)))
	c.Table = TableID(r.Uint(1<<16 - 1))
	r.Fixed(c.Record[:])
	c.Groups = make([]GroupWrite, r.Array(MaxGroups))
	for i := range c.Groups {
		g := &c.Groups[i]
		n := r.Array(4)
		if n < 3 {
			r.Fail("a group of %d parts", n)
		}
		g.Group = GroupID(r.Uint(1<<16 - 1))
		if i > 0 {
			r.Ascending(false, uint64(c.Groups[i-1].Group), uint64(g.Group))
		}
		g.Base = NoBase
		if !r.Null() {
			g.Base = int(r.Uint(MaxBases))
			if g.Base >= bases {
				r.Fail("base %d of %d", g.Base, bases)
			}
		}
		g.Fields = make([]FieldValue, r.Map(MaxFields))
		if values += len(g.Fields); len(g.Fields) == 0 {
			r.Fail("a group of no field")
		}
		for j := range g.Fields {
			g.Fields[j].Field = FieldID(r.Uint(1<<16 - 1))
			if j > 0 {
				r.Ascending(false, uint64(g.Fields[j-1].Field), uint64(g.Fields[j].Field))
			}
			g.Fields[j].Value = ReadValue(r)
		}
		if n == 4 {
			if g.Left = r.Text(64); g.Left == "" {
				r.Fail("an empty state was left")
			}
		}
		if r.Err() != nil {
			return values
		}
	}
	if len(c.Groups) == 0 && c.Op == Update {
		r.Fail("an update of nothing")
	}
	return values
}

// BodyHash is SHA-256(bₙ), which stands for a body that has been erased.
func BodyHash(body []byte) Hash { return sha256.Sum256(body) }

// Link is the chain hash after a transaction: hₙ = SHA-256(hₙ₋₁ ‖ SHA-256(bₙ)) (SPEC §4.2).
func Link(before, body Hash) Hash {
	var b [64]byte
	copy(b[:32], before[:])
	copy(b[32:], body[:])
	return sha256.Sum256(b[:])
}

// Genesis says where an incarnation continues: after seq Seq of Parent, whose
// chain hash was Hash there. The zero Genesis begins a device's first chain.
type Genesis struct {
	Parent Incarnation
	Seq    Seq
	Hash   Hash
}

// First says that there is no parent.
func (g Genesis) First() bool { return g == Genesis{} }

// GenesisHash is h₀ of an incarnation (SPEC §4.1).
func GenesisHash(org OrgID, device DeviceID, inc Incarnation, g Genesis) Hash {
	b := []byte("rawaj/genesis/1")
	b = canon.Array(b, 6)
	b = canon.Bytes(b, org[:])
	b = canon.Bytes(b, device[:])
	b = canon.Bytes(b, inc[:])
	return sha256.Sum256(appendParent(b, g))
}

func appendParent(b []byte, g Genesis) []byte {
	if g.First() {
		return canon.Null(canon.Null(canon.Null(b)))
	}
	b = canon.Bytes(b, g.Parent[:])
	b = canon.Uint(b, uint64(g.Seq))
	return canon.Bytes(b, g.Hash[:])
}
