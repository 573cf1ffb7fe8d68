package state_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestMain(m *testing.M) {
	flag.Set("rapid.checks", "40") // each folds a log four times; a flag that is given wins
	os.Exit(m.Run())
}

// world is three devices that write the same few records without hearing of each
// other for long.
type world struct {
	*org
	rt      *rapid.T
	devices []*device
	pool    []syncproto.RecordID // products that may or may not be there
	sales   []syncproto.RecordID
	bases   []syncproto.Base
	written []tx
	runs    []*run
}

func newWorld(rt *rapid.T, dir string) *world {
	w := &world{org: newOrgIn(rt, dir), rt: rt}
	w.tick = 0 // all arrives at one time, so that only the order counts
	for range 3 {
		w.devices = append(w.devices, w.branch())
	}
	for range 4 {
		w.pool, w.sales = append(w.pool, w.newID()), append(w.sales, w.newID())
	}
	w.bases = []syncproto.Base{w.here()}
	return w
}

func pick[E any](rt *rapid.T, what string, from []E) E { return rapid.SampledFrom(from).Draw(rt, what) }

// writes lets a device record one transaction of any kind.
func (w *world) writes() {
	d := pick(w.rt, "device", w.devices)
	r := d.chain()
	if !slices.Contains(w.runs, r) {
		w.runs = append(w.runs, r)
	}
	id := pick(w.rt, "record", w.pool)
	name := fmt.Sprintf("name %d", rapid.IntRange(1, 3).Draw(w.rt, "name"))
	var changes []syncproto.Change
	switch rapid.IntRange(0, 8).Draw(w.rt, "kind") {
	case 0:
		changes = []syncproto.Change{product(id, name)}
	case 1:
		changes = []syncproto.Change{named(id, name), update(schema.Product, id, text(schema.ProductSku, name[5:]))}
	case 2:
		changes = []syncproto.Change{update(schema.Product, id, boolean(schema.Voided, true))}
	case 3:
		changes = w.sale(pick(w.rt, "sale", w.sales), id, 1, 2)
	case 4:
		changes = []syncproto.Change{update(schema.Sale, pick(w.rt, "sale", w.sales), boolean(schema.Voided, true), text(schema.SaleVoidReason, "x"))}
	case 5:
		changes = []syncproto.Change{w.line(pick(w.rt, "sale", w.sales), 3, id, 5)}
	case 6:
		bad := product(id, "x")
		bad.Groups[0].Fields[2].Value = syncproto.IntValue(5)
		changes = []syncproto.Change{bad}
	case 7:
		w.written = append(w.written, r.add([]byte(name)))
		return
	case 8:
		price := schema.PriceID(id, syncproto.RecordID{})
		changes = []syncproto.Change{create(schema.Price, price, ref(schema.PriceProduct, id), number(schema.PriceAmount, int64(name[5])), text(schema.PriceCurrency, "AED"))}
	}
	options := []option{at(noon - 10_000 + rapid.Int64Range(0, 5).Draw(w.rt, "time"))}
	if rapid.Bool().Draw(w.rt, "seen") {
		options = append(options, seeing(pick(w.rt, "base", w.bases)))
	}
	if len(w.written) > 0 && rapid.IntRange(0, 4).Draw(w.rt, "mends") == 0 {
		options = append(options, mending(pick(w.rt, "mended", w.written)))
	}
	w.written = append(w.written, r.writes(changes, options...))
	if rapid.IntRange(0, 9).Draw(w.rt, "restarts") == 0 {
		d.restart()
	}
}

// delivers brings any part of any chain, repeats and later parts included.
func (w *world) delivers() {
	if len(w.runs) == 0 {
		return
	}
	r := pick(w.rt, "run", w.runs)
	if r.last() == 0 {
		return
	}
	first := rapid.IntRange(1, int(r.last())).Draw(w.rt, "first")
	last := rapid.IntRange(first, int(r.last())).Draw(w.rt, "last")
	if rapid.Bool().Draw(w.rt, "parcel") {
		r.comes(syncproto.Seq(first), syncproto.Seq(last))
	} else {
		r.arrives(syncproto.Seq(first), syncproto.Seq(last))
	}
}

// finishes delivers every chain whole, in any order.
func (w *world) finishes() {
	for _, r := range rapid.Permutation(w.runs).Draw(w.rt, "order") {
		if r.last() > 0 {
			r.arrives(1, r.last())
		}
	}
	w.fold()
}

func TestWhateverWayChainsAreCutEachTransactionHasOnePlaceAndTheStateFollowsFromTheOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		w := newWorld(rt, dir)
		rt.Repeat(map[string]func(*rapid.T){
			"write":   func(*rapid.T) { w.writes() },
			"write 2": func(*rapid.T) { w.writes() },
			"deliver": func(*rapid.T) { w.delivers() },
			"fold":    func(*rapid.T) { w.fold(); w.bases = append(w.bases, w.here()) },
		})
		w.finishes()
		w.eachOnce()
		found, err := w.state.Verify(ctx)
		if err != nil || len(found) > 0 {
			rt.Errorf("%v %v", found, err)
		}
		log := w.records(1)
		w.refolds("in other commits", cuts(rt, log))
		w.refoldedInOrder()
	})
}

func (w *world) eachOnce() {
	for _, x := range w.written {
		if j := w.judged(x); j.Times != 1 {
			w.rt.Errorf("seq %d was judged %d times", x.seq, j.Times)
		}
	}
	if n := w.parked(); n != 0 {
		w.rt.Errorf("%d transactions are parked", n)
	}
	w.read(func(r *state.Reader) error { _, err := r.Positions(); return err })
}

func cuts(rt *rapid.T, log []oplog.Record) (runs [][]oplog.Record) {
	for len(log) > 0 {
		n := rapid.IntRange(1, len(log)).Draw(rt, "commit")
		runs, log = append(runs, log[:n]), log[n:]
	}
	return runs
}

// refoldedInOrder writes a log of one transaction an entry, in the order in which
// they were judged, and compares what is folded from it.
func (w *world) refoldedInOrder() {
	slices.SortFunc(w.written, func(a, b tx) int { return cmp.Compare(w.judged(a).Position, w.judged(b).Position) })
	plain := &org{t: w.rt, dir: w.dir}
	first := w.records(1)[:w.setUp()]
	plain.state = w.open("plain.db")
	if _, err := plain.state.Apply(ctx, first); err != nil {
		w.rt.Fatal(err)
	}
	head := plain.state.Head()
	index, hash := head.Applied, head.LogHash
	for _, x := range w.written {
		offset := int64(0)
		e := state.Entry{Kind: state.EntryBatch, ReceivedAt: w.now, Road: state.RoadSocket, OffsetMS: &offset, Payload: x.run.batch(x.seq, x.seq), Node: syncproto.DeviceID{1}}
		data := e.Encode()
		index, hash = index+1, oplog.Next(hash, data)
		if _, err := plain.state.Apply(ctx, []oplog.Record{{Index: index, Hash: hash, Data: data}}); err != nil {
			w.rt.Fatal(err)
		}
	}
	want, got := w.state.Head(), plain.state.Head()
	if got.Position != want.Position || got.PositionHash != want.PositionHash {
		w.rt.Errorf("one by one the log ends at %d %v, want %d %v", got.Position, got.PositionHash, want.Position, want.PositionHash)
	}
	if a, b := digestsOf(w.org), digestsOf(plain); a != b {
		w.rt.Errorf("one by one the records are\n%swant\n%s", b, a)
	}
	plain.state.Close()
}

// setUp counts the entries before the first of the devices'.
func (w *world) setUp() int {
	n := 0
	for _, r := range w.records(1) {
		e, err := state.DecodeEntry(r.Data)
		if err != nil {
			w.rt.Fatal(err)
		}
		if b, err := syncproto.ParseBatch(e.Payload); err == nil && b.Header.Device != w.node.id {
			return n
		}
		n++
	}
	return n
}

func digestsOf(o *org) (s string) {
	o.read(func(r *state.Reader) error {
		return r.Shares(func(d syncproto.ShareDigest, at syncproto.Position) {
			s += fmt.Sprintf("%v %d %x at %d\n", d.Share, d.Count, d.Sum, at)
		})
	})
	return s
}
