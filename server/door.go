package server

import (
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// addresses counts the connections of each address.
type addresses struct {
	mu   sync.Mutex
	open map[netip.Prefix]int
}

// addressOf is who a request comes from, as far as the network knows: an IPv6 customer
// has a whole /64. Loopback is nobody: a proxy on this machine speaks for all devices
// from there, and has to count them itself.
func addressOf(remote string) (netip.Prefix, bool) {
	a, err := netip.ParseAddrPort(remote)
	if err != nil || a.Addr().Unmap().IsLoopback() {
		return netip.Prefix{}, false
	}
	addr := a.Addr().Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	return p, err == nil
}

// enter counts a connection in, and gives what counts it out; nil where the address has
// as many as it may.
func (a *addresses) enter(remote string) (leave func()) {
	from, counted := addressOf(remote)
	if !counted {
		return func() {}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = map[netip.Prefix]int{}
	}
	if a.open[from] >= maxPerAddress {
		return nil
	}
	a.open[from]++
	return sync.OnceFunc(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.open[from]--; a.open[from] == 0 {
			delete(a.open, from)
		}
	})
}

// turnAway answers who may come back later.
func turnAway(w http.ResponseWriter, after time.Duration, why string) {
	w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
	http.Error(w, why, http.StatusServiceUnavailable)
}
