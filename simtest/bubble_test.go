package simtest_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/memnet"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
	"github.com/rawaj/rawaj/syncproto/wsconn"
)

// bubble is the program as it runs, on a network in memory, in a time that passes only
// while everybody waits: hours are milliseconds.
type bubble struct {
	t      *testing.T
	net    *memnet.Net
	server *server.Server
}

// inBubble runs a test with a server that runs and has its files open.
func inBubble(t *testing.T, test func(b *bubble)) {
	before := http.DefaultTransport
	defer func() { http.DefaultTransport = before }()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{t: t, net: memnet.New()}
		transport := &http.Transport{DialContext: b.net.DialContext}
		http.DefaultTransport = transport // enrolment goes that way
		log, err := sqlitelog.Open(filepath.Join(dir, "log.db"), sqlitelog.Options{Rand: rand.Reader})
		must(t, err)
		defer log.Close()
		st, err := state.Open(ctx, filepath.Join(dir, "state.db"))
		must(t, err)
		defer st.Close()
		attachments, err := attach.Open(ctx, filepath.Join(dir, attach.File))
		must(t, err)
		defer attachments.Close()
		_, org, err := ed25519.GenerateKey(rand.Reader)
		must(t, err)
		_, node, err := ed25519.GenerateKey(rand.Reader)
		must(t, err)
		c := server.Config{Log: log, State: st, Attachments: attachments, OrgKey: org, DeviceKey: node, Now: time.Now, Rand: rand.Reader, Logger: simtest.Quiet}
		c.Certificate, err = server.FirstStart(ctx, c, "Organisation of a test")
		must(t, err)
		b.server, err = server.New(ctx, c, nil)
		must(t, err)
		running, stop := context.WithCancel(ctx)
		ended := make(chan error, 2)
		go func() { ended <- b.server.Run(running) }()
		web := &http.Server{Handler: b.server.Handler(localapi.NewGate("token of a test"), http.NotFoundHandler())}
		go func() { web.Serve(b.net); ended <- nil }()
		test(b)
		transport.CloseIdleConnections()
		stop()
		web.Close()
		must(t, <-ended)
		must(t, <-ended)
		synctest.Wait()
	})
}

// site runs a stall until the test ends, or its stop is called.
func (b *bubble) site(name string) (c *client.Client, stop func()) {
	b.t.Helper()
	return b.siteOf(name, schema.KindStall)
}

func (b *bubble) siteOf(name, kind string) (c *client.Client, stop func()) {
	b.t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(b.t, err)
	st, err := store.Open(ctx, store.Config{Path: filepath.Join(b.t.TempDir(), "site.db"), Now: time.Now, Rand: rand.Reader})
	must(b.t, err)
	code, err := b.server.EnrolCode(ctx, server.NewSite{Site: name, Kind: kind, Fairs: []string{"Fair"}})
	must(b.t, err)
	_, err = client.Enrol(ctx, st, key, "http://192.0.2.1", code.Code, name)
	must(b.t, err)
	c = client.New(client.Config{Store: st, Key: key, Now: time.Now, Rand: rand.Reader, Logger: simtest.Quiet, Dial: wsconn.DialOptions{NetDialContext: b.net.DialContext}})
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- c.Run(running) }()
	return c, func() {
		cancel()
		must(b.t, <-ended)
		must(b.t, st.Close())
	}
}

// elapse lets time pass, and everybody do what was due.
func elapse(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (b *bubble) sold() int64 {
	b.t.Helper()
	sales, err := b.server.Sales(ctx, report.Product)
	must(b.t, err)
	return sales.Total.Receipts
}

// till opens a till with a product, and gives what sells one.
func (b *bubble) till(c *client.Client) (sell func()) {
	b.t.Helper()
	till, err := c.OpenTill(ctx, client.NewTill{Currency: "AED"})
	must(b.t, err)
	product, err := c.AddProduct(ctx, client.NewProduct{Name: "Dates", PriceMinor: 500, Currency: "AED"})
	must(b.t, err)
	return func() {
		_, err := c.Sell(ctx, client.NewSale{Till: till, Currency: "AED", Lines: []client.Line{{Product: product, Quantity: 1, PriceMinor: 500}}})
		must(b.t, err)
	}
}

func TestALineStaysThroughHoursOfIdleAndASaleArrivesWithinASecond(t *testing.T) {
	inBubble(t, func(b *bubble) {
		c, stop := b.site("Stall")
		defer stop()
		sell := b.till(c)
		elapse(time.Second)
		dials := b.net.Dials()
		elapse(9 * time.Hour)
		sell()
		elapse(time.Second)
		if n := b.sold(); n != 1 || b.net.Dials() != dials || b.server.Open() != 1 {
			t.Errorf("%d sales, %d new connections, %d open", n, b.net.Dials()-dials, b.server.Open())
		}
	})
}

func TestAfterANightWithoutANetworkAllArrivesWithinTwoMinutes(t *testing.T) {
	inBubble(t, func(b *bubble) {
		a, stopA := b.site("Stall A")
		defer stopA()
		z, stopZ := b.site("Stall Z")
		defer stopZ()
		sellA, sellZ := b.till(a), b.till(z)
		elapse(time.Minute)
		b.net.Down(true)
		for range 20 {
			sellA()
			sellZ()
			elapse(27 * time.Minute)
		}
		if n := b.sold(); n != 0 {
			t.Fatalf("%d sales without a network", n)
		}
		b.net.Down(false)
		elapse(2 * time.Minute)
		if n := b.sold(); n != 40 {
			t.Errorf("%d sales arrived, want 40", n)
		}
		for _, c := range []*client.Client{a, z} {
			if p := c.Store.Progress(); c.Store.Unsettled() || p.Unequal != "" {
				t.Errorf("a site is not at rest: %+v", p)
			}
			sales, err := client.Sales(ctx, c.Store, report.Product)
			must(t, err)
			if sales.Total.Receipts != 20 { // stalls read their own sales, these being of no fair
				t.Errorf("a site counts %d sales, want its 20", sales.Total.Receipts)
			}
		}
	})
}

func TestALineThatFellSilentIsGivenUpByBothSidesAndTakenUpAgain(t *testing.T) {
	inBubble(t, func(b *bubble) {
		c, stop := b.site("Stall")
		defer stop()
		sell := b.till(c)
		elapse(time.Minute)
		dials := b.net.Dials()
		b.net.Silent()
		sell()
		elapse(syncproto.PingTimeout / 2)
		if n := b.sold(); n != 0 {
			t.Fatalf("%d sales over a silent line", n)
		}
		elapse(syncproto.PingTimeout + 2*time.Minute)
		if n := b.sold(); n != 1 || b.net.Dials() == dials || b.server.Open() != 1 {
			t.Errorf("%d sales, %d new connections, %d open", n, b.net.Dials()-dials, b.server.Open())
		}
	})
}
