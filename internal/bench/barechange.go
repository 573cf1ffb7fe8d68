package bench

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/fxamacker/cbor/v2"
	"github.com/gorilla/websocket"
)

// bareChain is the way of one change with the bare libraries: a commit where it is
// recorded and one in the middle, WAL and FULL, then one where it is heard, which needs
// no flush, with a message of gorilla's between them.
type bareChain struct {
	first, middle, last *bareDB
	server              *http.Server
	in, out             *websocket.Conn
	heard               chan struct{} // a token for each change on disk at the last of them
	failed              chan error
}

func (r *run) newBareChain(ctx context.Context, name string) (c *bareChain, err error) {
	c = &bareChain{heard: make(chan struct{}, 1<<16), failed: make(chan error, 2)}
	for _, d := range []struct {
		to         **bareDB
		name, sync string
	}{{&c.first, "first", "FULL"}, {&c.middle, "middle", "FULL"}, {&c.last, "last", "NORMAL"}} {
		if *d.to, err = openBareAs(r.path(name+"-"+d.name+".db"), d.sync); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	onward := make(chan *websocket.Conn, 1)
	mux := http.NewServeMux()
	upgrade := func(f func(*websocket.Conn)) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) {
			if ws, err := (&websocket.Upgrader{}).Upgrade(w, q, nil); err == nil {
				f(ws)
			}
		}
	}
	mux.Handle("/out", upgrade(func(ws *websocket.Conn) { onward <- ws }))
	mux.Handle("/in", upgrade(func(ws *websocket.Conn) {
		to := <-onward
		c.failed <- c.relay(ws, c.middle, func(b []byte) error { return to.WriteMessage(websocket.BinaryMessage, b) })
	}))
	c.server = &http.Server{Handler: mux}
	go c.server.Serve(listener)
	for path, conn := range map[string]**websocket.Conn{"/out": &c.out, "/in": &c.in} {
		if *conn, _, err = websocket.DefaultDialer.DialContext(ctx, "ws://"+listener.Addr().String()+path, nil); err != nil {
			return nil, err
		}
	}
	go func() {
		c.failed <- c.relay(c.out, c.last, func([]byte) error { c.heard <- struct{}{}; return nil })
	}()
	return c, nil
}

func (c *bareChain) relay(from *websocket.Conn, d *bareDB, onward func([]byte) error) error {
	for {
		_, b, err := from.ReadMessage()
		if err != nil {
			return err
		}
		m := &bareMessage{}
		if err := cbor.Unmarshal(b, m); err != nil {
			return err
		}
		if err := errors.Join(commit(d, m), onward(b)); err != nil {
			return err
		}
	}
}

func commit(d *bareDB, m *bareMessage) error {
	return errors.Join(d.exec("BEGIN IMMEDIATE"), d.insert(m), d.exec("COMMIT"))
}

func (c *bareChain) record(m *bareMessage) error {
	if err := commit(c.first, m); err != nil {
		return err
	}
	b, err := cbor.Marshal(m)
	if err != nil {
		return err
	}
	return c.in.WriteMessage(websocket.BinaryMessage, b)
}

// hear waits until more than n changes have arrived.
func (c *bareChain) hear(ctx context.Context, n int) (int, error) {
	select {
	case <-c.heard:
		return n + 1, nil
	case err := <-c.failed:
		c.failed <- err
		return n, err
	case <-ctx.Done():
		return n, ctx.Err()
	}
}

func (c *bareChain) close() error {
	err := errors.Join(c.in.Close(), c.out.Close(), c.server.Close())
	<-c.failed
	<-c.failed
	return errors.Join(err, c.first.close(), c.middle.close(), c.last.close())
}
