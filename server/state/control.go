package state

import (
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// keepControl keeps a batch of the server's own device that says nothing but who takes
// part, for the readers of the organisation's records: they can give it back.
func (f *fold) keepControl(e *Entry, b *syncproto.Batch, bodies []syncproto.Body) error {
	access, err := f.accessOf(b.Header.Device)
	if err != nil || access.Kind != schema.KindServerDevice || len(e.Payload) > schema.MaxControl {
		return err
	}
	var ms int64
	for i := range bodies {
		t, err := syncproto.ReadBody(bodies[i].Bytes)
		if err != nil {
			return nil // it is held: nobody needs it back
		}
		for _, c := range t.Changes {
			if !schema.OfControl(c.Table) {
				return nil
			}
		}
		ms = t.Time.MS()
	}
	r := records.New(schema.Lookup(schema.Control), schema.ControlID(ms, b.Header.After))
	r.Set(schema.ControlBatch, syncproto.BytesValue(e.Payload))
	return f.own(r)
}
