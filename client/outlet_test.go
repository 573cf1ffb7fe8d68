package client_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// agreed puts an agreement into a site, as it would have heard of it from head office.
func agreed(t *testing.T, c *client.Client, id, site syncproto.RecordID, from, to string, share int64) {
	t.Helper()
	set := func(f syncproto.FieldID, v syncproto.Value) store.Field { return store.Field{Field: f, Value: v} }
	if err := c.Store.Write(context.Background(), func(w *store.Writer) error {
		return w.Transaction(syncproto.RecordID{}, 240, func(d *store.Draft) error {
			return d.Create(schema.OutletAgreement, id, set(schema.AgreementSite, syncproto.IDValue(site)), set(schema.AgreementOperator, syncproto.TextValue("A trader of a test")),
				set(schema.AgreementFrom, syncproto.TextValue(from)), set(schema.AgreementTo, syncproto.TextValue(to)), set(schema.AgreementShare, syncproto.IntValue(share)),
				set(schema.AgreementPeriod, syncproto.TextValue("month")))
		})
	}); err != nil {
		t.Fatal(err)
	}
}

// frozen is what the lines of a site keep: share and agreement by sale.
func frozen(t *testing.T, c *client.Client) map[syncproto.RecordID][2]syncproto.Value {
	t.Helper()
	all := map[syncproto.RecordID][2]syncproto.Value{}
	if err := c.Store.Read(context.Background(), func(r *store.Reader) error {
		return r.Each(schema.SaleLine, func(l *records.Row) error {
			all[l.Of(schema.LineSale).ID()] = [2]syncproto.Value{l.Of(schema.LineShare), l.Of(schema.LineAgreement)}
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestALineKeepsTheShareOfTheDayOnWhichItWasSold(t *testing.T) {
	ctx := context.Background()
	zone, err := time.LoadLocation("Asia/Dubai")
	if err != nil {
		t.Fatal(err)
	}
	day := func(ago int) string { return time.Now().In(zone).AddDate(0, 0, -ago).Format(time.DateOnly) }
	for _, kind := range []string{schema.KindOutlet, schema.KindStall} {
		t.Run(kind, func(t *testing.T) {
			c, id := newSite(t, kind), newIDs(t)
			old, newer, elsewhere := id(), id(), id()
			agreed(t, c, old, c.Store.Identity().Site, day(40), day(10), 1500)
			agreed(t, c, newer, c.Store.Identity().Site, day(20), day(2), 2000) // of two the one that began later holds
			agreed(t, c, elsewhere, syncproto.RecordID{8}, day(90), day(0), 9900)
			product, err := c.AddProduct(ctx, client.NewProduct{Name: "Incense"})
			if err != nil {
				t.Fatal(err)
			}
			till, err := c.OpenTill(ctx, client.NewTill{Currency: "AED"})
			if err != nil {
				t.Fatal(err)
			}
			want := map[syncproto.RecordID][2]syncproto.Value{}
			under := func(share int64, agreement syncproto.RecordID) [2]syncproto.Value {
				if share == 0 || kind != schema.KindOutlet {
					return [2]syncproto.Value{}
				}
				return [2]syncproto.Value{syncproto.IntValue(share), syncproto.IDValue(agreement)}
			}
			sells := func(ago int, share int64, agreement syncproto.RecordID) syncproto.RecordID {
				sold, err := c.Sell(ctx, client.NewSale{ID: id(), Till: till, Currency: "AED", Waited: time.Duration(ago) * 24 * time.Hour, Lines: []client.Line{{Product: product, Quantity: 1, PriceMinor: 1000}}})
				if err != nil {
					t.Fatal(err)
				}
				want[sold.Sale] = under(share, agreement)
				return sold.Sale
			}
			sells(41, 0, old)
			sells(40, 1500, old)
			sells(21, 1500, old)
			sells(20, 2000, newer)
			last := sells(2, 2000, newer)
			sells(1, 0, newer)
			back, err := c.Refund(ctx, client.NewRefund{ID: id(), Sale: last, Till: till, Lines: []client.Back{{Line: last.Child(1), Pieces: 1}}})
			if err != nil {
				t.Fatal(err)
			}
			want[back.Sale] = under(2000, newer) // what it takes back, although the agreement is over
			if _, err := client.ImportSales(ctx, c.Store, strings.NewReader("receipt,date,item\n1,"+day(30)+",Basket\n2,"+day(1)+",Basket\n"),
				client.ImportOptions{Columns: map[string]string{"receipt": "receipt", "date": "date", "item": "item"}, Family: "Family of a test", Currency: "AED", Now: time.Now}); err != nil {
				t.Fatal(err)
			}
			got := frozen(t, c)
			imported := map[[2]syncproto.Value]int{}
			for sale, kept := range got {
				if wanted, ok := want[sale]; !ok {
					imported[kept]++
				} else if kept != wanted {
					t.Errorf("a line keeps %v, want %v", kept, wanted)
				}
			}
			if len(got) != len(want)+2 || imported[under(1500, old)] == 0 || imported[under(0, old)] == 0 {
				t.Errorf("imported lines keep %v", imported)
			}
		})
	}
}
