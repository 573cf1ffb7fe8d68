package server

import (
	"context"

	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// A log that went back in time has lost devices and revocations with the rest. Devices
// hand back what the server once signed about that, and show their certificates; before
// any of their work is looked at.

// maxSalvaged bounds the batches that one device may hand back in one session: ten years
// of an organisation that takes in a device a day and changes its grants.
const maxSalvaged = 1 << 14

// salvage takes in the batches of control that the log lacks. What this server's key, or
// that of another node, has not signed is passed over.
func (n *session) salvage(ctx context.Context) error {
	var last oplog.Index
	taken, seen := 0, 0
	for {
		f, err := n.conn.Receive()
		if err != nil {
			return err
		}
		back, ok := f.(*syncproto.Salvage)
		if !ok {
			return syncproto.Errorf(syncproto.CodeMalformed, "%T where Salvage was expected", f)
		}
		if seen += len(back.Batches); seen > maxSalvaged {
			return syncproto.Errorf(syncproto.CodeTooLarge, "more than %d batches of control", maxSalvaged)
		}
		for _, raw := range back.Batches {
			index, err := n.s.takeBack(ctx, raw)
			if err != nil {
				return err
			}
			if index > 0 {
				last, taken = index, taken+1
			}
		}
		if !back.Last {
			continue
		}
		if taken > 0 {
			n.s.Logger.Warn("batches of control were handed back that the log had lost", "device", n.device, "batches", taken)
		}
		return n.s.folded(ctx, last)
	}
}

// takeBack appends a batch of the server's own devices that the log does not hold, and
// gives its entry; 0 where nothing was appended.
func (s *Server) takeBack(ctx context.Context, raw []byte) (oplog.Index, error) {
	b, err := syncproto.ParseBatch(raw)
	if err != nil {
		return 0, nil
	}
	head := s.State.Head()
	held, known := false, false
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		if err := r.Nodes(func(device syncproto.DeviceID, certificate []byte) {
			c, err := syncproto.VerifyCertificate(head.OrgKey, head.Org, certificate)
			known = known || err == nil && device == b.Header.Device && b.Verify(c.Key, head.Org) == nil
		}); err != nil || !known {
			return err
		}
		held, err = r.Holds(syncproto.Head{Incarnation: b.Header.Incarnation, Seq: b.Header.Last, Hash: b.Header.After})
		return err
	}); err != nil || held || !known {
		return 0, err
	}
	if _, err := b.Open(); err != nil {
		return 0, nil
	}
	return s.append(context.WithoutCancel(ctx), &state.Entry{Kind: state.EntryBatch, Road: state.RoadBack, Payload: raw})
}

// certified gives the certificate of a device that the log does not know: the
// organisation has signed it, so the log has lost the device.
func (s *Server) certified(head state.Head, hello *syncproto.Hello) *syncproto.Certificate {
	c, err := syncproto.VerifyCertificate(head.OrgKey, head.Org, hello.Certificate)
	if err != nil || c.Device != hello.Device || c.Kind == schema.KindServerDevice {
		return nil
	}
	return &c
}

// readmit takes a forgotten device in again, where nobody has handed back the batch that
// once did: with the rights that its kind begins with.
func (s *Server) readmit(ctx context.Context, c *syncproto.Certificate) error {
	end, err := s.decides(ctx, &s.enrol)
	if err != nil {
		return err
	}
	defer end()
	if s.live.View().Device(c.Device) != nil {
		return nil
	}
	changes := admit(c, "", nil)
	err = s.State.Read(ctx, func(r *state.Reader) error {
		site, err := r.Get(schema.Site, c.Site)
		if err == nil && site == nil {
			name := c.Prefix
			changes = append([]syncproto.Change{create(schema.Site, c.Site,
				syncproto.FieldValue{Field: schema.NameField(name), Value: syncproto.TextValue(name)},
				syncproto.FieldValue{Field: schema.SiteKind, Value: syncproto.TextValue(c.Kind)},
				syncproto.FieldValue{Field: schema.SiteZone, Value: syncproto.TextValue(defaultZone)},
				syncproto.FieldValue{Field: schema.SiteLang, Value: syncproto.TextValue("en")},
				syncproto.FieldValue{Field: schema.SiteStatus, Value: syncproto.TextValue("active")},
			)}, changes...)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.Logger.Warn("a device that the log had lost is taken in again by its certificate", "device", c.Device)
	return s.record(ctx, control, changes...)
}
