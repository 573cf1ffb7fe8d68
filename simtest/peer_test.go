package simtest_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/hlc"
	"github.com/rawaj/rawaj/syncproto/schema"
	"github.com/rawaj/rawaj/syncproto/wsconn"
)

var ctx = context.Background()

// peer is a device, or whoever claims to be one, that does what a test tells it.
type peer struct {
	t         *testing.T
	conn      *wsconn.Conn
	challenge *syncproto.Challenge
	welcome   *syncproto.Welcome
	pushed    uint64
}

// dial connects and hears the challenge.
func dial(t *testing.T, url string) *peer {
	t.Helper()
	conn, err := wsconn.Dial(ctx, url+"/sync", wsconn.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, conn: conn}
	t.Cleanup(func() { conn.Close(nil) })
	p.challenge = next[*syncproto.Challenge](p)
	conn.SetLimits(syncproto.ServerLimits)
	return p
}

// next is the next frame of a kind; others are passed over, and a Bye that was not
// asked for fails the test.
func next[F syncproto.Frame](p *peer) F {
	p.t.Helper()
	for {
		f, err := p.conn.Receive()
		if err != nil {
			p.t.Fatalf("waiting for %T: %v", *new(F), err)
		}
		if want, ok := f.(F); ok {
			return want
		}
		if bye, ok := f.(*syncproto.Bye); ok {
			p.t.Fatalf("waiting for %T: bye %v %s", *new(F), bye.Code, bye.Detail)
		}
	}
}

func (p *peer) send(f syncproto.Frame) {
	p.t.Helper()
	if err := p.conn.Send(ctx, f); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) helloOf(s *simtest.Site) *syncproto.Hello {
	id := s.Store.Identity()
	return &syncproto.Hello{
		Version: syncproto.Version, Device: id.Device, TimeMS: time.Now().UnixMilli(),
		Signature: syncproto.SignHello(s.Key, id.Org, id.Device, p.challenge.Nonce),
	}
}

// connect greets as a site's device that holds nothing.
func connect(t *testing.T, url string, s *simtest.Site, heads ...syncproto.Head) *peer {
	t.Helper()
	p := dial(t, url)
	hello := p.helloOf(s)
	hello.Heads = heads
	p.send(hello)
	p.send(&syncproto.Resume{Credit: 1 << 20})
	p.welcome = next[*syncproto.Welcome](p)
	return p
}

// push sends a batch in one piece.
func (p *peer) push(raw []byte) {
	p.t.Helper()
	b, err := syncproto.ParseBatch(raw)
	if err != nil {
		p.t.Fatal(err)
	}
	p.pushed++
	p.send(&syncproto.Push{Batch: p.pushed, Total: uint64(len(raw)), Length: b.Header.Length, Data: raw})
}

// script is a chain made by hand.
type script struct {
	t       *testing.T
	site    *simtest.Site
	inc     syncproto.Incarnation
	genesis syncproto.Genesis
	bodies  []syncproto.Body
	hashes  []syncproto.Hash // hashes[n] is the chain hash after seq n
}

func newScript(t *testing.T, s *simtest.Site) *script {
	t.Helper()
	inc, err := syncproto.Random[syncproto.Incarnation](rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := s.Store.Identity()
	return &script{t: t, site: s, inc: inc, hashes: []syncproto.Hash{syncproto.GenesisHash(id.Org, id.Device, inc, syncproto.Genesis{})}}
}

// raw appends a transaction by its bytes.
func (s *script) raw(body []byte) {
	b := syncproto.NewBody(body)
	s.bodies = append(s.bodies, b)
	s.hashes = append(s.hashes, syncproto.Link(s.hashes[len(s.hashes)-1], b.Hash))
}

// categories appends n transactions that make a category each.
func (s *script) categories(n int) {
	for range n {
		name := fmt.Sprintf("Category %d of %v", len(s.hashes), s.inc)
		s.raw(syncproto.AppendBody(nil, &syncproto.Transaction{
			Time: hlc.At(time.Now().UnixMilli()), Schema: schema.Version, Rules: schema.RulesVersion,
			Changes: []syncproto.Change{{
				Op: syncproto.Create, Table: schema.Category, Record: schema.NamedID("category", s.site.Store.Identity().Org, name),
				Groups: []syncproto.GroupWrite{{Group: schema.GroupNames, Base: syncproto.NoBase, Fields: []syncproto.FieldValue{
					{Field: schema.NameAr}, {Field: schema.NameFa}, {Field: schema.NameEn, Value: syncproto.TextValue(name)},
				}}},
			}},
		}))
	}
}

// batch signs the transactions first to last.
func (s *script) batch(first, last syncproto.Seq) []byte {
	s.t.Helper()
	id := s.site.Store.Identity()
	var genesis *syncproto.Genesis
	if first == 1 {
		genesis = &s.genesis
	}
	b, err := syncproto.SignBatch(s.site.Key, id.Org, id.Device, s.inc, first, s.hashes[first-1], genesis, s.bodies[first-1:last])
	if err != nil {
		s.t.Fatal(err)
	}
	return b.Bytes()
}

func (s *script) head(seq syncproto.Seq) syncproto.Head {
	return syncproto.Head{Incarnation: s.inc, Seq: seq, Hash: s.hashes[seq]}
}

// receiptFor reads the next receipt, which has to be for a place of the chain.
func (p *peer) receiptFor(s *script, seq syncproto.Seq) {
	p.t.Helper()
	id := s.site.Store.Identity()
	server, err := syncproto.VerifyCertificate(id.OrgKey, id.Org, p.welcome.Server)
	if err != nil {
		p.t.Fatal(err)
	}
	body, err := syncproto.VerifyReceipt(server.Key, id.Org, next[*syncproto.Receipt](p).Signed)
	if err != nil {
		p.t.Fatal(err)
	}
	got := syncproto.Head{Incarnation: body.Incarnation, Seq: body.Seq, Hash: body.Chain}
	if got != s.head(seq) || body.Device != id.Device {
		p.t.Errorf("receipt for %+v, want seq %d", body, seq)
	}
}

// parcel puts a batch into the log as it comes out of a file.
func parcel(t *testing.T, c *simtest.Centre, batch []byte) {
	t.Helper()
	e := state.Entry{Kind: state.EntryBatch, Road: state.RoadParcel, ReceivedAt: time.Now().UnixMilli(), Payload: batch}
	if _, err := c.Log.Append(ctx, e.Encode()); err != nil {
		t.Fatal(err)
	}
}

// count is how many records of a table head office has.
func count(t *testing.T, c *simtest.Centre, table syncproto.TableID) (n int) {
	t.Helper()
	c.Folded()
	err := c.State.Read(ctx, func(r *state.Reader) error { return each(r, table, &n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}
