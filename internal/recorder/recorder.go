// Package recorder is a site's flight recorder: the last frames and changes of state, in a
// file of a fixed size that outlives the process. An event is numbers alone, so that
// nothing that anybody recorded can stand in it.
package recorder

import (
	"cmp"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/rawaj/rawaj/syncproto"
)

const (
	// slotBytes is an event on disk; maxEvents what the ring holds: some hours of a busy
	// till, or days of an idle one, in 256 KiB.
	slotBytes = 64
	maxEvents = 4096
	fileBytes = slotBytes * maxEvents
)

// Recorder writes events. It is safe for concurrent use, and nil records nothing. An event
// is handed to the kernel, which keeps it when the process is killed; it is not flushed, so
// a power cut may take the last ones.
type Recorder struct {
	mu   sync.Mutex
	file *os.File
	next uint64
	now  func() time.Time
}

// Open goes on after the last event of a file, or begins one.
func Open(path string, now func() time.Time) (*Recorder, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(fileBytes); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r := &Recorder{file: f, now: now, next: 1}
	events, err := read(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if len(events) > 0 {
		r.next = events[len(events)-1].Number + 1
	}
	r.Add(Event{What: Started})
	return r, nil
}

// Add records an event, whose number and time it sets. It never fails: recording must not
// hold up what it records.
func (r *Recorder) Add(e Event) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return
	}
	e.Number, e.TimeMS = r.next, r.now().UnixMilli()
	r.next++
	slot := e.slot()
	r.file.WriteAt(slot[:], int64(e.Number%maxEvents)*slotBytes)
}

// Events gives what is recorded, oldest first.
func (r *Recorder) Events() ([]Event, error) {
	if r == nil {
		return []Event{}, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return []Event{}, nil
	}
	return read(r.file)
}

// Close ends it.
func (r *Recorder) Close() error {
	if r == nil {
		return nil
	}
	r.Add(Event{What: Stopped})
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.file.Close()
	r.file = nil
	return err
}

// Read gives the events of a file, oldest first; a process may be writing to it. There are
// none where there is no file.
func Read(path string) ([]Event, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return []Event{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f)
}

func read(f *os.File) ([]Event, error) {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, fileBytes))
	if err != nil {
		return nil, err
	}
	events := []Event{}
	for ; len(b) >= slotBytes; b = b[slotBytes:] {
		if e, ok := event([slotBytes]byte(b)); ok {
			events = append(events, e)
		}
	}
	slices.SortFunc(events, func(a, b Event) int { return cmp.Compare(a.Number, b.Number) })
	return events, nil
}

// slot is the event as it stands in the file: eight numbers of eight bytes, the last the
// checksum of the rest.
func (e Event) slot() (b [slotBytes]byte) {
	for i, n := range [...]uint64{e.Number, uint64(e.TimeMS), uint64(e.What), uint64(e.Frame), uint64(e.Code), e.Bytes, e.Count} {
		binary.LittleEndian.PutUint64(b[8*i:], n)
	}
	binary.LittleEndian.PutUint64(b[56:], uint64(crc32.ChecksumIEEE(b[:56])))
	return b
}

// event reads a slot; ok is false where none was written there, or only half of one.
func event(b [slotBytes]byte) (e Event, ok bool) {
	var n [8]uint64
	for i := range n {
		n[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	if n[7] != uint64(crc32.ChecksumIEEE(b[:56])) || n[0] == 0 {
		return e, false
	}
	return Event{
		Number: n[0], TimeMS: int64(n[1]), What: What(n[2]), Frame: syncproto.FrameType(n[3]), Code: syncproto.Code(n[4]), Bytes: n[5], Count: n[6],
	}, true
}
