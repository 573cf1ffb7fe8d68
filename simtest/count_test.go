package simtest_test

import (
	"context"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
	"github.com/rawaj/rawaj/syncproto/wsconn"
)

// lateReceipts is a link on which no receipt has come yet.
type lateReceipts struct{ client.Link }

func (l lateReceipts) Receive() (syncproto.Frame, error) {
	for {
		f, err := l.Link.Receive()
		if _, ok := f.(*syncproto.Receipt); !ok {
			return f, err
		}
	}
}

func TestWhatIsJudgedBeforeItsReceiptComesIsCountedAsSent(t *testing.T) {
	ctx := context.Background()
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 1", schema.KindStall, "Spring fair")
	s.Sync()
	if _, err := s.Client.AddProduct(ctx, client.NewProduct{Name: "Incense", PriceMinor: 1250, Currency: "AED"}); err != nil {
		t.Fatal(err)
	}
	conn, err := wsconn.Dial(ctx, s.Store.Identity().Server+"/sync", s.Client.Dial)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(&syncproto.Bye{Code: syncproto.CodeBye})
	v := s.Client.Visit(lateReceipts{conn})
	if err := v.Greet(ctx); err != nil {
		t.Fatal(err)
	}
	if sent, err := v.Push(ctx); err != nil || !sent {
		t.Fatal(sent, err)
	}
	for v.Did().Settled == 0 {
		if err := v.Take(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if did := v.Did(); did.Sent != did.Settled {
		t.Errorf("%+v", did)
	}
}
