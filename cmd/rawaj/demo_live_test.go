package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestALiveDemoShowsItsPlacesAndTheirCables walks the demo as a browser does: index,
// head office, a cable pulled and put back.
func TestALiveDemoShowsItsPlacesAndTheirCables(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, in := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"demo", "--data", t.TempDir(), "--listen", "127.0.0.1:0"}, in, io.Discard)
		in.Close()
	}()
	link, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: 30 * time.Second}
	get := func(address string) string {
		t.Helper()
		r, err := browser.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK && r.StatusCode != http.StatusServiceUnavailable {
			t.Fatalf("%s gave %d, %v", address, r.StatusCode, err)
		}
		return string(b)
	}
	index, err := url.Parse(strings.TrimSpace(link))
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + index.Host
	get(index.String())
	for lang, dir := range map[string]string{"ar": "rtl", "fa": "rtl", "en": "ltr"} {
		page := get(base + "/?lang=" + lang)
		if !strings.Contains(page, `dir="`+dir+`"`) || strings.Count(page, "/open?place=") != 1+len(demoSites) {
			t.Errorf("in %s the index is\n%s", lang, page)
		}
	}
	cable := func(pull string) {
		t.Helper()
		r, err := browser.PostForm(base+"/cable?lang=en", url.Values{"place": {"stall-1"}, "pull": {pull}})
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
	}
	cable("true")
	if page := get(base + "/?lang=en"); !strings.Contains(page, "Cable pulled") {
		t.Error("the index does not say that the cable is pulled")
	}
	// The stall goes on recording, and says what has not arrived.
	stall := open1(t, browser, base+"/open?place=stall-1")
	status := func() (st struct{ Pending, Transactions uint64 }) {
		t.Helper()
		if err := json.Unmarshal([]byte(get(stall+"/api/status")), &st); err != nil {
			t.Fatal(err)
		}
		return st
	}
	until(t, "work piles up behind the pulled cable", func() bool { return status().Pending > 0 })
	cable("false")
	cut := status().Transactions
	until(t, "what was recorded arrives when it is back", func() bool {
		st := status()
		return st.Transactions >= cut && st.Pending == 0
	})
	// Signing in at one place does not sign out of another.
	office := open1(t, browser, base+"/open?place=server")
	get(office + "/api/overview")
	status()
	cancel()
	if code := <-done; code != 0 {
		t.Errorf("the demo ended with %d", code)
	}
}

// open1 follows a link of the index into a place, and gives its address.
func open1(t *testing.T, browser *http.Client, link string) string {
	t.Helper()
	r, err := browser.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	return "http://" + r.Request.URL.Host
}
