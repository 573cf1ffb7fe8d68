package sqlitedb

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// Layout of a WAL, big endian: a header of 32 bytes (magic, version, page size,
// sequence, two salts, two checksums), then frames: page number, size of the database
// after a commit (0 where none), the salts, two checksums, the page. A checksum covers
// all before it. (sqlite.org/fileformat2.html §4.)
const (
	walHeader      = 32
	walFrameHeader = 24
	walMagic       = 0x377f0682 // its last bit set: checksums of big-endian words
)

// CheckWAL looks whether the WAL beside the database at path still holds what was
// written to it. SQLite itself says nothing: it ends at the first frame that does not
// fit its checksum, as if what follows had never been committed. Nobody may be
// writing meanwhile.
//
// Frames at the end that no commit follows are no finding: a process that is killed
// while it writes leaves such. A commit behind a broken frame is one. A power cut
// before the disk had all of a commit leaves the same until the database is next
// written to; what is found then was not confirmed to anybody.
func CheckWAL(path string) (found []string, err error) {
	f, err := os.Open(path + "-wal")
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	w := &wal{in: bufio.NewReaderSize(f, 1<<20)}
	if err := w.check(); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read %s-wal: %w", path, err)
	}
	return w.found, nil
}

type wal struct {
	in     *bufio.Reader
	order  binary.ByteOrder // of the words that are summed up
	salts  [2]uint32
	sum    [2]uint32
	found  []string
	broken int // the first frame that does not hold; 0 while all do
}

// check ends with io.EOF at the file's end, with io.ErrUnexpectedEOF inside a frame.
func (w *wal) check() error {
	head := make([]byte, walHeader)
	if _, err := io.ReadFull(w.in, head); err != nil {
		return err
	}
	word := func(i int) uint32 { return binary.BigEndian.Uint32(head[4*i:]) }
	w.order = binary.LittleEndian
	if word(0)&1 == 1 {
		w.order = binary.BigEndian
	}
	w.add(head[:24])
	size := word(2)
	if word(0)&^1 != walMagic || w.sum != [2]uint32{word(6), word(7)} || size < 512 || size > 1<<16 {
		if _, err := w.in.Peek(1); err == nil {
			w.found = append(w.found, "the head is damaged: nothing of what was committed here is read")
		}
		return nil
	}
	w.salts = [2]uint32{word(4), word(5)}
	frame := make([]byte, walFrameHeader+size)
	for n := 1; ; n++ {
		if _, err := io.ReadFull(w.in, frame); err != nil {
			return err
		}
		if w.frame(n, frame) {
			w.found = append(w.found, fmt.Sprintf("frame %d is damaged, and frame %d commits: what was committed from there on is not read", w.broken, n))
			return nil
		}
	}
}

// frame says whether the n-th frame commits what a broken one has cut off. What has
// neither of the salts was left by an earlier use of the file.
func (w *wal) frame(n int, frame []byte) (lost bool) {
	word := func(i int) uint32 { return binary.BigEndian.Uint32(frame[4*i:]) }
	salts := [2]uint32{word(2), word(3)}
	if w.broken == 0 {
		w.add(frame[:8])
		w.add(frame[walFrameHeader:])
		if salts == w.salts && w.sum == [2]uint32{word(4), word(5)} {
			return false
		}
		w.broken = n
	}
	ours := salts[0] == w.salts[0] || salts[1] == w.salts[1]
	return ours && word(1) != 0
}

// add sums up words, two at a time.
func (w *wal) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		w.sum[0] += w.order.Uint32(b) + w.sum[1]
		w.sum[1] += w.order.Uint32(b[4:]) + w.sum[0]
	}
}
