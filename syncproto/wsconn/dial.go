package wsconn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/rawaj/rawaj/syncproto"
)

// HandshakeTimeout bounds Dial and Upgrade.
const HandshakeTimeout = 10 * time.Second

// DialOptions may be zero.
type DialOptions struct {
	// NetDialContext replaces the network, for tests; proxies of the environment
	// are then not asked.
	NetDialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// TLS is for https and wss; nil trusts what the system trusts.
	TLS *tls.Config
	// UserAgent names the program and its version to the server's access log.
	UserAgent string
	// Trace is told of every frame that was handed to the network or read from it, with
	// the bytes of its message. It must keep nothing of the frame.
	Trace func(out bool, f syncproto.Frame, bytes int)
}

// HandshakeError says that something answered with HTTP where a websocket was
// asked for: a proxy, a captive portal, or a server that takes no more sessions.
type HandshakeError struct {
	Status     int           // of HTTP
	RetryAfter time.Duration // as answered; 0 where nothing was said
}

func (e *HandshakeError) Error() string {
	return fmt.Sprintf("no websocket there: HTTP %d %s", e.Status, http.StatusText(e.Status))
}

var dialBuffers sync.Pool

// Dial opens a connection to a server. The address is http, https, ws or wss.
// Dial returns a *HandshakeError where HTTP answered otherwise than hoped, and
// never follows a redirect.
func Dial(ctx context.Context, address string, d DialOptions) (*Conn, error) {
	u, err := websocketURL(address)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	dialer := websocket.Dialer{
		HandshakeTimeout: HandshakeTimeout,
		NetDialContext:   d.NetDialContext,
		TLSClientConfig:  d.TLS,
		Subprotocols:     []string{Subprotocol},
		ReadBufferSize:   4 << 10,
		WriteBufferSize:  16 << 10, // one frame of the websocket for most messages
		WriteBufferPool:  &dialBuffers,
	}
	if d.NetDialContext == nil {
		dialer.Proxy = http.ProxyFromEnvironment
	}
	header := http.Header{}
	if d.UserAgent != "" {
		header.Set("User-Agent", d.UserAgent)
	}
	ws, response, err := dialer.DialContext(ctx, u, header)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", u, dialError(response, err))
	}
	if ws.Subprotocol() != Subprotocol {
		ws.Close()
		return nil, fmt.Errorf("dial %s: the server does not speak %s", u, Subprotocol)
	}
	c := newConn(ws, false)
	c.trace = d.Trace
	return c, nil
}

func websocketURL(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	case "ws", "wss":
	default:
		return "", fmt.Errorf("address %q: want one that begins with https:// or http://", address)
	}
	if u.Host == "" || u.User != nil || u.Fragment != "" {
		return "", fmt.Errorf("address %q: want a host and a path, and neither user nor fragment", u.Redacted())
	}
	return u.String(), nil
}

func dialError(response *http.Response, err error) error {
	if response == nil || !errors.Is(err, websocket.ErrBadHandshake) {
		return err
	}
	e := &HandshakeError{Status: response.StatusCode}
	if s, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && s > 0 {
		e.RetryAfter = min(time.Duration(s), 24*3600) * time.Second
	}
	return e
}
