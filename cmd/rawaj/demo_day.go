package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const (
	demoRounds     = 150 // sales a place in the day
	demoHours      = 8 * time.Hour
	demoCurrency   = "AED"
	demoFloatMinor = 20000
	demoPatience   = 10 * time.Second
	answerPatience = time.Minute // head office rests between two looks at what it credits
)

// Goods of the demo by their families, made up, in three languages.
var demoGoods = []struct {
	family, name string
	price        int64
}{
	{"أسرة تجريبية", "بخور العود", 4500}, {"أسرة تجريبية", "مبخرة", 8000}, {"أسرة تجريبية", "بهارات مشكلة", 1250}, {"أسرة تجريبية", "هريس", 1500},
	{"Sample family", "Coffee pot", 15000}, {"Sample family", "Hand cream", 2000},
	{"خانواده نمونه", "گلیم کوچک", 32000}, {"خانواده نمونه", "کیف چرمی", 21000},
}

// demoDay is the independent list of what staff did, by their own account.
type demoDay struct {
	*demo
	before report.Figures // sales of an earlier day in the same directories
	begins time.Time
	tills  map[string]syncproto.RecordID // by place
	sales  []demoSale
	people demoPeople
}

// demoSale is what one sale was.
type demoSale struct {
	place  string
	pieces int64
	lines  int64
	amount int64
	voided bool
}

// play plays the day with the cables pulled, and compares.
func (d *demo) play(ctx context.Context) (demoFound, error) {
	day := &demoDay{demo: d, begins: time.Now().Add(-demoHours), tills: map[string]syncproto.RecordID{}}
	defer d.at.Store(nil)
	d.step("morning: goods, women and workshops are listed, and everybody hears of them")
	if err := day.morning(ctx); err != nil {
		return nil, err
	}
	d.step("all cables are pulled: people sell, take attendance and refer on their own")
	if err := day.hours(ctx); err != nil {
		return nil, err
	}
	d.step("evening: the cables go back in, one after another")
	if err := day.evening(ctx); err != nil {
		return nil, err
	}
	d.step("comparing with the list of what staff did")
	return day.compare(ctx)
}

// moment sets the clock of all sites to a part of the day.
func (d *demoDay) moment(round int) {
	t := d.begins.Add(demoHours * time.Duration(round) / demoRounds)
	d.at.Store(&t)
}

func (d *demoDay) morning(ctx context.Context) error {
	before, err := d.server.Sales(ctx, report.Site)
	if err != nil {
		return err
	}
	d.before.Add(&before.Total, 1)
	d.moment(0)
	if err := d.catalogue(ctx); err != nil {
		return err
	}
	if err := d.people.morning(ctx, d); err != nil {
		return err
	}
	if err := d.contactAll(ctx, "branch", "centre", "centre-2", "desk", "stall-1", "stall-2"); err != nil {
		return err
	}
	for _, s := range d.sites {
		if !s.sells {
			continue
		}
		if d.tills[s.place], err = s.client.OpenTill(ctx, client.NewTill{FloatMinor: demoFloatMinor, Currency: demoCurrency}); err != nil {
			return err
		}
	}
	return nil
}

// catalogue lists the goods at the branch, once.
func (d *demoDay) catalogue(ctx context.Context) error {
	branch := d.site("branch")
	category, err := branch.client.AddCategory(ctx, "Goods of the demo")
	if err != nil {
		return err
	}
	for _, g := range demoGoods {
		family, err := branch.named(ctx, schema.Family, g.family)
		if err == nil && family.IsZero() {
			family, err = branch.client.AddFamily(ctx, client.NewFamily{Name: g.family})
		}
		if err != nil {
			return err
		}
		id, err := branch.named(ctx, schema.Product, g.name)
		if err == nil && id.IsZero() {
			id, err = branch.client.AddProduct(ctx, client.NewProduct{Name: g.name, Family: family, Category: category, PriceMinor: g.price, Currency: demoCurrency})
		}
		if err != nil {
			return err
		}
		d.goods = append(d.goods, id)
	}
	return nil
}

// named is a record of the catalogue; zero where there is none.
func (s *demoSite) named(ctx context.Context, table syncproto.TableID, name string) (id syncproto.RecordID, err error) {
	err = s.store.Read(ctx, func(r *store.Reader) error {
		row, err := r.Named(table, name)
		if row != nil {
			id = row.ID
		}
		return err
	})
	return id, err
}

// hours is the day itself, with a contact at noon of those who refer to each other.
func (d *demoDay) hours(ctx context.Context) error {
	b := newBar(d.talk, "with the cables pulled", demoRounds)
	defer b.done()
	for n := range demoRounds {
		d.moment(n)
		for _, s := range d.sites {
			if !s.sells {
				continue
			}
			if err := d.sell(ctx, s); err != nil {
				return err
			}
		}
		if err := d.people.round(ctx, d, n); err != nil {
			return err
		}
		b.set(int64(n + 1))
	}
	return nil
}

// sell records a sale, and sometimes takes it back.
func (d *demoDay) sell(ctx context.Context, s *demoSite) error {
	sold, own, err := d.demo.sell(ctx, s, d.tills[s.place])
	if err != nil {
		return err
	}
	if own.voided = d.luck.one(40); own.voided {
		if err := s.client.VoidSale(ctx, sold, "counted twice"); err != nil {
			return err
		}
	}
	d.sales = append(d.sales, own)
	return nil
}

// sell records a sale at the prices that a place shows.
func (d *demo) sell(ctx context.Context, s *demoSite, till syncproto.RecordID) (syncproto.RecordID, demoSale, error) {
	sale := client.NewSale{Till: till, Currency: demoCurrency}
	own := demoSale{place: s.place}
	for range 1 + d.luck.n(3) {
		product := d.goods[d.luck.n(len(d.goods))]
		price, err := s.price(ctx, product)
		if err != nil {
			return syncproto.RecordID{}, own, err
		}
		l := client.Line{Product: product, Quantity: 1 + int64(d.luck.n(2)), PriceMinor: price}
		if d.luck.one(10) {
			l.DiscountMinor = 50
		}
		sale.Lines = append(sale.Lines, l)
		own.lines++
		own.pieces += l.Quantity
		own.amount += l.Quantity*l.PriceMinor - l.DiscountMinor
	}
	sold, err := s.client.Sell(ctx, sale)
	return sold.Sale, own, err
}

func (s *demoSite) price(ctx context.Context, product syncproto.RecordID) (minor int64, err error) {
	err = s.store.Read(ctx, func(r *store.Reader) error {
		for _, place := range []syncproto.RecordID{s.store.Identity().Site, {}} {
			row, err := r.Get(schema.Price, schema.PriceID(product, place))
			if err != nil {
				return err
			}
			if row != nil {
				minor = row.Of(schema.PriceAmount).Int()
				return nil
			}
		}
		return nil // a visitor's, without a price: it costs nothing
	})
	return minor, err
}

// evening: three places change one price without hearing of each other and close their
// tills; then all hear of all.
func (d *demoDay) evening(ctx context.Context) error {
	d.moment(demoRounds)
	for i, s := range d.sites {
		if !s.sells {
			continue
		}
		if err := s.client.SetPrice(ctx, d.goods[0], false, 4000+int64(100*i), demoCurrency); err != nil {
			return err
		}
		counted := int64(demoFloatMinor)
		for _, sale := range d.sales {
			if sale.place == s.place && !sale.voided {
				counted += sale.amount
			}
		}
		if err := s.client.CloseTill(ctx, d.tills[s.place], counted); err != nil {
			return err
		}
	}
	if err := d.contactAll(ctx, "centre", "desk"); err != nil { // in this order: see demoPeople
		return err
	}
	for range 2 { // the second time everybody hears of the others, and of what head office answered
		for _, i := range d.luck.perm(len(d.sites)) {
			if err := d.contact(ctx, d.sites[i]); err != nil {
				return err
			}
		}
		if err := d.answered(ctx); err != nil {
			return err
		}
	}
	return nil
}

// answered waits until head office has answered what tills stated when they closed, and has
// credited the hours.
func (d *demoDay) answered(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, answerPatience)
	defer stop()
	for {
		view := d.server.Live().View()
		view.Head() // wakes at every entry of the log
		undecided, err := d.server.Undecided(ctx)
		if err != nil {
			return err
		}
		all, err := d.server.Closings(ctx, report.Span{}, syncproto.RecordID{}, false)
		if err != nil || undecided == 0 && !slices.ContainsFunc(all.Closings, func(s closing.Statement) bool { return s.State == closing.Waiting }) {
			return err
		}
		if err := view.Wait(ctx); err != nil {
			return fmt.Errorf("head office has not answered the closings of tills, or not credited %d hours: %w", undecided, err)
		}
	}
}

func (d *demoDay) contactAll(ctx context.Context, places ...string) error {
	for _, p := range places {
		if err := d.contact(ctx, d.site(p)); err != nil {
			return err
		}
	}
	return nil
}

// contact puts a cable in until nothing is left to send or hear. Whoever is in contact
// has the machine's clock: it is not wrong.
func (d *demoDay) contact(ctx context.Context, s *demoSite) error {
	then := d.at.Swap(nil)
	defer d.at.Store(then)
	s.cable.set(false)
	defer s.cable.set(true)
	r, err := s.client.Sync(ctx, demoPatience, nil)
	if err != nil {
		return fmt.Errorf("sync %s: %w", s.place, err)
	}
	if !r.Equal {
		return fmt.Errorf("sync %s: digests differ from the server's", s.place)
	}
	return nil
}
