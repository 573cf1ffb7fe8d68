package server

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// BackedHead is up to where a verified backup holds a device's work.
type BackedHead struct {
	Device      syncproto.DeviceID    `json:"device"`
	Incarnation syncproto.Incarnation `json:"incarnation"`
	Seq         uint64                `json:"seq"`
	Hash        string                `json:"hash"` // chain hash after seq
}

// Backing is up to where one backup holds the work of some devices.
type Backing struct {
	Devices []BackedHead `json:"devices"`
}

// BackedCount is for how many devices a record was written.
type BackedCount struct {
	Written int `json:"written"`
}

// MaxBacked is the most devices of one call and one transaction: some 60 KiB of request,
// and of records that are judged in one piece.
const MaxBacked = 256

// Backed records up to where a verified backup holds the work of devices, which may then
// let it go. Where nothing has moved since the last one, nothing is written.
func (s *Server) Backed(ctx context.Context, b Backing) (n BackedCount, err error) {
	heads := b.Devices
	if len(heads) > MaxBacked {
		return n, refusal.New(refusal.TooMany, "%d devices in one call, the most is %d", len(heads), MaxBacked).On("devices").With("max", MaxBacked)
	}
	if err := s.current(ctx); err != nil {
		return n, err
	}
	var changes []syncproto.Change
	var seen syncproto.Base
	err = s.State.Read(ctx, func(r *state.Reader) error {
		head, err := r.Head()
		if err != nil {
			return err
		}
		seen = head.Base()
		for i := range heads {
			c, err := backedChange(r, &heads[i])
			if err != nil {
				return refusal.Under(fmt.Sprintf("devices[%d]", i), err)
			}
			if c != nil {
				changes = append(changes, *c)
			}
		}
		return nil
	})
	if err != nil || len(changes) == 0 {
		return n, err
	}
	return BackedCount{len(changes)}, s.recordSeen(ctx, decisions, []syncproto.Base{seen}, changes...)
}

// backedChange is the change that says what a backup holds of a device; nil where the
// record says so already, or no device has that name.
func backedChange(r *state.Reader, b *BackedHead) (*syncproto.Change, error) {
	hash, err := hex.DecodeString(b.Hash)
	if err != nil || len(hash) != len(syncproto.Hash{}) {
		return nil, refusal.New(refusal.BadForm, "%q is no chain hash", b.Hash).On("hash")
	}
	h := state.DeviceHead{Device: b.Device, Head: syncproto.Head{Incarnation: b.Incarnation, Seq: syncproto.Seq(b.Seq), Hash: syncproto.Hash(hash)}}
	if ok, err := r.HoldsOf(h); err != nil || !ok {
		return nil, cmp.Or(err, error(refusal.New(refusal.Reference, "the log does not hold transaction %d of device %v as the backup does: it is a backup of another log", b.Seq, b.Device).On("hash")))
	}
	if row, err := r.Get(schema.Device, syncproto.RecordID(b.Device)); err != nil || row == nil {
		return nil, err
	}
	id := schema.BackedID(b.Device)
	have, err := r.Get(schema.Backed, id)
	if err != nil {
		return nil, err
	}
	fields := []syncproto.FieldValue{
		{Field: schema.BackedIncarnation, Value: syncproto.BytesValue(b.Incarnation[:])},
		{Field: schema.BackedSeq, Value: syncproto.IntValue(int64(b.Seq))},
		{Field: schema.BackedHash, Value: syncproto.BytesValue(hash)},
	}
	if have == nil {
		c := create(schema.Backed, id, append(fields, syncproto.FieldValue{Field: schema.BackedDevice, Value: syncproto.IDValue(syncproto.RecordID(b.Device))})...)
		return &c, nil
	}
	same := true
	for _, f := range fields {
		same = same && have.Of(f.Field) == f.Value
	}
	if same {
		return nil, nil
	}
	c := update(schema.Backed, id, fields...)
	for i := range c.Groups {
		c.Groups[i].Base = 0
	}
	return &c, nil
}

func (s *Server) apiBacked(w http.ResponseWriter, r *http.Request) {
	var b Backing
	err := localapi.Read(w, r, &b)
	var n BackedCount
	if err == nil {
		n, err = s.Backed(r.Context(), b)
	}
	localapi.Answer(w, n, err)
}
