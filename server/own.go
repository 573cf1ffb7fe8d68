package server

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"sync"

	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/hlc"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// own is the server's own device: what head office decides is recorded like
// anything else, as transactions signed by it.
type own struct {
	device      syncproto.DeviceID
	certificate []byte
	ids         *syncproto.IDs
	clock       *hlc.Clock

	mu    sync.Mutex
	chain map[ownLane]*ownChain
}

// ownLane separates control transactions (sites, devices, grants), which everybody holds
// and hands back to a server that lost them, from codes, which nobody else may see, and
// from all others.
type ownLane uint8

const (
	control   ownLane = 0
	decisions ownLane = 1
	codes     ownLane = 2
)

// ownChain is an incarnation of this start; a server's device takes new ones every time.
type ownChain struct {
	inc  syncproto.Incarnation
	seq  syncproto.Seq
	hash syncproto.Hash
}

// FirstStart makes an organisation: the first entries of its log. It returns the
// certificate of this node, which the caller keeps.
func FirstStart(ctx context.Context, c Config, name string) (certificate []byte, err error) {
	ids := syncproto.NewIDs(c.Rand, c.Now)
	org, err := ids.Record()
	if err != nil {
		return nil, err
	}
	device, err := ids.Record()
	if err != nil {
		return nil, err
	}
	history, err := syncproto.Random[syncproto.HistoryID](c.Rand)
	if err != nil {
		return nil, err
	}
	now := c.Now().UnixMilli()
	h := state.History{Org: syncproto.OrgID(org), OrgKey: c.OrgKey.Public().(ed25519.PublicKey), ID: history, Cause: "first start"}
	certificate = syncproto.SignCertificate(c.OrgKey, h.Org, syncproto.Certificate{
		Device: syncproto.DeviceID(device), Kind: schema.KindServerDevice, Key: c.DeviceKey.Public().(ed25519.PublicKey), IssuedAt: now,
	})
	first := state.Entry{Kind: state.EntryHistory, ReceivedAt: now, Node: syncproto.DeviceID(device), Payload: h.Encode()}
	node := state.Entry{Kind: state.EntryNode, ReceivedAt: now, Node: syncproto.DeviceID(device), Payload: certificate}
	o := &own{device: syncproto.DeviceID(device), certificate: certificate, ids: ids, clock: hlc.NewClock(c.Now, 0), chain: map[ownLane]*ownChain{}}
	b, err := o.sign(c, h.Org, control, nil, []syncproto.Change{
		create(schema.Organisation, org, syncproto.FieldValue{Field: schema.NameField(name), Value: syncproto.TextValue(name)}),
	})
	if err != nil {
		return nil, err
	}
	made := state.Entry{Kind: state.EntryBatch, Road: state.RoadOwn, ReceivedAt: now, Node: o.device, Payload: b.Bytes()}
	_, err = c.Log.Append(ctx, first.Encode(), node.Encode(), made.Encode())
	return certificate, err
}

func (s *Server) loadOwn(ctx context.Context) error {
	head := s.State.Head()
	if len(s.Certificate) == 0 { // it stands in the log
		if err := s.State.Read(ctx, func(r *state.Reader) error {
			return r.Nodes(func(_ syncproto.DeviceID, certificate []byte) {
				c, err := syncproto.VerifyCertificate(head.OrgKey, head.Org, certificate)
				if err == nil && c.Key.Equal(s.DeviceKey.Public()) {
					s.Certificate = certificate
				}
			})
		}); err != nil {
			return err
		}
		if len(s.Certificate) == 0 {
			return fmt.Errorf("the log holds no certificate of this node's device.key: restore that file")
		}
	}
	c, err := syncproto.VerifyCertificate(head.OrgKey, head.Org, s.Certificate)
	if err != nil {
		return fmt.Errorf("this node's certificate: %w", err)
	}
	if !c.Key.Equal(s.DeviceKey.Public()) {
		return fmt.Errorf("this node's certificate is of another key than device.key")
	}
	s.own = &own{device: c.Device, certificate: s.Certificate, ids: syncproto.NewIDs(s.Rand, s.Now), clock: hlc.NewClock(s.Now, 0), chain: map[ownLane]*ownChain{}}
	return nil
}

// record writes a transaction of head office and waits until it is judged. Who decides
// has seen what is folded: what was decided before does not stand against it, whatever
// the clock of an earlier start said.
func (s *Server) record(ctx context.Context, lane ownLane, changes ...syncproto.Change) error {
	var bases []syncproto.Base
	for _, c := range changes {
		if c.Op != syncproto.Update {
			continue
		}
		head := s.State.Head()
		bases = []syncproto.Base{head.Base()}
		for i := range c.Groups {
			c.Groups[i].Base = 0
		}
	}
	return s.recordSeen(ctx, lane, bases, changes...)
}

// recordSeen is record, by somebody who has seen the state at some bases.
func (s *Server) recordSeen(ctx context.Context, lane ownLane, bases []syncproto.Base, changes ...syncproto.Change) error {
	s.own.mu.Lock()
	index, head, err := s.recordLocked(ctx, lane, bases, changes)
	s.own.mu.Unlock()
	if err != nil {
		return err
	}
	if err := s.folded(ctx, index); err != nil {
		return err
	}
	return s.State.Read(ctx, func(r *state.Reader) error {
		if ok, err := r.Applied(head); err != nil || ok {
			return err
		}
		return fmt.Errorf("bug: head office's own transaction %v was held", head.Hash)
	})
}

func (s *Server) recordLocked(ctx context.Context, lane ownLane, bases []syncproto.Base, changes []syncproto.Change) (index oplog.Index, head syncproto.Head, err error) {
	before := ownChain{}
	if c := s.own.chain[lane]; c != nil {
		before = *c
	}
	b, err := s.own.sign(s.Config, s.State.Head().Org, lane, bases, changes)
	if err != nil {
		return 0, head, err
	}
	index, err = s.append(ctx, &state.Entry{Kind: state.EntryBatch, Road: state.RoadOwn, Payload: b.Bytes()})
	if err != nil {
		if before.seq == 0 {
			delete(s.own.chain, lane)
		} else {
			*s.own.chain[lane] = before
		}
		return 0, head, err
	}
	return index, syncproto.Head{Incarnation: b.Header.Incarnation, Seq: b.Header.Last, Hash: b.Header.After}, nil
}

func (o *own) sign(c Config, org syncproto.OrgID, lane ownLane, bases []syncproto.Base, changes []syncproto.Change) (*syncproto.Batch, error) {
	stamp, err := o.clock.Tick()
	if err != nil {
		return nil, err
	}
	body := syncproto.AppendBody(nil, &syncproto.Transaction{Time: stamp, Schema: schema.Version, Rules: schema.RulesVersion, Bases: bases, Changes: changes})
	ch := o.chain[lane]
	var genesis *syncproto.Genesis
	if ch == nil {
		inc, err := syncproto.Random[syncproto.Incarnation](c.Rand)
		if err != nil {
			return nil, err
		}
		genesis = &syncproto.Genesis{}
		ch = &ownChain{inc: inc, hash: syncproto.GenesisHash(org, o.device, inc, *genesis)}
	}
	b, err := syncproto.SignBatch(c.DeviceKey, org, o.device, ch.inc, ch.seq+1, ch.hash, genesis, []syncproto.Body{syncproto.NewBody(body)})
	if err != nil {
		return nil, err
	}
	o.chain[lane] = &ownChain{ch.inc, b.Header.Last, b.Header.After}
	return b, nil
}

// create is the change that makes a record; groups of which a field is given are
// written whole.
func create(table syncproto.TableID, id syncproto.RecordID, fields ...syncproto.FieldValue) syncproto.Change {
	return change(syncproto.Create, table, id, fields)
}

func update(table syncproto.TableID, id syncproto.RecordID, fields ...syncproto.FieldValue) syncproto.Change {
	return change(syncproto.Update, table, id, fields)
}

func change(op syncproto.Op, table syncproto.TableID, id syncproto.RecordID, fields []syncproto.FieldValue) syncproto.Change {
	c := syncproto.Change{Op: op, Table: table, Record: id}
	t := schema.Lookup(table)
	for i := range t.Groups {
		g := &t.Groups[i]
		w := syncproto.GroupWrite{Group: g.ID, Base: syncproto.NoBase}
		given := false
		for _, id := range g.Fields {
			v := syncproto.FieldValue{Field: id}
			for _, f := range fields {
				if f.Field == id {
					v, given = f, true
				}
			}
			w.Fields = append(w.Fields, v)
		}
		if given {
			c.Groups = append(c.Groups, w)
		}
	}
	return c
}
