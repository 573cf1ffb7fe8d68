package state_test

import (
	"testing"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// What comes over the wire names tables and fields by number, and its text is a value.
func TestSQLThatSomebodyWritesIsText(t *testing.T) {
	o := newOrg(t)
	stall := o.stall()
	before := len(o.all(schema.Site))
	var ids []syncproto.RecordID
	hostile := []string{
		`'); DROP TABLE product; --`, `x"; DELETE FROM t_site; --`, `' OR '1'='1`, "`; ATTACH 'x' AS y; --", `%_\'`, `?1 :a @b $c`, "x\x00'; --",
	}
	for _, s := range hostile {
		id := o.newID()
		c := product(id, s)
		c.Groups[0].Fields = append(c.Groups[0].Fields, syncproto.FieldValue{Field: 500, Value: syncproto.TextValue(s)})
		o.applied(stall.does(c))
		ids = append(ids, id)
	}
	goods := o.newID()
	o.applied(stall.does(product(goods, "Incense")))
	o.applied(stall.does(o.sale(o.newID(), goods, 3)...))
	for i, s := range hostile {
		row := o.get(schema.Product, ids[i])
		if row == nil || row.Of(schema.NameEn).Text() != s || len(row.Extra) != 1 || row.Extra[0].Value.Text() != s {
			t.Errorf("%q is kept as %+v", s, row)
		}
	}
	if n := len(o.all(schema.Site)); n != before {
		t.Errorf("%d sites are there, want %d", n, before)
	}
	o.totalIs(1, 1, 3, 3000)
	o.sound()
}

// Who sold without a line could not know that the product was taken back meanwhile.
func TestASaleOfWhatIsGoneStandsWithItsOwnPrice(t *testing.T) {
	o := newOrg(t)
	stall := o.stall()
	goods := o.newID()
	price := schema.PriceID(goods, syncproto.RecordID{})
	o.applied(stall.does(product(goods, "Incense")))
	o.applied(stall.does(create(schema.Price, price, ref(schema.PriceProduct, goods), number(schema.PriceAmount, 500), text(schema.PriceCurrency, "AED"))))
	r := stall.chain()
	sold := r.writes(o.sale(o.newID(), goods, 3), seeing(o.here())) // at 10.00, and not sent yet
	o.applied(o.node.doesSo([]syncproto.Change{update(schema.Product, goods, boolean(schema.Voided, true))}, seeing(o.here())))
	o.applied(o.node.doesSo([]syncproto.Change{update(schema.Price, price, number(schema.PriceAmount, 700), text(schema.PriceCurrency, "AED"))}, seeing(o.here())))
	r.arrives(sold.seq, sold.seq)
	o.fold()
	o.applied(sold)
	o.totalIs(1, 1, 3, 3000)
	if row := o.get(schema.Product, goods); row.Of(schema.NameEn).Text() != "Incense" {
		t.Errorf("what was sold is %+v", row)
	}
	o.sound()
}
