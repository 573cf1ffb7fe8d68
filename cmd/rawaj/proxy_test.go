package main

import (
	"net"
	"sync"
	"testing"
	"time"
)

// proxy stands between sites and a server, counts the bytes it passes on, and stops at
// a chosen one for as long as the test wants.
type proxy struct {
	t        testing.TB
	listener net.Listener
	copying  sync.WaitGroup

	mu     sync.Mutex
	target string
	passed [2]int64 // by direction, of all connections
	stops  [2]*stop
	open   map[net.Conn]bool
}

type direction int

const (
	up   direction = 0 // from a site to the server
	down direction = 1
)

// stop is a byte at which the proxy stops.
type stop struct {
	at      int64
	reached chan struct{} // closed when all bytes before it are through
	goOn    chan struct{}
}

func newProxy(t testing.TB, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, listener: l, target: target, open: map[net.Conn]bool{}}
	p.copying.Add(1)
	go p.accept()
	t.Cleanup(func() {
		l.Close()
		p.cut()
		p.copying.Wait()
	})
	return p
}

func (p *proxy) url() string { return "http://" + p.listener.Addr().String() }

// moved tells where the server listens now.
func (p *proxy) moved(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// stopAt stops a direction after that many bytes more.
func (p *proxy) stopAt(d direction, bytes int64) *stop {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stops[d] = &stop{at: p.passed[d] + bytes, reached: make(chan struct{}), goOn: make(chan struct{})}
	return p.stops[d]
}

// cut breaks all connections, those too that stand at a stop.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.Close()
	}
	for d, s := range p.stops {
		if s != nil {
			close(s.goOn)
			p.stops[d] = nil
		}
	}
}

func (p *proxy) accept() {
	defer p.copying.Done()
	for {
		site, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		target := p.target
		p.mu.Unlock()
		server, err := net.Dial("tcp", target)
		if err != nil {
			site.Close()
			continue
		}
		p.mu.Lock()
		p.open[site], p.open[server] = true, true
		p.mu.Unlock()
		p.copying.Add(2)
		go p.copy(up, server, site)
		go p.copy(down, site, server)
	}
}

func (p *proxy) copy(d direction, to, from net.Conn) {
	defer p.copying.Done()
	defer func() {
		to.Close()
		from.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.open, to)
		delete(p.open, from)
	}()
	buffer := make([]byte, 4<<10)
	for {
		n, err := from.Read(buffer)
		for rest := buffer[:n]; len(rest) > 0; {
			may, s := p.pass(d, len(rest))
			if _, err := to.Write(rest[:may]); err != nil {
				return
			}
			if rest = rest[may:]; s != nil {
				close(s.reached)
				<-s.goOn
			}
		}
		if err != nil {
			return
		}
	}
}

// pass says how many of n bytes go through now, and at which stop they end.
func (p *proxy) pass(d direction, n int) (may int, at *stop) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stops[d]
	if s != nil && s.at-p.passed[d] <= int64(n) {
		select {
		case <-s.reached: // another connection stands there
		default:
			n, at = int(s.at-p.passed[d]), s
		}
	}
	p.passed[d] += int64(n)
	return n, at
}

// until waits for the proxy to come to a stop while the process syncs through it.
func (p *process) until(s *stop) {
	p.t.Helper()
	select {
	case <-s.reached:
	case <-p.ended:
		p.t.Fatalf("%v has ended (%v) before byte %d came\n%s%s", p.cmd.Args[1:], p.err, s.at, &p.stdout, &p.stderr)
	case <-time.After(patience):
		p.t.Fatalf("byte %d never comes", s.at)
	}
}
