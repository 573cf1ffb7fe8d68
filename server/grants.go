package server

import (
	"context"
	"fmt"
	"time"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewGrant is a right of a device in one scope.
type NewGrant struct {
	Device  syncproto.DeviceID
	Scope   syncproto.Scope
	Classes string    // letters, such as SP
	Write   bool      // and not only read
	Until   time.Time // last moment of records that it may read and write; zero: no end
	Deliver time.Time // until when it may deliver what it wrote by then; zero: no end
}

// Grant gives a device a right, or changes the one that it has in a scope.
func (s *Server) Grant(ctx context.Context, g NewGrant) error {
	id := schema.GrantID(g.Device, g.Scope)
	have, err := s.grant(ctx, g.Device, id)
	if err != nil {
		return err
	}
	how := []syncproto.FieldValue{
		{Field: schema.GrantClass, Value: syncproto.TextValue(g.Classes)},
		{Field: schema.GrantWrite, Value: syncproto.BoolValue(g.Write)},
		{Field: schema.GrantRecordsUntil, Value: instant(g.Until)},
		{Field: schema.GrantDeliverUntil, Value: instant(g.Deliver)},
	}
	if have != nil {
		return s.record(ctx, control, update(schema.Grant, id, how...))
	}
	return s.record(ctx, control, create(schema.Grant, id, append(how,
		syncproto.FieldValue{Field: schema.GrantDevice, Value: syncproto.IDValue(syncproto.RecordID(g.Device))},
		syncproto.FieldValue{Field: schema.GrantScope, Value: syncproto.BytesValue(g.Scope.AppendBinary(nil))})...))
}

func instant(t time.Time) syncproto.Value {
	if t.IsZero() {
		return syncproto.Value{}
	}
	return syncproto.IntValue(t.UnixMilli())
}

// EndGrant takes a right away, now: the records leave the device at its next contact,
// and what it still delivers of them is held for a person to look at.
func (s *Server) EndGrant(ctx context.Context, device syncproto.DeviceID, scope syncproto.Scope) error {
	id := schema.GrantID(device, scope)
	have, err := s.grant(ctx, device, id)
	if err != nil {
		return err
	}
	if have == nil {
		return fmt.Errorf("device %v has no right in %v", device, scope)
	}
	now := s.Now()
	return s.record(ctx, control, update(schema.Grant, id,
		syncproto.FieldValue{Field: schema.GrantClass, Value: have.Of(schema.GrantClass)},
		syncproto.FieldValue{Field: schema.GrantWrite, Value: have.Of(schema.GrantWrite)},
		syncproto.FieldValue{Field: schema.GrantRecordsUntil, Value: instant(now)},
		syncproto.FieldValue{Field: schema.GrantDeliverUntil, Value: instant(now)},
	))
}

// grant is the record of a right; it fails where the device is not known.
func (s *Server) grant(ctx context.Context, device syncproto.DeviceID, id syncproto.RecordID) (have *records.Row, err error) {
	if s.live.View().Device(device) == nil {
		return nil, fmt.Errorf("device %v is not known: rawaj admin device ls lists them", device)
	}
	err = s.State.Read(ctx, func(r *state.Reader) error {
		have, err = r.Get(schema.Grant, id)
		return err
	})
	return have, err
}
