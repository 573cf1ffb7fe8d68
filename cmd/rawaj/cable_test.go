package main

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
)

func TestAPulledCableCutsWhatGoesOverIt(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go io.Copy(conn, conn)
		}
	}()
	c := newCable()
	conn, err := c.dial(context.Background(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.set(true)
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a cut connection was read from")
	}
	if _, err := c.dial(context.Background(), "tcp", l.Addr().String()); !errors.Is(err, errPulled) {
		t.Errorf("with the cable pulled it gave %v", err)
	}
	c.set(false)
	conn, err = c.dial(context.Background(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatalf("with the cable back: %v", err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if len(c.open) != 0 {
		t.Errorf("%d closed connections are kept", len(c.open))
	}
}
