package bench

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/hlc"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// enrolledAtOnce is how many devices one batch of head office takes in.
const enrolledAtOnce = 500

// Fleet are devices that head office has taken in, ten a site.
type Fleet struct {
	*peers
	orgKey ed25519.PrivateKey
}

// EnrolFleet takes so many devices in at a server that runs, of sites of a kind.
func EnrolFleet(ctx context.Context, s *server.Server, n int, kind string) (*Fleet, error) {
	p, err := enrolMany(ctx, s, n, kind)
	return &Fleet{p, s.OrgKey}, err
}

// Device is who the n-th device is, and its key, as if it had redeemed a code at a server.
func (f *Fleet) Device(n int, server string) (store.Identity, ed25519.PrivateKey) {
	key := f.key(n)
	c := syncproto.Certificate{Device: f.device(n), Site: f.site(n), Kind: f.Kind, Prefix: prefix(n), Key: key.Public().(ed25519.PublicKey), IssuedAt: time.Now().UnixMilli()}
	return store.Identity{
		Org: f.Org, OrgKey: f.orgKey.Public().(ed25519.PublicKey), Device: c.Device, Site: c.Site, Kind: c.Kind, Prefix: c.Prefix,
		Certificate: syncproto.SignCertificate(f.orgKey, f.Org, c), Server: server, SiteName: "A site of a bench", Zone: "Asia/Dubai", Lang: "en",
	}, key
}

func prefix(n int) string { return fmt.Sprintf("A%d", n+1) }

// enrolMany takes devices in as head office would, without a code for each: a
// transaction a device, in a chain of the server's own device.
func enrolMany(ctx context.Context, s *server.Server, n int, kind string) (*peers, error) {
	head := s.State.Head()
	own, err := syncproto.VerifyCertificate(head.OrgKey, head.Org, s.Certificate)
	if err != nil {
		return nil, err
	}
	inc, err := syncproto.Random[syncproto.Incarnation](rand.Reader)
	if err != nil {
		return nil, err
	}
	p := &peers{Count: n, Kind: kind, Org: head.Org, Seed: []byte(rand.Text())}
	if p.First, err = syncproto.NewIDs(rand.Reader, time.Now).Record(); err != nil {
		return nil, err
	}
	clock := hlc.NewClock(time.Now, 0)
	genesis := &syncproto.Genesis{}
	seq, hash := syncproto.Seq(1), syncproto.GenesisHash(head.Org, own.Device, inc, *genesis)
	for done := 0; done < n; {
		var bodies []syncproto.Body
		for range min(enrolledAtOnce, n-done) {
			stamp, err := clock.Tick()
			if err != nil {
				return nil, err
			}
			t := &syncproto.Transaction{Time: stamp, Schema: schema.Version, Rules: schema.RulesVersion, Changes: p.enrol(done)}
			bodies = append(bodies, syncproto.NewBody(syncproto.AppendBody(nil, t)))
			done++
		}
		b, err := syncproto.SignBatch(s.DeviceKey, head.Org, own.Device, inc, seq, hash, genesis, bodies)
		if err != nil {
			return nil, err
		}
		seq, hash, genesis = b.Header.Last+1, b.Header.After, nil
		e := state.Entry{Kind: state.EntryBatch, Road: state.RoadOwn, ReceivedAt: time.Now().UnixMilli(), Node: own.Device, Payload: b.Bytes()}
		end, err := s.Log.Append(ctx, e.Encode())
		if err != nil {
			return nil, err
		}
		if err := until(ctx, func() bool { return s.State.Head().Applied >= end }); err != nil {
			return nil, err
		}
	}
	if err := until(ctx, func() bool { return s.Live().View().Device(p.device(n-1)) != nil }); err != nil {
		return nil, err
	}
	head = s.State.Head()
	p.Cursor = state.Cursor(head.Position, head.PositionHash, head.History)
	return p, nil
}

// enrol is what makes the n-th device known, and its site with the first of them.
func (p *peers) enrol(n int) []syncproto.Change {
	device, site := p.device(n), p.site(n)
	var all []syncproto.Change
	if n == 0 || site != p.site(n-1) {
		all = append(all, create(schema.Site, site,
			syncproto.FieldValue{Field: schema.NameEn, Value: syncproto.TextValue("A site of a bench")},
			syncproto.FieldValue{Field: schema.SiteKind, Value: syncproto.TextValue(p.Kind)},
			syncproto.FieldValue{Field: schema.SiteZone, Value: syncproto.TextValue("Asia/Dubai")},
			syncproto.FieldValue{Field: schema.SiteLang, Value: syncproto.TextValue("en")},
			syncproto.FieldValue{Field: schema.SiteStatus, Value: syncproto.TextValue("active")}))
	}
	all = append(all, create(schema.Device, syncproto.RecordID(device),
		syncproto.FieldValue{Field: schema.DeviceSite, Value: syncproto.IDValue(site)},
		syncproto.FieldValue{Field: schema.DeviceKind, Value: syncproto.TextValue(p.Kind)},
		syncproto.FieldValue{Field: schema.DeviceKey, Value: syncproto.BytesValue(p.key(n).Public().(ed25519.PublicKey))},
		syncproto.FieldValue{Field: schema.DevicePrefix, Value: syncproto.TextValue(prefix(n))},
		syncproto.FieldValue{Field: schema.DeviceIssuedAt, Value: syncproto.IntValue(time.Now().UnixMilli())},
		syncproto.FieldValue{Field: schema.DeviceLabel, Value: syncproto.TextValue("A device of a bench")}))
	for _, g := range p.grants(n) {
		all = append(all, create(schema.Grant, schema.GrantID(device, g.Scope),
			syncproto.FieldValue{Field: schema.GrantDevice, Value: syncproto.IDValue(syncproto.RecordID(device))},
			syncproto.FieldValue{Field: schema.GrantClass, Value: syncproto.TextValue(g.Classes)},
			syncproto.FieldValue{Field: schema.GrantScope, Value: syncproto.BytesValue(g.Scope.AppendBinary(nil))},
			syncproto.FieldValue{Field: schema.GrantWrite, Value: syncproto.BoolValue(g.Write)}))
	}
	return all
}

// create is the change that makes a record: groups of which a field is given are
// written whole.
func create(table syncproto.TableID, id syncproto.RecordID, fields ...syncproto.FieldValue) syncproto.Change {
	c := syncproto.Change{Op: syncproto.Create, Table: table, Record: id}
	t := schema.Lookup(table)
	for i := range t.Groups {
		w := syncproto.GroupWrite{Group: t.Groups[i].ID, Base: syncproto.NoBase}
		given := false
		for _, id := range t.Groups[i].Fields {
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
