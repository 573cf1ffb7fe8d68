package state_test

import (
	"testing"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestTheThirdOfAThousandIsRefusedAndOnlyTheTwoThatRestOnItWait(t *testing.T) {
	o := newOrg(t)
	stall := o.stall()
	r := stall.chain()
	bad, good := o.newID(), o.newID()
	wrong := product(bad, "Incense")
	wrong.Groups[0].Fields[2].Value = syncproto.IntValue(5) // no text
	var all []tx
	for n := syncproto.Seq(1); n <= 1000; n++ {
		changes := o.sale(o.newID(), good, 1)
		switch n {
		case 1:
			changes = []syncproto.Change{product(good, "Basket")}
		case 3:
			changes = []syncproto.Change{wrong}
		case 40:
			changes = o.sale(o.newID(), bad, 1)
		case 77:
			changes = []syncproto.Change{update(schema.Product, bad, text(schema.ProductSku, "S77"))}
		}
		all = append(all, r.writes(changes))
	}
	for first := syncproto.Seq(1); first <= 1000; first += 125 {
		r.arrives(first, first+124)
	}
	o.fold()
	third, waiting := all[2], []tx{all[39], all[76]}
	o.held(third, syncproto.CodeBadValue)
	for _, x := range waiting {
		o.held(x, syncproto.CodeDependant)
	}
	for n, x := range all {
		if n != 2 && n != 39 && n != 76 {
			o.applied(x)
		}
	}
	if n := len(o.all(schema.Sale)); n != 996 {
		t.Errorf("%d sales flowed, want 996", n)
	}

	o.applied(stall.doesSo([]syncproto.Change{product(bad, "Incense")}, mending(third)))
	o.verdictIs(third, schema.VerdictReplaced, syncproto.CodeBadValue)
	for _, x := range waiting {
		o.verdictIs(x, schema.VerdictReleased, syncproto.CodeDependant)
	}
	if n := len(o.all(schema.Sale)); n != 997 {
		t.Errorf("%d sales when all is settled, want 997", n)
	}
	if got := o.get(schema.Product, bad).Of(schema.ProductSku).Text(); got != "S77" {
		t.Errorf("the edit that waited left %q, want S77", got)
	}
	o.sound()
}

// Head office releases a sale while its stall mends it: whoever comes second in the log
// finds it settled, also when both are folded in one commit.
func TestAReleaseAgainstAReplacementIsOneSaleInBothOrders(t *testing.T) {
	for _, releaseFirst := range []bool{true, false} {
		t.Run(map[bool]string{true: "release first", false: "replacement first"}[releaseFirst], func(t *testing.T) {
			o := newOrg(t)
			stall, far := o.stall(), o.newSite("Far", schema.KindStall)
			goods := o.newID()
			stall.does(product(goods, "Incense"))
			sale := func(site syncproto.RecordID) []syncproto.Change {
				own := o.site
				defer func() { o.site = own }()
				o.site = site
				return o.sale(o.newID(), goods, 3)
			}
			held := stall.does(sale(far)...)
			o.held(held, syncproto.CodeNotGranted)

			h := held.hash()
			r := o.node.chain()
			release := r.writes([]syncproto.Change{create(schema.Decision, o.newID(), raw(schema.DecisionHash, h[:]), text(schema.DecisionAction, schema.DecisionRelease),
				syncproto.FieldValue{Field: schema.DecisionWaives, Value: schema.WaivedValue([]syncproto.Code{syncproto.CodeNotGranted})}, text(schema.DecisionReason, "made up"))})
			mended := stall.chain().writes(sale(o.site), mending(held))
			if releaseFirst {
				r.arrives(release.seq, release.seq)
			}
			stall.chain().arrives(mended.seq, mended.seq)
			if !releaseFirst {
				r.arrives(release.seq, release.seq)
			}
			o.fold()

			o.applied(release)
			if releaseFirst {
				o.verdictIs(held, schema.VerdictReleased, syncproto.CodeNotGranted)
				o.held(mended, syncproto.CodeSettled)
			} else {
				o.verdictIs(held, schema.VerdictReplaced, syncproto.CodeNotGranted)
				o.applied(mended)
			}
			if n := len(o.all(schema.Sale)); n != 1 {
				t.Errorf("%d sales, want 1", n)
			}
			o.sound()
		})
	}
}
