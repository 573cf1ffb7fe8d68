package sim

import (
	"errors"

	"github.com/rawaj/rawaj/internal/memfs"
	"github.com/rawaj/rawaj/internal/sqlitedb"
)

// disk is how a database is kept: what was flushed survives a crash, the rest may not.
type disk struct {
	path  string
	full  bool
	dying *bool
	left  int     // commits until the crash; negative: none is due
	sizes []int64 // of the WAL after each commit that a crash may still take back, beginning with one that it cannot
}

var (
	errFull = errors.New("database or disk is full (simulated)")
	errDead = errors.New("the process is dead (simulated)")
)

// walCheckpoint is the size from which SQLite moves the WAL into the main file.
const walCheckpoint = 1000*(4096+24) + 32

func (d *disk) faults() *sqlitedb.Faults {
	return &sqlitedb.Faults{
		Before: func() error {
			if d.left == 0 {
				*d.dying = true
			}
			switch {
			case *d.dying:
				return errDead
			case d.full:
				return errFull
			}
			d.left--
			return nil
		},
		After: func(s sqlitedb.Sync) {
			size := memfs.Size(d.path + "-wal")
			last := int64(0)
			if len(d.sizes) > 0 {
				last = d.sizes[len(d.sizes)-1]
			}
			if s == sqlitedb.Full || size >= walCheckpoint || size < last {
				d.sizes = append(d.sizes[:0], size)
			} else {
				d.sizes = append(d.sizes, size)
			}
		},
	}
}
