//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rawaj/rawaj/internal/smalldisk"
	"github.com/rawaj/rawaj/simtest"
)

// shop is a server and a stall, each a process in a directory of its own, with a line
// between them that breaks where a test says.
type shop struct {
	t             *testing.T
	centre, stall string
	line          *simtest.Proxy
	serve         *process
	receipts      int64
	mu            sync.Mutex // held while a fault is caused
	round         int        // of faults; a byte that is not reached in its own causes none later
}

func newShop(t *testing.T, centre, stall string) *shop {
	s := &shop{t: t, centre: centre, stall: stall}
	var url string
	s.serve, url = serving(t, centre)
	s.line = simtest.NewProxy(t, strings.TrimPrefix(url, "http://"))
	enrolled(t, centre, stall, "Made-up stall", s.line.URL())
	return s
}

// receiptsAtATime is how many receipts are recorded before each fault: several frames.
const receiptsAtATime = 30

// sells records receipts offline.
func (s *shop) sells() {
	s.t.Helper()
	var csv strings.Builder
	csv.WriteString("receipt,date,item\n")
	for range receiptsAtATime {
		s.receipts++
		fmt.Fprintf(&csv, "%d,2026-11-20,Tea %d\n", s.receipts, s.receipts)
	}
	file := filepath.Join(s.t.TempDir(), "till.csv")
	if err := os.WriteFile(file, []byte(csv.String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
	rawaj(s.t, "site", "import", "sales", file, "--data", s.stall, "--map", "receipt=receipt,date=date,item=item", "--currency", "AED")
}

// syncs starts a sync that gives up soon.
func (s *shop) syncs() *process {
	return start(s.t, "site", "sync", "--data", s.stall, "--patience", "300ms")
}

// serves starts the server anew where it has ended.
func (s *shop) serves() {
	s.t.Helper()
	if s.serve.running() {
		return
	}
	var url string
	s.serve, url = serving(s.t, s.centre)
	s.line.Aim(strings.TrimPrefix(url, "http://"))
}

// over ends a round, and gives the number of the next.
func (s *shop) over() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.round++
	return s.round
}

// ends asks the server to end, in whatever way it does.
func (s *shop) ends() {
	s.serve.cmd.Process.Signal(os.Interrupt)
	<-s.serve.ended
}

// complete fails unless every receipt is on both sides once and both sides hold together.
func (s *shop) complete() {
	s.t.Helper()
	s.serves()
	rawaj(s.t, "site", "sync", "--data", s.stall)
	if st := statusOf(s.t, s.stall); st.Transactions < s.receipts || st.Pending != 0 || st.Quarantined != 0 {
		s.t.Errorf("%d receipts were recorded; the stall says %+v", s.receipts, st)
	}
	for _, dir := range []string{s.centre, s.stall} {
		if got := salesOf(s.t, dir, "category").Total; got.Receipts != s.receipts || got.Lines != s.receipts {
			s.t.Errorf("%s has %d receipts and %d lines, want %d", filepath.Base(dir), got.Receipts, got.Lines, s.receipts)
		}
		s.ends()
		rawaj(s.t, "verify", "--data", dir)
	}
}

// exchange measures what a sync of receipts takes, each way.
func (s *shop) exchange() (size [2]int64) {
	s.t.Helper()
	s.sells()
	up, down := s.line.Carried(simtest.Up), s.line.Carried(simtest.Down)
	p := s.syncs()
	p.wait()
	return [2]int64{s.line.Carried(simtest.Up) - up, s.line.Carried(simtest.Down) - down}
}

// eachByte goes through the exchange of a sync, each way, at so many of its bytes: from
// before the greeting to after the last checkpoint, so before and after what is recorded
// is sent, appended, applied, confirmed and settled.
func (s *shop) eachByte(places int64, fault func(at func(f func()))) {
	s.t.Helper()
	size := s.exchange()
	for _, d := range []simtest.Direction{simtest.Up, simtest.Down} {
		for n := range places {
			s.serves()
			s.sells()
			round := s.over()
			fault(func(f func()) {
				s.line.At(d, max(1, size[d]*n/(places-1)-1), func() {
					s.mu.Lock()
					defer s.mu.Unlock()
					if s.round == round {
						f()
					}
				})
			})
			s.over()
		}
	}
	s.complete()
}

func TestAProcessKilledAtAnyByteOfASyncLosesNothingAndDoublesNothing(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"the stall", "the server"} {
		t.Run(who, func(t *testing.T) {
			s := newShop(t, filepath.Join(t.TempDir(), "centre"), filepath.Join(t.TempDir(), "stall"))
			killed := 0
			s.eachByte(8, func(at func(func())) {
				started := make(chan *process, 1)
				at(func() {
					p := s.serve
					if who == "the stall" {
						p = <-started
					}
					if p.running() {
						killed++
					}
					p.kill()
				})
				p := s.syncs()
				started <- p
				<-p.ended
			})
			if killed < 12 {
				t.Errorf("%s was killed %d times", who, killed)
			}
		})
	}
}

func TestADiskThatFillsAtAnyByteOfASyncLosesNothingAndDoublesNothing(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"the stall", "the server"} {
		t.Run(who, func(t *testing.T) {
			centre, stall := t.TempDir(), t.TempDir()
			disk := smalldisk.New(t, "48m")
			if who == "the stall" {
				stall = disk
			} else {
				centre = disk
			}
			s := newShop(t, filepath.Join(centre, "data"), filepath.Join(stall, "data"))
			failed := 0
			s.eachByte(8, func(at func(func())) {
				s.ends() // so that it begins with no room set aside
				s.serves()
				empty := func() {}
				at(func() { empty = smalldisk.Fill(t, disk) })
				p := s.syncs()
				<-p.ended
				if p.err != nil {
					failed++
				}
				s.ends()
				s.over()
				empty()
			})
			if failed < 3 {
				t.Errorf("%d syncs failed for want of room: the disk was hardly full", failed)
			}
		})
	}
}
