package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/web"
)

// live lets the demo go on until ctx ends: every place has its pages, every cable a
// switch, and staff are at work.
func (d *demo) live(ctx context.Context, g *errgroup.Group) error {
	for _, s := range d.sites {
		if err := d.bring(ctx, g, s); err != nil {
			return err
		}
	}
	if err := d.begin(ctx); err != nil {
		return err
	}
	if !d.calm {
		d.work(ctx, g)
	}
	l, err := listenNear(d.listen, d.anyPort)
	if err != nil {
		return err
	}
	index := demoDoor{localapi.NewGate(""), "http://" + reachable(l.Addr())}
	d.serve(ctx, g, l, index.gate.Handler(d.index()))
	if d.calm {
		d.step("staff rest; Ctrl-C ends the demo")
	} else {
		d.step("staff are at work; Ctrl-C ends the demo")
	}
	if err := invite(d.talk, index.gate, index.url); err != nil {
		return err
	}
	if !d.noBrowser {
		browse(index)
	}
	<-ctx.Done()
	return nil
}

// bring puts a site on line and opens its pages.
func (d *demo) bring(ctx context.Context, g *errgroup.Group, s *demoSite) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if s.demoDoor, err = announce(s.dir, l); err != nil {
		return err
	}
	s.cable.set(false)
	d.serve(ctx, g, l, s.client.Handler(s.gate, web.Handler(web.Site)))
	g.Go(func() error { return s.stayConnected(ctx) })
	g.Go(func() error { return s.plugged(ctx) })
	return nil
}

// plugged tries the line at once each time that the cable is put back: a visitor does
// not wait for the next try.
func (s *demoSite) plugged(ctx context.Context) error {
	for {
		select {
		case <-s.plug:
			s.client.SyncNow(ctx, demoPatience) // where it fails, the site tries again by itself
		case <-ctx.Done():
			return nil
		}
	}
}

// pull pulls the cable of a site, or puts it back.
func (s *demoSite) pull(pulled bool) {
	s.cable.set(pulled)
	if pulled {
		return
	}
	select {
	case s.plug <- struct{}{}:
	default:
	}
}

// portsTried bounds how far the next free port is looked for.
const portsTried = 100

// listenNear listens on an address, or the next free port where it is taken and any
// will do.
func listenNear(address string, anyPort bool) (net.Listener, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, misuse("--listen: %v", err)
	}
	port, err := strconv.Atoi(text)
	for range portsTried {
		l, lerr := net.Listen("tcp", net.JoinHostPort(host, text))
		if lerr == nil || !anyPort || err != nil || !errors.Is(lerr, syscall.EADDRINUSE) {
			return l, lerr
		}
		port++
		text = strconv.Itoa(port)
	}
	return nil, errors.New("no port is free near " + address)
}

// browse opens the index in the person's browser, where there is a display. The link stands
// in the list of processes for a moment: it opens once, and leads to made-up things alone.
func browse(index demoDoor) {
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return
	}
	link, err := index.gate.Link(index.url)
	if err != nil {
		return
	}
	c := exec.Command("xdg-open", link)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C ends the demo, not the browser
	if c.Start() == nil {
		c.Process.Release() // it may stay as long as the browser
	}
}

// index is the page with the addresses and, for each site, the switch of its cable.
func (d *demo) index() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { d.writePage(w, r) })
	mux.HandleFunc("GET /demo.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Write(demoCSS)
	})
	mux.Handle("GET /assets/", web.Handler(web.Site))
	mux.HandleFunc("GET /open", func(w http.ResponseWriter, r *http.Request) {
		door := d.office
		if s := d.site(r.FormValue("place")); s != nil {
			door = s.demoDoor
		}
		link, err := door.gate.Link(door.url)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		http.Redirect(w, r, link, http.StatusSeeOther)
	})
	mux.HandleFunc("POST /cable", func(w http.ResponseWriter, r *http.Request) {
		s := d.site(r.FormValue("place"))
		if s == nil {
			http.Error(w, "there is no such cable", http.StatusNotFound)
			return
		}
		s.pull(r.PostFormValue("pull") == "true")
		http.Redirect(w, r, "/?lang="+languageOf(r)+"#"+s.place, http.StatusSeeOther)
	})
	return mux
}
