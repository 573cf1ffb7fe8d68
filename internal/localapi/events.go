package localapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// keepAlive is how often a quiet stream of events says that it is there.
const keepAlive = 20 * time.Second

// Events streams what next gives, as server-sent events, until the reader leaves. next
// waits until there is something new and returns its name and value; a reader that
// misses some between two calls is told the newest alone, so nothing queues up.
func Events(w http.ResponseWriter, r *http.Request, next func(context.Context) (name string, v any, err error)) {
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	if control.Flush() != nil {
		return
	}
	for {
		ctx, cancel := context.WithTimeout(r.Context(), keepAlive)
		name, v, err := next(ctx)
		cancel()
		switch {
		case r.Context().Err() != nil:
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
