package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/gorilla/websocket"

	"github.com/rawaj/rawaj/syncproto/schema"
)

// DefaultIdle is how many sessions stay open while their memory is counted where
// Options name no number; FullIdle is what the aim is given for, and the most that a
// server takes.
const (
	DefaultIdle = 2000
	FullIdle    = 19_000
)

// spareFiles is what this process has open beside the sessions.
const spareFiles = 200

// idleSessions counts what a session costs that has nothing to do: of devices that are
// up to date, in a process of their own, beside as many bare websockets.
func (r *run) idleSessions(ctx context.Context) error {
	n := r.Idle
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if most := int(min(limit.Cur, 1<<30)) - spareFiles; n > most { // Go has raised it as far as it may be
		n = most
	}
	if n < 1 {
		return fmt.Errorf("%d open files are too few: ulimit -n", limit.Cur)
	}
	bare, err := r.idleBare(ctx, n)
	if err != nil {
		return fmt.Errorf("bare: %w", err)
	}
	ours, err := r.idleOurs(ctx, n)
	if err != nil {
		return err
	}
	count := number(float64(n))
	row := r.beside(fmt.Sprintf("an idle session of %s, heap and stacks", count), ours.inUse, bare.inUse, "KiB")
	reached := row.Figure <= 15
	row.Aim, row.Reached = "≤ 15 KiB", &reached
	if ours.resident > 0 {
		r.beside(fmt.Sprintf("an idle session of %s, resident memory", count), ours.resident, bare.resident, "KiB")
	}
	r.beside(fmt.Sprintf("an idle session of %s, goroutines", count), ours.goroutines, bare.goroutines, "")
	return nil
}

// idleOurs has a centre of its own, so that the devices are not in others' org share.
func (r *run) idleOurs(ctx context.Context, n int) (footprint, error) {
	c, err := newCentre(ctx, r.path("idle"))
	if err != nil {
		return footprint{}, err
	}
	p, err := enrolMany(ctx, c.server, n, schema.KindStall)
	if err != nil {
		return footprint{}, errors.Join(err, c.close())
	}
	p.URL = c.url
	f, err := r.withPeers(ctx, "idle sessions", p, func() int { return c.server.Open() })
	return f, errors.Join(err, c.close())
}

// idleBare is a server that reads and does nothing else, tuned as far as gorilla goes:
// a small read buffer, write buffers from a pool, a goroutine that is not net/http's.
func (r *run) idleBare(ctx context.Context, n int) (footprint, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return footprint{}, err
	}
	upgrader := websocket.Upgrader{ReadBufferSize: 256, WriteBufferSize: 4 << 10, WriteBufferPool: &sync.Pool{}}
	var mu sync.Mutex
	open := 0
	count := func(d int) int {
		mu.Lock()
		defer mu.Unlock()
		open += d
		return open
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		ws, err := upgrader.Upgrade(w, q, nil)
		if err != nil {
			return
		}
		count(1)
		go func() {
			defer ws.Close()
			for {
				if _, _, err := ws.ReadMessage(); err != nil {
					return
				}
			}
		}()
	})}
	go server.Serve(listener)
	defer server.Close()
	return r.withPeers(ctx, "idle bare connections", &peers{URL: "http://" + listener.Addr().String(), Count: n, Bare: true}, func() int { return count(0) })
}

// withPeers connects peers and says what each of them costs this process.
func (r *run) withPeers(ctx context.Context, what string, p *peers, open func() int) (footprint, error) {
	before := readFootprint()
	stop, err := r.startPeers(ctx, p, func(n int) { r.Progress(what, n, p.Count) })
	if err != nil {
		return footprint{}, err
	}
	if err := until(ctx, func() bool { return open() == p.Count }); err != nil { // they know of it first
		return footprint{}, errors.Join(fmt.Errorf("%d of %d are connected: %w", open(), p.Count, err), stop())
	}
	after := readFootprint()
	if r.heapProfile != nil {
		r.heapProfile(what)
	}
	return after.each(before, p.Count), stop()
}

// footprint is memory in KiB, of a process or for each session.
type footprint struct{ inUse, resident, goroutines float64 }

// settleRounds is how often garbage is collected before memory is read: a stack that was
// deep once is halved each time, as it is every two minutes of a server's idling.
const settleRounds = 6

func readFootprint() footprint {
	for range settleRounds {
		runtime.GC()
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{float64(m.HeapInuse+m.StackInuse) / 1024, resident(), float64(runtime.NumGoroutine())}
}

func (f footprint) each(before footprint, n int) footprint {
	of := float64(n)
	return footprint{(f.inUse - before.inUse) / of, (f.resident - before.resident) / of, (f.goroutines - before.goroutines) / of}
}

// resident is what the kernel holds in memory for this process, in KiB; 0 where it does
// not say so the way Linux does.
func resident() float64 {
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(raw))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(fields[1])
	return float64(pages) * float64(os.Getpagesize()) / 1024
}
