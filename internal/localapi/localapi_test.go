package localapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
)

func TestGuardLetsOnlyTheHolderOfTheTokenIn(t *testing.T) {
	open := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { localapi.Answer(w, "in", nil) })
	for _, c := range []struct {
		name, token, host, origin, bearer string
		method                            string
		want                              int
	}{
		{name: "the token opens", token: "t", host: "127.0.0.1:8421", bearer: "Bearer t", want: 200},
		{name: "by name too", token: "t", host: "localhost:8421", bearer: "Bearer t", want: 200},
		{name: "a host that was given", token: "t", host: "centre.example:8420", bearer: "Bearer t", want: 200},
		{name: "no token", token: "t", host: "127.0.0.1:8421", want: 401},
		{name: "another token", token: "t", host: "127.0.0.1:8421", bearer: "Bearer u", want: 401},
		{name: "an empty token opens nothing", token: "", host: "127.0.0.1:8421", bearer: "Bearer ", want: 401},
		{name: "a name bound anew to loopback", token: "t", host: "evil.example", bearer: "Bearer t", want: 421},
		{name: "the same with an origin to fit", token: "t", host: "evil.example", origin: "http://evil.example", bearer: "Bearer t", want: 421},
		{name: "another site's page", token: "t", host: "127.0.0.1:8421", origin: "http://evil.example", bearer: "Bearer t", method: "POST", want: 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.method == "" {
				c.method = "GET"
			}
			r := httptest.NewRequest(c.method, "http://"+c.host+"/api/x", nil)
			r.Header.Set("Authorization", c.bearer)
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			w := httptest.NewRecorder()
			localapi.NewGate(c.token, "centre.example:8420").Handler(open).ServeHTTP(w, r)
			if w.Code != c.want {
				t.Errorf("got %d, want %d: %s", w.Code, c.want, w.Body)
			}
			var e refusal.Error
			if w.Code != http.StatusOK && (json.Unmarshal(w.Body.Bytes(), &e) != nil || e.Status() != c.want) {
				t.Errorf("it is no refusal of the API's: %s", w.Body)
			}
		})
	}
}

func TestAOneTimeLinkSignsABrowserInOnce(t *testing.T) {
	open := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { localapi.Answer(w, "in", nil) })
	g := localapi.NewGate("t")
	h := g.Handler(open)
	link, err := g.Link("http://127.0.0.1:8421")
	if err != nil {
		t.Fatal(err)
	}
	get := func(url string, cookies ...*http.Cookie) *http.Response {
		r := httptest.NewRequest("GET", url, nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result()
	}
	if r := get("http://127.0.0.1:8421/"); r.StatusCode != 401 {
		t.Errorf("without a session it is %d", r.StatusCode)
	}
	r := get(link)
	if r.StatusCode != 303 || len(r.Cookies()) != 1 {
		t.Fatalf("the link gave %d, %v", r.StatusCode, r.Cookies())
	}
	cookie := r.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode {
		t.Errorf("cookie is %v", cookie)
	}
	if r := get("http://127.0.0.1:8421/", cookie); r.StatusCode != 200 {
		t.Errorf("with the cookie it is %d", r.StatusCode)
	}
	if r := get(link); r.StatusCode != 401 {
		t.Errorf("the link opened twice: %d", r.StatusCode)
	}
	if r := get("http://evil.example/login?code=x"); r.StatusCode != 421 {
		t.Errorf("a name bound anew reached the login: %d", r.StatusCode)
	}
}

func TestTwoProgramsOfAMachineDoNotSignEachOtherOut(t *testing.T) {
	names := map[string]bool{}
	for _, base := range []string{"http://127.0.0.1:8420", "http://127.0.0.1:8421"} {
		g := localapi.NewGate("t")
		link, err := g.Link(base)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		g.Handler(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", link, nil))
		for _, c := range w.Result().Cookies() {
			names[c.Name] = true
		}
	}
	if len(names) != 2 {
		t.Errorf("a browser keeps one cookie for both: %v", names)
	}
}

// A link that somebody makes up leads, at most, to the pages of this program.
func TestASignInLeadsNowhereElse(t *testing.T) {
	gate := localapi.NewGate("token")
	h := gate.Handler(http.NotFoundHandler())
	for _, more := range []string{"", "&next=//evil.example", "&next=https://evil.example/", "&url=https://evil.example"} {
		link, err := gate.Link("http://127.0.0.1:8421")
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", link+more, nil))
		if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || to != "/" {
			t.Errorf("with %q it leads to %q (%d)", more, to, w.Code)
		}
	}
}

// What somebody saw is not in the browser's cache for who comes after.
func TestAnswersAreNotStored(t *testing.T) {
	h := localapi.NewGate("token").Handler(localapi.Mux([]localapi.Route{{Method: "GET", Path: "/api/made-up", Handle: func(w http.ResponseWriter, _ *http.Request) {
		localapi.Answer(w, "a made-up name", nil)
	}}}))
	r := httptest.NewRequest("GET", "http://127.0.0.1:8421/api/made-up", nil)
	r.Header.Set("Authorization", "Bearer token")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if got := w.Header().Get("Cache-Control"); w.Code != http.StatusOK || got != "no-store" {
		t.Errorf("an answer (%d) may be kept: %q", w.Code, got)
	}
}
