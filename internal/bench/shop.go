package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const (
	products       = 200
	linesOfSale    = 3
	recordsOfSale  = linesOfSale + 2 // with the sale itself and its payment
	bulkCommit     = 500             // sales in one commit where the commit is not what is measured
	betweenSales   = 40 * time.Second
	benchCurrency  = "AED"
	seedOfShopping = 2026
)

// shop makes up sales: the same ones in every run.
type shop struct {
	rand     *rand.Rand
	products []syncproto.RecordID
	prices   []int64
	till     syncproto.RecordID
}

func newShop() *shop { return &shop{rand: rand.New(rand.NewPCG(seedOfShopping, 0))} }

// open records the goods and opens a till.
func (s *shop) open(ctx context.Context, at *site) (err error) {
	for n := range products {
		price := int64(500 + 250*s.rand.IntN(60))
		id, err := at.client.AddProduct(ctx, client.NewProduct{Name: fmt.Sprintf("Goods of a bench %d", n), PriceMinor: price, Currency: benchCurrency})
		if err != nil {
			return err
		}
		s.products, s.prices = append(s.products, id), append(s.prices, price)
	}
	s.till, err = at.client.OpenTill(ctx, client.NewTill{FloatMinor: 10_000, Currency: benchCurrency})
	return err
}

// next is what somebody buys.
func (s *shop) next() client.NewSale {
	sale := client.NewSale{Till: s.till, Currency: benchCurrency}
	for range linesOfSale {
		i := s.rand.IntN(products)
		sale.Lines = append(sale.Lines, client.Line{Product: s.products[i], Quantity: 1 + int64(s.rand.IntN(3)), PriceMinor: s.prices[i]})
	}
	return sale
}

// bulk records n sales, many in one commit, on a clock that moves as it would at a
// till: ids and times made in one millisecond would compress better than real ones.
func (s *shop) bulk(ctx context.Context, at *site, n int, progress func(done int)) error {
	for done := 0; done < n; {
		err := at.store.Write(ctx, func(w *store.Writer) error {
			for range min(bulkCommit, n-done) {
				at.clock.advance(betweenSales + time.Duration(s.rand.Int64N(int64(betweenSales))))
				sale := s.next()
				if err := w.Transaction(syncproto.RecordID{}, 240, func(d *store.Draft) error { return draft(d, at.clock.now(), &sale) }); err != nil {
					return err
				}
				done++
			}
			return nil
		})
		if err != nil {
			return err
		}
		progress(done)
	}
	return nil
}

// draft records what client.Sell records.
func draft(d *store.Draft, now time.Time, n *client.NewSale) error {
	id, err := d.NewID()
	if err != nil {
		return err
	}
	site := syncproto.IDValue(d.Identity().Site)
	f := func(id syncproto.FieldID, v syncproto.Value) store.Field { return store.Field{Field: id, Value: v} }
	if err := d.Create(schema.Sale, id,
		f(schema.SaleSite, site), f(schema.SaleDay, syncproto.TextValue(now.Format(time.DateOnly))), f(schema.SaleSoldAt, syncproto.IntValue(now.UnixMilli())),
		f(schema.SaleLineCount, syncproto.IntValue(int64(len(n.Lines)))), f(schema.SaleTill, syncproto.IDValue(n.Till)),
		f(schema.SaleReceiptNo, syncproto.TextValue(d.NextReceipt()))); err != nil {
		return err
	}
	var sum int64
	for i, l := range n.Lines {
		if err := d.Create(schema.SaleLine, id.Child(i+1),
			f(schema.LineSale, syncproto.IDValue(id)), f(schema.LineSite, site), f(schema.LineProduct, syncproto.IDValue(l.Product)),
			f(schema.LineQuantity, syncproto.IntValue(l.Quantity)), f(schema.LineUnitPrice, syncproto.IntValue(l.PriceMinor)),
			f(schema.LineCurrency, syncproto.TextValue(n.Currency))); err != nil {
			return err
		}
		sum += l.Quantity * l.PriceMinor
	}
	return d.Create(schema.Payment, id.Child(1),
		f(schema.PaymentSale, syncproto.IDValue(id)), f(schema.PaymentSite, site), f(schema.PaymentMethod, syncproto.TextValue("cash")),
		f(schema.PaymentAmount, syncproto.IntValue(sum)), f(schema.PaymentCurrency, syncproto.TextValue(n.Currency)))
}

// clock is real time until it is set back; then it moves only when told to.
type clock struct {
	mu sync.Mutex
	at time.Time // zero: real time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return time.Now()
	}
	return c.at
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
