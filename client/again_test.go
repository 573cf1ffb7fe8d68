package client_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
)

func newStall(t *testing.T) *client.Client { return newSite(t, "stall") }

func newSite(t *testing.T, kind string) *client.Client {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), store.Config{Path: filepath.Join(t.TempDir(), "site.db"), Now: time.Now, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Enrol(context.Background(), store.Identity{Org: syncproto.OrgID{1}, OrgKey: make([]byte, 32), Certificate: []byte{0}, Device: syncproto.DeviceID{2}, Site: syncproto.RecordID{3}, Kind: kind, Prefix: "A1", Zone: "Asia/Dubai", Lang: "ar", Server: "http://127.0.0.1:1"}); err != nil {
		t.Fatal(err)
	}
	return client.New(client.Config{Store: s, Key: key, Now: time.Now, Rand: rand.Reader, Logger: slog.New(slog.DiscardHandler)})
}

func TestAskingTwiceRecordsOnce(t *testing.T) {
	ctx := context.Background()
	c := newStall(t)
	ids := syncproto.NewIDs(rand.Reader, time.Now)
	id := func() syncproto.RecordID {
		v, err := ids.Record()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	product := client.NewProduct{ID: id(), Name: "Incense", PriceMinor: 1250, Currency: "AED"}
	till := client.NewTill{ID: id(), FloatMinor: 100, Currency: "AED"}
	sale := client.NewSale{ID: id(), Till: till.ID, Currency: "AED", Lines: []client.Line{{Product: product.ID, Quantity: 2, PriceMinor: 1250, DiscountMinor: 50}}}
	var first client.Sold
	for n := range 2 {
		if _, err := c.AddProduct(ctx, product); err != nil {
			t.Fatal(err)
		}
		if _, err := c.OpenTill(ctx, till); err != nil {
			t.Fatal(err)
		}
		sold, err := c.Sell(ctx, sale)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			first = sold
		} else if sold != first {
			t.Errorf("the second time it is %+v, want %+v", sold, first)
		}
	}
	if first.AmountMinor != 2450 || first.ReceiptNo != "A1-000001" {
		t.Errorf("sold %+v", first)
	}
	for range 2 {
		if err := c.CloseTill(ctx, till.ID, 2550); err != nil {
			t.Fatal(err)
		}
	}
	// The answer to the sale was lost, and the till has been closed meanwhile.
	if sold, err := c.Sell(ctx, sale); err != nil || sold != first {
		t.Errorf("after the till closed it is %+v, %v", sold, err)
	}
	if _, err := c.Sell(ctx, client.NewSale{ID: id(), Till: till.ID, Currency: "AED", Lines: sale.Lines}); err == nil {
		t.Error("a closed till sold")
	}
	if st, err := c.Status(ctx); err != nil || st.Transactions != 4 {
		t.Errorf("%d transactions, %v; want 4", st.Transactions, err)
	}
	if _, err := c.AddProduct(ctx, client.NewProduct{ID: syncproto.RecordID{1}, Name: "x"}); err == nil {
		t.Error("an id that is no UUIDv7 was taken")
	}
}
