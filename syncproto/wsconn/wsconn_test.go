package wsconn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/wsconn"
)

// pipes is a network of one server, made of net.Pipe, so that it can live in a bubble.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "pipe"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// connect gives both ends of a connection over a pipe.
func connect(t *testing.T) (device, server *wsconn.Conn) {
	t.Helper()
	network := newPipes()
	got := make(chan *wsconn.Conn, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := wsconn.Upgrade(w, r, wsconn.UpgradeOptions{}); err == nil {
			got <- c
		}
	})
	s := &http.Server{Handler: handler}
	go s.Serve(network)
	t.Cleanup(func() { s.Close() })
	device, err := wsconn.Dial(t.Context(), "http://centre.example/sync", wsconn.DialOptions{NetDialContext: network.dial})
	if err != nil {
		t.Fatal(err)
	}
	server = <-got
	t.Cleanup(func() { device.Close(nil); server.Close(nil) })
	return device, server
}

func ping(ms int64) *syncproto.Ping { return &syncproto.Ping{TimeMS: ms} }

func TestFrameComesOutAsItWentIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, server := connect(t)
		go server.Send(t.Context(), ping(7))
		f, err := device.Receive()
		if p, ok := f.(*syncproto.Ping); err != nil || !ok || p.TimeMS != 7 {
			t.Fatalf("got %v, %v", f, err)
		}
		synctest.Wait()
		if device.BytesIn() == 0 || device.BytesIn() != server.BytesOut() {
			t.Errorf("device counts %d bytes, server %d", device.BytesIn(), server.BytesOut())
		}
	})
}

func TestMessageOverTheLimitIsNoFrameAndByeStillArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, server := connect(t)
		go device.SendEncoded(t.Context(), make([]byte, syncproto.MaxGreeting+1))
		if _, err := server.Receive(); !errors.Is(err, syncproto.ErrFrame) {
			t.Fatalf("got %v, want ErrFrame", err)
		}
		go server.Close(&syncproto.Bye{Code: syncproto.CodeTooLarge})
		f, err := device.Receive()
		if bye, ok := f.(*syncproto.Bye); err != nil || !ok || bye.Code != syncproto.CodeTooLarge {
			t.Fatalf("got %v, %v, want Bye too_large", f, err)
		}
		if _, again := server.Receive(); !errors.Is(again, syncproto.ErrFrame) {
			t.Errorf("a second Receive says %v", again)
		}
	})
}

func TestLimitsGrowAfterTheGreeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, server := connect(t)
		push := &syncproto.Push{Batch: 1, Total: 60 << 10, Length: 100 << 10, Data: make([]byte, 60<<10)}
		go device.Send(t.Context(), push)
		server.SetLimits(syncproto.DeviceLimits)
		if f, err := server.Receive(); err != nil || len(f.(*syncproto.Push).Data) != 60<<10 {
			t.Fatalf("got %v, %v", f, err)
		}
	})
}

func TestServerCompressesOnlyAfterTheGreeting(t *testing.T) {
	for _, named := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			device, server := connect(t)
			if device.SetLimits(syncproto.ServerLimits); named {
				server.SetLimits(syncproto.DeviceLimits)
			}
			go server.Send(t.Context(), &syncproto.Bye{Code: syncproto.CodeBye, Detail: strings.Repeat("a", 500)})
			if _, err := device.Receive(); err != nil {
				t.Fatal(err)
			}
			if small := device.BytesIn() < 250; small != named {
				t.Errorf("named %v: a frame of 500 equal letters took %d bytes", named, device.BytesIn())
			}
		})
	}
}

func TestUnknownFrameTypeIsUnsupportedAndTheNextIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, server := connect(t)
		go func() {
			server.SendEncoded(t.Context(), []byte{0x82, 0x18, 200, 0xa0})
			server.Send(t.Context(), ping(1))
		}()
		var e *syncproto.Error
		if _, err := device.Receive(); !errors.As(err, &e) || e.Code != syncproto.CodeUnsupported {
			t.Errorf("got %v, want unsupported", err)
		}
		if _, err := device.Receive(); err != nil {
			t.Errorf("got %v for the frame after it", err)
		}
	})
}

func TestStrangerHasToNameItselfInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, server := connect(t)
		began := time.Now()
		ended := make(chan struct{})
		go func() { // it says something, but never names itself
			defer close(ended)
			for device.Send(t.Context(), ping(0)) == nil {
				time.Sleep(time.Second)
			}
		}()
		var err error
		for err == nil {
			_, err = server.Receive()
		}
		if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took != syncproto.GreetingTimeout {
			t.Errorf("got %v after %v, want a deadline after %v", err, took, syncproto.GreetingTimeout)
		}
		device.Close(nil)
		<-ended
	})
}

func TestHalfOpenConnectionIsNoticedWithinAMinute(t *testing.T) {
	for _, who := range []string{"the server", "the device"} {
		t.Run(who, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				device, server := connect(t)
				device.SetLimits(syncproto.ServerLimits)
				server.SetLimits(syncproto.DeviceLimits)
				hears, speaks := server, device
				if who == "the device" {
					hears, speaks = device, server
				}
				go func() {
					for range 3 {
						speaks.Send(t.Context(), ping(0))
						time.Sleep(syncproto.PingEvery)
					} // and then not a word more
				}()
				began := time.Now()
				var err error
				for err == nil {
					_, err = hears.Receive()
				}
				want := 2*syncproto.PingEvery + syncproto.PingTimeout
				if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took != want {
					t.Errorf("got %v after %v, want a deadline after %v", err, took, want)
				}
			})
		})
	}
}

func TestPeerThatNeverReadsHoldsUpSendersOnlyForTheWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, server := connect(t)
		began := time.Now()
		if err := server.Send(t.Context(), ping(0)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v, want a deadline", err)
		}
		if took := time.Since(began); took != syncproto.WriteTimeout {
			t.Errorf("took %v, want %v", took, syncproto.WriteTimeout)
		}
	})
}

func TestSenderGivesUpItsTurnWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, server := connect(t)
		go server.Send(t.Context(), ping(0)) // nobody reads it
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := server.Send(ctx, ping(1)); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}

func TestManySendersDoNotMixTheirMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, server := connect(t)
		device.SetLimits(syncproto.ServerLimits)
		const senders, each = 8, 50
		for s := range senders {
			go func() {
				for i := range each {
					f := &syncproto.Receipt{Signed: []byte(strings.Repeat(string(rune('a'+s)), 1+i*20))}
					if err := server.Send(t.Context(), f); err != nil {
						t.Error(err)
					}
				}
			}()
		}
		next := map[byte]int{}
		for range senders * each {
			f, err := device.Receive()
			if err != nil {
				t.Fatal(err)
			}
			signed := f.(*syncproto.Receipt).Signed
			if want := 1 + next[signed[0]]*20; len(signed) != want || strings.Count(string(signed), string(signed[:1])) != want {
				t.Fatalf("got %q, want %d of one letter", signed, want)
			}
			next[signed[0]]++
		}
	})
}

func TestByeComesBeforeTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, server := connect(t)
		go device.Close(&syncproto.Bye{Code: syncproto.CodeReplaced, Detail: strings.Repeat("€", 500) + "\xff"})
		f, err := server.Receive()
		if bye, ok := f.(*syncproto.Bye); err != nil || !ok || bye.Code != syncproto.CodeReplaced {
			t.Fatalf("got %v, %v, want Bye", f, err)
		}
		if _, err := server.Receive(); err != io.EOF {
			t.Errorf("after the Bye: got %v, want io.EOF", err)
		}
	})
}

func TestCloseLastsAtMostASecondWhateverThePeerDoes(t *testing.T) {
	for name, busy := range map[string]func(t *testing.T, server *wsconn.Conn){
		"a peer that reads nothing":   func(*testing.T, *wsconn.Conn) {},
		"while another sender writes": func(t *testing.T, server *wsconn.Conn) { server.Send(t.Context(), ping(0)) },
		"while a reader waits":        func(_ *testing.T, server *wsconn.Conn) { server.Receive() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, server := connect(t)
				ended := make(chan struct{})
				go func() { busy(t, server); close(ended) }()
				synctest.Wait()
				began := time.Now()
				go server.Close(nil)
				server.Close(&syncproto.Bye{Code: syncproto.CodeShutdown})
				<-ended
				if took := time.Since(began); took > wsconn.CloseTimeout {
					t.Errorf("took %v", took)
				}
				if err := server.Send(t.Context(), ping(1)); !errors.Is(err, net.ErrClosed) {
					t.Errorf("Send after Close: %v", err)
				}
				if _, err := server.Receive(); !errors.Is(err, net.ErrClosed) {
					t.Errorf("Receive after Close: %v", err)
				}
			})
		})
	}
}

// A real socket, since only TCP throws away what was sent when it is closed with
// bytes unread.
func TestByeSurvivesBytesThatWereNotRead(t *testing.T) {
	closed := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(closed)
		c, err := wsconn.Upgrade(w, r, wsconn.UpgradeOptions{})
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := c.Receive(); err != nil {
			t.Error(err)
		}
		c.Close(&syncproto.Bye{Code: syncproto.CodeBusy, RetryAfterMS: 5000})
	}))
	defer s.Close()
	device, err := wsconn.Dial(t.Context(), s.URL+"/sync", wsconn.DialOptions{UserAgent: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close(nil)
	device.Send(t.Context(), ping(0))
	for range 20 { // the server reads none of them
		device.SendEncoded(t.Context(), make([]byte, 4<<10))
	}
	var bye *syncproto.Bye
	for bye == nil {
		f, err := device.Receive()
		if err != nil {
			t.Fatal(err)
		}
		bye, _ = f.(*syncproto.Bye)
	}
	device.Close(nil)
	<-closed
}

func TestTextIsNoFrame(t *testing.T) {
	got := make(chan error, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := wsconn.Upgrade(w, r, wsconn.UpgradeOptions{}); err == nil {
			_, err := c.Receive()
			got <- err
			c.Close(nil)
		}
	}))
	defer s.Close()
	d := websocket.Dialer{Subprotocols: []string{wsconn.Subprotocol}}
	ws, _, err := d.DialContext(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	ws.WriteMessage(websocket.TextMessage, []byte{0x82, 11, 0xa1, 1, 0})
	if err := <-got; !errors.Is(err, syncproto.ErrFrame) {
		t.Errorf("got %v, want ErrFrame", err)
	}
}

func TestUpgradeRefusesPagesAndOtherProtocols(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := wsconn.Upgrade(w, r, wsconn.UpgradeOptions{}); err == nil {
			c.Close(nil)
		}
	}))
	defer s.Close()
	for _, c := range []struct {
		why, origin, protocol string
		want                  int
	}{
		{"a device", "", wsconn.Subprotocol, 101},
		{"a page of the same host", s.URL, wsconn.Subprotocol, 403},
		{"a page from a file", "null", wsconn.Subprotocol, 403},
		{"another protocol", "", "chat", 400},
		{"no protocol", "", "", 400},
	} {
		h := http.Header{}
		if c.origin != "" {
			h.Set("Origin", c.origin)
		}
		d := websocket.Dialer{}
		if c.protocol != "" {
			d.Subprotocols = []string{c.protocol}
		}
		ws, resp, err := d.DialContext(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http"), h)
		if resp == nil || resp.StatusCode != c.want {
			t.Errorf("%s: got %v, %v, want HTTP %d", c.why, resp, err, c.want)
		}
		if ws != nil {
			ws.Close()
		}
	}
}

func TestDialSaysWhatAnsweredInstead(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "full", http.StatusServiceUnavailable)
	}))
	defer s.Close()
	_, err := wsconn.Dial(t.Context(), s.URL, wsconn.DialOptions{})
	var e *wsconn.HandshakeError
	if !errors.As(err, &e) || e.Status != 503 || e.RetryAfter != 30*time.Second {
		t.Errorf("got %v", err)
	}
}

func TestDialGivesUpAfterTheHandshakeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		began := time.Now()
		silent := func(context.Context, string, string) (net.Conn, error) { return near, nil }
		_, err := wsconn.Dial(t.Context(), "https://centre.example", wsconn.DialOptions{NetDialContext: silent})
		if err == nil || time.Since(began) != wsconn.HandshakeTimeout {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}

func TestDialTakesOnlyAddressesOfServers(t *testing.T) {
	for _, address := range []string{"", "centre.example", "ftp://centre.example", "https://", "https://a:b@centre.example", "https://centre.example/#x", "http://[::1"} {
		never := func(context.Context, string, string) (net.Conn, error) { return nil, fmt.Errorf("dialled") }
		if _, err := wsconn.Dial(t.Context(), address, wsconn.DialOptions{NetDialContext: never}); err == nil || strings.Contains(err.Error(), "dialled") {
			t.Errorf("%q: got %v", address, err)
		}
	}
}
