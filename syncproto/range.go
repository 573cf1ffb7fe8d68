package syncproto

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// A share whose digests differ is compared by ranges (SPEC §6.5): its records are spread
// over the leaves of a tree of fixed shape by a hash of what names them, and a node's
// mark adds up the hashes of the records below it. Whoever finds the two marks of a node
// unequal asks for those of its parts, and of a leaf for its records.

const (
	// RangeDepth is the level of the leaves; the root is level 0.
	RangeDepth = 3
	// rangeBits are the bits that each level adds to a node's number: 256 parts of the
	// root, 64 of each of those, 16 of each of those. So a leaf of a million records has
	// four, and ten that differ are found with some 9 KB in four rounds.
	rangeLeafBits = 18
	// MarkSize is the bytes of a node's mark: the digest of the share proves the repair,
	// so that a mark need only rarely hide a difference.
	MarkSize = 8
	// MaxItems bounds the records that one answer lists: it fits a message.
	MaxItems = 2048
)

var rangeBits = [RangeDepth]uint{8, 6, 4}

// RangeParts is how many parts a node of a level has, 0 to RangeDepth-1.
func RangeParts(level int) int { return 1 << rangeBits[level] }

// MaxRangeNodes is how many nodes of a level one frame asks about: the answer fits a
// message.
func MaxRangeNodes(level int) int {
	switch level {
	case 0:
		return 1
	case RangeDepth:
		return 256
	}
	return 32 << 10 / (MarkSize * RangeParts(level))
}

// RangeLeaf is the leaf that a record belongs to: the first 18 bits of SHA-256 over its
// table (2 bytes, big-endian) and its id.
func RangeLeaf(table TableID, record RecordID) uint32 {
	var b [18]byte
	binary.BigEndian.PutUint16(b[:], uint16(table))
	copy(b[2:], record[:])
	h := sha256.Sum256(b[:])
	return binary.BigEndian.Uint32(h[:]) >> (32 - rangeLeafBits)
}

// RangeTree holds the marks of a share's leaves. It takes 2 MiB whatever the share holds.
type RangeTree struct{ leaves [1 << rangeLeafBits]uint64 }

// Add counts a record in, by its hash (SPEC §6.1).
func (t *RangeTree) Add(table TableID, record RecordID, h Hash) {
	t.leaves[RangeLeaf(table, record)] += binary.LittleEndian.Uint64(h[:MarkSize])
}

// mark is what a node adds up to.
func (t *RangeTree) mark(level int, node uint32) (sum uint64) {
	shift := uint(0)
	for l := level; l < RangeDepth; l++ {
		shift += rangeBits[l]
	}
	for _, m := range t.leaves[node<<shift : (node+1)<<shift] {
		sum += m
	}
	return sum
}

// Marks gives the marks of the parts of nodes of a level, one after the other.
func (t *RangeTree) Marks(level int, nodes []uint32) []byte {
	parts := RangeParts(level)
	b := make([]byte, 0, MarkSize*parts*len(nodes))
	for _, n := range nodes {
		for p := range parts {
			b = binary.LittleEndian.AppendUint64(b, t.mark(level+1, n<<rangeBits[level]|uint32(p)))
		}
	}
	return b
}

// Differing lists the parts of nodes of a level whose marks are not those given, in the
// form of Marks: nodes of the next level, ascending where the nodes given are.
func (t *RangeTree) Differing(level int, nodes []uint32, marks []byte) []uint32 {
	var out []uint32
	for _, n := range nodes {
		for p := range RangeParts(level) {
			part := n<<rangeBits[level] | uint32(p)
			if t.mark(level+1, part) != binary.LittleEndian.Uint64(marks) {
				out = append(out, part)
			}
			marks = marks[MarkSize:]
		}
	}
	return out
}

// Range (SPEC §5.13) asks about nodes of a share's tree, and answers: for a level above
// the leaves with the marks of their parts, for leaves with their records.
type Range struct {
	Class Class    `cbor:"1,keyasint"`
	Scope Scope    `cbor:"2,keyasint"`
	Level uint64   `cbor:"3,keyasint"` // 0 to RangeDepth
	Nodes []uint32 `cbor:"4,keyasint"` // ascending; in an answer those that it covers, the first of those asked for
	Marks []byte   `cbor:"5,keyasint,omitempty"`
	Items []Item   `cbor:"6,keyasint,omitempty"`
}

// Item is a record as a leaf lists it: the first bytes of its hash.
type Item struct {
	_      struct{} `cbor:",toarray"`
	Table  TableID
	Record RecordID
	Mark   uint64 // first eight bytes of the hash, little-endian
}

// MarkOf is the part of a record's hash that an Item carries.
func MarkOf(h Hash) uint64 { return binary.LittleEndian.Uint64(h[:MarkSize]) }

// Need (SPEC §5.13) asks for records of a share as the server holds them, and for a
// checkpoint with the digest of the share.
type Need struct {
	Class   Class      `cbor:"1,keyasint"`
	Scope   Scope      `cbor:"2,keyasint"`
	Records []TableIDs `cbor:"3,keyasint,omitempty"`
}

func (*Range) Type() FrameType { return TypeRange }
func (*Need) Type() FrameType  { return TypeNeed }

func (f *Range) check() error {
	if err := first(
		Share{Class: f.Class, Scope: f.Scope}.check(),
		within(f.Level <= RangeDepth, "level %d", f.Level),
	); err != nil {
		return err
	}
	level := int(f.Level)
	if len(f.Nodes) == 0 || len(f.Nodes) > MaxRangeNodes(level) {
		return fmt.Errorf("%d nodes of level %d", len(f.Nodes), level)
	}
	bits := uint(0)
	for _, b := range rangeBits[:level] {
		bits += b
	}
	for i, n := range f.Nodes {
		if n >= 1<<bits || i > 0 && n <= f.Nodes[i-1] {
			return fmt.Errorf("node %d of level %d", n, level)
		}
	}
	if len(f.Marks) > 0 && (level == RangeDepth || len(f.Marks) != MarkSize*RangeParts(level)*len(f.Nodes)) {
		return fmt.Errorf("marks of %d bytes", len(f.Marks))
	}
	return within(len(f.Items) <= MaxItems && (len(f.Items) == 0 || level == RangeDepth), "%d items at level %d", len(f.Items), level)
}

func (f *Need) check() error {
	return first(Share{Class: f.Class, Scope: f.Scope}.check(), checkRecords(f.Records))
}
