// Package localapi is how programs of one machine talk to the one that holds a data
// directory: JSON over loopback, with the token that stands in the directory.
package localapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/rawaj/rawaj/internal/datadir"
)

// Answer writes v as JSON, or an error with status 400.
func Answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		v = map[string]string{"error": err.Error()}
	}
	json.NewEncoder(w).Encode(v)
}

// MaxRequest bounds the body of a request.
const MaxRequest = 256 << 10

// Read reads a request's body into v; fields that v does not have are refused.
func Read(w http.ResponseWriter, r *http.Request, v any) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, MaxRequest))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("cannot read the request: %w", err)
	}
	return nil
}

// Route is one call of an API. Request and Response are zero values of the types that
// it reads and answers, nil where there is none.
type Route struct {
	Method, Path string
	Summary      string
	Query        []string // names of query parameters
	Request      any
	Response     any
	Stream       bool // answers with server-sent events whose data is a Response
	Handle       http.HandlerFunc
}

// Mux serves routes.
func Mux(routes []Route) *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.HandleFunc(r.Method+" "+r.Path, r.Handle)
	}
	return mux
}

// Call asks the process that holds a directory: v, if given, goes as JSON (or as it is
// where it is an io.Reader), and the answer is read into out.
func Call(ctx context.Context, dir, method, route string, v, out any) error {
	a, err := datadir.ReadAddress(dir)
	if err != nil {
		return err
	}
	body, ok := v.(io.Reader)
	if !ok && v != nil {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	q, err := http.NewRequestWithContext(ctx, method, a.URL+route, body)
	if err != nil {
		return err
	}
	q.Header.Set("Authorization", "Bearer "+a.Token)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return fmt.Errorf("ask the process that holds %s: %w", dir, err)
	}
	defer r.Body.Close()
	if r.StatusCode == http.StatusOK {
		if err := json.NewDecoder(r.Body).Decode(out); err != nil {
			return fmt.Errorf("read the answer of the process that holds %s: %w", dir, err)
		}
		return nil
	}
	b, _ := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	var refused struct{ Error string }
	if json.Unmarshal(b, &refused) == nil && refused.Error != "" {
		return errors.New(refused.Error)
	}
	return fmt.Errorf("the process that holds %s answers %s: %s", dir, r.Status, strings.TrimSpace(string(b)))
}
