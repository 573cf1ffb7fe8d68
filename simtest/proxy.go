package simtest

import (
	"errors"
	"net"
	"sync"
	"testing"
)

// Direction is the way that bytes go through a Proxy.
type Direction int

const (
	Up   Direction = iota // from a site to the server
	Down                  // from the server to a site
)

// Proxy is the line between sites and a server, which a test holds in its hand. It
// counts what passes and breaks at the byte it is told to. It is safe for
// concurrent use.
type Proxy struct {
	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex
	moved   *sync.Cond // a direction is let go, or a line is cut
	target  string
	lines   map[*line]bool
	refuse  bool
	every   [2]int64 // cuts each line after so many bytes; 0: never
	held    [2]bool
	carried [2]int64
	cuts    int
	marks   [2][]mark
	weather *Weather
	number  uint64 // of lines there were
	silent  int    // of them
	stalls  int
}

// mark is a byte at which something happens, counted over all lines.
type mark struct {
	at int64
	do func()
}

// line is one connection through the proxy.
type line struct {
	site, server net.Conn
	carried      [2]int64
	cut          bool
	broken       chan struct{} // closed when it is cut
	silent       chan struct{} // closed when it is half-open
	gusts        [2]*gust      // nil in good weather
}

// NewProxy listens on loopback and passes everything to target, host:port.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: listener, target: target, lines: map[*line]bool{}}
	p.moved = sync.NewCond(&p.mu)
	p.running.Go(p.accept)
	t.Cleanup(p.Close)
	return p
}

// URL is where sites find the server.
func (p *Proxy) URL() string { return "http://" + p.listener.Addr().String() }

// Aim passes new lines to another address: the server was started anew.
func (p *Proxy) Aim(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// Close cuts every line and listens no more.
func (p *Proxy) Close() {
	p.listener.Close()
	p.Cut()
	p.running.Wait()
}

// Cut breaks every open line. What has passed can still be read, by either side.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.lines {
		p.cutLine(l)
	}
}

func (p *Proxy) cutLine(l *line) {
	if l.cut {
		return
	}
	l.cut = true
	close(l.broken)
	p.cuts++
	delete(p.lines, l)
	l.site.Close()
	l.server.Close()
	p.moved.Broadcast()
}

// Refuse cuts every line and takes none, until it is told otherwise.
func (p *Proxy) Refuse(yes bool) {
	p.mu.Lock()
	p.refuse = yes
	p.mu.Unlock()
	if yes {
		p.Cut()
	}
}

// CutEvery cuts each line, present or new, after n of its bytes in a direction; 0
// ends that.
func (p *Proxy) CutEvery(d Direction, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.every[d] = n
}

// At calls f once, when n more bytes have passed in a direction and before any
// further one does. f may cut the line or kill a process.
func (p *Proxy) At(d Direction, n int64, f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marks[d] = append(p.marks[d], mark{p.carried[d] + n, f})
}

// Hold lets nothing pass in a direction, until it is let go.
func (p *Proxy) Hold(d Direction, yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held[d] = yes
	p.moved.Broadcast()
}

// Carried is how many bytes have passed in a direction, on all lines.
func (p *Proxy) Carried(d Direction) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.carried[d]
}

// Cuts is how many lines were cut; those that an end closed are not among them.
func (p *Proxy) Cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

func (p *Proxy) accept() {
	for {
		site, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.carry(site) })
	}
}

func (p *Proxy) carry(site net.Conn) {
	defer site.Close()
	p.mu.Lock()
	target, refuse := p.target, p.refuse
	p.mu.Unlock()
	if refuse {
		return
	}
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	l := &line{site: site, server: server, broken: make(chan struct{}), silent: make(chan struct{})}
	p.mu.Lock()
	if p.refuse {
		p.mu.Unlock()
		return
	}
	p.lines[l] = true
	p.number++
	l.gusts = [2]*gust{p.gust(p.number, Up), p.gust(p.number, Down)}
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.pump(l, Up, site, server) })
	both.Go(func() { p.pump(l, Down, server, site) })
	both.Wait()
	p.mu.Lock()
	delete(p.lines, l)
	p.mu.Unlock()
}

// pump passes bytes in one direction until either end closes; an end that only
// finished speaking is passed on as such.
func (p *Proxy) pump(l *line, d Direction, from, to net.Conn) {
	if g := l.gusts[d]; g != nil {
		p.blow(l, d, g, from, to)
		return
	}
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if perr := p.pass(l, d, to, buf[:n]); perr != nil {
			from.Close()
			return
		}
		if err != nil {
			to.(*net.TCPConn).CloseWrite()
			return
		}
	}
}

var errCut = errors.New("line is cut")

// pass writes bytes up to each place where something is to happen.
func (p *Proxy) pass(l *line, d Direction, to net.Conn, b []byte) error {
	for len(b) > 0 {
		n, err := p.may(l, d, len(b))
		if err != nil {
			return err
		}
		if _, err := to.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
		for _, f := range p.passed(l, d, n) {
			f()
		}
	}
	return nil
}

// may waits while the direction is held, and says how many bytes may pass before
// something is to happen.
func (p *Proxy) may(l *line, d Direction, n int) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.held[d] && !l.cut {
		p.moved.Wait()
	}
	if l.cut {
		return 0, errCut
	}
	if p.every[d] > 0 {
		n = int(max(1, min(int64(n), p.every[d]-l.carried[d])))
	}
	for _, m := range p.marks[d] {
		n = int(max(1, min(int64(n), m.at-p.carried[d])))
	}
	return n, nil
}

func (p *Proxy) passed(l *line, d Direction, n int) (due []func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.carried[d] += int64(n)
	l.carried[d] += int64(n)
	var later []mark
	for _, m := range p.marks[d] {
		if m.at <= p.carried[d] {
			due = append(due, m.do)
		} else {
			later = append(later, m)
		}
	}
	p.marks[d] = later
	if p.every[d] > 0 && l.carried[d] >= p.every[d] {
		p.cutLine(l)
	}
	return due
}
