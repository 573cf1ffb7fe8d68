package attach

import (
	"errors"
	"io"
	"net/http"

	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
)

// Uploaded names an attachment that was kept.
type Uploaded struct {
	Attachment syncproto.Root `json:"attachment"`
	Bytes      int            `json:"bytes"`
}

// Upload reads the body of a request and has it kept, once it is its turn: turns has room
// for as many uploads as may be in memory at a time.
func Upload(w http.ResponseWriter, r *http.Request, turns chan struct{}, keep func([]byte) (syncproto.Root, error)) (Uploaded, error) {
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
	case <-r.Context().Done():
		return Uploaded{}, r.Context().Err()
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, syncproto.MaxAttachment))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return Uploaded{}, TooLarge()
	} else if err != nil {
		return Uploaded{}, refusal.New(refusal.Malformed, "cannot read the request: %v", err)
	}
	root, err := keep(b)
	return Uploaded{root, len(b)}, err
}

// TooLarge refuses more bytes than an attachment has.
func TooLarge() error {
	return refusal.New(refusal.TooLarge, "an attachment has at most %d bytes", syncproto.MaxAttachment).With("max", syncproto.MaxAttachment)
}
