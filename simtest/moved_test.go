package simtest_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// tries is a sync that need not succeed.
func tries(s *simtest.Site) error {
	timed, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	_, err := s.Client.Sync(timed, 300*time.Millisecond, nil)
	return err
}

func TestASiteWhoseServerMovedGoesOnAtTheNewAddressAndTellsAStrangerNothing(t *testing.T) {
	c, stranger := simtest.NewCentre(t), simtest.NewCentre(t)
	s := c.NewSite("Made-up stall", schema.KindStall)
	sellSome(t, s, 5)
	s.Sync()
	old := c.HTTP.URL
	c.Stop()
	c.Start() // elsewhere
	if c.HTTP.URL == old {
		t.Fatal("the server did not move")
	}
	sellSome(t, s, 5)
	if err := tries(s); err == nil {
		t.Error("a sync with a server that is gone succeeded")
	}
	before, _ := stranger.Log.End()
	s.Moved(stranger)
	if err := tries(s); !errors.Is(err, client.ErrRefused) {
		t.Errorf("at another organisation's server the sync gave %v", err)
	}
	if after, _ := stranger.Log.End(); after != before {
		t.Errorf("another organisation's log grew from %d to %d", before, after)
	}
	st, err := s.Client.Status(ctx)
	if must(t, err); st.Pending == 0 {
		t.Error("nothing waits for the server any more")
	}
	s.Moved(c)
	s.Sync()
	soldIs(t, c, 10)
}

func TestIPv6AloneIsEnough(t *testing.T) {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skipf("IPv6 is missing: %v", err)
	}
	c := simtest.NewCentre(t)
	s := c.NewSite("Made-up stall", schema.KindStall)
	srv := &http.Server{Handler: c.Server.Handler(localapi.NewGate("token of a test"), http.NotFoundHandler())}
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(l) }()
	defer func() { srv.Close(); <-done }()
	c.HTTP.Listener.Close() // nobody is at home by IPv4
	s.Through("http://" + l.Addr().String())
	sellSome(t, s, 5)
	s.Sync()
	soldIs(t, c, 5)
}

// A server is put back, goes on, and is put back further: each time the histories of what
// devices hold are others, and what went twice comes back once.
func TestAServerPutBackTwiceToDifferentPointsIsGivenAllOnce(t *testing.T) {
	c := simtest.NewCentre(t)
	sites := stalls(t, c, 4)
	histories := map[string]bool{}
	all := int64(0)
	work := func(n int) {
		for i, s := range sites {
			s.Moved(c)
			sellSome(t, s, n+i)
			all += int64(n + i)
			s.Sync()
		}
		c.Folded()
		histories[c.State.Head().History.String()] = true
	}
	keeps := func() map[string][]byte {
		c.Stop()
		defer c.Start()
		return keepAll(t, c)
	}
	back := func(kept map[string][]byte) {
		c.Stop()
		putAllBack(t, c, kept)
		c.Start()
	}
	work(3)
	early := keeps()
	work(5)
	late := keeps()
	work(7)
	back(late)
	sites[0].Moved(c) // one alone tells, and hears of the history that begins
	sites[0].Sync()
	c.Folded()
	histories[c.State.Head().History.String()] = true
	back(early)
	for range 2 {
		for _, s := range sites {
			s.Moved(c)
			s.Sync()
		}
	}
	c.Folded()
	histories[c.State.Head().History.String()] = true
	if len(histories) != 3 {
		t.Errorf("there were %d histories, want one to begin with and one each time it was put back", len(histories))
	}
	soldIs(t, c, all)
	for _, s := range sites {
		s.Sound()
		if n := soldBy(t, s); n == 0 {
			t.Error("a site forgot what it sold")
		}
	}
	held, err := c.Server.Quarantine(ctx)
	if must(t, err); len(held) != 0 {
		t.Errorf("%d transactions are held", len(held))
	}
}
