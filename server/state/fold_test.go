package state_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// replica is what a device that is sent pages of one class and scope holds.
type replica struct {
	o     *org
	share syncproto.Share
	from  syncproto.Position
	has   map[syncproto.RecordID]syncproto.Position
}

func (o *org) replica(class syncproto.Class, scope syncproto.Scope) *replica {
	return &replica{o: o, share: syncproto.Share{Class: class, Scope: scope}, has: map[syncproto.RecordID]syncproto.Position{}}
}

// hears reads pages of a size until the head, and says how many rows and leaves came.
func (r *replica) hears(size int) (rows, leaves int) {
	r.o.t.Helper()
	for above := r.from; ; {
		p, err := r.o.state.ReadPage(ctx, syncproto.DeviceID{}, []state.Reading{{Share: r.share, From: r.from}}, above, size)
		if err != nil {
			r.o.t.Fatal(err)
		}
		for _, f := range p.Frames {
			n, gone := r.frame(f, above, p.Upto)
			rows, leaves = rows+n, leaves+gone
		}
		above = p.Upto
		if p.AtHead {
			r.from = p.Head
			if uint64(len(r.has)) != p.Digests[0].Count {
				r.o.t.Errorf("%v: %d records are held, the digest counts %d", r.share, len(r.has), p.Digests[0].Count)
			}
			return rows, leaves
		}
	}
}

func (r *replica) frame(f syncproto.Frame, above, upto syncproto.Position) (rows, leaves int) {
	r.o.t.Helper()
	switch f := f.(type) {
	case *syncproto.Rows:
		for i, id := range f.IDs {
			if at := f.Positions[i]; at <= above || at > upto {
				r.o.t.Errorf("a row at position %d in the page from %d to %d", at, above, upto)
			}
			r.has[id] = f.Positions[i]
		}
		return len(f.IDs), 0
	case *syncproto.Leave:
		for _, list := range f.Records {
			for ids := list.IDs; len(ids) > 0; ids = ids[16:] {
				delete(r.has, syncproto.RecordID(ids[:16]))
				leaves++
			}
		}
	}
	return 0, leaves
}

func TestARecordThatMovesLeavesOneScopeAndEntersTheOther(t *testing.T) {
	o := newOrg(t)
	branch := o.branch()
	second := o.newSite("Second branch", schema.KindBranch)
	user := o.newID()
	here := o.replica(syncproto.ClassP, syncproto.Scope{Kind: syncproto.ScopeSite, ID: o.site})
	there := o.replica(syncproto.ClassP, syncproto.Scope{Kind: syncproto.ScopeSite, ID: second})
	hear := func(want ...int) {
		t.Helper()
		a, b := here.hears(10)
		c, d := there.hears(10)
		if got := []int{a, b, c, d}; !slices.Equal(got, want) {
			t.Errorf("rows and leaves here, rows and leaves there: %v, want %v", got, want)
		}
	}
	branch.does(create(schema.User, user, ref(schema.UserSite, o.site), text(schema.UserName, "Amal"), text(schema.UserRole, "cashier"), boolean(schema.UserActive, true)))
	hear(1, 0, 0, 0)
	move := func(to syncproto.RecordID) {
		o.applied(o.node.doesSo([]syncproto.Change{update(schema.User, user, ref(schema.UserSite, to))}, seeing(o.here())))
	}
	move(second)
	hear(0, 1, 1, 0)
	o.node.doesSo([]syncproto.Change{update(schema.User, user, text(schema.UserName, "Amal B."))}, seeing(o.here()))
	hear(0, 0, 1, 0)
	move(o.site)
	hear(1, 0, 0, 1)
	move(second)
	move(o.site) // there and back, unheard
	hear(1, 0, 0, 1)
	o.sound()
}

func TestPagesOfAnySizeBringTheSame(t *testing.T) {
	o := newOrg(t)
	stall := o.stall()
	r := stall.chain()
	for n := range 40 {
		var changes []syncproto.Change
		for range n%7 + 1 {
			id := o.newID()
			changes = append(changes, product(id, id.String()))
		}
		changes = append(changes, category(o.newID(), "of several tables at one position"))
		r.writes(changes)
	}
	r.arrives(1, 40)
	o.fold()
	whole := o.replica(syncproto.ClassS, syncproto.OrgScope)
	whole.hears(10_000)
	for _, size := range []int{1, 2, 3, 7, 50} {
		paged := o.replica(syncproto.ClassS, syncproto.OrgScope)
		if rows, _ := paged.hears(size); rows != len(whole.has) || !maps.Equal(paged.has, whole.has) {
			t.Errorf("pages of %d bring %d rows, want %d", size, rows, len(whole.has))
		}
	}
	o.sound()
}

func TestFiguresFollowVoidsAndReturns(t *testing.T) {
	o := newOrg(t)
	stall := o.stall()
	goods := o.newID()
	stall.does(product(goods, "Incense"))
	first, second, third := o.newID(), o.newID(), o.newID()
	stall.does(o.sale(first, goods, 2, 3)...)
	stall.does(o.sale(second, goods, 4)...)
	o.totalIs(2, 3, 9, 9000)
	stall.does(o.sale(third, goods, -1)...) // a return
	o.totalIs(3, 4, 8, 8000)
	void := func(yes bool) {
		t.Helper()
		o.applied(stall.doesSo([]syncproto.Change{update(schema.Sale, first, boolean(schema.Voided, yes), text(schema.SaleVoidReason, "typed wrong"))}, seeing(o.here())))
	}
	void(true)
	o.totalIs(2, 2, 3, 3000)
	stall.does(o.line(first, 3, goods, 7)) // of a sale that does not count
	o.totalIs(2, 2, 3, 3000)
	void(false)
	o.totalIs(3, 5, 15, 15000)
	stall.does(o.line(second, 2, goods, 1))
	o.totalIs(3, 6, 16, 16000)
	stall.does(o.sale(second, goods, 4)...) // again
	o.totalIs(3, 6, 16, 16000)
	void(true)
	void(true)
	o.totalIs(2, 3, 4, 4000)
	o.sound()
}

func (o *org) totalIs(receipts, lines, pieces, amount int64) {
	o.t.Helper()
	o.read(func(r *state.Reader) error {
		all, err := r.Figures()
		got := all[report.Key{By: report.Total}]
		if err == nil && (got.Receipts != receipts || got.Lines != lines || got.Pieces != pieces || got.AmountMinor["AED"] != amount) {
			o.t.Errorf("figures are %+v, want %d receipts, %d lines, %d pieces, %d", got, receipts, lines, pieces, amount)
		}
		return err
	})
	found, err := o.state.Verify(ctx)
	if err != nil || len(found) > 0 {
		o.t.Errorf("%v %v", found, err)
	}
}

func TestALogThatDoesNotFitIsRefusedAndNothingIsFolded(t *testing.T) {
	o := newOrg(t)
	o.stall().does(product(o.newID(), "Incense"))
	head := o.state.Head()
	other := newOrg(t)
	other.stall().does(product(other.newID(), "Basket"))
	gap := o.records(1)[1:]
	for name, run := range map[string][]oplog.Record{"another log": withoutFirst(other.records(1), head.Applied), "a gap": shifted(gap, head.Applied)} {
		if _, err := o.state.Apply(ctx, run); !errors.Is(err, state.ErrMisfit) {
			t.Errorf("%s: got %v, want that it does not fit", name, err)
		}
	}
	if now := o.state.Head(); fmt.Sprint(now) != fmt.Sprint(head) {
		t.Errorf("the state is at %+v, want %+v", now, head)
	}
	o.stall().does(product(o.newID(), "goes on"))
	o.sound()
}

// withoutFirst is a log's last entry, numbered as the one after another's end.
func withoutFirst(log []oplog.Record, applied oplog.Index) []oplog.Record {
	last := log[len(log)-1]
	last.Index = applied + 1
	return []oplog.Record{last}
}

func shifted(log []oplog.Record, applied oplog.Index) []oplog.Record {
	last := log[len(log)-1]
	last.Index = applied + 2
	return []oplog.Record{last}
}

func TestAnEntryOfANewerProgramStopsTheFold(t *testing.T) {
	o := newOrg(t)
	o.entry(state.Entry{Kind: 200, Payload: []byte("tomorrow")})
	if _, err := o.state.Apply(ctx, o.records(o.state.Head().Applied+1)); err == nil {
		t.Error("the entry was passed over")
	}
}
