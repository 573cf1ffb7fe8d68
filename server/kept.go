package server

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/seal"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// KeptRecords is what devices handed over of what the log has lost (SPEC §5.15).
type KeptRecords struct {
	Seen    oplog.Index  `json:"seen"`    // say this when all of it was looked at
	Asked   bool         `json:"asked"`   // for more
	Records []KeptRecord `json:"records"` // that are not here just so
}

// KeptRecord is a record as a device had it.
type KeptRecord struct {
	Table    string             `json:"table"`
	Record   syncproto.RecordID `json:"record"`
	Fields   map[string]any     `json:"fields"`  // by name; ids and bytes in hexadecimal
	Present  map[string]any     `json:"present"` // what is here now; null: no such record
	Device   syncproto.DeviceID `json:"device"`
	SiteName string             `json:"site_name"` // of the device
	Since    *string            `json:"since"`     // RFC 3339, UTC: when it was handed over
}

// AskKept asks devices for the records that they keep, those connected now at once.
func (s *Server) AskKept(ctx context.Context) (KeptRecords, error) {
	index, err := s.append(ctx, &state.Entry{Kind: state.EntryAsked})
	if err == nil {
		err = s.folded(ctx, index)
	}
	if err != nil {
		return KeptRecords{}, err
	}
	health := s.live.View().Health()
	s.sessions.mu.Lock()
	for id, n := range s.sessions.byDevice {
		if health[id].Declared.Kept > 0 { // it is asked in the next Welcome
			go n.conn.Close(&syncproto.Bye{Code: syncproto.CodeBye})
		}
	}
	s.sessions.mu.Unlock()
	return s.Kept(ctx)
}

// Kept lists what was handed over, and is not back or seen.
func (s *Server) Kept(ctx context.Context) (k KeptRecords, err error) {
	k.Records = []KeptRecord{}
	err = s.State.Read(ctx, func(r *state.Reader) error {
		head, err := r.Head()
		if err != nil {
			return err
		}
		k.Seen = head.Applied
		if k.Asked, err = r.KeptAsked(); err != nil {
			return err
		}
		names, err := r.Labels(report.Site)
		if err != nil {
			return err
		}
		view := s.live.View()
		return r.EachKept(func(v *state.Kept, now *records.Row) error {
			shown := KeptRecord{Record: v.Record, Device: v.Device, Since: timeText(v.Received)}
			shown.Table, shown.Fields = byName(v.Table, v.Fields)
			if now != nil {
				_, shown.Present = byName(v.Table, now.Fields(nil))
			}
			if d := view.Device(v.Device); d != nil {
				shown.SiteName = names[string(d.Site[:])]
			}
			k.Records = append(k.Records, shown)
			return nil
		})
	})
	return k, err
}

// byName gives a record's fields by their names.
func byName(id syncproto.TableID, fields []syncproto.FieldValue) (table string, named map[string]any) {
	t := schema.Lookup(id)
	named = map[string]any{}
	for _, f := range fields {
		name := fmt.Sprint("field ", f.Field)
		if t != nil && t.Index(f.Field) >= 0 {
			name = t.Fields[t.Index(f.Field)].Name
		}
		switch f.Value.Kind() {
		case syncproto.Bool:
			named[name] = f.Value.Bool()
		case syncproto.Int:
			named[name] = f.Value.Int()
		case syncproto.Text:
			named[name] = f.Value.Text()
		case syncproto.Bytes:
			named[name] = hex.EncodeToString(f.Value.Bytes())
		}
	}
	if t == nil {
		return fmt.Sprint("table ", id), named
	}
	return t.Name, named
}

// SeenKept says that a person has looked at what was listed with that number: it is not
// listed any more, and the devices drop it.
func (s *Server) SeenKept(ctx context.Context, upto oplog.Index) (KeptRecords, error) {
	index, err := s.append(ctx, &state.Entry{Kind: state.EntrySeen, Payload: state.SeenUpto(upto)})
	if err == nil {
		err = s.folded(ctx, index)
	}
	if err != nil {
		return KeptRecords{}, err
	}
	return s.Kept(ctx)
}

// keptAsk says in Welcome what becomes of what a device keeps. Where there is no room for
// more, nothing more is asked for: it stays there.
func (s *Server) keptAsk(r *state.Reader, device syncproto.DeviceID) (*syncproto.KeptAsk, error) {
	ask, err := r.KeptOf(device)
	if err != nil || ask == nil || !ask.Ask {
		return ask, err
	}
	used, err := r.KeptBytes()
	ask.Ask = used < maxKept
	return ask, err
}

// given takes in what a device kept of what the log has lost. What does not open is passed
// over: it is for another organisation, or broken.
func (n *session) given(ctx context.Context, f *syncproto.Give) error {
	s := n.s
	g := state.Given{Device: n.device, Upto: f.Upto}
	for _, sealed := range f.Rows {
		row, err := seal.Open(s.OrgKey, sealed, syncproto.MaxKeptRow)
		if err == nil {
			_, err = state.ReadKept(row)
		}
		if err != nil {
			s.Logger.Warn("a kept record does not open", "device", n.device, "err", err)
			continue
		}
		g.Rows = append(g.Rows, row)
	}
	var ask *syncproto.KeptAsk
	if err := s.State.Read(ctx, func(r *state.Reader) (err error) {
		ask, err = s.keptAsk(r, n.device)
		return err
	}); err != nil || ask == nil || !ask.Ask || f.Upto <= ask.Given { // not asked for, or no room
		return err
	}
	index, err := s.append(context.WithoutCancel(ctx), &state.Entry{Kind: state.EntryGiven, Payload: g.Encode()})
	if err != nil {
		return err
	}
	return s.folded(ctx, index) // so that the bound holds for the next
}

// KeptSeen names what a person has looked at.
type KeptSeen struct {
	Seen oplog.Index `json:"seen"`
}

func (s *Server) apiKept(w http.ResponseWriter, r *http.Request) {
	k, err := s.Kept(r.Context())
	localapi.Answer(w, k, err)
}

func (s *Server) apiAskKept(w http.ResponseWriter, r *http.Request) {
	k, err := s.AskKept(r.Context())
	localapi.Answer(w, k, err)
}

func (s *Server) apiSeenKept(w http.ResponseWriter, r *http.Request) {
	var q KeptSeen
	err := localapi.Read(w, r, &q)
	var k KeptRecords
	if err == nil {
		k, err = s.SeenKept(r.Context(), q.Seen)
	}
	localapi.Answer(w, k, err)
}
