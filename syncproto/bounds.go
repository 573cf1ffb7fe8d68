package syncproto

import "time"

// Bounds of what is accepted from a peer (SPEC §8). Over a bound of a frame the
// connection ends; over a bound inside a signed batch the transaction is
// quarantined as malformed, for a batch that ended the connection would silence
// its device for ever.
const (
	// MaxText and MaxBytes bound one value: a screenful of note, a key, a seal.
	MaxText  = 16 << 10
	MaxBytes = 16 << 10
	// MaxBody bounds one transaction: 60,000 rows of a counted warehouse are about 6 MB.
	MaxBody = 16 << 20
	// MaxChanges bounds the records one transaction touches.
	MaxChanges = 1 << 16
	// MaxGroups and MaxFields bound one change and one group of it.
	MaxGroups = 32
	MaxFields = 64
	// MaxValues bounds the fields that one transaction writes, for a field of two bytes
	// takes forty in memory.
	MaxValues = 1 << 20
	// MaxBases bounds the positions that one transaction's screens were loaded from.
	MaxBases = 1 << 10
	// MaxBatchTransactions bounds a batch's run.
	MaxBatchTransactions = 4 << 10
	// MaxBatch bounds a batch as it travels and MaxBatchLength its bodies decompressed:
	// one transaction of MaxBody has to fit.
	MaxBatch       = 18 << 20
	MaxBatchLength = 17 << 20
	// MaxFrame bounds a message, MaxFrameLength its body decompressed.
	MaxFrame       = 64 << 10
	MaxFrameLength = 256 << 10
	// MaxGreeting bounds messages to and from a peer that has not named itself.
	MaxGreeting = 4 << 10
	// MaxHeads bounds the incarnations that a Hello names, oldest unreleased first; the
	// largest Hello fits MaxGreeting.
	MaxHeads = 48
	// MaxSettled bounds the heads of a Welcome, which has one a branch, and of a Checkpoint.
	MaxSettled = 1 << 10
	// MaxCursor bounds the opaque cursor, MaxOlder how many older ones a Resume names.
	MaxCursor = 64
	MaxOlder  = 64
	// MaxCovered bounds the scopes that a Resume names: two years of fairs.
	MaxCovered = 1 << 10
	// MaxSalvage bounds the batches of one Salvage frame.
	MaxSalvage = 1 << 8
	// MaxGive bounds the records of one Give, MaxKeptRow one of them as it is sealed: the
	// largest record of this schema is half of it.
	MaxGive    = 1 << 8
	MaxKeptRow = 48 << 10
	// MaxDetail bounds the words of a Bye.
	MaxDetail = 512
	// MaxCredit bounds what one frame grants.
	MaxCredit = 1 << 30
	// MaxRows bounds the records of one Rows frame.
	MaxRows = 4 << 10
)

// Deadlines of a connection (SPEC §8).
const (
	// GreetingTimeout is how long a peer may take to name itself.
	GreetingTimeout = 5 * time.Second
	// WriteTimeout is how long one message may take to be handed to the network.
	WriteTimeout = 10 * time.Second
	// PingEvery and PingTimeout find a half-open connection within a minute.
	PingEvery   = 20 * time.Second
	PingTimeout = 60 * time.Second
)
