package simtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"time"
)

// Weather is what a bad line does to what goes over it, as a program sees it: bytes go
// slowly and late, they stand still while TCP makes good what was lost, lines break, and
// some are dead without a word to either end. Every line has its own, drawn from the seed
// and its number. The zero value of a field is good weather.
type Weather struct {
	Seed       uint64
	Rate       [2]int           // bytes a second, each way, between the two
	Delay      [2]time.Duration // each way
	StallEvery int64            // bytes between two stalls of a direction, on average
	Stall      [2]time.Duration // how long one takes
	CutEvery   int64            // bytes of a direction until a line breaks, on average
	HalfOpen   float64          // how many of the lines fall silent for ever, of 1
	SilentAt   int64            // bytes, at most, until they do
}

// String is for a test's log.
func (w Weather) String() string {
	return fmt.Sprintf("seed %d: %d to %d B/s, %v to %v each way, stalls of %v to %v every %d B, cut every %d B, %.0f %% of lines half-open",
		w.Seed, w.Rate[0], w.Rate[1], w.Delay[0], w.Delay[1], w.Stall[0], w.Stall[1], w.StallEvery, w.CutEvery, 100*w.HalfOpen)
}

// Weather begins for lines that are made from now on.
func (p *Proxy) Weather(w Weather) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.weather = &w
}

// HalfOpen is how many lines have fallen silent.
func (p *Proxy) HalfOpen() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.silent
}

// Stalls is how often a direction of a line stood still.
func (p *Proxy) Stalls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stalls
}

// gust is the weather of one direction of one line.
type gust struct {
	w        *Weather
	rand     *rand.Rand
	rate     int
	delay    time.Duration
	stall    int64 // bytes until the next stall
	cut      int64 // bytes until the line breaks
	silence  int64 // bytes until the line falls silent; negative: it does not
	deadline time.Time
}

func (p *Proxy) gust(number uint64, d Direction) *gust {
	if p.weather == nil {
		return nil
	}
	w := p.weather
	line := rand.New(rand.NewPCG(w.Seed, number)) // the same for both directions
	g := &gust{w: w, silence: -1}
	g.rate = w.Rate[0] + line.IntN(w.Rate[1]-w.Rate[0]+1)
	g.delay = between(line, w.Delay)
	if line.Float64() < w.HalfOpen {
		g.silence = line.Int64N(max(1, w.SilentAt))
	}
	g.rand = rand.New(rand.NewPCG(w.Seed, number<<1|uint64(d)|1<<63))
	g.stall, g.cut = g.draw(w.StallEvery), g.draw(w.CutEvery)
	return g
}

func between(r *rand.Rand, b [2]time.Duration) time.Duration {
	return b[0] + time.Duration(r.Int64N(int64(b[1]-b[0])+1))
}

// draw is after how many bytes something happens that happens every so many.
func (g *gust) draw(every int64) int64 {
	if every == 0 {
		return 1 << 62
	}
	return int64(g.rand.ExpFloat64() * float64(every))
}

// gustBytes is how much goes at a time: what happens to a line happens between two.
const gustBytes = 2 << 10

// parcel is some bytes that are on their way.
type parcel struct {
	bytes []byte
	due   time.Time
	cut   bool
	gone  bool
}

// sent says when some bytes that were handed over now will be there, and what becomes of
// the line with them.
func (g *gust) sent(b []byte, now time.Time) (p parcel, stalled bool) {
	n := int64(len(b))
	if g.deadline.Before(now) {
		g.deadline = now
	}
	g.deadline = g.deadline.Add(time.Duration(n) * time.Second / time.Duration(g.rate))
	if g.stall -= n; g.stall < 0 { // what comes behind waits too
		g.deadline, stalled = g.deadline.Add(between(g.rand, g.w.Stall)), true
		g.stall = g.draw(g.w.StallEvery)
	}
	g.cut -= n
	p = parcel{bytes: b, due: g.deadline.Add(g.delay), cut: g.cut < 0}
	if g.silence >= 0 {
		g.silence -= n
		p.gone = g.silence < 0
	}
	return p, stalled
}

// blow is pump for a line in bad weather. What is on its way is bounded, as by TCP.
func (p *Proxy) blow(l *line, d Direction, g *gust, from, to net.Conn) {
	way := make(chan parcel, 16)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for q := range way {
			select {
			case <-time.After(time.Until(q.due)):
			case <-l.broken:
			}
			switch {
			case q.gone:
				p.silence(l)
			case q.cut:
				p.mu.Lock()
				p.cutLine(l)
				p.mu.Unlock()
			case l.isSilent():
			case p.pass(l, d, to, q.bytes) != nil:
				from.Close()
			}
		}
	}()
	for {
		buf := make([]byte, gustBytes)
		n, err := from.Read(buf)
		if n > 0 {
			q, stalled := g.sent(buf[:n], time.Now())
			if stalled {
				p.mu.Lock()
				p.stalls++
				p.mu.Unlock()
			}
			way <- q
		}
		if err != nil {
			break
		}
	}
	close(way)
	<-done
	if !l.isSilent() {
		to.(*net.TCPConn).CloseWrite()
	}
}

// silence lets nothing of a line through any more, and tells neither end.
func (p *Proxy) silence(l *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !l.isSilent() {
		close(l.silent)
		p.silent++
	}
}

func (l *line) isSilent() bool {
	select {
	case <-l.silent:
		return true
	default:
		return false
	}
}
