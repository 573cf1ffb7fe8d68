package simtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// fuzzes sends requests of any kind to one side's calls. Each is answered, or refused with a
// code that says what to do; never with internal, which is a fault of the program's.
func fuzzes(f *testing.F, routes []localapi.Route, leftOut ...string) {
	h := localapi.Mux(routes)
	id := "0193c8f0-0000-7000-8000-000000000001"
	for n, r := range routes {
		body := "{}"
		if r.Request != nil {
			b, err := json.Marshal(r.Request)
			if err != nil {
				f.Fatal(err)
			}
			body = string(b)
		}
		f.Add(uint8(n), id, "", body)
		f.Add(uint8(n), strings.Repeat("0a", 32), "from=2026-01-01&to=2026-02-30&by=day&limit=3&cursor="+id, body)
	}
	f.Fuzz(func(t *testing.T, n uint8, id, query, body string) {
		route := routes[int(n)%len(routes)]
		for _, path := range leftOut {
			if route.Path == path {
				return
			}
		}
		if route.Stream {
			return
		}
		path := []string{}
		for part := range strings.SplitSeq(route.Path, "/") {
			if strings.HasPrefix(part, "{") {
				part = url.PathEscape(id)
			}
			path = append(path, part)
		}
		u, err := url.Parse(strings.Join(path, "/"))
		if err != nil {
			return
		}
		u.RawQuery = query
		r := httptest.NewRequest(route.Method, "/", strings.NewReader(body))
		r.URL = u
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(t.Context()))
		answer, _ := io.ReadAll(w.Result().Body)
		if w.Code < 300 && route.Gives == "" && !json.Valid(answer) || w.Code == http.StatusInternalServerError {
			t.Fatalf("%s %s of %q was answered with %d %s", route.Method, u, body, w.Code, answer)
		}
		if w.Code < 400 {
			return
		}
		var no refusal.Error
		if json.Unmarshal(answer, &no) != nil || no.Code == "" || no.Code == refusal.Internal || no.Status() != w.Code {
			t.Fatalf("%s %s of %q was refused with %d %s", route.Method, u, body, w.Code, answer)
		}
	})
}

func FuzzSiteAPI(f *testing.F) {
	s := simtest.NewCentre(f).NewSite("Made-up stall", schema.KindStall)
	fuzzes(f, s.Client.Routes(), "/api/sync") // a session: it takes its time
}

func FuzzCentreAPI(f *testing.F) {
	c := simtest.NewCentre(f)
	c.NewSite("Made-up stall", schema.KindStall)
	fuzzes(f, c.Server.Routes())
}
