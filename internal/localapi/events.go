package localapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"
)

// keepAlive is how often a quiet stream of events says that it is there.
const keepAlive = 20 * time.Second

type lifeKey struct{}

// Until is an http.Server's BaseContext: streams of events end with life, for which a
// server that shuts down would wait in vain; other requests are finished.
func Until(life context.Context) func(net.Listener) context.Context {
	return func(net.Listener) context.Context {
		return context.WithValue(context.WithoutCancel(life), lifeKey{}, life)
	}
}

// Events streams what next gives, as server-sent events, until the reader leaves or the
// server's life ends. next waits until there is something new and returns its name and
// value; a reader that misses some between two calls is told the newest alone, so nothing
// queues up.
func Events(w http.ResponseWriter, r *http.Request, next func(context.Context) (name string, v any, err error)) {
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	if control.Flush() != nil {
		return
	}
	stream, end := context.WithCancel(r.Context())
	defer end()
	if life, ok := stream.Value(lifeKey{}).(context.Context); ok {
		defer context.AfterFunc(life, end)()
	}
	for {
		ctx, cancel := context.WithTimeout(stream, keepAlive)
		name, v, err := next(ctx)
		cancel()
		switch {
		case stream.Err() != nil:
			return
		case err != nil && ctx.Err() != nil:
			fmt.Fprint(w, ": still here\n\n")
		case err != nil:
			return
		default:
			b, err := json.Marshal(v)
			if err != nil {
				return
			}
			fmt.Fprintf(w, "event: %s\ndata: %s\n\n", name, b)
		}
		if control.Flush() != nil {
			return
		}
	}
}
