package memnet_test

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rawaj/rawaj/internal/memnet"
)

func TestConnectionsBufferKeepDeadlinesAndBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		defer n.Close()
		go func() { // says back what it hears
			c, err := n.Accept()
			if err == nil {
				io.Copy(c, c)
				c.Close()
			}
		}()
		c, err := n.DialContext(context.Background(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 8)
		if _, err := c.Write([]byte("salam")); err != nil {
			t.Fatal(err)
		}
		if k, err := c.Read(buf); err != nil || string(buf[:k]) != "salam" {
			t.Fatalf("heard %q, %v", buf[:k], err)
		}
		began := time.Now()
		c.SetReadDeadline(began.Add(time.Hour))
		if _, err := c.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Hour {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		c.SetDeadline(time.Now().Add(time.Minute))
		if k, err := c.Write(make([]byte, 1<<20)); !errors.Is(err, os.ErrDeadlineExceeded) || k == 1<<20 {
			t.Errorf("a peer that is not read from took %d bytes: %v", k, err)
		}
		n.Down(true)
		c.SetDeadline(time.Time{})
		if _, err := c.Read(buf); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("on a broken line: %v", err)
		}
		if _, err := n.DialContext(context.Background(), "", ""); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("a network that is down gave %v", err)
		}
	})
}
