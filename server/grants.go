package server

import (
	"context"
	"strings"
	"time"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
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
	if err := g.check(); err != nil {
		return err
	}
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
		if !have.Of(schema.GrantReason).IsNull() {
			how = append(how, syncproto.FieldValue{Field: schema.GrantReason})
		}
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

// check looks at a right before it is given.
func (g *NewGrant) check() error {
	if err := settable(g.Scope); err != nil {
		return err
	}
	for i, letter := range g.Classes {
		if !strings.ContainsRune(classes, letter) || strings.ContainsRune(g.Classes[:i], letter) {
			return unknownWord("classes", g.Classes, strings.Split(classes, "")...)
		}
	}
	switch {
	case g.Classes == "":
		return refusal.New(refusal.Required, "name the classes of records, such as SP").On("classes")
	case !g.Deliver.IsZero() && g.Deliver.Before(g.Until):
		return refusal.New(refusal.EndsBeforeStart, "what it may still write has to be delivered later than that").On("deliver_until")
	}
	return nil
}

// classes are the letters that a right is made of.
const classes = "SPEX"

// settable refuses the scopes that are nobody's to give: a device always hears what
// concerns itself, and what the server alone keeps leaves it for nobody.
func settable(scope syncproto.Scope) error {
	switch scope.Kind {
	case syncproto.ScopeOrg, syncproto.ScopeSite, syncproto.ScopeFair, syncproto.ScopeDesk:
		return nil
	}
	return unknownWord("scope", scope.String(), "org", "site", "fair", "desk")
}

// EndGrant takes a right away, now: the records leave the device at its next contact,
// and what it still delivers of them is held for a person to look at. reason says why,
// for those who look later; where it has ended already, what was said then stands.
func (s *Server) EndGrant(ctx context.Context, device syncproto.DeviceID, scope syncproto.Scope, reason string) error {
	if err := settable(scope); err != nil {
		return err
	}
	if err := reasonGiven(&reason, "say why the right is taken away"); err != nil {
		return err
	}
	id := schema.GrantID(device, scope)
	have, err := s.grant(ctx, device, id)
	if err != nil {
		return err
	}
	now := s.Now()
	switch {
	case have == nil:
		return refusal.New(refusal.NoRecord, "device %v has no right in %v: rawaj admin grant ls lists them", device, scope).On("scope")
	case over(have, schema.GrantRecordsUntil, now) && over(have, schema.GrantDeliverUntil, now):
		return nil
	}
	return s.record(ctx, control, update(schema.Grant, id,
		syncproto.FieldValue{Field: schema.GrantClass, Value: have.Of(schema.GrantClass)},
		syncproto.FieldValue{Field: schema.GrantWrite, Value: have.Of(schema.GrantWrite)},
		syncproto.FieldValue{Field: schema.GrantRecordsUntil, Value: instant(now)},
		syncproto.FieldValue{Field: schema.GrantDeliverUntil, Value: instant(now)},
		syncproto.FieldValue{Field: schema.GrantReason, Value: syncproto.TextValue(reason)},
	))
}

// over says whether an end of a right has passed.
func over(grant *records.Row, end syncproto.FieldID, now time.Time) bool {
	v := grant.Of(end)
	return !v.IsNull() && v.Int() <= now.UnixMilli()
}

// grant is the record of a right; it fails where the device is not known.
func (s *Server) grant(ctx context.Context, device syncproto.DeviceID, id syncproto.RecordID) (have *records.Row, err error) {
	if s.live.View().Device(device) == nil {
		return nil, refusal.New(refusal.NoRecord, "device %v is not known: rawaj admin device ls lists them", device)
	}
	err = s.State.Read(ctx, func(r *state.Reader) error {
		have, err = r.Get(schema.Grant, id)
		return err
	})
	return have, err
}
