package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto/wsconn"
	"github.com/rawaj/rawaj/web"
)

// liveDemo is a demo that goes on: every place has its pages, every site a cable that
// can be pulled, and staff are at work.
type liveDemo struct {
	day    *demoDay
	office *localapi.Gate
	url    string // of head office
	sites  []*liveSite
}

type liveSite struct {
	*site
	dir   string
	gate  *localapi.Gate
	url   string
	cable *cable
}

// runLiveDemo runs until ctx ends.
func runLiveDemo(c *cobra.Command, data, listen string) (err error) {
	if data == "" {
		if data, err = os.MkdirTemp("", "rawaj-demo-*"); err != nil {
			return err
		}
		defer os.RemoveAll(data)
	}
	centre, err := openCentre(c.Context(), filepath.Join(data, "server"), "Rawaj demo", quiet(), c.ErrOrStderr())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, centre.close()) }()
	d := &liveDemo{office: localapi.NewGate("")}
	if d.day, err = newDemoDay(rand.Reader); err != nil {
		return err
	}
	defer func() {
		for _, s := range d.sites {
			err = errors.Join(err, s.close())
		}
	}()
	return centre.working(c.Context(), func(ctx context.Context, s *server.Server) error { return d.run(ctx, c, s, data, listen) })
}

func (d *liveDemo) run(ctx context.Context, c *cobra.Command, s *server.Server, data, listen string) error {
	g, ctx := errgroup.WithContext(ctx)
	var err error
	if d.url, err = open(ctx, g, "127.0.0.1:0", s.Handler(d.office, web.Handler(web.Dashboard))); err != nil {
		return err
	}
	for i := range demoSites {
		if err := d.enrol(ctx, g, s, data, i); err != nil {
			return errors.Join(err, g.Wait())
		}
	}
	if err := d.day.morning(ctx); err != nil {
		return err
	}
	for i, l := range d.sites {
		g.Go(func() error { return l.stayConnected(ctx) })
		g.Go(func() error { return d.day.work(ctx, i) })
	}
	gate := localapi.NewGate("")
	index, err := open(ctx, g, listen, gate.Handler(d.index()))
	if err != nil {
		return errors.Join(err, g.Wait())
	}
	link, err := gate.Link(index)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "%s\n", link)
	fmt.Fprintf(c.ErrOrStderr(), "rawaj: staff are at work; open the address above in a browser. Ctrl-C ends the demo\n")
	return g.Wait()
}

// open serves a handler on an address until ctx ends, and gives its URL.
func open(ctx context.Context, g *errgroup.Group, listen string, h http.Handler) (string, error) {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return "", err
	}
	g.Go(func() error {
		return serve(ctx, l, h, func(ctx context.Context) error { <-ctx.Done(); return nil })
	})
	return "http://" + reachable(l.Addr()), nil
}

// enrol opens a site, behind a cable of its own.
func (d *liveDemo) enrol(ctx context.Context, g *errgroup.Group, s *server.Server, data string, i int) error {
	st, err := enrolDemo(ctx, s, data, d.url, i)
	if st != nil {
		l := &liveSite{site: st, dir: demoSites[i].dir, gate: localapi.NewGate(""), cable: newCable()}
		d.sites = append(d.sites, l)
		d.day.sites = append(d.day.sites, st)
	}
	if err != nil {
		return err
	}
	l := d.sites[i]
	config := l.client.Config
	config.Dial = wsconn.DialOptions{NetDialContext: l.cable.dial, UserAgent: version()}
	l.client = client.New(config)
	l.url, err = open(ctx, g, "127.0.0.1:0", l.client.Handler(l.gate, web.Handler(web.Site)))
	return err
}

// index is the page with the addresses and, for each site, the switch of its cable.
func (d *liveDemo) index() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { writeDemoPage(w, r, d.places()) })
	mux.HandleFunc("GET /demo.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		w.Write(demoCSS)
	})
	mux.HandleFunc("GET /open", func(w http.ResponseWriter, r *http.Request) {
		gate, url := d.office, d.url
		if l := d.site(r); l != nil {
			gate, url = l.gate, l.url
		}
		link, err := gate.Link(url)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		http.Redirect(w, r, link, http.StatusSeeOther)
	})
	mux.HandleFunc("POST /cable", func(w http.ResponseWriter, r *http.Request) {
		l := d.site(r)
		if l == nil {
			http.Error(w, "there is no such cable", http.StatusNotFound)
			return
		}
		l.cable.set(r.PostFormValue("pull") == "true")
		http.Redirect(w, r, "/?lang="+languageOf(r), http.StatusSeeOther)
	})
	return mux
}

func (d *liveDemo) site(r *http.Request) *liveSite {
	for _, l := range d.sites {
		if l.dir == r.FormValue("place") {
			return l
		}
	}
	return nil
}

func (d *liveDemo) places() []demoPlace {
	places := []demoPlace{{Dir: "server"}}
	for _, l := range d.sites {
		places = append(places, demoPlace{Name: l.store.Identity().SiteName, Dir: l.dir, Pulled: l.cable.isPulled(), Cable: true})
	}
	return places
}

// pace is how often somebody at a site does something, in fast motion.
const pace = 900 * time.Millisecond

// work lets the staff of a site sell until ctx ends.
func (d *demoDay) work(ctx context.Context, i int) error {
	t := time.NewTicker(pace)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil
		}
		d.mu.Lock()
		err := d.sell(ctx, i)
		d.list = d.list[:0] // nobody compares: the list would only grow
		d.mu.Unlock()
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, client.ErrNoTill) { // a visitor has closed it
			err = nil
		}
		if err != nil {
			return err
		}
	}
}
