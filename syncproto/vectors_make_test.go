package syncproto_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/canon"
	"github.com/rawaj/rawaj/syncproto/hlc"
)

// What the golden vectors are made of. Keys are of fixed seeds: 32 times 1 for the
// organisation, 2 for the device, 3 for the server's device.
var (
	orgKey    = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	deviceKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
	serverKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, 32))

	org      = syncproto.OrgID(recordID("0199f000-0000-7000-8000-000000000000"))
	device   = syncproto.DeviceID(recordID("0199f000-1111-7000-8000-0000000d0000"))
	server   = syncproto.DeviceID(recordID("0199f000-2222-7000-8000-0000000d0000"))
	site     = recordID("0199f000-3333-7000-8000-000000050000")
	person   = recordID("0199f000-4444-7000-8000-000000060000")
	sale     = recordID("0199f123-4567-7abc-8def-012345670000")
	inc      = syncproto.Incarnation(unhex("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"))
	parent   = syncproto.Incarnation(unhex("b0b1b2b3b4b5b6b7b8b9babbbcbdbebf"))
	history  = syncproto.HistoryID(unhex("c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"))
	nonce    = bytes.Repeat([]byte{9}, 32)
	hashOne  = syncproto.Hash(sha256.Sum256([]byte("one")))
	code     = parseCode(typedCode)
	siteS    = syncproto.Share{Class: syncproto.ClassS, Scope: syncproto.Scope{Kind: syncproto.ScopeSite, ID: site}}
	orgS     = syncproto.Share{Class: syncproto.ClassS, Scope: syncproto.OrgScope}
	deviceS  = syncproto.Share{Class: syncproto.ClassS, Scope: syncproto.Scope{Kind: syncproto.ScopeDevice, ID: syncproto.RecordID(device)}}
	nowMS    = int64(1_763_700_000_000)
	readHere = syncproto.ReadPoint{Position: 40, Head: 99, Hash: hashOne}
)

const typedCode = "7K2M-9QXT-03FA-ZC5E"

func parseCode(typed string) []byte {
	b, err := syncproto.ParseCode(typed)
	if err != nil {
		panic("bug: " + err.Error())
	}
	return b
}

func recordID(s string) syncproto.RecordID {
	v, err := syncproto.ParseRecordID(s)
	if err != nil {
		panic("bug: " + err.Error())
	}
	return v
}

var vectorFiles = map[string]func(testing.TB) []vector{
	"bodies": bodyVectors, "batches": batchVectors, "signed": signedVectors, "frames": frameVectors,
	"hashes": hashVectors, "ids": idVectors, "enrolment": enrolVectors, "bad": badVectors,
}

func good(form, name, what string, b []byte, value any) vector {
	return vector{Name: name, What: what, Form: form, Hex: hex.EncodeToString(b), Value: meaning(value)}
}

func smallTransaction() *syncproto.Transaction {
	return &syncproto.Transaction{
		Time: hlc.At(nowMS), Zone: 240, Schema: 1, Rules: 1,
		Changes: []syncproto.Change{{
			Op: syncproto.Create, Table: 3, Record: sale,
			Groups: []syncproto.GroupWrite{{Group: 1, Base: syncproto.NoBase, Fields: []syncproto.FieldValue{{Field: 1, Value: syncproto.TextValue("رواج")}}}},
		}},
	}
}

func fullTransaction() *syncproto.Transaction {
	fields := []syncproto.FieldValue{
		{Field: 1, Value: syncproto.Value{}}, {Field: 2, Value: syncproto.BoolValue(false)}, {Field: 3, Value: syncproto.BoolValue(true)},
		{Field: 23, Value: syncproto.IntValue(23)}, {Field: 24, Value: syncproto.IntValue(24)},
		{Field: 255, Value: syncproto.IntValue(-1)}, {Field: 256, Value: syncproto.IntValue(-25)},
		{Field: 257, Value: syncproto.IntValue(1<<63 - 1)}, {Field: 258, Value: syncproto.IntValue(-1 << 63)},
		{Field: 300, Value: syncproto.TextValue("")}, {Field: 301, Value: syncproto.TextValue("قیمت price")},
		{Field: 302, Value: syncproto.BytesValue(nil)}, {Field: 65535, Value: syncproto.IDValue(site)},
	}
	return &syncproto.Transaction{
		Time: hlc.At(nowMS) + 7, Zone: -210, Person: person, Schema: 300, Rules: 70000, Lane: syncproto.LaneBulk, Replaces: &hashOne,
		Bases: []syncproto.Base{{Position: 5, Hash: hashOne.Short()}, {Position: 1 << 40}},
		Changes: []syncproto.Change{
			{Op: syncproto.Update, Table: 500, Record: sale.Child(1), Groups: []syncproto.GroupWrite{
				{Group: 1, Base: 1, Fields: fields},
				{Group: 9, Base: 0, Left: "draft", Fields: []syncproto.FieldValue{{Field: 4, Value: syncproto.TextValue("issued")}}},
			}},
			{Op: syncproto.Create, Table: 501, Record: sale.Child(2)},
		},
	}
}

func bodyVectors(testing.TB) []vector {
	var all []vector
	add := func(name, what string, tx *syncproto.Transaction) {
		all = append(all, good("body", name, what, syncproto.AppendBody(nil, tx), tx))
	}
	add("body, smallest", "one record with one text; nobody signed in, no base", smallTransaction())
	add("body, taken back", "no change: the transaction that it replaces is taken back", &syncproto.Transaction{Time: hlc.At(nowMS), Schema: 1, Rules: 1, Replaces: &hashOne})
	add("body, everything", "every kind of value, both ends of integers, two bases, a state that was left, a record without a group", fullTransaction())
	return all
}

func bodies() []syncproto.Body {
	return []syncproto.Body{
		syncproto.NewBody(syncproto.AppendBody(nil, smallTransaction())),
		syncproto.NewBody(syncproto.AppendBody(nil, fullTransaction())),
		syncproto.NewBody([]byte("not CBOR: kept as it is, and quarantined")),
	}
}

func signBatch(t testing.TB, first syncproto.Seq, before syncproto.Hash, g *syncproto.Genesis, list []syncproto.Body) *syncproto.Batch {
	b, err := syncproto.SignBatch(deviceKey, org, device, inc, first, before, g, list)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func batchVectors(t testing.TB) []vector {
	list := bodies()
	start := &syncproto.Genesis{}
	begun := syncproto.GenesisHash(org, device, inc, *start)
	continued := &syncproto.Genesis{Parent: parent, Seq: 12, Hash: hashOne}
	first := signBatch(t, 1, begun, start, list)
	cases := []struct {
		name, what string
		batch      *syncproto.Batch
		raw        []byte
		bodies     []syncproto.Body
	}{
		{"batch, first of a device", "seq 1 to 3 of a chain without parent", first, first.Bytes(), list},
		{"batch, continued", "seq 1 of a chain that continues another", signBatch(t, 1, syncproto.GenesisHash(org, device, inc, *continued), continued, list[:1]), nil, list[:1]},
		{"batch, later run", "seq 2 to 3 of the first chain again, in other bounds: the same hashes, no genesis", signBatch(t, 2, syncproto.Link(begun, list[0].Hash), nil, list[1:]), nil, list[1:]},
		{"batch, erased", "the first batch with its second body erased: the header and its signature are the same", first, erase(t, first, list, 1), erased(list, 1)},
		{"batch, sealed", "seq 2 to 3 again, the second of them sealed: its bytes stand for an age file", signBatch(t, 2, syncproto.Link(begun, list[0].Hash), nil, sealed(list[1:], 1)), nil, sealed(list[1:], 1)},
	}
	var all []vector
	for _, c := range cases {
		if c.raw == nil {
			c.raw = c.batch.Bytes()
		}
		v := good("batch", c.name, c.what, c.raw, batchMeaning{c.batch.Header, c.bodies})
		v.Compressed = true
		all = append(all, v)
	}
	return all
}

func erased(list []syncproto.Body, n int) []syncproto.Body {
	out := append([]syncproto.Body(nil), list...)
	out[n].Bytes = nil
	return out
}

func sealed(list []syncproto.Body, n int) []syncproto.Body {
	out := erased(list, n)
	out[n].Sealed = []byte("age-encryption.org/v1")
	return out
}

// erase packs a batch anew with one body replaced by its hash.
func erase(t testing.TB, b *syncproto.Batch, list []syncproto.Body, n int) []byte {
	packed := canon.Array(nil, len(list))
	for i := range list {
		if i == n {
			packed = canon.Bytes(canon.Array(packed, 1), list[i].Hash[:])
		} else {
			packed = canon.Bytes(packed, list[i].Bytes)
		}
	}
	return pair(signedPart(t, b.Bytes()), compressed(packed))
}

func pair(signed, packed []byte) []byte {
	return canon.Bytes(canon.Bytes(canon.Array(nil, 2), signed), packed)
}

var zstdWriter, _ = zstd.NewWriter(nil, zstd.WithSingleSegment(true))

func compressed(b []byte) []byte { return zstdWriter.EncodeAll(b, nil) }

func certificate() syncproto.Certificate {
	return syncproto.Certificate{Device: device, Site: site, Kind: "outlet", Prefix: "A7", Key: public(deviceKey), IssuedAt: nowMS}
}

func serverCertificate() syncproto.Certificate {
	return syncproto.Certificate{Device: server, Site: syncproto.RecordID(org), Kind: syncproto.KindServer, Key: public(serverKey), IssuedAt: nowMS}
}

func signedVectors(testing.TB) []vector {
	c := certificate()
	r := syncproto.ReceiptBody{Device: device, Incarnation: inc, Seq: 3, Chain: hashOne, History: history}
	revocation := syncproto.Revocation{Device: device, TimeMS: nowMS}
	hello := vector{
		Name: "hello signature", What: "by the device's key over COSE's Sig_structure, whose payload is device and nonce",
		Form: "hello signature", Hex: hex.EncodeToString(syncproto.SignHello(deviceKey, org, device, nonce)),
		Value: map[string]any{"Org": org.String(), "Device": device.String(), "Nonce": hex.EncodeToString(nonce), "Seed": hex.EncodeToString(deviceKey.Seed())},
	}
	copied := c
	copied.Device, copied.Prefix, copied.CopyOf = server, "B7", c.Device
	return []vector{
		good("certificate", "certificate of a device", "signed with the organisation's key", syncproto.SignCertificate(orgKey, org, c), c),
		good("certificate", "certificate of a copy", "of the device above, with a name of its own", syncproto.SignCertificate(orgKey, org, copied), copied),
		good("certificate", "certificate of the server", "as it stands in Welcome", syncproto.SignCertificate(orgKey, org, serverCertificate()), serverCertificate()),
		good("revocation", "revocation", "signed with the organisation's key, as it stands in Bye", syncproto.SignRevocation(orgKey, org, revocation), revocation),
		good("parcel", "parcel", "as it is before it is sealed: the batch that is the first of a device", parcelBytes(), *parcel()),
		good("receipts", "receipts", "the file that is carried back", receipts().Encode(), *receipts()),
		good("receipt", "receipt", "signed with the key of the server's device", syncproto.SignReceipt(serverKey, org, r), r),
		good("closing", "closing", "of a till: two sales, one of them in two currencies' payments; signed with the device's key", syncproto.SignClosing(deviceKey, org, closing()), closing()),
		good("closing", "closing of a day", "the second of the day; nothing was sold", syncproto.SignClosing(deviceKey, org, emptyClosing()), emptyClosing()),
		good("closing answer", "answer to a closing", "signed with the key of the server's device", syncproto.SignClosingAnswer(serverKey, org, closingAnswer()), closingAnswer()),
		hello,
	}
}

func closing() *syncproto.Closing {
	return &syncproto.Closing{
		Device: device, Site: site, Till: sale, Day: "2025-11-21", Number: 1, Head: syncproto.Head{Incarnation: inc, Seq: 7, Hash: hashOne},
		Heard: syncproto.Base{Position: 40, Hash: hashOne.Short()}, TimeMS: nowMS,
		Counts: syncproto.ClosingCounts{
			Sales: 2, Voided: 1, Lines: []syncproto.ClosingSum{{Currency: "AED", Minor: 3750}, {Currency: "USD", Minor: -200}},
			Payments: []syncproto.ClosingPayment{{Method: "card", ClosingSum: syncproto.ClosingSum{Currency: "AED", Minor: 1250}}, {Method: "cash", ClosingSum: syncproto.ClosingSum{Currency: "AED", Minor: 2500}}, {Method: "cash", ClosingSum: syncproto.ClosingSum{Currency: "USD", Minor: -200}}},
			Records:  syncproto.RecordsHash([]syncproto.Hash{hashOne, {1}}),
		},
	}
}

func emptyClosing() *syncproto.Closing {
	return &syncproto.Closing{Device: device, Site: site, Day: "2025-11-21", Number: 2, Before: hashOne, TimeMS: nowMS, Counts: syncproto.ClosingCounts{Records: syncproto.RecordsHash(nil)}}
}

func closingAnswer() *syncproto.ClosingAnswer {
	return &syncproto.ClosingAnswer{
		Statement: hashOne, Key: public(deviceKey), Outcome: syncproto.ClosingDiffers, History: history, Position: 99, TimeMS: nowMS,
		Counts: syncproto.ClosingCounts{Sales: 1, Records: hashOne}, Held: 1, Late: 2, Voided: 3,
	}
}

func parcel() *syncproto.Parcel {
	list, start := bodies(), &syncproto.Genesis{}
	b, err := syncproto.SignBatch(deviceKey, org, device, inc, 1, syncproto.GenesisHash(org, device, inc, *start), start, list)
	if err != nil {
		panic(err)
	}
	return &syncproto.Parcel{
		Device: device, Certificate: syncproto.SignCertificate(orgKey, org, certificate()), TimeMS: nowMS,
		Declared: syncproto.Declared{Transactions: 3, OldestMS: nowMS - 5}, Batches: [][]byte{b.Bytes()},
	}
}

func parcelBytes() []byte {
	b, err := syncproto.SignParcel(deviceKey, org, parcel())
	if err != nil {
		panic(err)
	}
	return b
}

func receipts() *syncproto.Receipts {
	return &syncproto.Receipts{
		Server:   syncproto.SignCertificate(orgKey, org, syncproto.Certificate{Device: server, Site: syncproto.RecordID(org), Kind: syncproto.KindServer, Key: public(serverKey), IssuedAt: nowMS}),
		Receipts: [][]byte{syncproto.SignReceipt(serverKey, org, syncproto.ReceiptBody{Device: device, Incarnation: inc, Seq: 3, Chain: hashOne, History: history})},
	}
}

func rows() *syncproto.Rows {
	return &syncproto.Rows{
		Class: syncproto.ClassS, Scope: siteS.Scope, Table: 7,
		IDs: []syncproto.RecordID{sale, sale.Child(1), sale.Child(2)}, Positions: []syncproto.Position{38, 38, 40}, Fields: []syncproto.FieldID{1, 30},
		Columns: [][]syncproto.Value{
			{syncproto.IntValue(-5), syncproto.IntValue(1 << 40), {}},
			{syncproto.TextValue("تسبیح"), syncproto.BoolValue(true), syncproto.IDValue(site)},
		},
		Point: &readHere, Lane: syncproto.LaneBackfill,
	}
}

func sampleFrames() []struct {
	name, what string
	frame      syncproto.Frame
} {
	d := &syncproto.Declared{Transactions: 2, AmountMinor: map[string]int64{"AED": 12550, "IRR": -4}, OldestMS: nowMS - 5, Differing: 1, Unbacked: 3, Kept: 4, Gap: 5, GapMS: nowMS - 9, Attachments: 4}
	head := syncproto.Head{Incarnation: inc, Seq: 3, Hash: hashOne}
	manyRows := rows()
	for n := range 30 {
		manyRows.IDs = append(manyRows.IDs, sale.Child(3+n))
		manyRows.Positions = append(manyRows.Positions, syncproto.Position(41+n))
		manyRows.Columns[0] = append(manyRows.Columns[0], syncproto.IntValue(int64(n)))
		manyRows.Columns[1] = append(manyRows.Columns[1], syncproto.TextValue("one text for all"))
	}
	return []struct {
		name, what string
		frame      syncproto.Frame
	}{
		{"Challenge", "", &syncproto.Challenge{Version: 1, MinVersion: 1, Org: org, Nonce: nonce, TimeMS: nowMS}},
		{"Hello, bare", "a device that has nothing to deliver", &syncproto.Hello{Version: 1, Device: device, Signature: syncproto.SignHello(deviceKey, org, device, nonce), TimeMS: nowMS}},
		{"Hello, everything", "with a backlog, and the certificate that was asked for", &syncproto.Hello{
			Version: 1, Device: device, Signature: syncproto.SignHello(deviceKey, org, device, nonce), TimeMS: nowMS, Declared: *d,
			Certificate: syncproto.SignCertificate(orgKey, org, certificate()), Heads: []syncproto.Head{{Incarnation: parent, Seq: 12, Hash: hashOne}, head}, Program: "rawaj 0.1",
		}},
		{"Resume, bare", "an empty device", &syncproto.Resume{Credit: 1 << 20}},
		{"Resume, everything", "", &syncproto.Resume{
			Cursor: []byte("cursor"), Covered: []syncproto.Share{orgS, deviceS}, Reading: &readHere,
			Backfill: []syncproto.Backfill{{Share: siteS, Point: syncproto.ReadPoint{Position: 1, Head: 2}}}, Older: [][]byte{{1}, {2}}, Credit: 1 << 20, Salvage: true,
		}},
		{"Welcome", "", &syncproto.Welcome{
			Version: 1, History: history, Heads: []syncproto.Head{head}, OffsetMS: -1500, Credit: 4 << 20, Position: 99,
			Server: syncproto.SignCertificate(orgKey, org, syncproto.Certificate{Device: server, Site: syncproto.RecordID(org), Kind: syncproto.KindServer, Key: public(serverKey), IssuedAt: nowMS}),
		}},
		{"Welcome, copy", "the device asks for a name of its own when it has delivered", &syncproto.Welcome{
			Version: 1, History: history, Credit: 4 << 20, Position: 99, Copy: true,
			Server: syncproto.SignCertificate(orgKey, org, syncproto.Certificate{Device: server, Site: syncproto.RecordID(org), Kind: syncproto.KindServer, Key: public(serverKey), IssuedAt: nowMS}),
		}},
		{"Welcome, kept", "two records were seen by head office, three are in the log, the rest is asked for; no rows come yet", &syncproto.Welcome{
			Version: 1, History: history, Credit: 4 << 20, Position: 99, Kept: &syncproto.KeptAsk{Done: 2, Given: 3, Ask: true}, Withheld: true,
			Server: syncproto.SignCertificate(orgKey, org, syncproto.Certificate{Device: server, Site: syncproto.RecordID(org), Kind: syncproto.KindServer, Key: public(serverKey), IssuedAt: nowMS}),
		}},
		{"Push", "the middle of a batch", &syncproto.Push{Batch: 2, Offset: 3, Total: 9, Length: 20, Data: []byte{1, 2, 3}}},
		{"Receipt", "", &syncproto.Receipt{Signed: syncproto.SignReceipt(serverKey, org, syncproto.ReceiptBody{Device: device, Incarnation: inc, Seq: 3, Chain: hashOne, History: history})}},
		{"Rows", "the last frame of a page of a backfill; nulls where a record lacks a field", rows()},
		{"Rows, long", "33 records: worth compressing", manyRows},
		{"Leave, records", "", &syncproto.Leave{Class: syncproto.ClassP, Scope: siteS.Scope, Records: []syncproto.TableIDs{{Table: 7, IDs: append(sale[:], site[:]...)}}, Point: &readHere}},
		{"Leave, whole share", "", &syncproto.Leave{Class: syncproto.ClassS, Scope: siteS.Scope}},
		{"Checkpoint", "", &syncproto.Checkpoint{
			Cursor: []byte("cursor"), Position: 99, Hash: hashOne, History: history, Settled: []syncproto.Head{head},
			Digests: []syncproto.ShareDigest{{Share: orgS, Count: 3, Sum: syncproto.Sum(hashOne)}, {Share: siteS}}, Covered: []syncproto.Share{orgS, siteS}, TimeMS: nowMS,
		}},
		{"Credit", "", &syncproto.Credit{Bytes: 1 << 20}},
		{"Ping, from a device", "its backlog changed, and it asks for an answer", &syncproto.Ping{TimeMS: nowMS, Declared: d, Answer: true}},
		{"Ping, answered", "", &syncproto.Ping{TimeMS: nowMS}},
		{"Range, asked", "two nodes below the root", &syncproto.Range{Class: syncproto.ClassS, Scope: siteS.Scope, Level: 1, Nodes: []uint32{0, 255}}},
		{"Range, marks", "of the parts of a node above the leaves", &syncproto.Range{Class: syncproto.ClassS, Scope: siteS.Scope, Level: 2, Nodes: []uint32{16383}, Marks: marked().Marks(2, []uint32{16383})}},
		{"Range, records", "of two leaves; the second has none", &syncproto.Range{
			Class: syncproto.ClassS, Scope: siteS.Scope, Level: 3, Nodes: []uint32{syncproto.RangeLeaf(7, sale), 1<<18 - 1},
			Items: []syncproto.Item{{Table: 7, Record: sale, Mark: syncproto.MarkOf(hashOne)}},
		}},
		{"Need", "", &syncproto.Need{Class: syncproto.ClassS, Scope: siteS.Scope, Records: []syncproto.TableIDs{{Table: 7, IDs: sale[:]}}}},
		{"Need, nothing", "only the checkpoint", &syncproto.Need{Class: syncproto.ClassS, Scope: siteS.Scope}},
		{"Salvage", "the last of several", &syncproto.Salvage{Batches: [][]byte{{1, 2, 3}, {4}}, Last: true}},
		{"Give", "two records, sealed; their numbers end at 9", &syncproto.Give{Upto: 9, Rows: [][]byte{{1, 2, 3}, {4}}}},
		{"Have", "a manifest of two chunks, the second of one byte", syncproto.NewHave(attached())},
		{"Have, nothing", "not here, or not for this device", &syncproto.Have{Root: attached().Root()}},
		{"Chunk", "the last of the attachment", &syncproto.Chunk{Root: attached().Root(), Index: 1, Data: []byte{7}}},
		{"Chunk, nothing", "it has gone meanwhile", &syncproto.Chunk{Root: attached().Root(), Index: 1}},
		{"ChunkAsk, manifest", "", &syncproto.ChunkAsk{Root: attached().Root()}},
		{"ChunkAsk, chunk", "", &syncproto.ChunkAsk{Root: attached().Root(), Want: syncproto.WantChunk, Index: 1}},
		{"ChunkAsk, nothing more", "it is whole and durable", &syncproto.ChunkAsk{Root: attached().Root(), Want: syncproto.WantNothing}},
		{"ChunkAsk, later", "", &syncproto.ChunkAsk{Root: attached().Root(), Want: syncproto.WantLater}},
		{"ChunkAsk, not wanted", "no record names it", &syncproto.ChunkAsk{Root: attached().Root(), Want: syncproto.WantNot}},
		{"Bye", "", &syncproto.Bye{Code: syncproto.CodeBusy, Detail: "too many sessions", RetryAfterMS: 30_000}},
		{"Bye, revoked", "the device delivers, then wipes itself", &syncproto.Bye{Code: syncproto.CodeRevoked, Revocation: syncproto.SignRevocation(orgKey, org, syncproto.Revocation{Device: device, TimeMS: nowMS})}},
	}
}

// attached is the manifest of 32 KiB and a byte, each 7.
func attached() *syncproto.Manifest {
	m := syncproto.Cut(bytes.Repeat([]byte{7}, syncproto.ChunkSize+1))
	return &m
}

// marked is a tree of one record.
func marked() *syncproto.RangeTree {
	tree := &syncproto.RangeTree{}
	tree.Add(7, sale, hashOne)
	return tree
}

func frameVectors(t testing.TB) []vector {
	var all []vector
	for _, f := range sampleFrames() {
		plain, err := syncproto.EncodeFrame(f.frame, false)
		if err != nil {
			t.Fatal(f.name, err)
		}
		all = append(all, good("frame", f.name, f.what, plain, f.frame))
		packed, err := syncproto.EncodeFrame(f.frame, true)
		if err != nil {
			t.Fatal(f.name, err)
		}
		if !bytes.Equal(packed, plain) {
			v := good("frame", f.name+", compressed", "the same, with its body compressed", packed, f.frame)
			v.Compressed = true
			all = append(all, v)
		}
	}
	return all
}

func hashed(name, what string, h syncproto.Hash, value map[string]any) vector {
	return vector{Name: name, What: what, Form: "hash", Hex: h.String(), Value: value}
}

func hashVectors(testing.TB) []vector {
	g := syncproto.Genesis{Parent: parent, Seq: 12, Hash: hashOne}
	begun := syncproto.GenesisHash(org, device, inc, syncproto.Genesis{})
	list := bodies()
	one := syncproto.Link(begun, list[0].Hash)
	two := syncproto.Link(one, list[1].Hash)
	chain := map[string]any{"Org": org.String(), "Device": device.String(), "Incarnation": inc.String()}
	withParent := map[string]any{"Org": org.String(), "Device": device.String(), "Incarnation": inc.String(), "Genesis": plainly(g)}
	fields := []syncproto.FieldValue{{Field: 1, Value: syncproto.TextValue("چای")}, {Field: 2}, {Field: 40, Value: syncproto.IntValue(-7)}}
	record, preimage := syncproto.RecordHash(nil, 7, sale, fields)
	other, _ := syncproto.RecordHash(nil, 7, site, nil)
	var d syncproto.Digest
	d.Add(record)
	d.Add(other)
	top := syncproto.Digest{Count: 1, Sum: syncproto.Sum(bytes.Repeat([]byte{0xff}, 32))}
	top.Add(syncproto.Hash(append([]byte{1}, make([]byte, 31)...)))
	atZero := syncproto.FirstPositionHash(org)
	return []vector{
		hashed("genesis, first", "h0 of a device's first incarnation", begun, chain),
		hashed("genesis, continued", "h0 of an incarnation with a parent", syncproto.GenesisHash(org, device, inc, g), withParent),
		hashed("chain, after 1", "the first body of batches.json", one, map[string]any{"Before": begun.String(), "Body": list[0].Hash.String()}),
		hashed("chain, after 2", "the second", two, map[string]any{"Before": one.String(), "Body": list[1].Hash.String()}),
		hashed("record", "null fields are left out", record, map[string]any{"Table": "7", "Record": sale.String(), "Fields": plainly(fields), "Preimage": hex.EncodeToString(preimage)}),
		hashed("record, empty", "a record without any field", other, map[string]any{"Table": "7", "Record": site.String()}),
		hashed("digest", "sum of the two records above; count 2", syncproto.Hash(d.Sum), map[string]any{"Count": "2", "Hashes": []any{record.String(), other.String()}}),
		hashed("digest, overflow", "2^256-1 and 1 are 0; the first byte is the lowest", syncproto.Hash(top.Sum), map[string]any{"Count": "2", "Hashes": []any{strings.Repeat("ff", 32), "01" + strings.Repeat("00", 31)}}),
		hashed("log, position 0", "", atZero, map[string]any{"Org": org.String()}),
		hashed("log, position 1", "", syncproto.PositionHash(atZero, one), map[string]any{"Before": atZero.String(), "Transaction": one.String()}),
	}
}

func idVectors(testing.TB) []vector {
	id := func(name, what string, v syncproto.RecordID, value map[string]any) vector {
		return vector{Name: name, What: what, Form: "id", Hex: hex.EncodeToString(v[:]), Value: value}
	}
	return []vector{
		id("derived id", "of two parts", syncproto.DerivedID(nowMS, "price", sale[:], site[:]), map[string]any{"MS": fmt.Sprint(nowMS), "Kind": "price", "Parts": []any{hex.EncodeToString(sale[:]), hex.EncodeToString(site[:])}}),
		id("derived id, no part", "of a time before 1970, which counts as 0", syncproto.DerivedID(-1, "x"), map[string]any{"MS": "-1", "Kind": "x", "Parts": []any{}}),
		id("child", "the last two bytes", sale.Child(258), map[string]any{"Parent": sale.String(), "N": "258"}),
	}
}

func rename() syncproto.RenameRequest {
	return syncproto.NewRenameRequest(deviceKey, serverKey, org, device, syncproto.Head{Incarnation: inc, Seq: 3, Hash: hashOne})
}

func enrolVectors(t testing.TB) []vector {
	q := rename()
	meant, err := q.Open(org, func(syncproto.DeviceID) (ed25519.PublicKey, error) { return public(deviceKey), nil })
	if err != nil {
		t.Fatal(err)
	}
	request := syncproto.NewEnrolRequest(code, deviceKey, "Till 1")
	response := syncproto.EnrolResponse{
		Org: org, OrgKey: public(orgKey), Certificate: syncproto.SignCertificate(orgKey, org, certificate()),
		SiteName: "کافه رواج", Zone: "Asia/Dubai", Lang: "fa", TimeMS: nowMS,
	}
	response.Seal(syncproto.CodeKey(code), &request)
	refusal := syncproto.EnrolError{Code: syncproto.CodeTooManyTries, Detail: "5 tries", RetryAfterMS: 60_000}
	encode := func(v any) []byte {
		b, err := syncproto.EncodeEnrol(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	of := func(name, what string, b []byte) vector {
		return vector{Name: name, What: what, Form: "bytes", Hex: hex.EncodeToString(b), Value: map[string]any{"Typed": typedCode}}
	}
	return []vector{
		of("code", "ten bytes of a code as typed", code),
		of("code id", "names the code", syncproto.CodeID(code)),
		of("code key", "key of both proofs", syncproto.CodeKey(code)),
		good("enrol request", "enrol request", "", encode(request), request),
		good("enrol response", "enrol response", "", encode(response), response),
		good("enrol error", "enrol error", "", encode(refusal), refusal),
		good("rename request", "rename request", "the new key is the server's, for want of another", encode(rename()), meant),
		good("rename response", "rename response", "", encode(syncproto.RenameResponse{Certificate: response.Certificate}), syncproto.RenameResponse{Certificate: response.Certificate}),
	}
}

// Errors by name, as they stand in bad.json.
func errorName(err error) string {
	var coded *syncproto.Error
	switch {
	case err == nil:
		return "none"
	case errors.As(err, &coded):
		return coded.Code.String()
	case errors.Is(err, syncproto.ErrSignature):
		return "signature"
	case errors.Is(err, syncproto.ErrBatch):
		return "batch"
	case errors.Is(err, syncproto.ErrFrame):
		return "frame"
	case errors.Is(err, canon.ErrMalformed):
		return "not canonical"
	}
	return err.Error()
}

func badVectors(t testing.TB) []vector {
	return append(append(append(badBodies(), badFrames(t)...), badBatches(t)...), badSigned()...)
}

func bad(form, name, expected string, b []byte) vector {
	return vector{Name: name, Form: form, Error: expected, Hex: hex.EncodeToString(b)}
}

func badBodies() []vector {
	body := syncproto.AppendBody(nil, smallTransaction())
	var all []vector
	add := func(name string, b []byte) { all = append(all, bad("body", "body: "+name, "not canonical", b)) }
	swap := func(name string, from, to []byte) {
		if bytes.Count(body, from) != 1 {
			panic("bug: " + name)
		}
		add(name, bytes.Replace(body, from, to, 1))
	}
	edit := func(name string, change func(*syncproto.Transaction)) {
		tx := smallTransaction()
		change(tx)
		add(name, syncproto.AppendBody(nil, tx))
	}
	text := append([]byte{0xa1, 1, 0x68}, "رواج"...)
	value := func(name string, v ...byte) { swap(name, text, append([]byte{0xa1, 1}, v...)) }
	add("nothing", nil)
	add("a byte too many", append(bytes.Clone(body), 0xf6))
	swap("an integer longer than it needs to be", []byte{0x18, 0xf0, 0xf6}, []byte{0x19, 0, 0xf0, 0xf6})
	swap("a text's length longer than it needs to be", text[2:3], []byte{0x78, 8})
	value("the same field twice, which is no map", 0xf6)
	all[len(all)-1] = bad("body", "body: the same field twice", "not canonical", bytes.Replace(body, text, append([]byte{0xa2}, append(text[1:], text[1:]...)...), 1))
	swap("fields that do not ascend", text, []byte{0xa2, 2, 0xf6, 1, 0xf6})
	value("indefinite text", 0x7f, 0x61, 'a', 0xff)
	value("indefinite bytes", 0x5f, 0x41, 'a', 0xff)
	value("an indefinite array", 0x9f, 0xff)
	value("an array for a value", 0x80)
	value("a map for a value", 0xa0)
	value("a tag", 0xc1, 0x1a, 0, 0, 0, 1)
	value("a float of 16 bits", 0xf9, 0x3c, 0)
	value("a float of 64 bits", 0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0)
	value("not a number", 0xf9, 0x7e, 0)
	value("undefined", 0xf7)
	value("a simple value", 0xf8, 0x20)
	value("an integer over 64 bits", 0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0)
	value("a negative integer under 64 bits", 0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0)
	value("text that is no UTF-8", 0x61, 0xff)
	value("text that is half a letter", 0x62, 'a', 0xd8)
	value("text with a surrogate", 0x63, 0xed, 0xa0, 0x80)
	value("text of 2^60 bytes", 0x7b, 0x10, 0, 0, 0, 0, 0, 0, 0)
	value("bytes over their bound", canon.Bytes(nil, make([]byte, syncproto.MaxBytes+1))...)
	add("an array of 2^60 items", []byte{0x9b, 0x10, 0, 0, 0, 0, 0, 0, 0})
	add("arrays nested 10,000 deep", bytes.Repeat([]byte{0x81}, 10_000))
	edit("no change", func(tx *syncproto.Transaction) { tx.Changes = nil })
	edit("an update of nothing", func(tx *syncproto.Transaction) {
		tx.Changes[0].Op, tx.Changes[0].Groups = syncproto.Update, nil
	})
	edit("a group of no field", func(tx *syncproto.Transaction) { tx.Changes[0].Groups[0].Fields = nil })
	edit("groups that do not ascend", func(tx *syncproto.Transaction) {
		tx.Changes[0].Groups = append(tx.Changes[0].Groups, tx.Changes[0].Groups[0])
	})
	edit("a base that is not listed", func(tx *syncproto.Transaction) { tx.Changes[0].Groups[0].Base = 0 })
	edit("a zone over a day", func(tx *syncproto.Transaction) { tx.Zone = 1441 })
	edit("an operation 2", func(tx *syncproto.Transaction) { tx.Changes[0].Op = 2 })
	edit("a kind 1", func(tx *syncproto.Transaction) { tx.Kind = 1 })
	edit("33 groups", func(tx *syncproto.Transaction) {
		c := &tx.Changes[0]
		for n := range syncproto.GroupID(syncproto.MaxGroups) {
			c.Groups = append(c.Groups, c.Groups[0])
			c.Groups[n+1].Group = n + 2
		}
	})
	edit("65 fields", func(tx *syncproto.Transaction) {
		g := &tx.Changes[0].Groups[0]
		for n := range syncproto.FieldID(syncproto.MaxFields) {
			g.Fields = append(g.Fields, syncproto.FieldValue{Field: n + 2})
		}
	})
	edit("1025 bases", func(tx *syncproto.Transaction) { tx.Bases = make([]syncproto.Base, syncproto.MaxBases+1) })
	// [..., person 16 zero bytes, ...]
	swap("a person of zeros", []byte{0x18, 0xf0, 0xf6}, append([]byte{0x18, 0xf0, 0x50}, make([]byte, 16)...))
	return all
}

// zeros is a zstd frame of so many zero bytes in runs, which announces announced;
// without a size where that is negative. It is written by hand, so that no
// compressor decides what it looks like.
func zeros(length, announced int) []byte {
	b := []byte{0x28, 0xb5, 0x2f, 0xfd}
	if announced >= 0 {
		b = binary.LittleEndian.AppendUint32(append(b, 0xa0), uint32(announced)) // single segment, size of 4 bytes
	} else {
		b = append(b, 0x00, 0x40) // window of 256 KiB
	}
	for length > 0 {
		n := min(length, 128<<10)
		length -= n
		block := uint32(n)<<3 | 1<<1
		if length == 0 {
			block |= 1
		}
		b = append(b, byte(block), byte(block>>8), byte(block>>16), 0)
	}
	return b
}

const bombSize = 200 << 20

func badFrames(t testing.TB) []vector {
	frame := func(name, expected string, b []byte) vector { return bad("frame", "frame: "+name, expected, b) }
	plain := func(s string) []byte { return unhex(s) }
	squeezed := func(b []byte) []byte { return canon.Bytes(unhex("8207"), b) }
	long, err := syncproto.EncodeFrame(&syncproto.Push{Batch: 1, Total: 5000, Length: 5000, Data: make([]byte, 5000)}, false)
	if err != nil {
		t.Fatal(err)
	}
	many := canon.Uint(canon.Map(unhex("8203"), 2), 2)
	many = canon.Array(many, syncproto.MaxCovered+1)
	for range syncproto.MaxCovered + 1 {
		many = append(many, 0x82, 1, 0x41, 1)
	}
	many = append(many, 6, 0)
	one := hashOne[:]
	tooMany := slices.Repeat([][]byte{one}, syncproto.MaxChunks+1)
	root := func() syncproto.Root { return rootOf(1, one) }
	return []vector{
		frame("nothing", "frame", nil),
		frame("three parts", "frame", plain("830ba1010000")),
		frame("a body that is null", "frame", plain("820bf6")),
		frame("a body that is a list", "frame", plain("820b80")),
		frame("a byte too many", "frame", plain("820ba1010000")),
		frame("a type longer than it needs to be", "frame", plain("82180ba10100")),
		frame("an unknown type", "unsupported", plain("8218c8a0")),
		frame("a type over 255", "frame", plain("82190100a0")),
		frame("a reserved type", "unsupported", plain("8214a0")),
		frame("Have without a name", "frame", plain("8213a0")),
		frame("Have of another name", "frame", haveOf(root(), 2, one)),
		frame("Have of a length without chunks", "frame", haveOf(root(), 1, nil)),
		frame("Have of chunks without a length", "frame", haveOf(rootOf(0, one), 0, one)),
		frame("Have with a chunk too many", "frame", haveOf(rootOf(1, one, one), 1, one, one)),
		frame("Have with a chunk too few", "frame", haveOf(rootOf(syncproto.ChunkSize+1, one), syncproto.ChunkSize+1, one)),
		frame("Have with half a hash", "frame", haveOf(rootOf(1, one), 1, one, one[:16])),
		frame("Have of 40 MiB and a byte", "frame", haveOf(rootOf(syncproto.MaxAttachment+1, tooMany...), syncproto.MaxAttachment+1, tooMany...)),
		frame("Chunk of 32 KiB and a byte", "frame", chunkOf(root(), 0, syncproto.ChunkSize+1)),
		frame("Chunk 1280", "frame", chunkOf(root(), syncproto.MaxChunks, 1)),
		frame("Chunk without a name", "frame", plain("8211a10200")),
		frame("ChunkAsk for chunk 1280", "frame", askOf(root(), 1, syncproto.MaxChunks)),
		frame("ChunkAsk for a manifest with an index", "frame", askOf(root(), 0, 1)),
		frame("ChunkAsk of an unknown want", "frame", askOf(root(), 5, 0)),
		frame("the same key twice", "frame", plain("820ba201000101")),
		frame("an indefinite map", "frame", plain("820bbf0100ff")),
		frame("a tag", "frame", plain("820ba101c100")),
		frame("a float", "frame", plain("820ba101f93c00")),
		frame("text that is no UTF-8", "frame", plain("820ca201010261ff")),
		frame("an unknown key nested 9 deep", "frame", plain("820ba20100186381818181818181818100")),
		frame("a map of 2^60 pairs", "frame", plain("820bbb1000000000000000")),
		frame("a code over 16 bits", "frame", plain("820ca1011a00010000")),
		frame("1025 shares", "frame", many),
		frame("a nonce of 31 bytes", "frame", append(append(plain("8201a5010102010350"), org[:]...), append(plain("04581f"), append(make([]byte, 31), 5, 0)...)...)),
		frame("Rows with keys that do not ascend", "frame", plain("8207a2020103")),
		frame("Rows without ids", "frame", plain("8207a60101024101030705800680 0780")),
		bad("frame in the greeting", "frame: over 4 KiB in the greeting", "too_large", long),
		bad("frame in the greeting", "frame: compressed in the greeting", "frame", squeezed(compressed([]byte{0xa0}))),
		bad("frame from a device", "frame: compressed by a device", "frame", squeezed(zeros(100, 100))),
		frame("200 MiB of zeros, announced", "frame", squeezed(zeros(bombSize, bombSize))),
		frame("200 MiB of zeros, announced as 100 bytes", "frame", squeezed(zeros(bombSize, 100))),
		frame("200 MiB of zeros, not announced", "frame", squeezed(zeros(bombSize, -1))),
		frame("compressed, then a byte too many", "frame", append(squeezed(zeros(100, 100)), 0)),
		frame("not compressed at all", "frame", squeezed([]byte("plain"))),
	}
}

// rootOf names a manifest, sound or not.
func rootOf(length uint64, hashes ...[]byte) (r syncproto.Root) {
	b := binary.BigEndian.AppendUint64([]byte("rawaj/attachment/1"), length)
	return sha256.Sum256(append(b, bytes.Join(hashes, nil)...))
}

func haveOf(r syncproto.Root, length uint64, hashes ...[]byte) []byte {
	b := canon.Bytes(canon.Uint(canon.Map(unhex("8213"), 3), 1), r[:])
	b = canon.Uint(canon.Uint(b, 2), length)
	return canon.Bytes(canon.Uint(b, 3), bytes.Join(hashes, nil))
}

func chunkOf(r syncproto.Root, index uint64, size int) []byte {
	b := canon.Bytes(canon.Uint(canon.Map(unhex("8211"), 3), 1), r[:])
	b = canon.Uint(canon.Uint(b, 2), index)
	return canon.Bytes(canon.Uint(b, 3), make([]byte, size))
}

func askOf(r syncproto.Root, want, index uint64) []byte {
	b := canon.Bytes(canon.Uint(canon.Map(unhex("8212"), 3), 1), r[:])
	b = canon.Uint(canon.Uint(b, 2), want)
	return canon.Uint(canon.Uint(b, 3), index)
}

func badBatches(t testing.TB) []vector {
	list := bodies()
	start := &syncproto.Genesis{}
	good := signBatch(t, 1, syncproto.GenesisHash(org, device, inc, *start), start, list)
	signed := signedPart(t, good.Bytes())
	forged := bytes.Clone(good.Bytes())
	forged[bytes.Index(forged, device[:])+15] ^= 1
	batch := func(name, expected string, b []byte) vector { return bad("batch", "batch: "+name, expected, b) }
	header := func(name string, change func(b []byte) []byte) vector {
		payload := change(headerOf(t, signed))
		return batch(name, "batch", pair(sign1(deviceKey, "rawaj/batch/1", payload), compressed([]byte{0x80})))
	}
	otherOrg, err := syncproto.SignBatch(deviceKey, syncproto.OrgID{}, device, inc, 2, hashOne, nil, list)
	if err != nil {
		t.Fatal(err)
	}
	otherKey, err := syncproto.SignBatch(serverKey, org, device, inc, 2, hashOne, nil, list)
	if err != nil {
		t.Fatal(err)
	}
	packed := func(name string, b []byte) vector { return batch(name, "batch", pair(signed, b)) }
	return []vector{
		batch("another device in the header", "signature", forged),
		batch("of another organisation", "signature", otherOrg.Bytes()),
		batch("signed by another key", "signature", otherKey.Bytes()),
		packed("bodies left out", compressed([]byte{0x80})),
		packed("another body", compressed(canon.Bytes(canon.Bytes(canon.Bytes(canon.Array(nil, 3), []byte("a")), []byte("b")), []byte("c")))),
		packed("200 MiB of zeros, announced", zeros(bombSize, bombSize)),
		packed("200 MiB of zeros, announced as 100 bytes", zeros(bombSize, 100)),
		packed("200 MiB of zeros, not announced", zeros(bombSize, -1)),
		header("seq 0", func(b []byte) []byte { return bytes.Replace(b, append(inc[:], 1), append(inc[:], 0), 1) }),
		header("a genesis is missing", func(b []byte) []byte { return append(b[:len(b)-4], 0xf6) }),
		header("a parent in part", func(b []byte) []byte { return append(b[:len(b)-1], 1) }),
		header("a parent of zeros", func(b []byte) []byte {
			b = append(append(b[:len(b)-3], 0x50), make([]byte, 16)...)
			return append(append(b, 0, 0x58, 32), make([]byte, 32)...)
		}),
	}
}

func headerOf(t testing.TB, signed []byte) []byte {
	r := canon.NewReader(signed)
	r.Exactly(4)
	r.Bytes(10)
	r.Map(0)
	b := bytes.Clone(r.Bytes(len(signed)))
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return b
}

// sign1 is COSE_Sign1 as SPEC §4.4 has it, written a second time.
func sign1(key ed25519.PrivateKey, context string, payload []byte) []byte {
	return message1(unhex("a10127"), unhex("a0"), payload, ed25519.Sign(key, structure1(unhex("a10127"), context, payload)))
}

func structure1(protected []byte, context string, payload []byte) []byte {
	b := canon.Text(unhex("84"), "Signature1")
	b = canon.Bytes(b, protected)
	b = canon.Bytes(b, append([]byte(context), org[:]...))
	return canon.Bytes(b, payload)
}

func message1(protected, unprotected, payload, signature []byte) []byte {
	b := append(canon.Bytes(unhex("84"), protected), unprotected...)
	return canon.Bytes(canon.Bytes(b, payload), signature)
}

func badSigned() []vector {
	sound := syncproto.SignCertificate(orgKey, org, certificate())
	payload, signature := sound[6+2:len(sound)-66], sound[len(sound)-64:]
	const context = "rawaj/certificate/1"
	anew := func(protected string) []byte {
		p := unhex(protected)
		return message1(p, unhex("a0"), payload, ed25519.Sign(orgKey, structure1(p, context, payload)))
	}
	flipped := bytes.Clone(sound)
	flipped[len(flipped)-1] ^= 1
	s := func(name string, b []byte) vector { return bad("certificate", "signed: "+name, "signature", b) }
	return []vector{
		s("tagged", append([]byte{0xd2}, sound...)),
		s("an unprotected header", message1(unhex("a10127"), unhex("a10441aa"), payload, signature)),
		s("another algorithm in the header", anew("a10126")),
		s("Ed25519 by its newer number", anew("a10132")),
		s("no algorithm", anew("")),
		s("an empty protected map", anew("a0")),
		s("a second parameter", anew("a20127044131")),
		s("the algorithm written longer", anew("a1013807")),
		s("payload detached", append(append(unhex("84 43a10127 a0 f6 5840"), signature...), nil...)),
		s("a signature of 63 bytes", message1(unhex("a10127"), unhex("a0"), payload, signature[:63])),
		s("one bit of the signature", flipped),
		s("a receipt's context", message1(unhex("a10127"), unhex("a0"), payload, ed25519.Sign(orgKey, structure1(unhex("a10127"), "rawaj/receipt/1", payload)))),
		s("another key", syncproto.SignCertificate(deviceKey, org, certificate())),
		bad("certificate", "signed: a certificate of five parts", "not canonical", sign1(orgKey, context, append([]byte{0x85}, payload[1:]...))),
	}
}
