package state_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/memlog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/hlc"
	"github.com/rawaj/rawaj/syncproto/schema"
)

var ctx = context.Background()

// noon is when the tests take place, UTC ms: 2026-11-21 12:00.
const noon = 1_795_262_400_000

// tb is what the kit needs of a test, of this or of a property.
type tb interface {
	Helper()
	Cleanup(func())
	Error(...any)
	Errorf(string, ...any)
	Fatal(...any)
	Fatalf(string, ...any)
}

// org is an organisation whose log is written by hand and folded.
type org struct {
	t     tb
	dir   string
	id    syncproto.OrgID
	key   ed25519.PrivateKey
	log   *memlog.Log
	state *state.State
	now   int64 // of the ingesting node, UTC ms
	tick  int64 // by which it moves on with every entry
	made  uint64
	node  *device
	site  syncproto.RecordID
}

// device writes chains.
type device struct {
	o      *org
	id     syncproto.DeviceID
	key    ed25519.PrivateKey
	clock  int64 // ms that its clock is ahead
	chains int
	run    *run
}

// run is one chain as its device has it.
type run struct {
	d       *device
	inc     syncproto.Incarnation
	genesis syncproto.Genesis
	bodies  []syncproto.Body
	hashes  []syncproto.Hash // hashes[n] is the chain hash after seq n
}

// newOrg makes a log with its history and a node, and folds it.
func newOrg(t testing.TB) *org { return newOrgIn(t, t.TempDir()) }

func newOrgIn(t tb, dir string) *org {
	o := &org{t: t, dir: dir, log: memlog.New(), now: noon, tick: 1000}
	o.id, o.key = syncproto.OrgID(o.newID()), o.newKey()
	o.state = o.open("state.db")
	h := state.History{Org: o.id, OrgKey: public(o.key), ID: syncproto.HistoryID(o.newID()), Cause: "test"}
	o.entry(state.Entry{Kind: state.EntryHistory, Payload: h.Encode()})
	o.node = o.newDevice()
	o.entry(state.Entry{Kind: state.EntryNode, Payload: syncproto.SignCertificate(o.key, o.id, syncproto.Certificate{
		Device: o.node.id, Kind: schema.KindServerDevice, Key: public(o.node.key),
	})})
	o.site = o.newSite("Bazaar", schema.KindBranch)
	return o
}

func (o *org) open(name string) *state.State {
	o.t.Helper()
	s, err := state.Open(ctx, filepath.Join(o.dir, name))
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { s.Close() })
	return s
}

// newID counts, so that a failure can be read and runs are alike.
func (o *org) newID() (id syncproto.RecordID) {
	o.made++
	binary.BigEndian.PutUint64(id[:8], noon<<16|0x7000)
	binary.BigEndian.PutUint32(id[8:12], uint32(o.made))
	return id
}

func (o *org) newKey() ed25519.PrivateKey {
	o.made++
	return ed25519.NewKeyFromSeed(binary.BigEndian.AppendUint64(make([]byte, 24), o.made))
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

func (o *org) newDevice() *device {
	return &device{o: o, id: syncproto.DeviceID(o.newID()), key: o.newKey()}
}

// entry appends to the log and folds nothing.
func (o *org) entry(e state.Entry) {
	o.t.Helper()
	o.now += o.tick
	e.ReceivedAt, e.Node = o.now, syncproto.DeviceID{1}
	if _, err := o.log.Append(ctx, e.Encode()); err != nil {
		o.t.Fatal(err)
	}
}

// records are the log from an entry on.
func (o *org) records(from oplog.Index) (all []oplog.Record) {
	o.t.Helper()
	if err := o.log.Read(ctx, from, func(r oplog.Record) error { all = append(all, r); return nil }); err != nil {
		o.t.Fatal(err)
	}
	return all
}

// fold applies what is new in the log, in one commit.
func (o *org) fold() {
	o.t.Helper()
	if _, err := o.state.Apply(ctx, o.records(o.state.Head().Applied+1)); err != nil {
		o.t.Fatal(err)
	}
}

// newSite records a site of head office's.
func (o *org) newSite(name, kind string) syncproto.RecordID {
	o.t.Helper()
	id := o.newID()
	o.node.does(create(schema.Site, id, text(schema.NameEn, name), text(schema.SiteKind, kind), text(schema.SiteZone, "Asia/Dubai"), text(schema.SiteLang, "en"), text(schema.SiteStatus, "active")))
	return id
}

// enrol takes a device of a site in, with the grants of its kind.
func (o *org) enrol(kind string, site syncproto.RecordID, fairs ...syncproto.RecordID) *device {
	o.t.Helper()
	d := o.newDevice()
	changes := []syncproto.Change{create(schema.Device, syncproto.RecordID(d.id), ref(schema.DeviceSite, site), text(schema.DeviceKind, kind), raw(schema.DeviceKey, public(d.key)))}
	for _, g := range schema.FirstGrants(kind, d.id, site, fairs) {
		changes = append(changes, grant(d.id, g.Scope, g.Classes, g.Write))
	}
	o.node.does(changes...)
	return d
}

func grant(d syncproto.DeviceID, scope syncproto.Scope, classes string, write bool, more ...syncproto.FieldValue) syncproto.Change {
	return create(schema.Grant, schema.GrantID(d, scope), append(more, ref(schema.GrantDevice, syncproto.RecordID(d)), text(schema.GrantClass, classes),
		raw(schema.GrantScope, scope.AppendBinary(nil)), boolean(schema.GrantWrite, write))...)
}

// stall enrols a stall of the organisation's one site.
func (o *org) stall() *device { o.t.Helper(); return o.enrol(schema.KindStall, o.site) }

// branch enrols a branch of the organisation's one site.
func (o *org) branch() *device { o.t.Helper(); return o.enrol(schema.KindBranch, o.site) }

// chain is the device's present run.
func (d *device) chain() *run {
	if d.run == nil {
		d.restart()
	}
	return d.run
}

// restart begins a new incarnation that continues the one before.
func (d *device) restart() *run {
	d.chains++
	r := &run{d: d}
	copy(r.inc[:], d.id[:12])
	r.inc[15] = byte(d.chains)
	if old := d.run; old != nil && len(old.bodies) > 0 {
		r.genesis = syncproto.Genesis{Parent: old.inc, Seq: old.last(), Hash: old.hashes[old.last()]}
	}
	r.hashes = []syncproto.Hash{syncproto.GenesisHash(d.o.id, d.id, r.inc, r.genesis)}
	d.run = r
	return r
}

// copied is the run as a copy of the device has it, in the same life.
func (r *run) copied() *run {
	c := *r
	c.bodies = append([]syncproto.Body(nil), r.bodies...)
	c.hashes = append([]syncproto.Hash(nil), r.hashes...)
	return &c
}

func (r *run) last() syncproto.Seq { return syncproto.Seq(len(r.bodies)) }

// add appends a body as it stands.
func (r *run) add(body []byte) tx {
	b := syncproto.NewBody(body)
	r.bodies = append(r.bodies, b)
	r.hashes = append(r.hashes, syncproto.Link(r.hashes[len(r.hashes)-1], b.Hash))
	return tx{r, r.last()}
}

// tx names a transaction.
type tx struct {
	run *run
	seq syncproto.Seq
}

func (x tx) hash() syncproto.Hash { return x.run.hashes[x.seq] }

// options of a transaction.
type option func(*syncproto.Transaction)

// seeing lays a base under every group that is written.
func seeing(b syncproto.Base) option {
	return func(t *syncproto.Transaction) {
		t.Bases = []syncproto.Base{b}
		for i := range t.Changes {
			for j := range t.Changes[i].Groups {
				t.Changes[i].Groups[j].Base = 0
			}
		}
	}
}

// at sets the raw time, UTC ms.
func at(ms int64) option { return func(t *syncproto.Transaction) { t.Time = hlc.At(ms) } }

// mending names the transaction that is replaced.
func mending(x tx) option {
	return func(t *syncproto.Transaction) { h := x.hash(); t.Replaces = &h }
}

// writes records a transaction at the device and sends nothing.
func (r *run) writes(changes []syncproto.Change, options ...option) tx {
	t := &syncproto.Transaction{Time: hlc.At(r.d.o.now + r.d.clock), Schema: schema.Version, Rules: schema.RulesVersion, Changes: changes}
	for _, o := range options {
		o(t)
	}
	return r.add(syncproto.AppendBody(nil, t))
}

// batch signs the transactions first to last.
func (r *run) batch(first, last syncproto.Seq) []byte {
	r.d.o.t.Helper()
	var genesis *syncproto.Genesis
	if first == 1 {
		genesis = &r.genesis
	}
	b, err := syncproto.SignBatch(r.d.key, r.d.o.id, r.d.id, r.inc, first, r.hashes[first-1], genesis, r.bodies[first-1:last])
	if err != nil {
		r.d.o.t.Fatal(err)
	}
	return b.Bytes()
}

// arrives puts the transactions first to last into the log, by the socket.
func (r *run) arrives(first, last syncproto.Seq) {
	r.d.o.t.Helper()
	offset := r.d.clock
	r.d.o.entry(state.Entry{Kind: state.EntryBatch, Road: state.RoadSocket, OffsetMS: &offset, Payload: r.batch(first, last)})
}

// comes puts them into the log out of a parcel: nobody measured the clock.
func (r *run) comes(first, last syncproto.Seq) {
	r.d.o.t.Helper()
	r.d.o.entry(state.Entry{Kind: state.EntryBatch, Road: state.RoadParcel, Payload: r.batch(first, last)})
}

// does writes one transaction, which arrives and is folded at once.
func (d *device) does(changes ...syncproto.Change) tx {
	d.o.t.Helper()
	return d.doesSo(changes)
}

func (d *device) doesSo(changes []syncproto.Change, options ...option) tx {
	d.o.t.Helper()
	r := d.chain()
	x := r.writes(changes, options...)
	r.arrives(x.seq, x.seq)
	d.o.fold()
	return x
}

// here is the base of a screen that is loaded now.
func (o *org) here() syncproto.Base {
	h := o.state.Head()
	return syncproto.Base{Position: h.Position, Hash: h.PositionHash.Short()}
}

func (o *org) read(f func(*state.Reader) error) {
	o.t.Helper()
	if err := o.state.Read(ctx, f); err != nil {
		o.t.Fatal(err)
	}
}

func (o *org) judged(x tx) (j state.Judged) {
	o.t.Helper()
	o.read(func(r *state.Reader) (err error) { j, err = r.Judged(x.hash()); return err })
	return j
}

func (o *org) get(table syncproto.TableID, id syncproto.RecordID) (row *records.Row) {
	o.t.Helper()
	o.read(func(r *state.Reader) (err error) { row, err = r.Get(table, id); return err })
	return row
}

func (o *org) all(table syncproto.TableID) (rows []*records.Row) {
	o.t.Helper()
	o.read(func(r *state.Reader) error {
		return r.Each(table, func(row *records.Row) error { rows = append(rows, row); return nil })
	})
	return rows
}

// verdict is the row about a held transaction, nil where there is none.
func (o *org) verdict(x tx) *records.Row {
	o.t.Helper()
	for _, row := range o.all(schema.Verdict) {
		h := x.hash()
		if bytes.Equal(row.Of(schema.VerdictHash).Bytes(), h[:]) {
			return row
		}
	}
	return nil
}

// applied fails unless the transactions were judged once and never held.
func (o *org) applied(all ...tx) {
	o.t.Helper()
	for _, x := range all {
		if j := o.judged(x); j.Times != 1 || j.Code != 0 {
			o.t.Errorf("seq %d was judged %d times, code %v", x.seq, j.Times, j.Code)
		}
		if v := o.verdict(x); v != nil && v.Of(schema.VerdictState).Text() == schema.VerdictHeld {
			o.t.Errorf("seq %d is held: %s", x.seq, v.Of(schema.VerdictDetail).Text())
		}
	}
}

// verdictIs fails unless the transaction has a verdict of that state and code.
func (o *org) verdictIs(x tx, state string, code syncproto.Code) {
	o.t.Helper()
	v := o.verdict(x)
	if v == nil {
		o.t.Errorf("seq %d has no verdict, want %s for %v", x.seq, state, code)
		return
	}
	if got := syncproto.Code(v.Of(schema.VerdictCode).Int()); v.Of(schema.VerdictState).Text() != state || got != code {
		o.t.Errorf("seq %d is %s for %v (%s), want %s for %v", x.seq, v.Of(schema.VerdictState).Text(), got, v.Of(schema.VerdictDetail).Text(), state, code)
	}
}

func (o *org) held(x tx, code syncproto.Code) { o.t.Helper(); o.verdictIs(x, schema.VerdictHeld, code) }

// sound fails unless the state holds together, and folds of the same log in other
// commits are equal to it in every table.
func (o *org) sound() {
	o.t.Helper()
	found, err := o.state.Verify(ctx)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, f := range found {
		o.t.Error(f)
	}
	o.read(func(r *state.Reader) error { _, err := r.Positions(); return err })
	log := o.records(1)
	o.refolds("whole", [][]oplog.Record{log})
	var single [][]oplog.Record
	for i := range log {
		single = append(single, log[i:i+1])
	}
	o.refolds("one by one", single)
}

// refolds folds the log anew, a commit for each run.
func (o *org) refolds(name string, runs [][]oplog.Record) {
	o.t.Helper()
	s := o.open(name + ".db")
	for _, run := range runs {
		if _, err := s.Apply(ctx, run); err != nil {
			o.t.Fatalf("%s: %v", name, err)
		}
	}
	o.same(name, s)
	if err := s.Close(); err != nil {
		o.t.Fatal(err)
	}
}

func (o *org) same(name string, other *state.State) {
	o.t.Helper()
	differences, err := o.state.Compare(ctx, other)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, d := range differences {
		o.t.Errorf("folded %s, %s differs", name, d)
	}
	mine, err := o.state.Fingerprint(ctx)
	if err != nil {
		o.t.Fatal(err)
	}
	if theirs, err := other.Fingerprint(ctx); err != nil || theirs != mine {
		o.t.Errorf("folded %s, the state is\n%swant\n%s%v", name, theirs, mine, err)
	}
}

func text(f syncproto.FieldID, s string) syncproto.FieldValue {
	return syncproto.FieldValue{Field: f, Value: syncproto.TextValue(s)}
}

func number(f syncproto.FieldID, n int64) syncproto.FieldValue {
	return syncproto.FieldValue{Field: f, Value: syncproto.IntValue(n)}
}

func ref(f syncproto.FieldID, id syncproto.RecordID) syncproto.FieldValue {
	return syncproto.FieldValue{Field: f, Value: syncproto.IDValue(id)}
}

func raw(f syncproto.FieldID, b []byte) syncproto.FieldValue {
	return syncproto.FieldValue{Field: f, Value: syncproto.BytesValue(b)}
}

func boolean(f syncproto.FieldID, b bool) syncproto.FieldValue {
	return syncproto.FieldValue{Field: f, Value: syncproto.BoolValue(b)}
}

// create and update write whole the groups of which a field is given, without base.
func create(table syncproto.TableID, id syncproto.RecordID, fields ...syncproto.FieldValue) syncproto.Change {
	return change(syncproto.Create, table, id, fields)
}

func update(table syncproto.TableID, id syncproto.RecordID, fields ...syncproto.FieldValue) syncproto.Change {
	return change(syncproto.Update, table, id, fields)
}

func change(op syncproto.Op, table syncproto.TableID, id syncproto.RecordID, fields []syncproto.FieldValue) syncproto.Change {
	c := syncproto.Change{Op: op, Table: table, Record: id}
	for _, g := range schema.Lookup(table).Groups {
		w, given := syncproto.GroupWrite{Group: g.ID, Base: syncproto.NoBase}, false
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

// moves is the update of a state that leaves one state for another.
func moves(table syncproto.TableID, id syncproto.RecordID, f syncproto.FieldID, from, to string) syncproto.Change {
	c := update(table, id, text(f, to))
	c.Groups[0].Left = from
	return c
}

func product(id syncproto.RecordID, name string) syncproto.Change {
	return create(schema.Product, id, text(schema.NameEn, name))
}

func category(id syncproto.RecordID, name string) syncproto.Change {
	return create(schema.Category, id, text(schema.NameEn, name))
}

func named(id syncproto.RecordID, name string) syncproto.Change {
	return update(schema.Product, id, text(schema.NameEn, name))
}

// sale is a receipt with lines of a product, in pieces at 10.00.
func (o *org) sale(id, product syncproto.RecordID, pieces ...int64) []syncproto.Change {
	changes := []syncproto.Change{create(schema.Sale, id, ref(schema.SaleSite, o.site), text(schema.SaleDay, "2026-11-21"),
		number(schema.SaleSoldAt, noon), number(schema.SaleLineCount, int64(len(pieces))), text(schema.SaleReceiptNo, "A1-000001"))}
	for i, n := range pieces {
		changes = append(changes, o.line(id, i+1, product, n))
	}
	return changes
}

func (o *org) line(sale syncproto.RecordID, number_ int, product syncproto.RecordID, pieces int64) syncproto.Change {
	return create(schema.SaleLine, sale.Child(number_), ref(schema.LineSale, sale), ref(schema.LineSite, o.site), ref(schema.LineProduct, product),
		number(schema.LineQuantity, pieces), number(schema.LineUnitPrice, 1000), text(schema.LineCurrency, "AED"))
}
