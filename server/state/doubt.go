package state

import (
	"crypto/sha256"

	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
)

// A log that certainly was longer may have lost that a device was revoked, and nobody can
// tell by what is left. Until a person vouches for who takes part, devices that read
// personal records hear nothing (server), and what they deliver is parked here, not judged.

// inDoubt is what their batches wait for.
var inDoubt = syncproto.Hash(sha256.Sum256([]byte("rawaj/doubt/1")))

// doubted says whether a batch has to wait until a person has vouched.
func (f *fold) doubted(e *Entry, h *syncproto.BatchHeader) (bool, error) {
	if f.head.Doubt == 0 || e.Road == RoadOwn || e.Road == RoadBack {
		return false, nil
	}
	access, err := f.accessOf(h.Device)
	return err == nil && access.ReadsPersonal() && !access.Revoked, err
}

// vouched ends the doubt: what waited for that is judged, in the order in which it came.
func (f *fold) vouched() error {
	if err := f.count(); err != nil {
		return err
	}
	f.head.Doubt = 0
	return f.unpark([]syncproto.Hash{inDoubt})
}

// InDoubt says whether the log holds a head of a device that is not judged until a person
// has vouched.
func (r *Reader) InDoubt(device syncproto.DeviceID, h syncproto.Head) (found bool, err error) {
	err = r.tx.Query(func(row sqlitedb.Row) error {
		e, err := DecodeEntry(row.Blob(0))
		if err != nil {
			return err
		}
		b, err := syncproto.ParseBatch(e.Payload)
		if err != nil {
			return err
		}
		found = found || b.Header.Incarnation == h.Incarnation && b.Header.Last == h.Seq && b.Header.After == h.Hash
		return nil
	}, `SELECT data FROM parked WHERE before = ? AND device = ?`, inDoubt[:], device[:])
	return found, err
}
