package attach

import (
	"net/http"
	"time"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
)

// shown are the kinds that a browser may show; anything else is handed over as a file.
var shown = map[string]bool{"image/webp": true, "image/jpeg": true, "image/png": true}

// NotHere says that an attachment is named here and has not arrived.
var NotHere = refusal.New(refusal.NotHere, "its bytes have not arrived here yet: ask again later")

// Serve answers a request with an attachment that is whole. Nobody said what it is, so its
// first bytes decide, and whatever they claim nothing in it runs.
func (s *Store) Serve(w http.ResponseWriter, r *http.Request, root syncproto.Root) {
	m, ok, err := s.Manifest(r.Context(), root)
	if err == nil && !ok {
		err = NotHere
	}
	var first []byte
	if err == nil {
		first, err = s.Read(r.Context(), root, 0)
	}
	if err != nil {
		localapi.Refuse(w, err)
		return
	}
	h := w.Header()
	kind := http.DetectContentType(first[:min(len(first), 512)])
	if !shown[kind] {
		kind = "application/octet-stream"
		h.Set("Content-Disposition", "attachment")
	}
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	// It never changes; but whether it may still be seen here does, so a browser asks.
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+root.String()+`"`)
	http.ServeContent(w, r, "", time.Time{}, s.Reader(r.Context(), root, &m))
}

// PathRoot reads the name in a request's address.
func PathRoot(r *http.Request) (root syncproto.Root, err error) {
	if root.UnmarshalText([]byte(r.PathValue("attachment"))) != nil {
		err = refusal.New(refusal.BadID, "%q is no attachment", r.PathValue("attachment")).On("attachment")
	}
	return root, err
}
