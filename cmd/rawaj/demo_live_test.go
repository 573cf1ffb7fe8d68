package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rawaj/rawaj/internal/localapi"
)

// liveDemo runs a demo, as a browser that has opened its link sees it.
type liveDemo struct {
	t       *testing.T
	dir     string
	base    string // of the index
	browser *http.Client
	end     func() int
}

func startDemo(t *testing.T, args ...string) *liveDemo {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	l := &liveDemo{t: t, dir: t.TempDir()}
	out, in := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, append([]string{"demo", "--data", l.dir, "--listen", "127.0.0.1:0", "--no-browser"}, args...), io.Discard, in)
		in.Close()
	}()
	link, talk := "", ""
	for said := bufio.NewScanner(out); link == "" && said.Scan(); {
		talk += said.Text() + "\n"
		_, link, _ = strings.Cut(said.Text(), "once: ")
	}
	go io.Copy(io.Discard, out)
	l.end = func() int {
		cancel()
		return <-done
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	l.browser = &http.Client{Jar: jar, Timeout: 30 * time.Second}
	index, err := url.Parse(link)
	if err != nil || link == "" {
		t.Fatalf("no link: %v, it says %s", err, talk)
	}
	l.base = "http://" + index.Host
	l.get(link)
	return l
}

func (l *liveDemo) get(address string) string {
	l.t.Helper()
	r, err := l.browser.Get(address)
	if err != nil {
		l.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK && r.StatusCode != http.StatusServiceUnavailable {
		l.t.Fatalf("%s gave %d, %v", address, r.StatusCode, err)
	}
	return string(b)
}

// open follows a link of the index into a place, and gives its address.
func (l *liveDemo) open(place string) string {
	l.t.Helper()
	r, err := l.browser.Get(l.base + "/open?place=" + place)
	if err != nil {
		l.t.Fatal(err)
	}
	defer r.Body.Close()
	return "http://" + r.Request.URL.Host
}

func (l *liveDemo) cable(place, pull string) {
	l.t.Helper()
	r, err := l.browser.PostForm(l.base+"/cable?lang=en", url.Values{"place": {place}, "pull": {pull}})
	if err != nil {
		l.t.Fatal(err)
	}
	r.Body.Close()
}

func (l *liveDemo) post(address string, body any) {
	l.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		l.t.Fatal(err)
	}
	r, err := l.browser.Post(address, "application/json", bytes.NewReader(b))
	if err != nil {
		l.t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(r.Body)
		l.t.Fatalf("%s gave %d, %s", address, r.StatusCode, said)
	}
}

type liveStatus struct{ Pending, Transactions uint64 }

func (l *liveDemo) status(site string) (st liveStatus) {
	l.t.Helper()
	if err := json.Unmarshal([]byte(l.get(site+"/api/status")), &st); err != nil {
		l.t.Fatal(err)
	}
	return st
}

// TestALiveDemoShowsItsPlacesAndTheirCables walks the demo as a browser does: index,
// head office, a cable pulled and put back.
func TestALiveDemoShowsItsPlacesAndTheirCables(t *testing.T) {
	l := startDemo(t)
	for lang, dir := range map[string]string{"ar": "rtl", "fa": "rtl", "en": "ltr"} {
		page := l.get(l.base + "/?lang=" + lang)
		if !strings.Contains(page, `dir="`+dir+`"`) || strings.Count(page, "/open?place=") != 1+len(demoPlans) {
			t.Errorf("in %s the index is\n%s", lang, page)
		}
	}
	l.cable("stall-1", "true")
	if page := l.get(l.base + "/?lang=en"); !strings.Contains(page, "Cable pulled") {
		t.Error("the index does not say that the cable is pulled")
	}
	// The stall goes on recording, and says what has not arrived.
	stall := l.open("stall-1")
	var till struct{ ID string }
	if err := json.Unmarshal([]byte(l.get(stall+"/api/till")), &till); err != nil {
		t.Fatal(err)
	}
	l.post(stall+"/api/tills/"+till.ID+"/close", map[string]int{"counted_minor": 1})
	if l.status(stall).Pending == 0 {
		t.Error("what a visitor did behind the pulled cable is nowhere")
	}
	cut := l.status(stall).Transactions
	l.cable("stall-1", "false")
	until(t, "what was recorded arrives when it is back", func() bool {
		st := l.status(stall)
		return st.Transactions >= cut && st.Pending == 0
	})
	// Signing in at one place does not sign out of another.
	office := l.open("server")
	l.get(office + "/api/overview")
	l.status(stall)
	for _, place := range []string{"server", "stall-1", "desk"} {
		info, err := os.Stat(filepath.Join(l.dir, place, "token"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the token of %s is %v, %v", place, info, err)
		}
	}
	if code := l.end(); code != 0 {
		t.Errorf("the demo ended with %d", code)
	}
	if _, err := os.Stat(filepath.Join(l.dir, "server", "token")); err == nil {
		t.Error("the demo has ended and announces itself")
	}
}

// TestStaffLeaveWhatVisitorsAreAt lets staff do everything once, at places where a
// visitor has closed the till and ended what goes on.
func TestStaffLeaveWhatVisitorsAreAt(t *testing.T) {
	ctx := t.Context()
	d, done := openDemo(t)
	defer done()
	if err := d.begin(ctx); err != nil {
		t.Fatal(err)
	}
	stall := d.site("stall-1")
	clerk := &clerk{demo: d, site: stall}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	sold := func() uint64 {
		st, err := stall.client.Status(ctx)
		must(err)
		return st.Transactions
	}
	before := sold()
	must(clerk.sell(ctx))
	if sold() != before+1 {
		t.Error("a clerk with an open till does not sell")
	}
	till, err := stall.openTill(ctx)
	must(err)
	must(stall.client.CloseTill(ctx, till, 0))
	before = sold()
	must(clerk.sell(ctx))
	if sold() != before || clerk.closed.IsZero() {
		t.Error("a clerk does not wait at a till that a visitor has closed")
	}
	clerk.closed = clerk.closed.Add(-tillRests)
	must(clerk.sell(ctx))
	must(clerk.sell(ctx))
	if sold() != before+2 || !clerk.closed.IsZero() {
		t.Error("a clerk does not open a till that stays closed, and sell")
	}
	centre := d.site("centre")
	for range 2 * len(d.women) {
		must(d.attend(ctx, centre))
		must(d.refer(ctx, centre))
	}
	waiting := 0
	for range 2 {
		must(d.answer(ctx, d.site("desk")))
	}
	session, _, err := centre.session(ctx)
	must(err)
	list, err := centre.client.Attendance(ctx, session)
	must(err)
	if len(list) != len(d.women) {
		t.Errorf("%d of %d came, each once", len(list), len(d.women))
	}
	must(centre.sent(ctx, d.site("desk"), func() { waiting++ }))
	if waiting != mostOpen {
		t.Errorf("%d referrals wait, staff send no more than %d", waiting, mostOpen)
	}
}

// openDemo plays a day and gives the demo as live finds it, in this process.
func openDemo(t *testing.T) (*demo, func()) {
	t.Helper()
	o := demoOptions{data: t.TempDir(), once: true}
	centre, err := openCentre(t.Context(), filepath.Join(o.data, "server"), "Rawaj demo", quiet(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDemo(o, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	d.centre = centre
	ctx, cancel := context.WithCancel(t.Context())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return centre.server.Run(ctx) })
	done := func() {
		cancel()
		if err := g.Wait(); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
		if err := d.close(); err != nil {
			t.Error(err)
		}
		if err := centre.close(); err != nil {
			t.Error(err)
		}
	}
	if err := d.open(ctx, g, centre.server); err != nil {
		done()
		t.Fatal(err)
	}
	r, err := d.play(ctx)
	if err != nil || !r.equal() {
		done()
		t.Fatalf("%+v, %v", r, err)
	}
	return d, done
}

func TestTheNextFreePortIsTakenUnlessOneIsAskedFor(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if l, err := listenNear(taken.Addr().String(), false); err == nil {
		l.Close()
		t.Error("a port that was asked for and is taken gave another")
	}
	l, err := listenNear(taken.Addr().String(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if l.Addr().(*net.TCPAddr).Port <= taken.Addr().(*net.TCPAddr).Port {
		t.Errorf("it gave %v beside %v", l.Addr(), taken.Addr())
	}
}

func TestADemoOpensABrowserWhereThereIsADisplay(t *testing.T) {
	dir := t.TempDir()
	asked := filepath.Join(dir, "asked")
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte("#!/bin/sh\nprintf '%s\\n' \"$1\" >>\""+asked+"\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("WAYLAND_DISPLAY", "")
	door := demoDoor{localapi.NewGate(""), "http://127.0.0.1:1"}
	for _, display := range []string{"", ":9"} {
		t.Setenv("DISPLAY", display)
		browse(door)
	}
	until(t, "the browser is asked", func() bool {
		b, err := os.ReadFile(asked)
		return err == nil && bytes.HasSuffix(b, []byte("\n"))
	})
	b, err := os.ReadFile(asked)
	if err != nil || bytes.Count(b, []byte(door.url+"/login?code=")) != 1 {
		t.Errorf("it was asked for %q, %v; want one link, with the display", b, err)
	}
}
