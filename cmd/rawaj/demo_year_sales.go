package main

import (
	"context"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// At a till: one of how many.
const (
	saleVoided    = 40
	saleRefunded  = 25
	salePaidCard  = 3
	saleDiscount  = 10
	tillForgotten = 25 // closed the next morning
	tillLateSale  = 30 // what was sold is entered once it is closed
	tillWrong     = 12 // counted otherwise than it should be
	foodThrown    = 6
)

// yearDone is what staff did, by their own account.
type yearDone struct {
	sales report.Figures
	days  map[string]*report.Figures
	tills int

	statements, paid int // that head office approved, and branches paid

	mistakes map[string]int // that people made, by their kind
}

// Mistakes that people make in a year.
const (
	mistakeScan    = "scanned_twice"
	mistakeForgot  = "left_without_a_scan"
	mistakePerson  = "people_recorded_twice"
	mistakeFamily  = "registered_by_two_branches"
	mistakeLate    = "sales_entered_late"
	mistakeTill    = "tills_open_overnight"
	mistakeClock   = "clocks_set_wrong"
	mistakeCounted = "tills_counted_wrong"
)

func newYearDone() yearDone {
	return yearDone{sales: report.Figures{AmountMinor: map[string]int64{}}, days: map[string]*report.Figures{}, mistakes: map[string]int{}}
}

// count counts a sale of a day, times 1 or -1.
func (n *yearDone) count(day time.Time, f report.Figures, times int64) {
	n.sales.Add(&f, times)
	key := day.Format(time.DateOnly)
	if n.days[key] == nil {
		n.days[key] = &report.Figures{}
	}
	n.days[key].Add(&f, times)
}

// yearTill is a till of a day at a fair.
type yearTill struct {
	place *demoSite
	fair  *yearFair
	day   time.Time
	goods []yearGood
	id    syncproto.RecordID
	cash  int64 // that should lie in it above the float, once it is counted
}

// planTill has a place sell at a fair: on its first day, and at a long one of ours on the third.
func (y *yearPlay) planTill(place *demoSite, f *yearFair) {
	var goods []yearGood
	for _, g := range f.guests {
		goods = append(goods, g.family.goods...)
	}
	for _, after := range []int{0, 2} {
		day := f.starts.AddDate(0, 0, after)
		if len(goods) == 0 || day.After(f.ends) || after > 0 && f.organiser != schema.FairOwn {
			continue
		}
		t := &yearTill{place: place, fair: f, day: day, goods: goods}
		at := func(hour, minute int) time.Time {
			return day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
		}
		y.deed(at(14, 50), func(ctx context.Context) error { return y.openTill(ctx, t) })
		for n := range 3 + y.luck.n(4) {
			y.deed(at(15, 30+50*n), func(ctx context.Context) error { return y.sellAt(ctx, t) })
		}
		closes := at(22, 5)
		if y.luck.one(tillForgotten) {
			closes = at(24+8, 0)
			y.done.mistakes[mistakeTill]++
		} else if y.luck.one(tillLateSale) {
			y.deed(at(22, 40), func(ctx context.Context) error { return y.lateSale(ctx, t) })
			y.deed(at(22, 50), func(ctx context.Context) error { return y.approveTill(ctx, t) })
		}
		y.deed(closes, func(ctx context.Context) error { return y.closeTill(ctx, t) })
		y.deed(closes.Add(10*time.Minute), func(ctx context.Context) error { return y.approveTill(ctx, t) })
	}
}

func (y *yearPlay) openTill(ctx context.Context, t *yearTill) (err error) {
	n := client.NewTill{Fair: t.fair.id, FloatMinor: demoFloatMinor, Currency: demoCurrency}
	if t.fair.class == schema.FairAtayeb {
		n.Host = client.Host{Kind: t.fair.venue, Name: "جهة مستضيفة تجريبية"}
		if y.luck.one(foodThrown) {
			if _, err := t.place.client.WriteOff(ctx, client.NewWriteOff{Product: t.good().id, Fair: t.fair.id, Quantity: 2, Reason: "برد", By: "بائعة تجريبية"}); err != nil {
				return err
			}
		}
	}
	y.done.tills++
	t.id, err = t.place.client.OpenTill(ctx, n)
	return err
}

func (t *yearTill) good() *yearGood { return &t.goods[0] }

// sellAt sells to one buyer, and now and then takes it back, or a piece of it.
func (y *yearPlay) sellAt(ctx context.Context, t *yearTill) error {
	sold, f, n, err := y.sale(ctx, t, 0)
	if err != nil {
		return err
	}
	cash := n.Method == "cash"
	if cash {
		t.cash += sold.AmountMinor
	}
	first := n.Lines[0]
	switch {
	case y.luck.one(saleVoided):
		y.done.count(t.day, f, -1)
		if cash {
			t.cash -= sold.AmountMinor
		}
		return t.place.client.VoidSale(ctx, sold.Sale, "counted twice")
	case y.luck.one(saleRefunded) && first.DiscountMinor == 0:
		y.done.count(t.day, report.Figures{Receipts: 1, Lines: 1, Pieces: -1, AmountMinor: map[string]int64{demoCurrency: -first.PriceMinor}}, 1)
		t.cash -= first.PriceMinor
		_, err := t.place.client.Refund(ctx, client.NewRefund{Sale: sold.Sale, Till: t.id, Lines: []client.Back{{Line: sold.Sale.Child(1), Pieces: 1}}})
		return err
	}
	return nil
}

// sale records one, and counts it.
func (y *yearPlay) sale(ctx context.Context, t *yearTill, waited time.Duration) (sold client.Sold, f report.Figures, n client.NewSale, err error) {
	n = client.NewSale{Till: t.id, Currency: demoCurrency, Method: "cash", Waited: waited}
	if y.luck.one(salePaidCard) {
		n.Method = "card"
	}
	f = report.Figures{Receipts: 1, AmountMinor: map[string]int64{}}
	for range 1 + y.luck.n(3) {
		g := &t.goods[y.luck.n(len(t.goods))]
		l := client.Line{Product: g.id, Quantity: 1 + int64(y.luck.n(2)), PriceMinor: g.price}
		if y.luck.one(saleDiscount) {
			l.DiscountMinor = 50
		}
		n.Lines = append(n.Lines, l)
		f.Lines++
		f.Pieces += l.Quantity
		f.AmountMinor[demoCurrency] += l.Quantity*l.PriceMinor - l.DiscountMinor
	}
	y.done.count(t.day, f, 1)
	sold, err = t.place.client.Sell(ctx, n)
	return sold, f, n, err
}

// lateSale enters what was sold three quarters of an hour ago, before the till was closed.
func (y *yearPlay) lateSale(ctx context.Context, t *yearTill) error {
	y.done.mistakes[mistakeLate]++
	_, _, _, err := y.sale(ctx, t, 45*time.Minute)
	return err
}

func (y *yearPlay) closeTill(ctx context.Context, t *yearTill) error {
	counted := demoFloatMinor + t.cash
	if y.luck.one(tillWrong) {
		counted += int64(y.luck.n(2000)) - 1000
		y.done.mistakes[mistakeCounted]++
	}
	return t.place.client.CloseTill(ctx, t.id, counted)
}

func (y *yearPlay) approveTill(ctx context.Context, t *yearTill) error {
	return t.place.client.ApproveTill(ctx, client.NewApproval{Till: t.id, By: "محاسبة تجريبية", Second: "مشرفة تجريبية", Reason: "أُعيد العد"})
}
