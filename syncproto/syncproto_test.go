package syncproto_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rawaj/rawaj/syncproto"
)

func TestFramesSurviveTheirBytes(t *testing.T) {
	ids := syncproto.NewIDs(rand.Reader, time.Now)
	id, _ := ids.Record()
	frames := []syncproto.Frame{
		&syncproto.Challenge{Version: 1, MinVersion: 1, Nonce: make([]byte, 32), TimeMS: 5},
		&syncproto.Hello{Version: 1, Device: syncproto.DeviceID(id), Signature: make([]byte, 64), Heads: []syncproto.Head{{Seq: 3}}, Declared: syncproto.Declared{Transactions: 2, AmountMinor: map[string]int64{"AED": -4}}},
		&syncproto.Resume{Cursor: []byte{1}, Covered: []syncproto.Share{{Class: syncproto.ClassS, Scope: syncproto.Scope{Kind: syncproto.ScopeSite, ID: id}}}, Reading: &syncproto.ReadPoint{Position: 4}, Credit: 9},
		&syncproto.Rows{Class: 1, Scope: syncproto.OrgScope, Table: 3, IDs: []syncproto.RecordID{id, id.Child(2)}, Positions: []syncproto.Position{4, 9},
			Fields: []syncproto.FieldID{1, 7}, Columns: [][]syncproto.Value{{syncproto.IntValue(-1), syncproto.TextValue("س")}, {{}, syncproto.BoolValue(true)}}, Point: &syncproto.ReadPoint{Position: 9, Head: 12}},
		&syncproto.Leave{Class: 2, Scope: syncproto.OrgScope, Records: []syncproto.TableIDs{{Table: 3, IDs: id[:]}}},
		&syncproto.Checkpoint{Cursor: []byte{3}, Position: 4, Digests: []syncproto.ShareDigest{{Share: syncproto.Share{Class: 1, Scope: syncproto.OrgScope}, Count: 3}}},
		&syncproto.Bye{Code: syncproto.CodeBusy, RetryAfterMS: 3},
	}
	for _, f := range frames {
		for _, compressed := range []bool{false, true} {
			b, err := syncproto.EncodeFrame(f, compressed)
			if err != nil {
				t.Fatal(err)
			}
			got, err := syncproto.DecodeFrame(b, syncproto.ServerLimits)
			if err != nil {
				t.Fatalf("%T: %v (%x)", f, err, b)
			}
			if d := cmp.Diff(f, got, cmp.AllowUnexported(syncproto.Value{}), cmp.AllowUnexported(syncproto.Share{}, syncproto.Head{}, syncproto.ReadPoint{}, syncproto.TableIDs{}, syncproto.ShareDigest{})); d != "" {
				t.Errorf("%T: %s", f, d)
			}
		}
	}
}

func TestBatchSurvivesItsBytes(t *testing.T) {
	pub, key, _ := ed25519.GenerateKey(rand.Reader)
	var org syncproto.OrgID
	var dev syncproto.DeviceID
	inc, _ := syncproto.Random[syncproto.Incarnation](rand.Reader)
	g := &syncproto.Genesis{}
	before := syncproto.GenesisHash(org, dev, inc, *g)
	tx := &syncproto.Transaction{Time: 5, Zone: 240, Changes: []syncproto.Change{{Op: syncproto.Create, Table: 3, Groups: []syncproto.GroupWrite{{Group: 1, Base: -1, Fields: []syncproto.FieldValue{{Field: 1, Value: syncproto.TextValue("x")}}}}}}}
	body := syncproto.AppendBody(nil, tx)
	if got, err := syncproto.ReadBody(body); err != nil || cmp.Diff(tx, got, cmp.AllowUnexported(syncproto.Value{})) != "" {
		t.Fatal(err, cmp.Diff(tx, got, cmp.AllowUnexported(syncproto.Value{})))
	}
	b, err := syncproto.SignBatch(key, org, dev, inc, 1, before, g, []syncproto.Body{syncproto.NewBody(body), {Hash: syncproto.BodyHash(body)}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := syncproto.ParseBatch(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Verify(pub, org); err != nil {
		t.Fatal(err)
	}
	bodies, err := p.Open()
	if err != nil || len(bodies) != 2 || bodies[1].Bytes != nil {
		t.Fatal(err, bodies)
	}
}
