package sqlitedb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// Disk is what the writes of a database say of the disk that it is on.
type Disk string

// From well to worst.
const (
	DiskWell    Disk = ""
	DiskFailed  Disk = "failed"  // a write or a flush failed since the database was opened; the last went well
	DiskFull    Disk = "full"    // there was no room for the last write
	DiskFailing Disk = "failing" // the last write, or its flush, failed
)

var severity = map[Disk]int{DiskWell: 0, DiskFailed: 1, DiskFull: 2, DiskFailing: 3}

// Now says whether it is so at this moment, so that it may be over at the next.
func (d Disk) Now() bool { return d == DiskFull || d == DiskFailing }

// Worst is what several databases say together.
func Worst(of ...Disk) (worst Disk) {
	for _, d := range of {
		if severity[d] > severity[worst] {
			worst = d
		}
	}
	return worst
}

// NoRoom says that an error is a disk without room.
func NoRoom(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && e.Code == sqlite3.ErrFull || errors.Is(err, syscall.ENOSPC)
}

// DiskError says that an error is a disk that did not take what was written, or cannot be
// written any more. Whether it is there after a power cut nobody knows.
func DiskError(err error) bool {
	if e, ok := errors.AsType[sqlite3.Error](err); ok {
		return e.Code == sqlite3.ErrIoErr || e.Code == sqlite3.ErrReadonly || e.Code == sqlite3.ErrCantOpen
	}
	return errors.Is(err, syscall.EIO) || errors.Is(err, syscall.EROFS)
}

// health is what is known of the disk.
type health struct {
	mu     sync.Mutex
	now    Disk // well, full or failing
	failed bool // it was failing once
	looked time.Time
}

// wrote notes what became of a write. An error that is not of the disk says nothing of it.
func (h *health) wrote(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err == nil:
		h.now = DiskWell
	case NoRoom(err):
		h.now = DiskFull
	case DiskError(err):
		h.now, h.failed = DiskFailing, true
	}
}

func (h *health) is() Disk {
	if h.now == DiskWell && h.failed {
		return DiskFailed
	}
	return h.now
}

// lookEvery is how often a disk in trouble is tried again for those who ask: a write that
// is flushed, or fails.
const lookEvery = time.Second

// due says how the disk is, and whether it is to be tried before that is told.
func (h *health) due() (is Disk, try bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if try = h.now.Now() && time.Since(h.looked) >= lookEvery; try {
		h.looked = time.Now()
	}
	return h.is(), try
}

// Disk tells how the disk is. Where it was in trouble at the last write it is tried with
// another, which changes nothing, so that trouble that is over does not stand.
func (db *DB) Disk(ctx context.Context) Disk {
	is, try := db.health.due()
	if !try {
		return is
	}
	_ = db.Write(ctx, func(tx *Tx) error { // the error is noted where it is the disk's
		n, err := tx.Int("PRAGMA user_version")
		if err != nil {
			return err
		}
		return tx.Script(fmt.Sprintf("PRAGMA user_version = %d", n))
	})
	is, _ = db.health.due()
	return is
}
