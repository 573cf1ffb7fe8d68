package syncproto

// Frames, in order of appearance (SPEC §5). A message is one frame: canonical
// [type, body], where the body is a map with integer keys, or a byte string that
// holds such a map compressed (zstd; only from the server, and only to a device
// that has named itself). Keys that a reader does not know are skipped; an unknown
// type ends the connection with Bye CodeUnsupported.

// FrameType numbers the frames; append-only.
type FrameType uint8

const (
	TypeChallenge  FrameType = 1
	TypeHello      FrameType = 2
	TypeResume     FrameType = 3
	TypeWelcome    FrameType = 4
	TypePush       FrameType = 5
	TypeReceipt    FrameType = 6
	TypeRows       FrameType = 7
	TypeLeave      FrameType = 8
	TypeCheckpoint FrameType = 9
	TypeCredit     FrameType = 10
	TypePing       FrameType = 11
	TypeBye        FrameType = 12
	TypeRange      FrameType = 13
	TypeNeed       FrameType = 14
	TypeGive       FrameType = 15
	TypeSalvage    FrameType = 16
	TypeChunk      FrameType = 17
	TypeChunkAsk   FrameType = 18
	TypeHave       FrameType = 19
)

// Frame is one of the frames below.
type Frame interface{ Type() FrameType }

// Challenge (SPEC §5.1) is the server's first word.
type Challenge struct {
	Version    uint64 `cbor:"1,keyasint"` // newest version the server speaks
	MinVersion uint64 `cbor:"2,keyasint"` // oldest version the server speaks
	Org        OrgID  `cbor:"3,keyasint"`
	Nonce      []byte `cbor:"4,keyasint"` // 32 random bytes, to be signed
	TimeMS     int64  `cbor:"5,keyasint"` // server's clock, UTC ms
}

// Hello (SPEC §5.2) names the device. It is at most MaxGreeting bytes; what else a
// device has to say about what it holds follows at once in Resume.
type Hello struct {
	Version     uint64   `cbor:"1,keyasint"`
	Device      DeviceID `cbor:"2,keyasint"`
	Signature   []byte   `cbor:"3,keyasint"`           // Ed25519 over the challenge (SPEC §5.2)
	TimeMS      int64    `cbor:"4,keyasint"`           // device's clock as it signed, UTC ms
	Declared    Declared `cbor:"5,keyasint"`           // what has not reached the server
	Certificate []byte   `cbor:"6,keyasint,omitempty"` // when asked by Bye CodeUnknown
	Heads       []Head   `cbor:"7,keyasint,omitempty"` // incarnations with unreleased transactions, oldest first, at most MaxHeads
	Program     string   `cbor:"8,keyasint,omitempty"` // name and version, for people
}

// Declared is a backlog as its device declares it.
type Declared struct {
	Transactions uint64           `cbor:"1,keyasint"`
	AmountMinor  map[string]int64 `cbor:"2,keyasint,omitempty"` // by currency, of sales therein, minor units
	OldestMS     int64            `cbor:"3,keyasint,omitempty"` // UTC ms by the device's clock; 0 where there is none
	Differing    uint64           `cbor:"4,keyasint,omitempty"` // shares that were repaired in vain: a person has to look
	Unbacked     uint64           `cbor:"5,keyasint,omitempty"` // transactions let go for want of room, though in no backup known
	Kept         uint64           `cbor:"6,keyasint,omitempty"` // records of others that the server has lost, kept sealed
	Gap          uint64           `cbor:"7,keyasint,omitempty"` // transactions let go that the server has lost
	GapMS        int64            `cbor:"8,keyasint,omitempty"` // when the device had heard of the backup that holds them, UTC ms by the server's clock; 0: not known
	Attachments  uint64           `cbor:"9,keyasint,omitempty"` // that the server has not confirmed
}

// Head is how far one incarnation goes, and its chain hash there.
type Head struct {
	_           struct{} `cbor:",toarray"`
	Incarnation Incarnation
	Seq         Seq
	Hash        Hash
}

// Resume (SPEC §5.3) says what the device holds, so that only the rest is sent. It
// follows Hello without waiting for Welcome.
type Resume struct {
	Cursor   []byte     `cbor:"1,keyasint,omitempty"` // of the last Checkpoint; absent where there was none
	Covered  []Share    `cbor:"2,keyasint,omitempty"` // shares complete at the cursor
	Reading  *ReadPoint `cbor:"3,keyasint,omitempty"` // where a page sequence stopped
	Backfill []Backfill `cbor:"4,keyasint,omitempty"` // shares being filled beside the cursor
	Older    [][]byte   `cbor:"5,keyasint,omitempty"` // older cursors, newest first, when asked by Bye CodeHistory
	Credit   uint64     `cbor:"6,keyasint"`           // decompressed bytes the server may send before more is given
	Salvage  bool       `cbor:"7,keyasint,omitempty"` // Salvage frames follow at once
}

// ReadPoint (SPEC §5.9) is a resume point of paged reading: what was read, and of which log.
type ReadPoint struct {
	_        struct{} `cbor:",toarray"`
	Position Position // read up to here
	Head     Position // head of the read that produced it
	Hash     Hash     // log hash at Head
}

// Backfill is a newly granted share on its way.
type Backfill struct {
	_     struct{} `cbor:",toarray"`
	Share Share
	Point ReadPoint
}

// Welcome (SPEC §5.4) takes the device in.
type Welcome struct {
	Version  uint64    `cbor:"1,keyasint"` // that both speak
	History  HistoryID `cbor:"2,keyasint"`
	Heads    []Head    `cbor:"3,keyasint,omitempty"`  // of the incarnations that Hello named: last gapless transaction in the log, one entry a branch
	OffsetMS int64     `cbor:"4,keyasint"`            // device's clock minus server's, as measured
	Credit   uint64    `cbor:"5,keyasint"`            // bytes of bodies the device may push before more is given
	Server   []byte    `cbor:"6,keyasint"`            // certificate of the server's device, whose key signs receipts
	Position Position  `cbor:"7,keyasint"`            // log's end as it stood when Hello came
	Copy     bool      `cbor:"8,keyasint,omitempty"`  // the device is a copy, and the later one: it asks for a name of its own
	Kept     *KeptAsk  `cbor:"9,keyasint,omitempty"`  // what becomes of records that the device keeps for a server that lost them
	Withheld bool      `cbor:"10,keyasint,omitempty"` // the server went back, and nobody has vouched for who takes part: no rows come, and what is pushed is not judged yet
}

// KeptAsk says what becomes of the records that a device numbered and keeps (SPEC §5.15).
type KeptAsk struct {
	_     struct{} `cbor:",toarray"`
	Done  uint64   // head office has seen those up to here: the device drops them
	Given uint64   // the log has those up to here
	Ask   bool     // those after Given are asked for
}

// Push (SPEC §5.5) carries a piece of a batch. Pieces come in order, batch after
// batch; each takes its Cost from the credit.
type Push struct {
	Batch  uint64 `cbor:"1,keyasint"` // counts from 1 within the connection
	Offset uint64 `cbor:"2,keyasint"`
	Total  uint64 `cbor:"3,keyasint"` // bytes of the batch as it travels
	Length uint64 `cbor:"4,keyasint"` // bytes of its bodies decompressed
	Data   []byte `cbor:"5,keyasint"`
}

// Receipt is a signed ReceiptBody.
type Receipt struct {
	Signed []byte `cbor:"1,keyasint"`
}

// Give (SPEC §5.15) hands over records that a device keeps for a server that lost them.
type Give struct {
	Upto uint64   `cbor:"1,keyasint"` // number of the last of them
	Rows [][]byte `cbor:"2,keyasint"` // each sealed to the organisation's key
}

// Leave (SPEC §5.7) takes records, or a whole share, off the device.
type Leave struct {
	Class   Class      `cbor:"1,keyasint"`
	Scope   Scope      `cbor:"2,keyasint"`
	Records []TableIDs `cbor:"3,keyasint,omitempty"` // absent: the whole share
	Point   *ReadPoint `cbor:"4,keyasint,omitempty"` // last frame of a page: where it ends
	Lane    FrameLane  `cbor:"5,keyasint,omitempty"`
}

// TableIDs lists records of one table, 16 bytes each.
type TableIDs struct {
	_     struct{} `cbor:",toarray"`
	Table TableID
	IDs   []byte
}

// FrameLane tells the cursor's own pages (0) from those of a backfill (1).
type FrameLane uint8

const (
	LaneCursor   FrameLane = 0
	LaneBackfill FrameLane = 1
)

// Checkpoint (SPEC §5.8) completes the state at a position: what was staged becomes visible.
type Checkpoint struct {
	Cursor   []byte        `cbor:"1,keyasint"` // opaque, at most MaxCursor bytes
	Position Position      `cbor:"2,keyasint"`
	Hash     Hash          `cbor:"3,keyasint"` // log hash at Position: bases are taken from here
	History  HistoryID     `cbor:"4,keyasint"`
	Settled  []Head        `cbor:"5,keyasint,omitempty"` // reader's own highest processed seq an incarnation, where it changed
	Digests  []ShareDigest `cbor:"6,keyasint,omitempty"` // by share; those that changed in the session, all in the first
	Covered  []Share       `cbor:"7,keyasint,omitempty"` // shares complete now, where that changed in the session
	TimeMS   int64         `cbor:"8,keyasint"`           // server's clock at the read, UTC ms
}

// Salvage (SPEC §5.14) hands back batches of control, as the server signed them, to a
// server that has lost them.
type Salvage struct {
	Batches [][]byte `cbor:"1,keyasint,omitempty"`
	Last    bool     `cbor:"2,keyasint,omitempty"`
}

// ShareDigest is the digest of one share.
type ShareDigest struct {
	_     struct{} `cbor:",toarray"`
	Share Share
	Count uint64
	Sum   Sum
}

// Credit (SPEC §5.10) lets the peer send so many decompressed bytes more.
type Credit struct {
	Bytes uint64 `cbor:"1,keyasint"`
}

// Ping (SPEC §5.11) shows that a peer is there. A device tells what it now declares.
type Ping struct {
	TimeMS   int64     `cbor:"1,keyasint"`           // sender's clock, UTC ms
	Declared *Declared `cbor:"2,keyasint,omitempty"` // from a device, where it changed, and in answers while nothing is pending
	Answer   bool      `cbor:"3,keyasint,omitempty"` // true: asks for a Ping back
	Of       int64     `cbor:"4,keyasint,omitempty"` // with Declared: the server's TimeMS that the device had last heard when it looked
}

// Bye (SPEC §5.12) ends the connection and says what the peer does next.
type Bye struct {
	Code         Code   `cbor:"1,keyasint"`
	Detail       string `cbor:"2,keyasint,omitempty"` // for the log, in English
	RetryAfterMS int64  `cbor:"3,keyasint,omitempty"` // 0: as the code says
	Revocation   []byte `cbor:"4,keyasint,omitempty"` // signed, with CodeRevoked
}

func (*Challenge) Type() FrameType  { return TypeChallenge }
func (*Hello) Type() FrameType      { return TypeHello }
func (*Resume) Type() FrameType     { return TypeResume }
func (*Welcome) Type() FrameType    { return TypeWelcome }
func (*Push) Type() FrameType       { return TypePush }
func (*Receipt) Type() FrameType    { return TypeReceipt }
func (*Rows) Type() FrameType       { return TypeRows }
func (*Leave) Type() FrameType      { return TypeLeave }
func (*Checkpoint) Type() FrameType { return TypeCheckpoint }
func (*Credit) Type() FrameType     { return TypeCredit }
func (*Ping) Type() FrameType       { return TypePing }
func (*Bye) Type() FrameType        { return TypeBye }
func (*Salvage) Type() FrameType    { return TypeSalvage }
func (*Give) Type() FrameType       { return TypeGive }
