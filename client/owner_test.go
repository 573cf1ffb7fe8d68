package client_test

import (
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
)

// Families are made up.
func TestSalesByFamilyCountWhoLinesWereAssignedToAndTellFamiliesOfOneNameApart(t *testing.T) {
	c := newStall(t)
	a := newAPI(t, c)
	family := func(name, code string) syncproto.RecordID {
		id, err := c.AddFamily(t.Context(), client.NewFamily{Name: name, Code: code})
		ok(t, err)
		return id
	}
	one, other, bare, again, alone := family("Salem", "F-1"), family("Salem", "F-2"), family("Salem", ""), family("Salem", ""), family("Noor", "F-3")
	till, err := c.OpenTill(t.Context(), client.NewTill{Currency: "AED"})
	ok(t, err)
	goods, err := c.AddProduct(t.Context(), client.NewProduct{Name: "Incense", PriceMinor: 100, Currency: "AED"})
	ok(t, err)
	for i, owner := range []syncproto.RecordID{one, other, bare, again, alone, {}} {
		sold, err := c.Sell(t.Context(), client.NewSale{Till: till, Currency: "AED", Lines: []client.Line{{Product: goods, Quantity: int64(i + 1), PriceMinor: 100}}})
		ok(t, err)
		if !owner.IsZero() {
			ok(t, c.AssignOwner(t.Context(), sold.Sale.Child(1), owner, "Mariam"))
		}
	}
	for _, span := range []string{"", "&from=2000-01-01"} {
		var sales report.Sales
		a.do("GET", "/api/report/sales?by=family"+span, nil, &sales)
		labels := map[string]int64{}
		for _, r := range sales.Rows {
			labels[r.Label] = r.Pieces
		}
		if len(sales.Rows) != 6 || len(labels) != 6 || labels["Salem (F-1)"] != 1 || labels["Salem (F-2)"] != 2 || labels["Noor"] != 5 || labels[""] != 6 || sales.Total.Pieces != 21 {
			t.Errorf("sales by family are %v of %+v", labels, sales.Rows)
		}
	}
}
