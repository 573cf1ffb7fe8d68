package state

import (
	"fmt"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/canon"
)

// Witness is a device whose clock agreed with the server's when that was in doubt.
type Witness struct {
	Device   syncproto.DeviceID
	Site     syncproto.RecordID
	SaysMS   int64 // its clock, UTC ms
	OffsetMS int64 // what that was off when it was last measured
}

// Witnesses are those that ended a doubt; none where a person did.
type Witnesses []Witness

// maxWitnesses bounds what an entry names: more would prove no more.
const maxWitnesses = 64

// Encode gives the payload of a clock entry; nothing where there are none.
func (w Witnesses) Encode() []byte {
	if len(w) == 0 {
		return nil
	}
	w = w[:min(len(w), maxWitnesses)]
	b := canon.Array(nil, len(w))
	for i := range w {
		b = canon.Array(b, 4)
		b = canon.Bytes(b, w[i].Device[:])
		b = canon.Bytes(b, w[i].Site[:])
		b = canon.Int(b, w[i].SaysMS)
		b = canon.Int(b, w[i].OffsetMS)
	}
	return b
}

// ReadWitnesses reads the form of Encode.
func ReadWitnesses(b []byte) (w Witnesses, err error) {
	if len(b) == 0 {
		return nil, nil
	}
	r := canon.NewReader(b)
	w = make(Witnesses, r.Array(maxWitnesses))
	for i := range w {
		r.Exactly(4)
		r.Fixed(w[i].Device[:])
		r.Fixed(w[i].Site[:])
		w[i].SaysMS, w[i].OffsetMS = r.Int(), r.Int()
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("witnesses: %w", err)
	}
	return w, nil
}
