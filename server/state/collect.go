package state

import (
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
)

// markersKept is how many days the feed remembers that a record left a share. A device
// that was away for longer is not told: its digest differs then, and it finds by ranges
// what the share does not have any more (SPEC §5.13).
const markersKept = 365

const dayMS = 24 * 60 * 60 * 1000

// age notes where in the log each day began, and with a new day lets go of markers that
// are too old. Days are those of arrival, so that every fold of a log collects alike.
func (f *fold) age(received int64) error {
	if f.day == 0 {
		var err error
		if f.day, err = f.tx.Int(`SELECT coalesce(max(day), 0) FROM age`); err != nil {
			return err
		}
	}
	day := received / dayMS
	if day <= f.day {
		return nil
	}
	f.day = day
	if err := f.tx.Exec(`INSERT INTO age (day, position) VALUES (?, ?)`, day, uint64(f.head.Position)); err != nil {
		return err
	}
	row, ok, err := f.tx.One(`SELECT day, position FROM age WHERE day <= ? ORDER BY day DESC LIMIT 1`, day-markersKept)
	if err != nil || !ok {
		return err
	}
	if err := f.tx.Exec(`DELETE FROM age WHERE day < ?`, row.Int(0)); err != nil {
		return err
	}
	return f.collect(syncproto.Position(row.Int(1)))
}

// collect removes the markers up to a position. The floor of a share is the highest that
// was removed: a reader that is below it may hold what has left.
func (f *fold) collect(upto syncproto.Position) error {
	floors := map[int64]int64{}
	if err := f.tx.Query(func(row sqlitedb.Row) error {
		share, position := row.Int(0), row.Int(3)
		floors[share] = max(floors[share], position)
		return f.tx.Exec(`DELETE FROM feed WHERE share = ? AND position = ? AND tbl = ? AND record = ?`, share, position, row.Int(1), row.Blob(2))
	}, `SELECT share, tbl, record, position FROM gone WHERE position <= ?`, uint64(upto)); err != nil {
		return err
	}
	for share, floor := range floors {
		if err := f.tx.Exec(`UPDATE share SET floor = max(floor, ?) WHERE id = ?`, floor, share); err != nil {
			return err
		}
	}
	return f.tx.Exec(`DELETE FROM gone WHERE position <= ?`, uint64(upto))
}

// Floors gives the floor of each share that has one.
func (r *Reader) Floors(f func(syncproto.Share, syncproto.Position)) error {
	return r.tx.Query(func(row sqlitedb.Row) error {
		scope, err := syncproto.ScopeFromBinary(row.Blob(1))
		f(syncproto.Share{Class: syncproto.Class(row.Int(0)), Scope: scope}, syncproto.Position(row.Int(2)))
		return err
	}, `SELECT class, scope, floor FROM share WHERE floor > 0 ORDER BY class, scope`)
}
