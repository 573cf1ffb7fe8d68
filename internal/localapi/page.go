package localapi

import (
	"net/http"
	"strconv"

	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
)

// Page is a part of a list: cursor is the id of the last of the page before.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"` // cursor of the next page; absent at the end
}

// Cursor is where a page begins, and how long it is at most.
type Cursor struct {
	After syncproto.RecordID // zero: at the newest
	Limit int
}

const (
	pageSize = 100
	// MaxPageSize bounds a page: it is made in one read, and shown on one.
	MaxPageSize = 500
)

// CursorOf reads the page that a request asks for.
func CursorOf(r *http.Request) (at Cursor, err error) {
	at.Limit = pageSize
	if s := r.URL.Query().Get("limit"); s != "" {
		if at.Limit, err = strconv.Atoi(s); err != nil || at.Limit < 1 || at.Limit > MaxPageSize {
			return at, refusal.Parameter("limit", "limit is a number from 1 to %d", MaxPageSize)
		}
	}
	if s := r.URL.Query().Get("cursor"); s != "" {
		if at.After, err = syncproto.ParseRecordID(s); err != nil {
			return at, refusal.Parameter("cursor", "%q is no id", s)
		}
	}
	return at, nil
}
