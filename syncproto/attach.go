package syncproto

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// Attachments (SPEC §5.16) are bytes that a record names: photos, signatures. They travel
// in chunks in a lane of their own, and stand in no log.

const (
	// MaxAttachment bounds an attachment: a photo as a camera makes it, a scanned file.
	MaxAttachment = 40 << 20
	// ChunkSize is the bytes of each chunk but the last: what may be ahead of a sale.
	ChunkSize = 32 << 10
	// MaxChunks is how many chunks the longest has; their hashes fit a message.
	MaxChunks = MaxAttachment / ChunkSize
)

// Root names an attachment by what it holds.
type Root [32]byte

func (v Root) String() string               { return hex.EncodeToString(v[:]) }
func (v Root) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (v *Root) UnmarshalText(b []byte) error {
	raw, err := hex.DecodeString(string(b))
	if err != nil || len(raw) != len(v) {
		return fmt.Errorf("%q is no attachment: want 64 hexadecimal digits", b)
	}
	*v = Root(raw)
	return nil
}

func (v *Root) UnmarshalCBOR(b []byte) error { return fixed(v[:], b) }

// IsZero says that there is none.
func (v Root) IsZero() bool { return v == Root{} }

// RootValue holds an attachment's name; the zero one is null.
func RootValue(v Root) Value {
	if v.IsZero() {
		return Value{}
	}
	return BytesValue(v[:])
}

// Root is the attachment that bytes name; zero for other kinds and lengths.
func (v Value) Root() (r Root) {
	if v.kind == Bytes && len(v.s) == len(r) {
		copy(r[:], v.s)
	}
	return r
}

// Manifest says what an attachment consists of.
type Manifest struct {
	Length uint64
	Chunks []Hash // SHA-256 of each
}

// Cut makes the manifest of an attachment's bytes.
func Cut(b []byte) Manifest {
	m := Manifest{Length: uint64(len(b))}
	for len(b) > 0 {
		n := min(len(b), ChunkSize)
		m.Chunks = append(m.Chunks, sha256.Sum256(b[:n]))
		b = b[n:]
	}
	return m
}

// Root is the name of the attachment.
func (m *Manifest) Root() (r Root) {
	h := sha256.New()
	h.Write([]byte("rawaj/attachment/1"))
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], m.Length)
	h.Write(length[:])
	for i := range m.Chunks {
		h.Write(m.Chunks[i][:])
	}
	h.Sum(r[:0])
	return r
}

// Size is how many bytes a chunk has, 0 where there is no such chunk.
func (m *Manifest) Size(index uint64) int {
	if index >= uint64(len(m.Chunks)) {
		return 0
	}
	return int(min(m.Length-index*ChunkSize, ChunkSize))
}

func (m *Manifest) check() error {
	return first(
		within(m.Length >= 1 && m.Length <= MaxAttachment, "attachment of %d bytes", m.Length),
		within(uint64(len(m.Chunks)) == (m.Length+ChunkSize-1)/ChunkSize, "%d chunks of %d bytes", len(m.Chunks), m.Length),
	)
}

// Have (SPEC §5.16) is the manifest of an attachment that the sender has whole; without
// one, the sender has nothing to give under that name.
type Have struct {
	Root   Root   `cbor:"1,keyasint"`
	Length uint64 `cbor:"2,keyasint,omitempty"` // bytes
	Hashes []byte `cbor:"3,keyasint,omitempty"` // SHA-256 of each chunk, one after the other
}

// NewHave is the manifest of an attachment as it travels.
func NewHave(m *Manifest) *Have {
	f := &Have{Root: m.Root(), Length: m.Length}
	for i := range m.Chunks {
		f.Hashes = append(f.Hashes, m.Chunks[i][:]...)
	}
	return f
}

// Manifest gives what the frame says; ok is false where it says that there is nothing.
func (f *Have) Manifest() (m Manifest, ok bool) {
	m.Length = f.Length
	for b := f.Hashes; len(b) >= len(Hash{}); b = b[len(Hash{}):] {
		m.Chunks = append(m.Chunks, Hash(b[:len(Hash{})]))
	}
	return m, len(m.Chunks) > 0
}

// check also verifies the manifest by its name, so that whoever reads one can rely on it.
func (f *Have) check() error {
	if f.Length == 0 && len(f.Hashes) == 0 {
		return named(f.Root)
	}
	m, _ := f.Manifest()
	if err := first(within(len(f.Hashes)%len(Hash{}) == 0, "hashes of %d bytes", len(f.Hashes)), m.check()); err != nil {
		return err
	}
	return within(m.Root() == f.Root, "a manifest that is not of its name")
}

func named(r Root) error { return within(!r.IsZero(), "an attachment without a name") }

// Chunk (SPEC §5.16) is a piece of an attachment that was asked for; without data, the
// sender has it not any more.
type Chunk struct {
	Root  Root   `cbor:"1,keyasint"`
	Index uint64 `cbor:"2,keyasint"`
	Data  []byte `cbor:"3,keyasint,omitempty"`
}

func (f *Chunk) check() error {
	return first(
		named(f.Root),
		within(f.Index < MaxChunks, "chunk %d", f.Index),
		within(len(f.Data) <= ChunkSize, "chunk of %d bytes", len(f.Data)),
	)
}

// Want is what a ChunkAsk asks for, or answers to a Have.
type Want uint64

// Wants; append-only.
const (
	WantManifest Want = 0 // the manifest
	WantChunk    Want = 1 // one chunk
	WantNothing  Want = 2 // nothing more: it is whole and durable here
	WantLater    Want = 3 // nothing now: there is no room or turn for it, come again
	WantNot      Want = 4 // nothing: no record or held transaction here names it
)

// ChunkAsk (SPEC §5.16) asks for a manifest or a chunk, and ends what a Have began.
type ChunkAsk struct {
	Root  Root   `cbor:"1,keyasint"`
	Want  Want   `cbor:"2,keyasint"`
	Index uint64 `cbor:"3,keyasint,omitempty"` // of the chunk
}

func (f *ChunkAsk) check() error {
	return first(
		named(f.Root),
		within(f.Want <= WantNot, "want %d", f.Want),
		within(f.Index < MaxChunks && (f.Want == WantChunk || f.Index == 0), "chunk %d", f.Index),
	)
}

func (*Have) Type() FrameType     { return TypeHave }
func (*Chunk) Type() FrameType    { return TypeChunk }
func (*ChunkAsk) Type() FrameType { return TypeChunkAsk }
