package state

import (
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
)

// A device lets go of what a backup holds. Where the server is put back to an older one and
// that backup is gone too, what its parked batches go on from cannot come any more. Head
// office says so, and they go on from nothing (SPEC §5.5).

// gap takes what the parked batches of a device go on from for judged.
func (f *fold) gap(e *Entry) error {
	if err := f.count(); err != nil {
		return err
	}
	var came []syncproto.Hash
	device := syncproto.DeviceID{}
	if copy(device[:], e.Payload) != len(device) {
		f.head.Unsound++
		return nil
	}
	var waiting [][]byte
	if err := f.tx.Query(func(row sqlitedb.Row) error {
		waiting = append(waiting, row.Blob(0))
		return nil
	}, `SELECT data FROM parked WHERE device = ? AND before <> ? ORDER BY entry`, device[:], inDoubt[:]); err != nil {
		return err
	}
	after := map[syncproto.Hash]bool{} // what some parked batch brings
	headers := make([]*syncproto.BatchHeader, 0, len(waiting))
	for _, data := range waiting {
		own, err := DecodeEntry(data)
		if err != nil {
			return err
		}
		b, err := syncproto.ParseBatch(own.Payload)
		if err != nil {
			return err
		}
		headers = append(headers, &b.Header)
		after[b.Header.After] = true
	}
	for _, h := range headers {
		from := syncproto.Head{Incarnation: h.Incarnation, Seq: h.First - 1, Hash: h.Before}
		if h.First == 1 {
			from = syncproto.Head{Incarnation: h.Genesis.Parent, Seq: h.Genesis.Seq, Hash: h.Genesis.Hash}
		}
		if after[from.Hash] { // it only waits for another that is parked
			continue
		}
		after[from.Hash] = true
		if err := f.supposed(device, from); err != nil {
			return err
		}
		came = append(came, from.Hash)
	}
	if err := f.tx.Exec(`UPDATE health SET gap_seen = gap WHERE device = ?`, device[:]); err != nil {
		return err
	}
	return f.unpark(came)
}

// GapSeen is how much of what a device let go a person has said to be lost.
func (r *Reader) GapSeen(device syncproto.DeviceID) (uint64, error) {
	n, err := r.tx.Int(`SELECT gap_seen FROM health WHERE device = ?`, device[:])
	return uint64(n), err
}

// supposed makes a chain that ends at a place which was lost. It continues what is known
// of the same incarnation, so that what came earlier still counts as earlier.
func (f *fold) supposed(device syncproto.DeviceID, at syncproto.Head) error {
	all, err := f.chainsOf(at.Incarnation)
	if err != nil {
		return err
	}
	c := &chain{incarnation: at.Incarnation, device: device, genesis: at.Hash, first: at.Seq + 1, head: at.Seq, hash: at.Hash}
	for _, known := range all {
		if known.head < at.Seq && known.head > c.parentSeq {
			c.parent, c.parentSeq, c.stamp, c.genesis = known.id, known.head, known.stamp, known.genesis
		}
	}
	_, err = f.newChain(c)
	return err
}

// ParkedBy counts the transactions of a device that wait for what has not come.
func (r *Reader) ParkedBy(device syncproto.DeviceID) (int64, error) {
	return r.tx.Int(`SELECT coalesce(sum(transactions), 0) FROM parked WHERE device = ?`, device[:])
}
