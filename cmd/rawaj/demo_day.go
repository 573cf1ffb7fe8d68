package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// demoDay is a made-up fair day: what staff do is drawn from a seed, and written down
// in a plain list beside.
type demoDay struct {
	mu       sync.Mutex // for staff who work at the same time
	rand     *rand.Rand
	sites    []*site
	tills    []syncproto.RecordID
	products []syncproto.RecordID
	prices   map[syncproto.RecordID]int64
	list     []demoSale
}

// demoSale is a line of the list: what one sale was, by staff's own account.
type demoSale struct {
	site   int
	id     syncproto.RecordID
	pieces int64
	lines  int64
	amount int64
	voided bool
}

const (
	demoSalesASite = 150
	demoCurrency   = "AED"
	demoPatience   = 10 * time.Second
)

// Goods of the demo, made up, in three languages.
var demoGoods = []struct {
	name  string
	price int64
}{{"بخور العود", 4500}, {"مبخرة", 8000}, {"بهارات مشكلة", 1250}, {"Coffee pot", 15000}, {"Hand cream", 2000}, {"گلیم کوچک", 32000}, {"کیف چرمی", 21000}, {"هريس", 1500}}

func newDemoDay(seed io.Reader) (*demoDay, error) {
	var b [16]byte
	if _, err := io.ReadFull(seed, b[:]); err != nil {
		return nil, err
	}
	return &demoDay{rand: rand.New(rand.NewPCG(binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:]))), prices: map[syncproto.RecordID]int64{}}, nil
}

func (d *demoDay) run(ctx context.Context, c *cobra.Command, s *server.Server, data, url string) (r *demoResult, err error) {
	defer func() {
		for _, st := range d.sites {
			err = errors.Join(err, st.close())
		}
	}()
	for i := range demoSites {
		st, err := enrolDemo(ctx, s, data, url, i)
		if st != nil {
			d.sites = append(d.sites, st)
		}
		if err != nil {
			return nil, err
		}
	}
	before, err := s.Sales(ctx, report.Site)
	if err != nil {
		return nil, err
	}
	if err := d.morning(ctx); err != nil {
		return nil, err
	}
	b := newBar(c.ErrOrStderr(), "selling with the cable pulled", int64(len(d.sites)*demoSalesASite))
	for n := range demoSalesASite {
		for i := range d.sites {
			if err := d.sell(ctx, i); err != nil {
				return nil, err
			}
			b.set(int64(n*len(d.sites) + i + 1))
		}
	}
	b.done()
	if err := d.evening(ctx); err != nil {
		return nil, err
	}
	return d.compare(ctx, s, &before.Total)
}

// morning: the branch lists the goods, everybody hears of them and opens a till.
func (d *demoDay) morning(ctx context.Context) error {
	branch := d.sites[len(d.sites)-1]
	family, err := branch.client.AddNamed(ctx, schema.Family, "أسرة تجريبية")
	if err != nil {
		return err
	}
	category, err := branch.client.AddNamed(ctx, schema.Category, "Goods of the demo")
	if err != nil {
		return err
	}
	for _, g := range demoGoods {
		id, err := branch.client.AddProduct(ctx, client.NewProduct{Name: g.name, Family: family, Category: category, PriceMinor: g.price, Currency: demoCurrency})
		if err != nil {
			return err
		}
		d.products = append(d.products, id)
		d.prices[id] = g.price
	}
	for i := len(d.sites) - 1; i >= 0; i-- {
		if err := d.sync(ctx, i); err != nil {
			return err
		}
		till, err := d.sites[i].client.OpenTill(ctx, client.NewTill{FloatMinor: 20000, Currency: demoCurrency})
		if err != nil {
			return err
		}
		d.tills = append([]syncproto.RecordID{till}, d.tills...)
	}
	return nil
}

// sell records one sale at a site that nobody can reach, and sometimes voids one.
func (d *demoDay) sell(ctx context.Context, i int) error {
	sale := client.NewSale{Till: d.tills[i], Currency: demoCurrency}
	own := demoSale{site: i}
	for range 1 + d.rand.IntN(4) {
		p := d.products[d.rand.IntN(len(d.products))]
		l := client.Line{Product: p, Quantity: 1 + d.rand.Int64N(3), PriceMinor: d.prices[p]}
		if d.rand.IntN(10) == 0 {
			l.DiscountMinor = 50
		}
		sale.Lines = append(sale.Lines, l)
		own.lines++
		own.pieces += l.Quantity
		own.amount += l.Quantity*l.PriceMinor - l.DiscountMinor
	}
	sold, err := d.sites[i].client.Sell(ctx, sale)
	if err != nil {
		return err
	}
	own.id = sold.Sale
	if d.rand.IntN(40) == 0 {
		own.voided = true
		if err := d.sites[i].client.VoidSale(ctx, sold.Sale, "counted twice"); err != nil {
			return err
		}
	}
	d.list = append(d.list, own)
	return nil
}

// evening: all three change one price without hearing of each other, close their
// tills, and the cable is put back, site by site.
func (d *demoDay) evening(ctx context.Context) error {
	for i, st := range d.sites {
		if err := st.client.SetPrice(ctx, d.products[0], false, 4000+int64(100*i), demoCurrency); err != nil {
			return err
		}
		if err := st.client.CloseTill(ctx, d.tills[i], 20000); err != nil {
			return err
		}
	}
	for range 2 { // the second time everybody hears of the others
		for _, i := range d.rand.Perm(len(d.sites)) {
			if err := d.sync(ctx, i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *demoDay) sync(ctx context.Context, i int) error {
	r, err := d.sites[i].client.Sync(ctx, demoPatience, nil)
	if err != nil {
		return fmt.Errorf("sync %s: %w", demoSites[i].dir, err)
	}
	if r.Quarantined > 0 {
		return fmt.Errorf("sync %s: %d transactions are held", demoSites[i].dir, r.Quarantined)
	}
	return nil
}

// compare holds head office and every site against the list of what staff did.
func (d *demoDay) compare(ctx context.Context, s *server.Server, before *report.Figures) (*demoResult, error) {
	r := &demoResult{Findings: []string{}}
	bySite := make([]report.Figures, len(d.sites))
	for _, sale := range d.list {
		if sale.voided {
			continue
		}
		f := report.Figures{Receipts: 1, Lines: sale.lines, Pieces: sale.pieces, AmountMinor: map[string]int64{demoCurrency: sale.amount}}
		r.Staff.Add(&f, 1)
		bySite[sale.site].Add(&f, 1)
	}
	sales, err := s.Sales(ctx, report.Site)
	if err != nil {
		return nil, err
	}
	r.Centre.Add(&sales.Total, 1)
	r.Centre.Add(before, -1) // what an earlier day of the same directories left
	d.same(r, "head office's sum", &r.Centre, &r.Staff)
	if len(sales.MissingSites) > 0 {
		r.differ("%d sites are still out", len(sales.MissingSites))
	}
	for i, st := range d.sites {
		if err := d.compareSite(ctx, s, r, i, st, &bySite[i]); err != nil {
			return nil, err
		}
	}
	list, err := s.Conflicts(ctx)
	if err != nil {
		return nil, err
	}
	r.Conflicts = len(list)
	r.Equal = len(r.Findings) == 0
	return r, nil
}

func (d *demoDay) compareSite(ctx context.Context, s *server.Server, r *demoResult, i int, st *site, staff *report.Figures) error {
	name := demoSites[i].dir
	own, err := client.Sales(ctx, st.store, report.Site)
	if err != nil {
		return err
	}
	status, err := st.client.Status(ctx)
	if err != nil {
		return err
	}
	line := demoSiteSums{Name: name, Transactions: status.Transactions}
	for _, row := range own.Rows {
		if row.Key == st.store.Identity().Site.String() {
			line.Sales.Add(&row.Figures, 1)
		}
	}
	r.Sites = append(r.Sites, line)
	centre, err := s.Sales(ctx, report.Site)
	if err != nil {
		return err
	}
	for _, row := range centre.Rows {
		if row.Key == st.store.Identity().Site.String() {
			d.same(r, name+"'s sum at head office", &row.Figures, &line.Sales)
		}
	}
	if line.Sales.Receipts < staff.Receipts {
		r.differ("%s has %d receipts, staff sold %d", name, line.Sales.Receipts, staff.Receipts)
	}
	if unequal := st.store.Progress().Unequal; unequal != "" {
		r.differ("%s: %s", name, unequal)
	}
	return d.digests(ctx, s, r, name, st)
}

func (d *demoDay) same(r *demoResult, what string, got, want *report.Figures) {
	difference := report.Figures{}
	difference.Add(got, 1)
	difference.Add(want, -1)
	if !difference.IsZero() {
		r.differ("%s is %+v, want %+v", what, *got, *want)
	}
}

// digests compares every share that a site covers, record by record hash, with the
// server's own.
func (d *demoDay) digests(ctx context.Context, s *server.Server, r *demoResult, name string, st *site) error {
	covered, err := st.store.Digests(ctx)
	if err != nil {
		return err
	}
	if len(covered) == 0 {
		r.differ("%s covers nothing", name)
	}
	theirs := map[syncproto.Share]syncproto.Digest{}
	if err := s.State.Read(ctx, func(rd *state.Reader) error {
		return rd.Shares(func(x syncproto.ShareDigest, _ syncproto.Position) {
			theirs[x.Share] = syncproto.Digest{Count: x.Count, Sum: x.Sum}
		})
	}); err != nil {
		return err
	}
	for share, own := range covered {
		if own != theirs[share] {
			r.differ("%s: %v is %v there and %v at the server", name, share, own, theirs[share])
		}
	}
	return nil
}
