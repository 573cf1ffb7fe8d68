// Package mark keeps a high-water mark outside a database.
//
// A database that lost its tail looks whole: a disk that lied about a sync, or
// an old copy put back, leaves a file in which every check passes. The mark is
// the witness beside it: how far the database had come, in a file of its own.
//
// It is set after each commit and never synced. Because the database's commit
// is on disk before the mark is written, database >= mark always holds after
// any crash: a mark that a power cut took back is merely older. A mark ahead of
// the database therefore proves that a tail was lost.
//
// The file holds two slots, written in turn, each with a checksum and in a disk
// block of its own, so that a torn write leaves the other. A mark costs one
// pwrite of 84 bytes.
package mark

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"
)

// Layout of a slot, big endian: magic 8, generation 8, n 8, hash 32, id 16, given 8,
// CRC-32C of all these 4.
const (
	slotSize  = 84
	slotSpace = 4096 // from one slot to the next: a torn block never holds both
)

var (
	magic      = []byte("rwjmark2")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// File is a mark in its file. It is safe for concurrent use.
type File struct {
	mu         sync.Mutex
	file       *os.File
	generation uint64 // of the newest slot; 0 where neither is sound
	last       state
}

type state struct {
	id    [16]byte
	n     uint64
	hash  [32]byte
	given uint64
}

// Open opens or makes the file at path. A file in which neither slot is sound
// is no error: it knows nothing, Get says so, and Set mends it.
func Open(path string) (*File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open mark: %w", err)
	}
	m := &File{file: f}
	if err := m.load(); err != nil {
		f.Close()
		return nil, err
	}
	return m, nil
}

// Read tells what the file at path holds without changing or making it; ok is
// false where there is no file or no sound slot.
func Read(path string) (id [16]byte, n uint64, hash [32]byte, ok bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return id, 0, hash, false, nil
	}
	if err != nil {
		return id, 0, hash, false, fmt.Errorf("read mark: %w", err)
	}
	defer f.Close()
	m := &File{file: f}
	if err := m.load(); err != nil {
		return id, 0, hash, false, err
	}
	id, n, hash, ok = m.Get()
	return id, n, hash, ok, nil
}

// Set records that the database identified by id has come to n, with hash there.
// Call it after that commit is durable, never before. An error leaves the mark
// where it was, which is behind and therefore safe.
func (m *File) Set(id [16]byte, n uint64, hash [32]byte) error { return m.SetGiven(id, n, hash, 0) }

// SetGiven is Set with the last number that was given to somebody outside, who keeps it
// when the database does not: that of a printed receipt.
func (m *File) SetGiven(id [16]byte, n uint64, hash [32]byte, given uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	next, s := m.generation+1, state{id, n, hash, given}
	if _, err := m.file.WriteAt(encode(next, s), offset(next)); err != nil {
		return fmt.Errorf("set mark to %d: %w", n, err)
	}
	m.generation, m.last = next, s
	return nil
}

// Get is what was last set, in this life of the process or an earlier one; ok is
// false where nothing is known.
func (m *File) Get() (id [16]byte, n uint64, hash [32]byte, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last.id, m.last.n, m.last.hash, m.generation > 0
}

// Given is the number that was last set with SetGiven; 0 where none was.
func (m *File) Given() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last.given
}

// Close closes the file.
func (m *File) Close() error { return m.file.Close() }

// load takes the sound slot of the higher generation.
func (m *File) load() error {
	for slot := range int64(2) {
		raw := make([]byte, slotSize)
		if _, err := m.file.ReadAt(raw, slot*slotSpace); err != nil && err != io.EOF {
			return fmt.Errorf("read mark: %w", err)
		}
		if generation, s, ok := decode(raw); ok && generation > m.generation {
			m.generation, m.last = generation, s
		}
	}
	return nil
}

// offset puts generations into the slots in turn.
func offset(generation uint64) int64 { return int64(generation%2) * slotSpace }

func encode(generation uint64, s state) []byte {
	b := make([]byte, 0, slotSize)
	b = append(b, magic...)
	b = binary.BigEndian.AppendUint64(b, generation)
	b = binary.BigEndian.AppendUint64(b, s.n)
	b = append(b, s.hash[:]...)
	b = append(b, s.id[:]...)
	b = binary.BigEndian.AppendUint64(b, s.given)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decode(b []byte) (generation uint64, s state, ok bool) {
	body, sum := b[:slotSize-4], binary.BigEndian.Uint32(b[slotSize-4:])
	if !bytes.HasPrefix(b, magic) || crc32.Checksum(body, castagnoli) != sum {
		return 0, s, false
	}
	s.n = binary.BigEndian.Uint64(b[16:])
	copy(s.hash[:], b[24:56])
	copy(s.id[:], b[56:72])
	s.given = binary.BigEndian.Uint64(b[72:])
	return binary.BigEndian.Uint64(b[8:]), s, true
}
