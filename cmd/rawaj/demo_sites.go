package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
	"github.com/rawaj/rawaj/syncproto/wsconn"
	"github.com/rawaj/rawaj/web"
)

// demo is a server and its sites on this machine, and what their staff do.
type demo struct {
	demoOptions
	centre *centre
	server *server.Server
	talk   io.Writer
	luck   *luck
	office demoDoor
	places []demoPlan
	sites  []*demoSite
	year   *yearPlan // of a scenario; nil: a day is played

	at    atomic.Pointer[time.Time] // the clock of what is played; nil: the machine's
	goods []syncproto.RecordID
	women []syncproto.RecordID
}

// demoSite is a device of the demo with its cable and, once it is live, its pages.
type demoSite struct {
	*site
	demoPlan
	demoDoor
	cable *cable
	off   atomic.Int64  // ns that its clock is ahead
	plug  chan struct{} // holds a token when the cable was put back
}

// demoPlan is what a device of the demo is. Devices of one name are of one site.
type demoPlan struct {
	place string // names it, on disk and on the index page
	name  string
	label string // of the device
	kind  string
	lang  string
	zone  string
	sells bool
	words string // whose words the index page has for it; empty: its own
}

const (
	demoFair = "Fair of the demo"
	dubai    = "Asia/Dubai"
	mashhad  = "Asia/Tehran"
)

var demoPlans = []demoPlan{
	{"stall-1", "جناح البخور", "جهاز الصندوق", schema.KindStall, "ar", dubai, true, ""},
	{"stall-2", "Stall by the gate", "Till tablet", schema.KindStall, "en", dubai, true, ""},
	{"branch", "فرع نموذجي", "جهاز الفرع", schema.KindBranch, "ar", dubai, true, ""},
	{"centre", "مرکز رویش نمونه", "تبلت اول", schema.KindRooyesh, "fa", mashhad, false, ""},
	{"centre-2", "مرکز رویش نمونه", "تبلت کنار در", schema.KindRooyesh, "fa", mashhad, false, ""},
	{"desk", "میز وام نمونه", "رایانه میز", schema.KindDesk, "fa", mashhad, false, ""},
}

// demoDoor is where browsers and commands come in to a place.
type demoDoor struct {
	gate *localapi.Gate
	url  string
}

// now is the clock of all sites, while something is played that of the day, and in a year
// head office's too.
func (d *demo) now() time.Time {
	if t := d.at.Load(); t != nil {
		return *t
	}
	return time.Now()
}

// open brings head office up and enrols the sites, each behind a cable of its own.
func (d *demo) open(ctx context.Context, g *errgroup.Group, s *server.Server) (err error) {
	d.server = s
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if d.office, err = announce(d.centre.dir, l); err != nil {
		return err
	}
	d.serve(ctx, g, l, s.Handler(d.office.gate, web.Handler(web.Dashboard)))
	for _, p := range d.places {
		if err := d.enrol(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// announce lets commands of this machine and browsers in at a listener.
func announce(dir interface {
	Announce(string, io.Reader) (string, error)
}, l net.Listener) (demoDoor, error) {
	url := "http://" + reachable(l.Addr())
	token, err := dir.Announce(url, rand.Reader)
	return demoDoor{localapi.NewGate(token), url}, err
}

// serve answers on a listener until ctx ends.
func (d *demo) serve(ctx context.Context, g *errgroup.Group, l net.Listener, h http.Handler) {
	g.Go(func() error {
		return serve(ctx, l, h, func(ctx context.Context) error { <-ctx.Done(); return nil })
	})
}

// enrol opens a site, and enrols it where it is new.
func (d *demo) enrol(ctx context.Context, p demoPlan) error {
	x := &demoSite{demoPlan: p, cable: newCable(), plug: make(chan struct{}, 1)}
	now := func() time.Time { return d.now().Add(time.Duration(x.off.Load())) }
	clock := time.Now // of what keeps the records
	if d.year != nil {
		clock = now
	}
	st, err := openSiteAt(ctx, filepath.Join(d.data, p.place), true, clock, quiet())
	if err != nil {
		return err
	}
	x.site = st
	x.cable.set(true)
	d.sites = append(d.sites, x)
	config := st.client.Config
	config.Now = now
	config.Dial = wsconn.DialOptions{NetDialContext: x.cable.dial, UserAgent: version()}
	st.client = client.New(config)
	if id := st.store.Identity(); id != nil { // of a day before
		moved := *id
		moved.Server = d.office.url
		return st.store.Enrol(ctx, moved)
	}
	code, err := d.server.EnrolCode(ctx, server.NewSite{Site: p.name, Kind: p.kind, Lang: p.lang, Zone: p.zone, Fairs: p.fairs()})
	if err != nil {
		return err
	}
	key, err := st.dir.Key(keyDevice, nil)
	if err != nil {
		return err
	}
	_, err = client.Enrol(ctx, st.store, key, d.office.url, code.Code, p.label)
	return err
}

func (p demoPlan) fairs() []string {
	if p.sells {
		return []string{demoFair}
	}
	return nil
}

func (d *demo) close() (err error) {
	if d.office.url != "" {
		err = d.centre.dir.Withdraw()
	}
	for _, s := range d.sites {
		if s.url != "" {
			err = errors.Join(err, s.dir.Withdraw())
		}
		err = errors.Join(err, s.site.close())
	}
	return err
}

// site is a device by its place.
func (d *demo) site(place string) *demoSite {
	for _, s := range d.sites {
		if s.place == place {
			return s
		}
	}
	return nil
}

// luck is what decides what staff do; staff of several sites share it.
type luck struct {
	mu sync.Mutex
	r  *mathrand.Rand
}

func newLuck(seed [32]byte) *luck { return &luck{r: mathrand.New(mathrand.NewChaCha8(seed))} }

// n is at least 0 and less than most.
func (l *luck) n(most int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.IntN(most)
}

// one of so many times it is true.
func (l *luck) one(of int) bool { return l.n(of) == 0 }

func (l *luck) perm(n int) []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Perm(n)
}
