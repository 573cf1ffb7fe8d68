package simtest_test

import (
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/raced"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func each(r *state.Reader, table syncproto.TableID, n *int) error {
	return r.Each(table, func(*records.Row) error { *n++; return nil })
}

func TestABatchSentAgainInOtherPiecesAfterALostReceiptCountsOnce(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 1", schema.KindStall)
	line := simtest.NewProxy(t, c.Address())
	chain := newScript(t, s)
	chain.categories(12)
	start := c.State.Head().Position

	p := connect(t, line.URL(), s)
	line.Hold(simtest.Down, true)
	p.push(chain.batch(1, 10))
	c.Judged(start + 10) // so it was appended, and the receipt cannot have arrived
	line.Cut()
	line.Hold(simtest.Down, false)

	p = connect(t, line.URL(), s, chain.head(12))
	if h := p.welcome.Heads; len(h) != 1 || h[0] != chain.head(10) {
		t.Errorf("welcome names %+v, want seq 10", h)
	}
	for _, cut := range [][2]syncproto.Seq{{1, 3}, {2, 7}, {1, 10}, {4, 12}, {12, 12}} {
		p.push(chain.batch(cut[0], cut[1]))
		p.receiptFor(chain, cut[1])
	}
	if n := count(t, c, schema.Category); n != 12 {
		t.Errorf("head office has %d categories, want 12", n)
	}
	if at := c.State.Head().Position; at != start+12 {
		t.Errorf("12 transactions took %d positions", at-start)
	}
}

func TestABatchThatComesByTwoRoadsCountsOnce(t *testing.T) {
	for _, first := range []string{"parcel", "socket"} {
		t.Run(first+" first", func(t *testing.T) {
			c := simtest.NewCentre(t)
			s := c.NewSite("Stall 1", schema.KindStall)
			sellSome(t, s, 30)
			batch, _, err := s.Store.NextBatch(ctx, s.KeyOf, 0)
			if err != nil {
				t.Fatal(err)
			}
			start := c.State.Head().Position
			if first == "parcel" {
				parcel(t, c, batch.Bytes())
			}
			if r := s.Sync(); r.Sent != 32 || r.Settled != 32 {
				t.Errorf("sync gave %+v", r)
			}
			parcel(t, c, batch.Bytes())
			c.Folded()
			soldIs(t, c, 30)
			if at := c.State.Head().Position; at != start+32 {
				t.Errorf("32 transactions took %d positions", at-start)
			}
			s.Sync()
		})
	}
}

// sellSome records a product, a till and n sales of two pieces at 12.50.
func sellSome(t *testing.T, s *simtest.Site, n int) {
	t.Helper()
	product, err := s.Client.AddProduct(ctx, client.NewProduct{Name: "Incense", PriceMinor: 1250, Currency: "AED"})
	if err != nil {
		t.Fatal(err)
	}
	till, err := s.Client.OpenTill(ctx, client.NewTill{FloatMinor: 10000, Currency: "AED"})
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		if _, err := s.Client.Sell(ctx, client.NewSale{Till: till, Currency: "AED", Lines: []client.Line{{Product: product, Quantity: 2, PriceMinor: 1250}}}); err != nil {
			t.Fatal(err)
		}
	}
}

func soldIs(t *testing.T, c *simtest.Centre, receipts int64) {
	t.Helper()
	c.Folded()
	sales, err := c.Server.Sales(ctx, report.Product)
	if err != nil {
		t.Fatal(err)
	}
	if total := sales.Total; total.Receipts != receipts || total.Pieces != 2*receipts || total.AmountMinor["AED"] != 2500*receipts {
		t.Errorf("sales add up to %+v, want %d receipts", total, receipts)
	}
}

func TestAReceiptLostOnTheWayIsMadeGoodByTheNextWelcome(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 1", schema.KindStall)
	line := simtest.NewProxy(t, c.Address())
	s.Through(line.URL())
	sellSome(t, s, 200)
	start := c.State.Head().Position
	// Greeting is over when the first batch is on its way.
	line.At(simtest.Up, 3000, func() { line.Hold(simtest.Down, true) })
	done := make(chan client.SyncResult, 1)
	failed := make(chan error, 1)
	go func() {
		r, err := s.Client.Sync(ctx, 20*time.Second, nil)
		failed <- err
		done <- r
	}()
	c.Judged(start + 202)
	line.Cut()
	line.Hold(simtest.Down, false)
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	if r := <-done; r.Sent != 202 || r.Settled != 202 || r.Quarantined != 0 {
		t.Errorf("sync gave %+v", r)
	}
	soldIs(t, c, 200)
}

func TestAFirstSyncOverALinkThatDiesEvery2000RowsDoesNotStartOver(t *testing.T) {
	t.Parallel()
	products, cuts := raced.Fewer(100_000), raced.Fewer(50)
	c := simtest.NewCentre(t)
	maker := c.NewSite("Branch 1", schema.KindBranch)
	makeProducts(t, maker, products)
	maker.Sync()

	line := simtest.NewProxy(t, c.Address())
	whole := c.NewSite("Stall 1", schema.KindStall)
	whole.Through(line.URL())
	whole.Sync()
	size := line.Carried(simtest.Down)

	s := c.NewSite("Stall 2", schema.KindStall)
	s.Through(line.URL())
	line.CutEvery(simtest.Down, size/int64(cuts))
	before := line.Cuts()
	r := s.Sync() // which checks that all digests are equal
	t.Logf("%d bytes, %d cuts, %d rows received", size, line.Cuts()-before, r.Received)
	if n := line.Cuts() - before; n < cuts*2/5 {
		t.Errorf("the link died %d times, want %d or more", n, cuts*2/5)
	}
	if r.Received < uint64(products) || r.Received > uint64(products)*13/10 {
		t.Errorf("%d rows were received for %d records: more than what a cut costs", r.Received, products)
	}
	if n := countAt(t, s, schema.Product); n != products {
		t.Errorf("the stall has %d products, want %d", n, products)
	}
}

func TestABacklogOverALinkThatDiesDoesNotStartOver(t *testing.T) {
	t.Parallel()
	products, cuts := raced.Fewer(20_000), int64(raced.Fewer(10))
	c := simtest.NewCentre(t)
	maker := c.NewSite("Branch 1", schema.KindBranch)
	sites := []*simtest.Site{c.NewSite("Stall 1", schema.KindStall), c.NewSite("Stall 2", schema.KindStall)}
	for _, s := range sites {
		s.Sync()
	}
	makeProducts(t, maker, products)
	maker.Sync()

	line := simtest.NewProxy(t, c.Address())
	for _, s := range sites {
		s.Through(line.URL())
	}
	sites[0].Sync()
	line.CutEvery(simtest.Down, line.Carried(simtest.Down)/cuts)
	r := sites[1].Sync()
	if n := line.Cuts(); int64(n) < cuts/2 {
		t.Errorf("the link died %d times", n)
	}
	if r.Received > uint64(products)*14/10 || countAt(t, sites[1], schema.Product) != products {
		t.Errorf("%d rows were received for %d records; the stall has %d", r.Received, products, countAt(t, sites[1], schema.Product))
	}
}

// makeProducts records products, 100 in a transaction.
func makeProducts(t *testing.T, s *simtest.Site, n int) {
	t.Helper()
	err := s.Store.Write(ctx, func(w *store.Writer) error {
		for ; n > 0; n -= 100 {
			if err := w.Transaction(syncproto.RecordID{}, 0, func(d *store.Draft) error { return draftProducts(d, 100) }); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func draftProducts(d *store.Draft, n int) error {
	for range n {
		id, err := d.NewID()
		if err != nil {
			return err
		}
		if err := d.Create(schema.Product, id, store.Field{Field: schema.NameEn, Value: syncproto.TextValue("Product " + id.String())}); err != nil {
			return err
		}
	}
	return nil
}

func countAt(t *testing.T, s *simtest.Site, table syncproto.TableID) (n int) {
	t.Helper()
	err := s.Store.Read(ctx, func(r *store.Reader) error {
		return r.Each(table, func(*records.Row) error { n++; return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
