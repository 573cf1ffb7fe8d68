// Package oplog is the contract of the one ordered history of an organisation.
//
// A log orders and keeps opaque bytes; it knows nothing of what they mean, and
// never looks for repeats: exactly-once is the fold's affair. Its promise is
// that an index, once returned, names those bytes for ever. Each record carries
// a hash that covers all records up to it, so that two logs, or a log and who
// follows it, compare their whole past by 32 bytes.
package oplog

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
)

// Index numbers the records of a log without gaps; 1 is the first, 0 stands
// before it.
type Index uint64

// Hash covers a record and all before it: H_0 is zero, and
// H_i = SHA-256(H_{i-1} || SHA-256(data_i)).
type Hash [32]byte

// Record is one entry of the log.
type Record struct {
	Index Index
	Hash  Hash
	Data  []byte // belongs to whoever reads it; never nil, may be empty
}

// Log is one ordered history. It is safe for concurrent use.
type Log interface {
	// Append makes data durable, all of them next to each other and in order,
	// and returns the index of the last. Callers at the same time share a
	// commit. Appending nothing returns the index of the end.
	//
	// ctx only governs the wait to hand over: after that, Append runs to its end
	// and says what came of it, because a caller who stops listening would not
	// know what is in the log. The bytes must not change until Append returns.
	//
	// After an error nothing of data is in the log as this process sees it. Only
	// where the device failed while it synced may data turn up after a crash,
	// whole or not at all; a caller treats that like an answer lost on the way.
	Append(ctx context.Context, data ...[]byte) (Index, error)

	// Read calls f for each record with Index >= from, in order, up to the end
	// as it stood at the call. It ends without an error where f returns ErrStop,
	// and with f's error where it returns another. f may take its time and may
	// use the log; no transaction is open meanwhile. Read reports a gap, but
	// leaves the chain of hashes to who folds the log.
	Read(ctx context.Context, from Index, f func(Record) error) error

	// End is the index and hash of the last durable record; zeros where there is
	// none. It keeps its value after Close.
	End() (Index, Hash)

	// Wait returns nil as soon as End() > after, ctx's error where that ends
	// first, and ErrClosed where the log is closed. Nothing polls.
	Wait(ctx context.Context, after Index) error

	// Close takes no more appends, waits for those handed over, and frees the
	// log. A second Close does nothing.
	Close() error
}

// Bounds of one Append. Whoever is over them gets ErrTooLarge and nothing is
// appended.
const (
	// MaxData is the most bytes of one record. It bounds what a reader has to
	// hold at once; SQLite itself would take a thousand million.
	MaxData = 32 << 20

	// MaxGroup is the most records of one commit, and so of one Append: beyond a
	// few thousand the sync is long paid for and only the wait of the first
	// caller grows.
	MaxGroup = 4096

	// MaxGroupBytes is the most bytes of one commit, and so of one Append: two
	// records of the largest size. It bounds the WAL, which keeps the size of its
	// largest commit, and how long a small append waits behind large ones.
	//
	// A log takes in appends while fewer than MaxGroup records and MaxGroupBytes
	// wait for their commit; when full, Append waits under its ctx. So one group
	// gathers while another commits, and no size of append is starved by others.
	MaxGroupBytes = 2 * MaxData
)

var (
	// ErrStop, returned by the function given to Read, ends it without an error.
	ErrStop = errors.New("stop reading")

	// ErrClosed is returned by all methods after Close, but for End.
	ErrClosed = errors.New("log is closed")

	// ErrTooLarge says that an Append is over MaxData, MaxGroup or MaxGroupBytes.
	ErrTooLarge = errors.New("append is too large")

	// ErrShort says that the log lost records that it once had. Nothing must be
	// appended to it: it has to be restored from a backup.
	ErrShort = errors.New("log is shorter than it was")

	// ErrDamaged says that the log does not hold together: a record lacks or does
	// not chain.
	ErrDamaged = errors.New("log is damaged")
)

// Sum is what a record's data contributes to the chain.
func Sum(data []byte) Hash { return sha256.Sum256(data) }

// Next is the chain hash of a record with data after one with hash prev.
func Next(prev Hash, data []byte) Hash { return prev.Link(Sum(data)) }

// Link is the chain hash of a record, given the Sum of its data, after one with
// hash h.
func (h Hash) Link(sum Hash) Hash {
	var b [64]byte
	copy(b[:32], h[:])
	copy(b[32:], sum[:])
	return sha256.Sum256(b[:])
}

// String is the hash in hex.
func (h Hash) String() string { return fmt.Sprintf("%x", h[:]) }

// CheckSize says whether data fits into one Append, for those who implement Log.
func CheckSize(data [][]byte) error {
	if len(data) > MaxGroup {
		return fmt.Errorf("append %d records, the most is %d: %w", len(data), MaxGroup, ErrTooLarge)
	}
	total := 0
	for i, d := range data {
		if len(d) > MaxData {
			return fmt.Errorf("append record %d of %d with %d bytes, the most is %d: %w", i+1, len(data), len(d), MaxData, ErrTooLarge)
		}
		total += len(d)
	}
	if total > MaxGroupBytes {
		return fmt.Errorf("append %d bytes, the most is %d: %w", total, MaxGroupBytes, ErrTooLarge)
	}
	return nil
}
