package simtest_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// record reads a record as people at a site see it.
func record(t *testing.T, s *simtest.Site, table syncproto.TableID, id syncproto.RecordID) (row *records.Row) {
	t.Helper()
	err := s.Store.Read(context.Background(), func(r *store.Reader) (err error) {
		row, err = r.Get(table, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// centreRecord reads a record at head office.
func centreRecord(t *testing.T, c *simtest.Centre, table syncproto.TableID, id syncproto.RecordID) (row *records.Row) {
	t.Helper()
	c.Folded()
	err := c.State.Read(context.Background(), func(r *state.Reader) (err error) {
		row, err = r.Get(table, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func amount(row *records.Row) int64 {
	if row == nil {
		return -1
	}
	return row.Of(schema.PriceAmount).Int()
}

func TestThreePricesSetOfflineEndAsOneInEveryOrderOfContact(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		t.Run(fmt.Sprint(order), func(t *testing.T) { threePrices(t, order) })
	}
}

// before is a clock that shows how late it was.
func before(d time.Duration) func() time.Time {
	return func() time.Time { return time.Now().Add(-d) }
}

func threePrices(t *testing.T, order []int) {
	ctx := context.Background()
	c := simtest.NewCentre(t)
	maker := c.NewSite("Branch 1", schema.KindBranch)
	sites := []*simtest.Site{
		c.NewSite("Stall 1", schema.KindStall, "Spring fair"), c.NewSite("Stall 2", schema.KindStall, "Spring fair"), c.NewSite("Branch 2", schema.KindBranch),
	}
	maker.Now = before(24 * time.Hour)
	product, err := maker.Client.AddProduct(ctx, client.NewProduct{Name: "Incense", PriceMinor: 1000, Currency: "AED"})
	if err != nil {
		t.Fatal(err)
	}
	maker.Now = time.Now
	maker.Sync()
	prices := []int64{1100, 1200, 1300}
	for i, s := range sites {
		s.Sync()
		s.Now = before(time.Duration(3-i) * time.Hour) // the branch is the last to set it
		if err := s.Client.SetPrice(ctx, product, false, prices[i], "AED"); err != nil {
			t.Fatal(err)
		}
		s.Now = time.Now
	}
	for _, i := range order {
		sites[i].Sync()
	}
	for _, s := range sites {
		s.Sync()
	}

	for _, s := range sites {
		s.Sound()
	}
	price := schema.PriceID(product, syncproto.RecordID{})
	if got := amount(centreRecord(t, c, schema.Price, price)); got != 1300 {
		t.Errorf("price at head office is %d, want 1300", got)
	}
	for i, s := range sites {
		if got := amount(record(t, s, schema.Price, price)); got != 1300 {
			t.Errorf("price at site %d is %d, want 1300", i, got)
		}
	}
	theTwoOthersAreInTheLedger(t, c, sites, price)
}

func theTwoOthersAreInTheLedger(t *testing.T, c *simtest.Centre, sites []*simtest.Site, price syncproto.RecordID) {
	t.Helper()
	ledger, err := c.Server.Conflicts(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	lost := []int64{}
	for _, line := range ledger {
		if line.Record != price || line.Table != "price" || line.Group != "amount" || line.Rule != "stamp" {
			t.Errorf("the ledger has %+v", line)
		}
		lost = append(lost, line.Loser.Values["amount_minor"].(int64))
		everySideHears(t, sites, line)
	}
	slices.Sort(lost)
	if !slices.Equal(lost, []int64{1100, 1200}) {
		t.Errorf("the ledger has the losers %v, want 1100 and 1200", lost)
	}
}

// everySideHears checks that the two devices of a conflict have it, and no other.
func everySideHears(t *testing.T, sites []*simtest.Site, line server.Conflict) {
	t.Helper()
	for i, s := range sites {
		device := s.Store.Identity().Device
		concerned := device == line.Loser.Device || device == line.Winner.Device
		if heard := record(t, s, schema.Conflict, line.ID) != nil; heard != concerned {
			t.Errorf("site %d has the conflict: %v, want %v", i, heard, concerned)
		}
	}
}
