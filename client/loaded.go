package client

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
)

// loadedHeader names the checkpoint that a screen shows: every answer to a GET carries it,
// and a page that saves hands it back. What was written meanwhile, its reader has not
// seen: the two values are a conflict, shown to people, and none is lost (P4). Who hands
// nothing back has seen what is here when it asks.
const loadedHeader = "Rawaj-Loaded"

type loadedKey struct{}

// Loaded lets what is recorded under ctx be written by somebody whose screen was loaded
// at an earlier checkpoint.
func Loaded(ctx context.Context, at syncproto.Base) context.Context {
	return context.WithValue(ctx, loadedKey{}, &at)
}

func loadedAt(ctx context.Context) *syncproto.Base {
	at, _ := ctx.Value(loadedKey{}).(*syncproto.Base)
	return at
}

// loads tells screens what they show, and hears from them what they showed.
func (c *Client) loads(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet { // before anything is read: at worst the screen is newer than it says
			if p := c.Store.Progress(); p.Cursor != nil {
				w.Header().Set(loadedHeader, loadedText(syncproto.Base{Position: p.Position, Hash: p.Hash.Short()}))
			}
		} else if given := r.Header.Get(loadedHeader); given != "" {
			at, err := parseLoaded(given)
			if err != nil {
				localapi.Refuse(w, refusal.New(refusal.Malformed, "%v", err))
				return
			}
			r = r.WithContext(Loaded(r.Context(), at))
		}
		next.ServeHTTP(w, r)
	})
}

func loadedText(b syncproto.Base) string { return fmt.Sprintf("%d-%x", b.Position, b.Hash[:]) }

func parseLoaded(s string) (b syncproto.Base, err error) {
	position, hash, _ := strings.Cut(s, "-")
	n, err := strconv.ParseUint(position, 10, 63)
	h, herr := hex.DecodeString(hash)
	if err != nil || herr != nil || len(h) != len(b.Hash) {
		return b, fmt.Errorf("%s: %q is not what a GET answered", loadedHeader, s)
	}
	b.Position = syncproto.Position(n)
	copy(b.Hash[:], h)
	return b, nil
}
