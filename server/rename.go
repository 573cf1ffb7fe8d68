package server

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// A device that was copied whole and of which both copies go on: the later one gets a name
// of its own, with the rights of the name that it had.

// maxCopies bounds the copies of one device that get a name by themselves: a cupboard of
// tablets made from one; past it somebody is playing, and a person looks.
const maxCopies = 100

// rename gives a copy its name. The same keys are answered again.
func (s *Server) rename(ctx context.Context, q *syncproto.RenameRequest) (*syncproto.RenameResponse, error) {
	s.enrol.Lock()
	defer s.enrol.Unlock()
	org := s.State.Head().Org
	v, err := q.Open(org, func(device syncproto.DeviceID) (ed25519.PublicKey, error) {
		d := s.live.View().Device(device)
		switch {
		case d == nil:
			return nil, syncproto.Errorf(syncproto.CodeUnknown, "")
		case d.Revoked:
			return nil, syncproto.Errorf(syncproto.CodeRevoked, "")
		}
		return d.Public, nil
	})
	switch {
	case errors.Is(err, syncproto.ErrSignature):
		return nil, syncproto.Errorf(syncproto.CodeSignature, "%v", err)
	case errors.Is(err, syncproto.ErrFrame):
		return nil, syncproto.Errorf(syncproto.CodeMalformed, "%v", err)
	case err != nil:
		return nil, err
	}
	if err := s.current(ctx); err != nil { // what it has a receipt for, and a name that it got, are in the state then
		return nil, err
	}
	row, err := s.renamed(ctx, &v)
	if err != nil {
		return nil, err
	}
	if row == nil {
		if row, err = s.nameCopy(ctx, &v); err != nil {
			return nil, err
		}
	}
	return &syncproto.RenameResponse{Certificate: s.certify(org, row)}, nil
}

// renamed finds the device that a request made when it came before.
func (s *Server) renamed(ctx context.Context, v *syncproto.Rename) (found *records.Row, err error) {
	err = s.State.Read(ctx, func(r *state.Reader) error {
		return r.Each(schema.Device, func(row *records.Row) error {
			if !v.Key.Equal(ed25519.PublicKey(row.Of(schema.DeviceKey).Bytes())) {
				return nil
			}
			if syncproto.DeviceID(row.Of(schema.DeviceCopyOf).ID()) != v.Device {
				return syncproto.Errorf(syncproto.CodeUsed, "the key is that of device %v", row.ID)
			}
			found = row
			return nil
		})
	})
	return found, err
}

func (s *Server) nameCopy(ctx context.Context, v *syncproto.Rename) (made *records.Row, err error) {
	id, err := s.own.ids.Record()
	if err != nil {
		return nil, err
	}
	var changes []syncproto.Change
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		copied, err := r.Copy(v.Device, v.Head)
		switch {
		case err != nil:
			return err
		case !copied:
			return syncproto.Errorf(syncproto.CodeNotCopy, "")
		}
		changes, err = s.asCopy(r, syncproto.DeviceID(id), v)
		return err
	}); err != nil {
		return nil, err
	}
	s.Logger.Warn("a device was copied, and both copies go on: the later one gets a name of its own", "device", v.Device, "copy", syncproto.DeviceID(id))
	if err := s.record(ctx, control, changes...); err != nil {
		return nil, err
	}
	return made, s.State.Read(ctx, func(r *state.Reader) error {
		made, err = r.Get(schema.Device, id)
		return err
	})
}

// asCopy is what makes a copy a device: the record and the grants of what it was, and the
// right to read what is said to its old name, for some of that is about its work.
func (s *Server) asCopy(r *state.Reader, id syncproto.DeviceID, v *syncproto.Rename) ([]syncproto.Change, error) {
	was, err := r.Get(schema.Device, syncproto.RecordID(v.Device))
	if err != nil || was == nil {
		return nil, errors.Join(err, fmt.Errorf("device %v", v.Device))
	}
	devices, copies := 0, 0
	if err := r.Each(schema.Device, func(row *records.Row) error {
		devices++
		if syncproto.DeviceID(row.Of(schema.DeviceCopyOf).ID()) == v.Device {
			copies++
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if copies >= maxCopies {
		return nil, syncproto.Errorf(syncproto.CodeManyCopies, "%d copies of device %v have a name", copies, v.Device)
	}
	c := syncproto.Certificate{Device: id, Site: was.Of(schema.DeviceSite).ID(), Kind: was.Of(schema.DeviceKind).Text(), Prefix: prefix(devices), Key: v.Key, IssuedAt: s.Now().UnixMilli(), CopyOf: v.Device}
	label := shorten("copy of "+was.Of(schema.DeviceLabel).Text()+" ("+was.Of(schema.DevicePrefix).Text()+")", schema.MaxName)
	changes := []syncproto.Change{newDevice(&c, label)}
	old := syncproto.Scope{Kind: syncproto.ScopeDevice, ID: was.ID}
	fields := []syncproto.FieldID{schema.GrantClass, schema.GrantScope, schema.GrantWrite, schema.GrantRecordsUntil, schema.GrantDeliverUntil}
	return changes, r.Each(schema.Grant, func(row *records.Row) error {
		if row.Of(schema.GrantDevice).ID() != was.ID || row.Of(schema.Voided).Bool() {
			return nil
		}
		scope, err := syncproto.ScopeFromBinary(row.Of(schema.GrantScope).Bytes())
		if err != nil {
			return err
		}
		scopes := []syncproto.Scope{scope}
		if scope == old {
			scopes = append(scopes, syncproto.Scope{Kind: syncproto.ScopeDevice, ID: syncproto.RecordID(id)})
		}
		for _, scope := range scopes {
			values := []syncproto.FieldValue{{Field: schema.GrantDevice, Value: syncproto.IDValue(syncproto.RecordID(id))}}
			for _, f := range fields {
				value := row.Of(f)
				if f == schema.GrantScope {
					value = syncproto.BytesValue(scope.AppendBinary(nil))
				}
				if !value.IsNull() {
					values = append(values, syncproto.FieldValue{Field: f, Value: value})
				}
			}
			changes = append(changes, create(schema.Grant, schema.GrantID(id, scope), values...))
		}
		return nil
	})
}

// shorten cuts text to so many letters.
func shorten(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}

// formerKey is the key of a name that a device had before it was renamed.
func (s *Server) formerKey(ctx context.Context, device, name syncproto.DeviceID) (key ed25519.PublicKey, err error) {
	err = s.State.Read(ctx, func(r *state.Reader) error {
		names, err := r.Names(device)
		if err == nil && !slices.Contains(names, name) {
			return syncproto.Errorf(syncproto.CodeSignature, "batch of another device")
		}
		if err == nil {
			key, err = r.Key(name)
		}
		return err
	})
	return key, err
}

// serveRename is POST /rename.
func (s *Server) serveRename(w http.ResponseWriter, r *http.Request) {
	var q syncproto.RenameRequest
	s.atTheDoor(w, r, "rename", &q, func(ctx context.Context) (any, error) { return s.rename(ctx, &q) })
}
