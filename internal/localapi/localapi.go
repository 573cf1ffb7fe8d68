// Package localapi is how programs of one machine talk to the one that holds a data
// directory: JSON over loopback, with the token that stands in the directory.
package localapi

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/internal/datadir"
)

// Guard lets only those in who name this host, come from no other site's page and
// hold the token, checked in this order: an Origin check alone does not stop a name
// that is bound anew to loopback.
func Guard(next http.Handler, token string, hosts ...string) http.Handler {
	cross := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) && !slices.Contains(hosts, r.Host) {
			http.Error(w, "this host name is not served here", http.StatusMisdirectedRequest)
			return
		}
		if err := cross.Check(r); err != nil {
			http.Error(w, "request comes from another site's page", http.StatusForbidden)
			return
		}
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || token == "" || subtle.ConstantTimeCompare([]byte(given), []byte(token)) != 1 {
			http.Error(w, "the token is missing or wrong: it stands in the data directory's token file", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	return name == "localhost" || name == "127.0.0.1" || name == "[::1]" || name == "::1"
}

// Answer writes v as JSON, or an error with status 400.
func Answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		v = map[string]string{"error": err.Error()}
	}
	json.NewEncoder(w).Encode(v)
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
