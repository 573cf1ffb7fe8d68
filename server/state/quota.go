package state

import (
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
)

// Quota is what is held of one device.
type Quota struct{ Held, HeldBytes, Escrow, EscrowBytes int64 }

// HeldOf adds up what is held of a device. Where its chains say that nothing is, nothing
// more is looked at.
func (r *Reader) HeldOf(device syncproto.DeviceID) (q Quota, err error) {
	err = r.tx.Query(func(row sqlitedb.Row) error {
		if syncproto.Code(row.Int(0)).Escrow() {
			q.Escrow += row.Int(1)
			q.EscrowBytes += row.Int(2)
		} else {
			q.Held += row.Int(1)
			q.HeldBytes += row.Int(2)
		}
		return nil
	}, `SELECT code, count(*), sum(length(body)) FROM held
		WHERE chain IN (SELECT id FROM chain WHERE device = ? AND held > 0) GROUP BY code`, device[:])
	return q, err
}

// ParkedOf counts the batches of a device that wait for one before them, and says whether
// this one is among them.
func (r *Reader) ParkedOf(h *syncproto.BatchHeader) (waiting int64, among bool, err error) {
	if waiting, err = r.tx.Int(`SELECT count(*) FROM parked WHERE device = ?`, h.Device[:]); err != nil || waiting == 0 {
		return 0, false, err
	}
	among, err = parked(r.tx, awaits(h), h)
	return waiting, among, err
}

// Follows says whether what comes before a batch has been judged.
func (r *Reader) Follows(h *syncproto.BatchHeader) (bool, error) {
	switch {
	case h.First > 1:
		return r.Holds(syncproto.Head{Incarnation: h.Incarnation, Seq: h.First - 1, Hash: h.Before})
	case h.Genesis.First():
		return true, nil
	}
	return r.Holds(syncproto.Head{Incarnation: h.Genesis.Parent, Seq: h.Genesis.Seq, Hash: h.Genesis.Hash})
}
