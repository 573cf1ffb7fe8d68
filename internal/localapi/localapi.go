// Package localapi is how programs of one machine talk to the one that holds a data
// directory: JSON over loopback, with the token that stands in the directory.
package localapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/refusal"
)

// Answer writes v as JSON, or why not.
func Answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		Refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

// Refuse writes a refusal, with the status of its code: the one shape of an error.
func Refuse(w http.ResponseWriter, err error) {
	e := refusal.Of(err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.Status())
	json.NewEncoder(w).Encode(e)
}

// Route is one call of an API. Request and Response are zero values of the types that
// it reads and answers, nil where there is none.
type Route struct {
	Method, Path string
	Summary      string
	Query        []string // names of query parameters
	Request      any
	Response     any
	Takes, Gives string // media type of a request's body, or an answer's, that is no JSON
	Stream       bool   // answers with server-sent events whose data is a Response
	Handle       http.HandlerFunc
}

// Mux serves routes. What is asked elsewhere, or otherwise, is refused like the rest.
func Mux(routes []Route) http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	for _, r := range routes {
		mux.HandleFunc(r.Method+" "+r.Path, asTable(&r))
		methods[r.Path] = append(methods[r.Path], r.Method)
	}
	for path, allowed := range methods {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			Refuse(w, refusal.New(refusal.WrongMethod, "ask with %s", strings.Join(allowed, " or ")))
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		Refuse(w, refusal.New(refusal.NoRoute, "nothing is asked at this address; openapi.json lists what is"))
	})
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
	if !ok && v != nil {
		q.Header.Set("Content-Type", "application/json")
	}
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
	refused := &refusal.Error{}
	if json.Unmarshal(b, refused) == nil && refused.Code != "" {
		return refused
	}
	return fmt.Errorf("the process that holds %s answers %s: %s", dir, r.Status, strings.TrimSpace(string(b)))
}
