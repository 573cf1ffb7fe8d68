package wsconn

import (
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/gorilla/websocket"
)

// UpgradeOptions may be zero. There is nothing to choose yet: compression by the
// library stays off, for its read limit does not bound what comes out of it.
type UpgradeOptions struct{}

// An idle session holds the read buffer and nothing else: a long message is read
// past it, and write buffers are taken from the pool for the time of a message.
const serverReadBuffer = 256

var upgradeBuffers sync.Pool

var upgrader = websocket.Upgrader{
	HandshakeTimeout: HandshakeTimeout,
	ReadBufferSize:   serverReadBuffer,
	WriteBufferSize:  4 << 10,
	WriteBufferPool:  &upgradeBuffers,
	Subprotocols:     []string{Subprotocol},
	CheckOrigin:      fromNoPage,
}

// fromNoPage refuses what a browser sends: devices are none.
func fromNoPage(r *http.Request) bool { return len(r.Header.Values("Origin")) == 0 }

// Upgrade turns a request into a connection. When it returns an error, it has
// answered the request. The request's context ends when the handler returns, so a
// session that should outlive the handler, which spares the memory that net/http
// holds for it, runs under a context of its own.
func Upgrade(w http.ResponseWriter, r *http.Request, _ UpgradeOptions) (*Conn, error) {
	if websocket.IsWebSocketUpgrade(r) && !slices.Contains(websocket.Subprotocols(r), Subprotocol) {
		http.Error(w, "this server speaks "+Subprotocol, http.StatusBadRequest)
		return nil, fmt.Errorf("upgrade: peer does not speak %s", Subprotocol)
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil, fmt.Errorf("upgrade: %w", err)
	}
	return newConn(ws, true), nil
}
