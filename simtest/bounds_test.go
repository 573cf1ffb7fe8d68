package simtest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
	"github.com/rawaj/rawaj/syncproto/wsconn"
)

// stall begins a batch of a length and does not go on with it.
func (p *peer) stall(total uint64) {
	p.send(&syncproto.Push{Batch: 1, Total: total, Length: total, Data: make([]byte, 100)})
}

func TestFourDevicesStallInTheMiddleOfABatchAndAFifthStillSells(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 5", schema.KindStall)
	for i := range 4 {
		p := connect(t, c.HTTP.URL, c.NewSite("Stall", schema.KindStall))
		p.stall(syncproto.MaxBatchLength)
		if i > 1 { // two have the memory of large batches; the others wait for it
			continue
		}
		next[*syncproto.Credit](p)
	}
	sellSome(t, s, 1)
	s.Sync()
	soldIs(t, c, 1)
}

func TestWhoStallsInTheMiddleOfABatchIsSentAwayAndTheNextIsServed(t *testing.T) {
	c := simtest.NewNarrowCentre(t, server.Limits{StalledBatch: 50 * time.Millisecond})
	var stalled []*peer
	for range 3 {
		p := connect(t, c.HTTP.URL, c.NewSite("Stall", schema.KindStall))
		p.stall(syncproto.MaxBatchLength)
		stalled = append(stalled, p)
	}
	for _, p := range stalled { // the third gets its memory when one of the first two is gone
		p.byeIs(syncproto.CodeTimeout)
	}
}

func TestABatchThatFindsNoMemoryIsNotAcceptedYet(t *testing.T) {
	c := simtest.NewNarrowCentre(t, server.Limits{BudgetWait: time.Millisecond})
	for range 2 {
		p := connect(t, c.HTTP.URL, c.NewSite("Stall", schema.KindStall))
		p.stall(syncproto.MaxBatchLength)
		next[*syncproto.Credit](p)
	}
	p := connect(t, c.HTTP.URL, c.NewSite("Stall", schema.KindStall))
	p.stall(syncproto.MaxBatchLength)
	if bye := p.bye(); bye.Code != syncproto.CodeBusy || bye.RetryAfterMS == 0 {
		t.Errorf("bye %+v, want busy and when to come back", bye)
	}
}

// bye reads until the server says Bye.
func (p *peer) bye() *syncproto.Bye {
	p.t.Helper()
	for {
		f, err := p.conn.Receive()
		if err != nil {
			p.t.Fatalf("connection ended without a Bye: %v", err)
		}
		if bye, ok := f.(*syncproto.Bye); ok {
			return bye
		}
	}
}

func handshake(t *testing.T, err error) *wsconn.HandshakeError {
	t.Helper()
	e, ok := errors.AsType[*wsconn.HandshakeError](err)
	if !ok {
		t.Fatal(err)
	}
	return e
}

// eventually asks until it is so, for as long as a slow machine may take.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for began := time.Now(); !so(); {
		if time.Since(began) > 30*time.Second {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// from serves a centre as the network would to peers of one address.
func from(t *testing.T, c *simtest.Centre, address *atomic.Value) string {
	h := c.Server.Handler(localapi.NewGate("token of a test"), http.NotFoundHandler())
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = address.Load().(string)
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestAnAddressMayOpenSoManySocketsAndNoMore(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	var address atomic.Value
	address.Store("203.0.113.7:1")
	url := from(t, c, &address)
	var open []*wsconn.Conn
	refused := 0
	for range 1000 {
		conn, err := wsconn.Dial(ctx, url+"/sync", wsconn.DialOptions{})
		if err == nil {
			open = append(open, conn)
			defer conn.Close(nil)
			continue
		}
		if e := handshake(t, err); e.Status != http.StatusServiceUnavailable || e.RetryAfter == 0 {
			t.Fatalf("sent away with %+v", e)
		}
		refused++
	}
	if len(open) > 512 || len(open) < 500 {
		t.Errorf("%d sockets of one address are open, want 512", len(open))
	}
	address.Store("[2001:db8::1]:1")
	for range 2 { // as another address, on the first of which the sale arrives
		s.Through(url)
		sellSome(t, s, 1)
		s.Sync()
	}
	soldIs(t, c, 2)
	address.Store("203.0.113.7:1")
	open[0].Close(&syncproto.Bye{Code: syncproto.CodeBye})
	if refused == 0 {
		t.Error("nobody was sent away")
	}
	eventually(t, "a place that was left to be free again", func() bool {
		conn, err := wsconn.Dial(ctx, url+"/sync", wsconn.DialOptions{})
		if err == nil {
			conn.Close(nil)
		}
		return err == nil
	})
}

func TestASlowReaderIsDroppedAndResumesWhereItWas(t *testing.T) {
	c := simtest.NewNarrowCentre(t, server.Limits{SlowReader: time.Second})
	author := newScript(t, c.NewSite("Stall 1", schema.KindStall))
	author.categories(3000)
	p := connect(t, c.HTTP.URL, author.site)
	for at := syncproto.Seq(1); at < 3000; at += 1000 {
		p.push(author.batch(at, at+999))
		p.receiptFor(author, at+999)
	}
	c.Folded()
	p.conn.Close(nil)

	s := c.NewSite("Stall 2", schema.KindStall)
	slow := dial(t, c.HTTP.URL)
	slow.send(slow.helloOf(s))
	slow.send(&syncproto.Resume{Credit: 100 << 10}) // and never any more
	slow.welcome = next[*syncproto.Welcome](slow)
	seen := map[syncproto.RecordID]bool{}
	point := slow.until(syncproto.CodeSlow, seen)
	if len(seen) == 0 || len(seen) == 3000 || point == nil {
		t.Fatalf("%d records and resume point %v came within the credit", len(seen), point)
	}
	before := len(seen)
	again := dial(t, c.HTTP.URL)
	again.send(again.helloOf(s))
	again.send(&syncproto.Resume{Reading: point, Credit: 1 << 20})
	again.welcome = next[*syncproto.Welcome](again)
	for {
		f, err := again.conn.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if rows, ok := f.(*syncproto.Rows); ok && rows.Table == schema.Category {
			for _, id := range rows.IDs {
				if seen[id] {
					t.Fatal("a record came again that the device had up to its resume point")
				}
				seen[id] = true
			}
		}
		if _, ok := f.(*syncproto.Checkpoint); ok {
			break
		}
	}
	if len(seen) != 3000 {
		t.Errorf("%d categories came, %d of them before it was dropped; want 3,000", len(seen), before)
	}
}

// until reads rows until the server ends the session. It gives the last resume point and
// gathers the categories up to it.
func (p *peer) until(want syncproto.Code, seen map[syncproto.RecordID]bool) (point *syncproto.ReadPoint) {
	p.t.Helper()
	var page []syncproto.RecordID
	for {
		f, err := p.conn.Receive()
		if err != nil {
			p.t.Fatal(err)
		}
		switch f := f.(type) {
		case *syncproto.Rows:
			if f.Table == schema.Category {
				page = append(page, f.IDs...)
			}
			if f.Point != nil {
				for _, id := range page {
					seen[id] = true
				}
				point, page = f.Point, nil
			}
		case *syncproto.Bye:
			if f.Code != want {
				p.t.Errorf("bye %v, want %v", f.Code, want)
			}
			return point
		}
	}
}

func TestOverItsQuarantineQuotaADeviceHearsAndItsWorkStaysWithIt(t *testing.T) {
	c := simtest.NewNarrowCentre(t, server.Limits{Held: 2})
	s := c.NewSite("Stall 1", schema.KindStall)
	chain := newScript(t, s)
	for range 2 {
		chain.raw([]byte("no body at all"))
	}
	chain.categories(1)
	p := connect(t, c.HTTP.URL, s)
	p.push(chain.batch(1, 2))
	p.receiptFor(chain, 2)
	c.Folded()
	p.push(chain.batch(3, 3))
	if bye := p.bye(); bye.Code != syncproto.CodeBusy || bye.RetryAfterMS == 0 {
		t.Errorf("bye %+v, want busy", bye)
	}
	if n := count(t, c, schema.Category); n != 0 {
		t.Fatalf("%d categories were taken", n)
	}
	p = connect(t, c.HTTP.URL, s, chain.head(3))
	if p.welcome.Credit != 0 {
		t.Errorf("credit for %d bytes while the quarantine is full", p.welcome.Credit)
	}
	next[*syncproto.Checkpoint](p) // it hears
	held, err := c.Server.Quarantine(ctx)
	must(t, err)
	for _, v := range held {
		_, err := c.Server.Decide(ctx, v.Hash, server.Decide{Action: schema.DecisionWithdraw})
		must(t, err)
	}
	next[*syncproto.Credit](p) // head office has looked
	p.push(chain.batch(3, 3))
	p.receiptFor(chain, 3)
	if n := count(t, c, schema.Category); n != 1 {
		t.Errorf("head office has %d categories, want 1", n)
	}
}

func TestOverItsEscrowQuotaARevokedDeviceKeepsWhatItHas(t *testing.T) {
	c := simtest.NewNarrowCentre(t, server.Limits{Escrow: 2})
	s := c.NewSite("Stall 1", schema.KindStall)
	s.Sync()
	must(t, c.Server.Revoke(ctx, s.Store.Identity().Device, "a test"))
	chain := newScript(t, s)
	chain.categories(3)
	p := connectWithBacklog(t, c, s)
	p.push(chain.batch(1, 2))
	p.receiptFor(chain, 2)
	c.Folded()
	p.push(chain.batch(3, 3))
	p.byeIs(syncproto.CodeBusy)
	if p = connectWithBacklog(t, c, s); p.welcome.Credit != 0 {
		t.Errorf("credit for %d bytes while the escrow is full", p.welcome.Credit)
	}
	must(t, c.State.Read(ctx, func(r *state.Reader) error {
		q, err := r.HeldOf(s.Store.Identity().Device)
		if q.Escrow != 2 || q.Held != 0 {
			t.Errorf("held are %+v, want two in escrow", q)
		}
		return err
	}))
}

// connectWithBacklog greets as a device that has yet to deliver.
func connectWithBacklog(t *testing.T, c *simtest.Centre, s *simtest.Site) *peer {
	t.Helper()
	p := dial(t, c.HTTP.URL)
	hello := p.helloOf(s)
	hello.Declared.Transactions = 3
	p.send(hello)
	p.send(&syncproto.Resume{Credit: 1 << 20})
	p.welcome = next[*syncproto.Welcome](p)
	return p
}

func TestASiteSaysThatItsWorkIsNotTakenAndKeepsIt(t *testing.T) {
	c := simtest.NewNarrowCentre(t, server.Limits{Held: 1})
	s := c.NewSite("Stall 1", schema.KindStall)
	_, err := s.Client.AddPerson(ctx, client.NewPerson{Name: "a made-up person"}) // a stall may not
	must(t, err)
	s.Sync()
	sellSome(t, s, 1)
	if _, err := s.Client.Sync(ctx, time.Minute, nil); !errors.Is(err, client.ErrNotTaken) {
		t.Fatalf("sync gave %v, want that the work is not taken", err)
	}
	if st, err := s.Client.Status(ctx); err != nil || st.Pending == 0 {
		t.Errorf("%+v, %v; want the sale still pending", st, err)
	}
	held, err := c.Server.Quarantine(ctx)
	must(t, err)
	_, err = c.Server.Decide(ctx, held[0].Hash, server.Decide{Action: schema.DecisionWithdraw})
	must(t, err)
	s.Sync()
	soldIs(t, c, 1)
}

func TestAParkedBatchIsNotAppendedAgainAndTheirNumberIsBounded(t *testing.T) {
	c := simtest.NewNarrowCentre(t, server.Limits{Parked: 2})
	s := c.NewSite("Stall 1", schema.KindStall)
	chain := newScript(t, s)
	chain.categories(5)
	for range 3 { // each time it comes back it sends what Welcome does not name
		p := connect(t, c.HTTP.URL, s)
		p.push(chain.batch(2, 2))
		p.receiptFor(chain, 2)
		p.push(chain.batch(4, 4))
		p.receiptFor(chain, 4)
		c.Folded()
	}
	batches := 0
	must(t, c.Log.Read(ctx, 1, func(rec oplog.Record) error {
		e, err := state.DecodeEntry(rec.Data)
		if err == nil && e.Kind == state.EntryBatch && e.Road == state.RoadSocket {
			batches++
		}
		return err
	}))
	if batches != 2 {
		t.Errorf("the log has %d batches of the device, want 2", batches)
	}
	p := connect(t, c.HTTP.URL, s)
	p.push(chain.batch(5, 5))
	p.byeIs(syncproto.CodeBusy)
	p = connect(t, c.HTTP.URL, s)
	p.push(chain.batch(1, 1)) // what they wait for is taken
	p.receiptFor(chain, 1)
	c.Folded()
	p.push(chain.batch(3, 5))
	p.receiptFor(chain, 5)
	if n := count(t, c, schema.Category); n != 5 {
		t.Errorf("head office has %d categories, want 5", n)
	}
}
