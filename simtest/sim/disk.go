package sim

import (
	"errors"
	"os"

	"github.com/rawaj/rawaj/internal/sqlitedb"
)

// disk is how a database is kept: what was flushed survives a crash, the rest may not.
type disk struct {
	w       *World
	full    bool
	dying   *bool
	left    int     // commits until the crash; negative: none is due
	sizes   []int64 // of the WAL after each commit that a crash may still take back, beginning with one that it cannot
	lastWAL string
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
			size := int64(0)
			if info, err := os.Stat(d.lastWAL); err == nil {
				size = info.Size()
			}
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

// copyDB copies a database as a crash leaves it: with so many of its last commits lost as
// may be and as are asked for.
func (d *disk) copyDB(from, to string, lose int) (lost int) {
	copyFile(d.w, from, to)
	wal, err := os.ReadFile(from + "-wal")
	if err != nil {
		return 0
	}
	if n := len(d.sizes); n > 0 && lose > 0 {
		lost = min(lose, n-1)
		if keep := d.sizes[n-1-lost]; keep < int64(len(wal)) {
			wal = wal[:keep]
		}
	}
	if len(wal) > 0 {
		d.w.must(os.WriteFile(to+"-wal", wal, 0o600))
	}
	return lost
}

func copyFile(w *World, from, to string) {
	b, err := os.ReadFile(from)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	w.must(err)
	w.must(os.WriteFile(to, b, 0o600))
}
