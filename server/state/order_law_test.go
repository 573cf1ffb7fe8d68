package state_test

import (
	"fmt"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// apart is three devices that each write records of their own, so that nothing which one
// does can matter to another.
func apart(rt *rapid.T, dir string) (o *org, runs []*run) {
	o = newOrgIn(rt, dir)
	o.tick = 0
	for range 3 {
		d := o.branch()
		var goods, sales []syncproto.RecordID
		for range 2 {
			goods, sales = append(goods, o.newID()), append(sales, o.newID())
		}
		r := d.chain()
		runs = append(runs, r)
		for range rapid.IntRange(1, 8).Draw(rt, "transactions") {
			id, sale := pick(rt, "record", goods), pick(rt, "sale", sales)
			name := fmt.Sprintf("name %d", rapid.IntRange(1, 3).Draw(rt, "name"))
			var changes []syncproto.Change
			switch rapid.IntRange(0, 5).Draw(rt, "kind") {
			case 0:
				changes = []syncproto.Change{product(id, name)}
			case 1:
				changes = []syncproto.Change{named(id, name)}
			case 2:
				changes = o.sale(sale, id, 1, 2)
			case 3:
				changes = []syncproto.Change{update(schema.Sale, sale, boolean(schema.Voided, true), text(schema.SaleVoidReason, "x"))}
			case 4:
				changes = []syncproto.Change{update(schema.Product, id, boolean(schema.Voided, true))}
			case 5:
				r.add([]byte(name)) // is held, and says so in a record
				continue
			}
			r.writes(changes, at(noon-10_000+rapid.Int64Range(0, 5).Draw(rt, "time")))
			if rapid.IntRange(0, 5).Draw(rt, "restarts") == 0 {
				r = d.restart()
				runs = append(runs, r)
			}
		}
	}
	return o, runs
}

// arrive brings all that the devices wrote to a state: cut, repeated, by any road, and in
// any order, of chains too whose beginning is not there yet.
func arrive(rt *rapid.T, o *org, runs []*run, name string) string {
	to := &org{t: rt, dir: o.dir, log: o.log, now: o.now}
	to.state = o.open(name)
	log := o.records(1)
	if _, err := to.state.Apply(ctx, log); err != nil {
		rt.Fatal(err)
	}
	index, hash := to.state.Head().Applied, to.state.Head().LogHash
	takes := func(r *run, first, last syncproto.Seq) {
		e := state.Entry{Kind: state.EntryBatch, ReceivedAt: o.now, Node: syncproto.DeviceID{1}, Road: state.RoadParcel, Payload: r.batch(first, last)}
		if rapid.Bool().Draw(rt, "socket") {
			e.Road, e.OffsetMS = state.RoadSocket, new(int64)
		}
		data := e.Encode()
		index, hash = index+1, oplog.Next(hash, data)
		if _, err := to.state.Apply(ctx, []oplog.Record{{Index: index, Hash: hash, Data: data}}); err != nil {
			rt.Fatal(err)
		}
	}
	for range rapid.IntRange(0, 10).Draw(rt, "pieces") {
		if r := pick(rt, "run", runs); r.last() > 0 {
			first := rapid.IntRange(1, int(r.last())).Draw(rt, "first")
			takes(r, syncproto.Seq(first), syncproto.Seq(rapid.IntRange(first, int(r.last())).Draw(rt, "last")))
		}
	}
	for _, r := range rapid.Permutation(runs).Draw(rt, "order") {
		if r.last() > 0 {
			takes(r, 1, r.last())
		}
	}
	defer to.state.Close()
	return shown(to)
}

// shown is every record and every share's digest, without the positions, which say in what
// order things came.
func shown(o *org) (s string) {
	o.read(func(r *state.Reader) error {
		return r.Shares(func(d syncproto.ShareDigest, _ syncproto.Position) {
			s += fmt.Sprintf("%v %d %x\n", d.Share, d.Count, d.Sum)
		})
	})
	for _, t := range schema.All {
		for _, row := range o.all(t.ID) {
			s += fmt.Sprintf("%s %v %v\n", t.Name, row.ID, row.Fields(nil))
		}
	}
	return s
}

func TestWhatNeverMeetsEndsAlikeInWhateverOrderAndByWhateverRoadItCame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		o, runs := apart(rt, dir)
		if a, b := arrive(rt, o, runs, "a.db"), arrive(rt, o, runs, "b.db"); a != b {
			rt.Errorf("it ends as\n%s\nand as\n%s", a, b)
		}
	})
}
