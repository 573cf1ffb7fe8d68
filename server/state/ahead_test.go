package state_test

import (
	"fmt"
	"testing"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestARecordThatABatchMakesAgainIsMetAsItStandsHoweverManyStandBesideIt(t *testing.T) {
	for _, beside := range []int{0, 3, 40} {
		for _, piece := range []syncproto.Seq{1, 2, 5} {
			t.Run(fmt.Sprintf("%d beside, %d at once", beside, piece), func(t *testing.T) {
				o := newOrg(t)
				stall := o.stall()
				first, there := o.newID(), o.newID()
				o.node.does(product(there, "There before"))
				for range beside {
					o.node.does(product(o.newID(), "Beside"))
				}
				last := o.newID()
				r := stall.chain()
				for _, c := range []syncproto.Change{
					product(first, "First"), product(last, "Last"), product(first, "First again"), product(there, "There again"), product(last, "Last again"),
				} {
					r.writes([]syncproto.Change{c})
				}
				for from := syncproto.Seq(1); from <= r.last(); from += piece {
					r.arrives(from, min(from+piece-1, r.last()))
				}
				o.fold()
				for id, want := range map[syncproto.RecordID]string{first: "First again", last: "Last again"} {
					if got := o.get(schema.Product, id); got == nil || got.Of(schema.NameEn).Text() != want {
						t.Errorf("product %v is %+v, want %q", id, got, want)
					}
				}
				if n := len(o.all(schema.Product)); n != beside+3 {
					t.Errorf("%d products, want %d", n, beside+3)
				}
				if n := len(o.all(schema.Conflict)); n != 1 {
					t.Errorf("%d conflicts, want one: two named a product without hearing of each other", n)
				}
				o.sound()
			})
		}
	}
}
